//! Clients that write whatever happens, and the history checker: what was acknowledged is in the log, once, and versions are dense.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use shared::rpc::proto::command::*;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::api::{Api, ask, is_passing, reason, registration, request_id, within};
use crate::process::{chirp, path};

/// When a client takes an answer for lost and retries.
const CALL_DEADLINE: Duration = Duration::from_secs(2);
/// How long a client retries before it takes a command for failed.
const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);
/// One of so many commands registers an account: its handle would be taken if it were registered twice.
const REGISTERS_ONE_IN: usize = 8;

/// The answers that clients got.
#[derive(Debug, Default)]
pub struct Written {
    /// Texts of posts, and handles, with the ids that were answered.
    pub acknowledged: Vec<(String, String)>,
    /// Answers that were lost, so that the command was retried.
    pub repeated: usize,
    /// The longest time from the first attempt to the answer.
    pub slowest: Duration,
}

impl Written {
    /// Adds the answers of another client.
    pub fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.repeated += other.repeated;
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// Writers that go on until they are stopped.
pub struct Writers {
    writing: JoinSet<Written>,
    stop: watch::Sender<bool>,
    acknowledged: watch::Sender<usize>,
}

impl Writers {
    /// Starts writers, each with an account and a connection of its own. `name` must be unique.
    pub async fn start(name: &str, count: usize, api: impl Fn() -> Api) -> Self {
        let (stop, acknowledged) = (watch::channel(false).0, watch::channel(0).0);
        let mut writing = JoinSet::new();
        for number in 0..count {
            let author = api().register(&format!("{name}_{number}")).await.id;
            let (api, stop, acknowledged) = (api(), stop.subscribe(), acknowledged.clone());
            writing.spawn(write(api, author, format!("{name}_{number}"), stop, acknowledged));
        }
        Self { writing, stop, acknowledged }
    }

    /// Waits until so many more commands were acknowledged.
    pub async fn progress(&self, more: usize) {
        let goal = *self.acknowledged.borrow() + more;
        let mut acknowledged = self.acknowledged.subscribe();
        let reached = tokio::time::timeout(DEADLINE, acknowledged.wait_for(|now| *now >= goal)).await;
        reached.expect("the writers get on").expect("they are there");
    }

    /// Stops after every command in flight was answered.
    pub async fn stop(self) -> Written {
        self.stop.send_replace(true);
        let mut all = Written::default();
        for written in self.writing.join_all().await {
            all.add(written);
        }
        all
    }
}

async fn write(
    api: Api,
    author: String,
    name: String,
    stop: watch::Receiver<bool>,
    acknowledged: watch::Sender<usize>,
) -> Written {
    let mut written = Written::default();
    for number in 0.. {
        if *stop.borrow() {
            break;
        }
        let (began, id) = (Instant::now(), request_id());
        let is_registration = number % REGISTERS_ONE_IN == 0;
        let what = if is_registration { format!("{name}_{number}") } else { format!("{author}, {number}") };
        loop {
            let answer = match is_registration {
                true => register(&api, &what, &id).await,
                false => post(&api, &author, &what, &id).await,
            };
            match answer {
                Ok(made) => {
                    written.acknowledged.push((what, made));
                    break;
                }
                Err(status) if is_to_be_repeated(&status) => {
                    written.repeated += 1;
                    assert!(began.elapsed() < DEADLINE, "{what}: still {status:?}");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(status) => panic!("{what} is refused: {status:?}"),
            }
        }
        written.slowest = written.slowest.max(began.elapsed());
        acknowledged.send_modify(|count| *count += 1);
    }
    written
}

/// The outcome is unknown, or the server has no room for now.
fn is_to_be_repeated(status: &Status) -> bool {
    let has_no_room = || matches!(reason(status).as_deref(), Some("OVERLOADED" | "STORE_FULL"));
    is_passing(status) || (status.code() == Code::ResourceExhausted && has_no_room())
}

async fn post(api: &Api, author: &str, text: &str, request_id: &str) -> Result<String, Status> {
    let request = ask!(CreatePostRequest { author_id: author, text: text, request_id: request_id });
    Ok(api.commands.clone().create_post(within(CALL_DEADLINE, request)).await?.into_inner().post_id)
}

async fn register(api: &Api, handle: &str, request_id: &str) -> Result<String, Status> {
    let request = RegisterAccountRequest { request_id: request_id.to_owned(), ..registration(handle) };
    Ok(api.commands.clone().register_account(within(CALL_DEADLINE, request)).await?.into_inner().account_id)
}

/// The log as lines of JSON, one for each event.
pub async fn log_of(store: &str, folder: &Path) -> Vec<serde_json::Value> {
    let file = folder.join(format!("log-{}.jsonl", request_id()));
    chirp(&["log", "export", "--store", store, "--to", path(&file)]).await.with(0);
    let text = fs::read_to_string(&file).expect("it was written");
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
    lines.filter_map(|mut line| line.get_mut("event").map(serde_json::Value::take)).collect()
}

/// Compares the answers that clients got with the log.
///
/// # Errors
/// Names the broken promise and what broke it.
pub fn check(log: &[serde_json::Value], acknowledged: &[(String, String)]) -> Result<(), String> {
    let mut versions: HashMap<&str, i64> = HashMap::new();
    let mut made: HashMap<&str, &str> = HashMap::new();
    for (event, position) in log.iter().zip(1_i64..) {
        if event["position"] != position {
            return Err(format!("P3: position {position} is {}", event["position"]));
        }
        let stream = event["stream"].as_str().unwrap_or_default();
        let version = versions.entry(stream).or_default();
        *version += 1;
        if event["version"] != *version {
            return Err(format!("P3: version {version} of {stream} is {}", event["version"]));
        }
        let payload = &event["payload"];
        let (name, id) = match event["type"].as_str() {
            Some("post.created") => (&payload["personal"]["text"], &payload["post_id"]),
            Some("account.registered") => (&payload["handle"], &payload["account_id"]),
            _ => continue,
        };
        let (name, id) = (name.as_str().unwrap_or_default(), id.as_str().unwrap_or_default());
        if made.insert(name, id).is_some() {
            return Err(format!("P2: {name} is there twice"));
        }
    }
    for (name, id) in acknowledged {
        match made.get(name.as_str()) {
            Some(found) if found == id => {}
            Some(found) => return Err(format!("P2: {name} was answered {id}, and is {found}")),
            None => return Err(format!("P1: {name} was acknowledged and is gone")),
        }
    }
    let known: HashSet<&str> = acknowledged.iter().map(|(name, _)| name.as_str()).collect();
    match made.keys().find(|name| name.contains(", ") && !known.contains(**name)) {
        Some(name) => Err(format!("P2: {name} is there, and its client was never told")),
        None => Ok(()),
    }
}

#[test]
fn the_checker_finds_what_is_lost_what_is_there_twice_and_what_has_a_gap() {
    let event = |position: i64, version: i64, text: &str, id: &str| {
        let payload = serde_json::json!({ "post_id": id, "personal": { "text": text } });
        let (kind, stream) = ("post.created", format!("post-{id}"));
        serde_json::json!({ "position": position, "stream": stream, "version": version, "type": kind, "payload": payload })
    };
    let told = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(text, id)| ((*text).to_owned(), (*id).to_owned())).collect()
    };
    let log = [event(1, 1, "a, 1", "x"), event(2, 1, "a, 2", "y")];
    let broken = |log: &[serde_json::Value], all: &[(&str, &str)]| check(log, &told(all)).err().unwrap_or_default();
    assert_eq!(broken(&log, &[("a, 1", "x"), ("a, 2", "y")]), "");
    assert!(broken(&log[..1], &[("a, 1", "x"), ("a, 2", "y")]).starts_with("P1"));
    assert!(broken(&log, &[("a, 1", "x")]).starts_with("P2"));
    assert!(broken(&log, &[("a, 1", "y"), ("a, 2", "y")]).starts_with("P2"));
    let twice = [event(1, 1, "a, 1", "x"), event(2, 1, "a, 1", "y")];
    assert!(broken(&twice, &[("a, 1", "x")]).starts_with("P2"));
    assert!(broken(&[event(1, 1, "a, 1", "x"), event(3, 1, "a, 2", "y")], &[]).starts_with("P3"));
    assert!(broken(&[event(1, 1, "a, 1", "x"), event(2, 3, "a, 2", "x")], &[]).starts_with("P3"));
}
