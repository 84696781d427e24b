//! Starting the built binary, waiting until it is ready, and ending it.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use shared::sql::postgres::Server;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::api::Api;

const BINARY: &str = env!("CARGO_BIN_EXE_chirp");
/// How long anything may take before the test fails: far more than it should, since the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// How long verifying a whole store may take.
const VERIFY_DEADLINE: Duration = Duration::from_secs(3_600);
const ANY_PORT: &str = "127.0.0.1:0";
const SAID_ON_FAILURE_MAX: usize = 60;

/// A folder for one store, in memory where that is possible: no test here cuts the power.
pub fn folder() -> TempDir {
    let shared_memory = Path::new("/dev/shm");
    match shared_memory.is_dir() {
        true => TempDir::new_in(shared_memory).expect("a folder in memory can be made"),
        false => TempDir::new().expect("a folder can be made"),
    }
}

/// Whether the processes under test keep their stores on the server that `CHIRP_TEST_POSTGRES` names.
pub fn on_postgres() -> bool {
    match std::env::var("CHIRP_TEST_ENGINE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("CHIRP_TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

/// The file with the address of a folder's database.
fn note(folder: &Path) -> PathBuf {
    folder.join("address")
}

/// Whether the store of a folder is a database.
pub fn is_on_server(folder: &Path) -> bool {
    on_postgres() || note(folder).exists()
}

/// A folder whose store is a database, whatever `CHIRP_TEST_ENGINE` says.
pub async fn folder_on_server() -> TempDir {
    let folder = folder();
    make_database(folder.path()).await;
    folder
}

/// The store that belongs to a folder: the folder itself, or a database of its own.
pub async fn store_of(folder: &Path) -> String {
    match is_on_server(folder) {
        true => make_database(folder).await,
        false => path(folder).to_owned(),
    }
}

async fn make_database(folder: &Path) -> String {
    static MAKING: Mutex<()> = Mutex::const_new(());
    let _made_once = MAKING.lock().await;
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let note = note(folder);
    if let Ok(address) = std::fs::read_to_string(&note) {
        return address;
    }
    let server = Server::for_a_test().await;
    server.migrate(&projector::projections::tables()).await.expect("the schemas can be made");
    std::fs::write(&note, server.address()).expect("there is room for an address");
    server.address()
}

/// What a process is started with, besides its arguments.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The command that starts it, if it is not started directly.
    pub starter: Vec<String>,
    pub environment: Vec<(String, String)>,
}

/// The library that changes the time of a process, at its path on Debian; `scripts/test` installs it.
pub fn faketime() -> String {
    let folders = std::fs::read_dir("/usr/lib").expect("there are libraries").filter_map(Result::ok);
    let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.is_file());
    found.expect("libfaketime is missing (Debian: apt-get install libfaketime)").display().to_string()
}

impl Surroundings {
    /// With failpoints, in the syntax of FAILPOINTS of the `fail` crate.
    pub fn failing(points: &str) -> Self {
        Self { environment: vec![("FAILPOINTS".to_owned(), points.to_owned())], ..Self::default() }
    }
}

/// The binary with these arguments, without the settings of the environment of the tests.
fn command(arguments: &[&str], surroundings: &Surroundings) -> Command {
    let mut words = surroundings.starter.iter().map(String::as_str).chain([BINARY]);
    let mut command = Command::new(words.next().expect("there is the binary"));
    command.args(words);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHIRP_") {
            command.env_remove(name);
        }
    }
    let environment = surroundings.environment.iter().map(|(name, value)| (name, value));
    command.args(arguments).envs(environment).kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A process that runs until it is told to stop. It is killed when this is dropped.
pub struct Process {
    arguments: String,
    child: Child,
    said: Arc<std::sync::Mutex<Vec<String>>>,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Process {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&Surroundings::default(), arguments)
    }

    fn start_in(surroundings: &Surroundings, arguments: &[&str]) -> Self {
        let mut command = command(arguments, surroundings);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (sender, lines) = mpsc::unbounded_channel();
        let said = Arc::new(std::sync::Mutex::new(Vec::new()));
        tokio::spawn(listen(child.stdout.take().expect("it is piped"), said.clone(), sender.clone()));
        tokio::spawn(listen(child.stderr.take().expect("it is piped"), said.clone(), sender));
        Self { arguments: arguments.join(" "), child, said, lines }
    }

    pub fn id(&self) -> u32 {
        self.child.id().expect("the process was not waited for")
    }

    /// What `find` gives for the first line of output in which it finds something.
    pub async fn says<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> T {
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(found) = find(&line) {
                    return Some(found);
                }
            }
            None
        };
        match timeout(DEADLINE, found).await {
            Ok(Some(found)) => found,
            Ok(None) => panic!("`chirp {}` ended before it said what was waited for", self.arguments),
            Err(_) => panic!("`chirp {}` did not say what was waited for", self.arguments),
        }
    }

    /// Every line of output so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().expect("no listener panics").clone()
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("there is a kill");
        assert!(sent.success(), "SIG{name} was not sent to {id}");
        // A running thread stops a moment later.
        while name == "STOP" && !self.stands_still() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn stands_still(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("the process is there");
        let is_stopped = |thread: &Path| {
            let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
            // The state follows the name, which is in parentheses.
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        threads.filter_map(Result::ok).all(|thread| is_stopped(&thread.path()))
    }

    /// Kills the process (SIGKILL), and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.start_kill().expect("the process is there");
        self.ended().await;
    }

    /// Waits for the process to end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(DEADLINE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("`chirp {}` does not end", self.arguments)).expect("it can be waited for")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said.lock().expect("no listener panics");
            eprintln!("--- `chirp {}` said last:", self.arguments);
            said.iter().skip(said.len().saturating_sub(SAID_ON_FAILURE_MAX)).for_each(|line| eprintln!("{line}"));
        }
    }
}

async fn listen(
    output: impl AsyncRead + Unpin,
    said: Arc<std::sync::Mutex<Vec<String>>>,
    lines: mpsc::UnboundedSender<String>,
) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        said.lock().expect("nobody panics with it").push(line.clone());
        // Nobody may be waiting for it.
        let _ = lines.send(line);
    }
}

/// `chirp dev` on a folder.
pub struct Dev {
    pub process: Process,
    pub command: String,
    pub query: String,
    pub ops: String,
    /// All of them on one port.
    pub all: String,
    pub api: Api,
}

impl Dev {
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    pub async fn start_with(folder: &Path, more: &[&str]) -> Self {
        Self::start_on(folder, [ANY_PORT; 3], more).await
    }

    /// Starts it at given addresses, such as those that it had before.
    pub async fn start_on(folder: &Path, [command, query, ops]: [&str; 3], more: &[&str]) -> Self {
        Self::run(&store_of(folder).await, [command, query, ops], more, "").await
    }

    /// Starts it with failpoints, in the syntax of FAILPOINTS of the `fail` crate.
    pub async fn start_failing(folder: &Path, points: &str) -> Self {
        Self::start_failing_with(folder, &[], points).await
    }

    pub async fn start_failing_with(folder: &Path, more: &[&str], points: &str) -> Self {
        Self::run(&store_of(folder).await, [ANY_PORT; 3], more, points).await
    }

    /// Starts it on a store of any kind.
    pub async fn start_at(store: &str) -> Self {
        Self::run(store, [ANY_PORT; 3], &[], "").await
    }

    async fn run(store: &str, [command, query, ops]: [&str; 3], more: &[&str], points: &str) -> Self {
        let listen = ["--command-listen", command, "--query-listen", query, "--ops-listen", ops, "--listen", ANY_PORT];
        let data = ["dev", "--no-demo", "--data", store];
        let surroundings = Surroundings::failing(points);
        let mut process = Process::start_in(&surroundings, &[data.as_slice(), listen.as_slice(), more].concat());
        let ready = process.says(|line| line.strip_prefix("ready ").map(str::to_owned)).await;
        let address = |key: &str| {
            let found = ready.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_else(|| panic!("no {key} in `ready {ready}`")).to_owned()
        };
        let (command, query, ops, all) = (address("command"), address("query"), address("ops"), address("all"));
        let api = Api::new(&command, &query, &ops);
        Self { process, command, query, ops, all, api }
    }
}

/// The three roles, each in a process of its own, on one store.
pub struct Roles {
    pub commands: Role,
    pub projector: Role,
    pub queries: Role,
    pub api: Api,
}

impl Roles {
    pub async fn start(store: &Path) -> Self {
        Self::start_at(&store_of(store).await, &[]).await
    }

    /// Starts them on a store of any kind, both servers with these arguments.
    pub async fn start_at(store: &str, more: &[&str]) -> Self {
        let commands = Role::start_at("command-server", "--listen", store, more).await;
        let projector = Role::start_at("projector", "--ops-listen", store, &[]).await;
        let queries = Role::start_at("query-server", "--listen", store, more).await;
        let api = Api::new(&commands.address, &queries.address, &projector.address);
        Self { commands, projector, queries, api }
    }
}

/// One role in a process of its own.
pub struct Role {
    pub process: Process,
    pub address: String,
    arguments: Vec<String>,
    surroundings: Surroundings,
}

impl Role {
    pub async fn command_server(store: &Path) -> Self {
        Self::start("command-server", "--listen", store, &[]).await
    }

    pub async fn query_server(store: &Path) -> Self {
        Self::start("query-server", "--listen", store, &[]).await
    }

    pub async fn projector(store: &Path) -> Self {
        Self::start("projector", "--ops-listen", store, &[]).await
    }

    pub async fn start(role: &str, listen: &str, store: &Path, more: &[&str]) -> Self {
        Self::start_at(role, listen, &store_of(store).await, more).await
    }

    /// Starts it on a store of any kind.
    pub async fn start_at(role: &str, listen: &str, store: &str, more: &[&str]) -> Self {
        Self::start_in(Surroundings::default(), role, listen, store, more).await
    }

    /// Starts it in surroundings in which things go wrong.
    pub async fn start_in(surroundings: Surroundings, role: &str, listen: &str, store: &str, more: &[&str]) -> Self {
        let arguments = [&[role, "--store", store], more, &[listen]].concat();
        Self::listen(arguments.into_iter().map(str::to_owned).collect(), ANY_PORT, surroundings).await
    }

    /// Starts it with failpoints, in the syntax of FAILPOINTS of the `fail` crate.
    pub async fn start_failing(role: &str, listen: &str, store: &Path, points: &str) -> Self {
        Self::start_in(Surroundings::failing(points), role, listen, &store_of(store).await, &[]).await
    }

    async fn listen(arguments: Vec<String>, address: &str, surroundings: Surroundings) -> Self {
        let all: Vec<&str> = arguments.iter().map(String::as_str).chain([address]).collect();
        let mut process = Process::start_in(&surroundings, &all);
        // The address is a field of the log line, as every line that is not for a terminal is JSON.
        let address = process
            .says(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(line.get("address")?.as_str()?.to_owned())
            })
            .await;
        Self { process, address, arguments, surroundings }
    }

    /// Kills the process (SIGKILL), and starts it again at the same address, without its surroundings.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().await;
        self.surroundings = Surroundings::default();
        self.restart().await;
    }

    /// Waits for the end of the process, and starts it again at the same address.
    pub async fn restart(&mut self) {
        self.process.ended().await;
        *self = Self::listen(self.arguments.clone(), &self.address, self.surroundings.clone()).await;
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code.
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Runs the binary to its end.
pub async fn chirp(arguments: &[&str]) -> Finished {
    chirp_with(arguments, &[]).await
}

pub async fn chirp_with(arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    chirp_within(DEADLINE, arguments, environment).await
}

/// Runs the binary to its end without reading its stdout nor, perhaps, its stderr.
pub async fn chirp_unread(arguments: &[&str], is_stderr_unread: bool) -> Finished {
    let unread = || {
        let (reader, writer) = std::io::pipe().expect("there is a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let mut command = command(arguments, &Surroundings::default());
    command.stdout(unread()).stderr(if is_stderr_unread { unread() } else { Stdio::piped() });
    let child = command.spawn().expect("the binary starts");
    let running = timeout(DEADLINE, child.wait_with_output()).await;
    let output = running.unwrap_or_else(|_| panic!("`chirp {}` does not end", arguments.join(" ")));
    Finished::of(output.expect("it can be waited for"))
}

async fn chirp_within(patience: Duration, arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment = environment.iter().map(owned).collect();
    let surroundings = Surroundings { environment, ..Surroundings::default() };
    let running = timeout(patience, command(arguments, &surroundings).output()).await;
    let output = running.unwrap_or_else(|_| panic!("`chirp {}` does not end", arguments.join(" ")));
    Finished::of(output.expect("the binary starts"))
}

/// Asserts that `chirp verify` finds no difference in a store.
pub async fn verified(store: &Path) {
    verified_at(&store_of(store).await).await;
}

/// Asserts that `chirp verify` finds no difference in a store of any kind.
pub async fn verified_at(store: &str) {
    let finished = chirp_within(VERIFY_DEADLINE, &["verify", "--store", store], &[]).await.with(0);
    assert!(finished.stdout.starts_with("0 differences in "), "{finished:#?}");
}

pub fn path(folder: &Path) -> &str {
    folder.to_str().expect("our own folders have plain names")
}

/// Asks until the answer is good.
pub async fn eventually<T: Debug, F: Future<Output = T>>(
    what: &str,
    mut ask: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T {
    let started = std::time::Instant::now();
    loop {
        let answer = ask().await;
        if good(&answer) {
            return answer;
        }
        assert!(started.elapsed() < DEADLINE, "{what}: still {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
