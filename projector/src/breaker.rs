//! A circuit breaker between the projector and its store.
//!
//! Always: after a failure nothing is tried for a while, and for longer the longer it lasts; what is tried then is the next batch itself,
//! and closes the circuit when it goes well.
//!
//! Source: the circuit breaker of M. Nygard, "Release It!"; here one call at a time is tried anyway.

use std::time::Duration;

/// How long to wait after the first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// And at most: who gives a full disk its space back, waits no longer than this.
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// How often in a row the store failed.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
}

impl Breaker {
    /// The store failed; says how long to wait, and whether it did well before.
    pub fn open(&mut self) -> (Duration, bool) {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LAST_PAUSE);
        let is_news = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        (pause, is_news)
    }

    /// The store did well; says whether it had failed.
    pub fn close(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_end_with_a_success() {
        let mut breaker = Breaker::default();
        assert!(!breaker.close());
        let opened: Vec<(Duration, bool)> = (0..40).map(|_| breaker.open()).collect();
        assert_eq!(opened[0], (FIRST_PAUSE, true));
        assert_eq!(opened[1], (FIRST_PAUSE * 2, false));
        assert_eq!(opened[39], (LAST_PAUSE, false));
        assert!(breaker.close());
        assert_eq!(breaker.open(), (FIRST_PAUSE, true));
    }
}
