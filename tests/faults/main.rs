//! The promises under fault, where no process needs to be killed: what is applied late is as if it had been applied in time.
//!
//! The seed is printed on failure; `CHIRP_FAULT_SEED=n` runs that history alone, `CHIRP_FAULT_HISTORIES=n` sets how many a test runs.

#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/history.rs"]
mod history;
#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/world.rs"]
mod world;

mod batches;
mod parking;
