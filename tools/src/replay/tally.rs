//! Counts of a replay while it runs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts that many tasks add to.
#[derive(Debug)]
pub struct Tally {
    begun: Instant,
    total: u64,
    done: AtomicU64,
    retries: AtomicU64,
    gave_up: AtomicBool,
    phase: Mutex<&'static str>,
    made: Mutex<BTreeMap<&'static str, u64>>,
    errors: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// A tally of this many commands, none of which is sent.
    pub fn new(total: u64) -> Self {
        Self {
            begun: Instant::now(),
            total,
            done: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            gave_up: AtomicBool::new(false),
            phase: Mutex::default(),
            made: Mutex::default(),
            errors: Mutex::default(),
        }
    }

    /// Begins a phase, which the progress shows.
    pub fn begin(&self, phase: &'static str) {
        *self.phase.lock().expect("nobody panics with the lock") = phase;
    }

    pub fn phase(&self) -> &'static str {
        *self.phase.lock().expect("nobody panics with the lock")
    }

    /// Counts a command that was acknowledged.
    pub fn succeeded(&self, made: &'static str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        *self.made.lock().expect("nobody panics with the lock").entry(made).or_default() += 1;
    }

    /// Counts a command that was refused for good.
    pub fn failed(&self, reason: String) {
        self.done.fetch_add(1, Ordering::Relaxed);
        *self.errors.lock().expect("nobody panics with the lock").entry(reason).or_default() += 1;
    }

    /// Counts a retry.
    pub fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that the server did not come back.
    pub fn gave_up(&self) {
        self.gave_up.store(true, Ordering::Relaxed);
    }

    /// Whether the server did not come back.
    pub fn has_given_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }

    /// How many commands there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many were acknowledged or refused for good.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// The acknowledged commands, by what they created.
    pub fn made(&self) -> BTreeMap<&'static str, u64> {
        self.made.lock().expect("nobody panics with the lock").clone()
    }

    /// The commands that were refused for good, by reason.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.lock().expect("nobody panics with the lock").clone()
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is for people")]
pub fn rate(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
}
