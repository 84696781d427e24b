//! The progress of a replay on stderr: often on a terminal, now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::tally::{Tally, rate};

const TERMINAL_INTERVAL: Duration = Duration::from_secs(1);
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// Moves to the beginning of the line and clears it.
const REWRITE: &str = "\r\x1b[K";

/// Shows the progress until aborted.
pub async fn show(tally: Arc<Tally>) {
    let terminal = io::stderr().is_terminal();
    let mut ticks = interval(if terminal { TERMINAL_INTERVAL } else { PLAIN_INTERVAL });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let line = line(&tally);
        let shown = if terminal { format!("{REWRITE}{line}") } else { format!("{line}\n") };
        // Progress that cannot be shown is no reason to stop.
        let _ = io::stderr().write_all(shown.as_bytes());
    }
}

/// Clears the line of the progress for what comes after it.
pub fn clear() {
    if io::stderr().is_terminal() {
        let _ = io::stderr().write_all(REWRITE.as_bytes());
    }
}

fn line(tally: &Tally) -> String {
    let (done, total) = (tally.done(), tally.total());
    let per_second = rate(done, tally.elapsed());
    let errors: u64 = tally.errors().values().sum();
    let left = total.saturating_sub(done);
    let percent = done * 100 / total.max(1);
    format!(
        "{}: {done}/{total} commands ({percent} %), {per_second:.0}/s, {errors} errors, {} retries, {} left",
        tally.phase(),
        tally.retries(),
        time_left(left, per_second)
    )
}

fn time_left(left: u64, per_second: f64) -> String {
    if per_second < 1.0 {
        return "unknown time".to_owned();
    }
    let seconds =
        Duration::from_secs_f64(1.0 / per_second).saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_what_the_rate_so_far_says() {
        assert_eq!(time_left(6_100, 100.0), "1:01");
        assert_eq!(time_left(10, 0.0), "unknown time");
    }
}
