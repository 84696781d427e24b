//! A PostgreSQL server of a test's own, which can be stopped, killed and started again.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::process::{DEADLINE, chirp, folder};

/// Starts a server, prints its address and process id, and ends it when its input ends.
const SCRIPT: &str = r#"
set -euo pipefail
. scripts/postgres.sh
start_postgres "$1"
trap stop_postgres EXIT
echo "$postgres $postgres_pid"
cat >/dev/null
"#;

/// Makes a key, and a certificate that it signed for itself. The server requires that nobody else can read the key; for
/// root, the user of the server is another one.
const MAKE_CERTIFICATE: &str = "
set -euo pipefail
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -keyout server.key -out server.crt
chmod 755 .
chmod 600 server.key
[ $(id -u) != 0 ] || chown postgres server.key
";

/// Copies a running server, so that the copy can follow it.
const COPY: &str = r#"
set -euo pipefail
. scripts/postgres.sh
mkdir -p "$1"
[ "$(id -u)" != 0 ] || chown postgres "$1"
as_postgres "$(postgres_bin)/pg_basebackup" -d "$2" -D "$1/data" -R -X stream --checkpoint=fast --no-sync
free_port >"$1/port"
"#;

/// Starts a pooler before a server, prints its address, and ends it when its input ends.
const POOLER: &str = r#"
set -euo pipefail
. scripts/postgres.sh
start_pgbouncer "$1" "$2" "$3"
trap 'kill "$pgbouncer_pid"' EXIT
echo "$pgbouncer $pgbouncer_pid"
cat >/dev/null
"#;

/// A PgBouncer before a server.
pub struct Pooler {
    _folder: TempDir,
    _shell: Child,
    host: String,
}

impl Pooler {
    /// Starts it in this mode, before a server at `host:port`.
    pub async fn start(server: &str, mode: &str) -> Self {
        let folder = folder();
        let port = server.rsplit(':').next().expect("there is always one part");
        let (shell, host, _) = start(POOLER, folder.path(), &[port, mode], "").await;
        Self { _folder: folder, _shell: shell, host }
    }

    /// The `host:port` at which it listens.
    pub fn host(&self) -> &str {
        &self.host
    }
}

pub struct Cluster {
    folder: TempDir,
    shell: Child,
    address: String,
    id: u32,
}

impl Cluster {
    /// Starts a server with these settings, and makes the schemas of Chirp in it.
    pub async fn start(settings: &str) -> Self {
        let folder = folder();
        let (shell, address, id) = run(folder.path(), settings).await;
        let cluster = Self { folder, shell, address, id };
        chirp(&["migrate", "up", "--store", &cluster.store()]).await.with(0);
        cluster
    }

    /// Starts a server that can encrypt; its certificate is in the folder as `server.crt`.
    pub async fn start_with_tls() -> (Self, TempDir) {
        let certificates = folder();
        let made = std::process::Command::new("bash")
            .args(["-c", MAKE_CERTIFICATE])
            .current_dir(&certificates)
            .output()
            .expect("there is a bash");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| certificates.path().join(name);
        let (certificate, key) = (file("server.crt"), file("server.key"));
        let settings =
            format!("-c ssl=on -c ssl_cert_file={} -c ssl_key_file={}", certificate.display(), key.display());
        (Self::start(&settings).await, certificates)
    }

    /// Starts a standby of this server, which follows it from now on.
    pub async fn standby(&self) -> Self {
        let folder = folder();
        let copied = Command::new("bash")
            .args(["-c", COPY, "copy"])
            .arg(folder.path())
            .arg(format!("{}/postgres", self.address))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let copied = timeout(DEADLINE, copied).await.expect("it is copied").expect("there is a bash");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let (shell, address, id) = run(folder.path(), "").await;
        let standby = Self { folder, shell, address, id };
        self.caught_up().await;
        standby
    }

    /// Waits until a standby has received and replayed all that was written.
    pub async fn caught_up(&self) {
        const LAGGING: &str =
            "SELECT COALESCE(BOOL_AND(replay_lsn = pg_current_wal_lsn()), FALSE) FROM pg_stat_replication";
        let mut watching = PgConnection::connect(&self.store()).await.expect("the server answers");
        let started = std::time::Instant::now();
        while !sqlx::query_scalar::<_, bool>(LAGGING).fetch_one(&mut watching).await.expect("it tells") {
            assert!(started.elapsed() < DEADLINE, "the standby does not follow");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The address of the store.
    pub fn store(&self) -> String {
        format!("{}/postgres", self.address)
    }

    /// The address of the store by way of another `host:port`.
    pub fn store_by(&self, host: &str) -> String {
        self.store().replace(self.host(), host)
    }

    /// The `host:port` at which it listens.
    pub fn host(&self) -> &str {
        self.address.rsplit('@').next().expect("there is always one part")
    }

    /// Sends a signal to the server and to all its processes.
    pub fn signal(&self, name: &str) {
        let id = self.id.to_string();
        for arguments in [["-s", name, &id].as_slice(), &["--children"]] {
            let sent = match arguments {
                ["--children"] => std::process::Command::new("pkill").args(["--signal", name, "-P", &id]).status(),
                direct => std::process::Command::new("kill").args(direct).status(),
            };
            assert!(sent.is_ok(), "SIG{name} was not sent to {id}");
        }
    }

    /// Kills the server (SIGKILL).
    pub async fn kill(&mut self) {
        self.signal("KILL");
        // The shell ends with the server.
        drop(self.shell.stdin.take());
        let ended = timeout(DEADLINE, self.shell.wait()).await;
        ended.expect("the shell ends").expect("it can be waited for");
    }

    /// Starts the server again at the same address.
    pub async fn start_again(&mut self, settings: &str) {
        let (shell, address, id) = run(self.folder.path(), settings).await;
        assert_eq!(address, self.address, "it keeps its port");
        (self.shell, self.id) = (shell, id);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A stopped process cannot end.
        self.signal("CONT");
    }
}

async fn run(folder: &Path, settings: &str) -> (Child, String, u32) {
    start(SCRIPT, folder, &[], settings).await
}

/// Runs a script that prints the address and the process id of what it started, and ends it when its input ends.
async fn start(script: &str, folder: &Path, arguments: &[&str], settings: &str) -> (Child, String, u32) {
    let mut shell = Command::new("bash")
        .args(["-c", script, "cluster"])
        .arg(folder)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("POSTGRES_SETTINGS", settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a bash");
    let mut lines = BufReader::new(shell.stdout.take().expect("it is piped")).lines();
    let line = timeout(DEADLINE, lines.next_line()).await.expect("it starts").expect("it is text");
    let line = line.expect("it says where it is");
    let (address, id) = line.split_once(' ').expect("an address and a process");
    (shell, address.to_owned(), id.parse().expect("a process id"))
}
