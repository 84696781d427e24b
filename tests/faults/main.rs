//! Promises under faults that need no process to be killed: what is applied late is as if it had been applied in time.
//!
//! The seeds change from day to day and are printed, the first one always; `CHIRP_SEED=n` begins with another,
//! `CHIRP_FAULT_SEED=n` runs one history alone, `CHIRP_FAULT_HISTORIES=n` sets how many a test runs, and
//! `CHIRP_SIMULATIONS=n` how many the simulation. Faults of processes have variables of their own, beside their
//! constants; `scripts/faults --full` sets all of them.

#![allow(clippy::disallowed_methods, reason = "a test spawns and is told by its environment as it likes")]

#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/history.rs"]
mod history;
#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/world.rs"]
mod world;

#[allow(dead_code, reason = "the tests of the system use the rest of it")]
#[path = "../system/api.rs"]
mod api;
#[allow(dead_code, reason = "the tests of the system use the rest of it")]
#[path = "../system/process.rs"]
mod process;

mod abuse;
mod backlog;
mod batches;
mod clock;
mod commands;
mod crowd;
mod disk;
mod hostile_bytes;
mod long_readers;
mod network;
mod parking;
mod proxy;
mod rollbacks;
mod simulation;
mod streams;
mod writers;

use std::ops::Range;
use std::time::Duration;

use shared::rpc::proto::query::StreamHomeTimelineRequest;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use api::{Feed, is_passing};
use clients::first_seed;

/// How long a client waits before it tries again to open a stream.
const COME_BACK_AFTER: Duration = Duration::from_millis(20);

/// The seeds of a test: as many as the variable of this name says, or else as usual, or the one that is to be repeated.
fn seeds(how_many: &str, usual: u64) -> Range<u64> {
    match number("CHIRP_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => first_seed()..first_seed() + number(how_many).unwrap_or(usual),
    }
}

/// The number in a variable, if it is set.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// The resident memory of a process.
fn resident_kib(process: &process::Process) -> u64 {
    status_of(process, "VmRSS:").trim_end_matches(" kB").parse().expect("it is a number")
}

/// What `/proc` has of a process under this heading.
fn status_of(process: &process::Process, heading: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it is there");
    let said = status.lines().find_map(|line| line.strip_prefix(heading)).expect("it is told");
    said.trim().to_owned()
}

/// Opens a stream as soon as the server is there and has room.
async fn open_again(queries: &QueryServiceClient<Channel>, request: &StreamHomeTimelineRequest) -> Feed {
    loop {
        match Feed::try_open(queries, request.clone()).await {
            Ok(feed) => return feed,
            Err(status) if is_passing(&status) || status.code() == Code::ResourceExhausted => {
                tokio::time::sleep(COME_BACK_AFTER).await;
            }
            Err(status) => panic!("{status:?}"),
        }
    }
}
