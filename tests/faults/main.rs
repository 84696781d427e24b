//! The promises under fault, where no process needs to be killed: what is applied late is as if it had been applied in time.
//!
//! The seed is printed on failure; `CHIRP_FAULT_SEED=n` runs that history alone, `CHIRP_FAULT_HISTORIES=n` sets how many a test runs, and
//! `CHIRP_SIMULATIONS=n` how many the simulation.

#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/history.rs"]
mod history;
#[allow(dead_code, reason = "the laws use the rest of it")]
#[path = "../laws/world.rs"]
mod world;

mod batches;
mod parking;
mod simulation;

use std::ops::Range;

/// The seeds of a test: as many as the variable of this name says, or else as usual, or the one that somebody wants to see again.
fn seeds(how_many: &str, usual: u64) -> Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("CHIRP_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number(how_many).unwrap_or(usual),
    }
}
