//! The promises under fault, where no process needs to be killed: what is applied late is as if it had been applied in time.
//!
//! The seed is printed on failure; `CHIRP_FAULT_SEED=n` runs that history alone, `CHIRP_FAULT_HISTORIES=n` sets how many a test runs, and
//! `CHIRP_SIMULATIONS=n` how many the simulation. What is done to processes has variables of its own, beside its constants; `scripts/faults
//! --full` sets all of them.

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
mod network;
mod overload;
mod parking;
mod proxy;
mod rollbacks;
mod simulation;
mod streams;
mod writers;

use std::ops::Range;

/// The seeds of a test: as many as the variable of this name says, or else as usual, or the one that somebody wants to see again.
fn seeds(how_many: &str, usual: u64) -> Range<u64> {
    match number("CHIRP_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number(how_many).unwrap_or(usual),
    }
}

/// What a variable says, if it is there.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Memory that a process has.
fn resident_kib(process: &process::Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}
