//! A circuit breaker between the projector and its store.
//!
//! Always: after a failure nothing is tried for a pause, which grows while the failures last; the next attempt is the
//! next batch itself, and its success closes the circuit.
//!
//! Source: the circuit breaker of M. Nygard, "Release It!"; half-open is not a state here, since there is one caller only.

use std::time::Duration;

/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause: when a full disk has space again, no more than this is lost.
const LAST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
}

impl Breaker {
    /// Records a failure. Gives the pause, and whether this is the first failure in a row.
    pub fn open(&mut self) -> (Duration, bool) {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LAST_PAUSE);
        let is_news = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        (pause, is_news)
    }

    /// Records a success. True if it ends a row of failures.
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
