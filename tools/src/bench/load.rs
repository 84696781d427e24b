//! Load: closed loops that measure throughput, and open-loop arrivals that measure latency.
//!
//! Always: in an open loop the arrivals are scheduled in advance and latency counts from the scheduled arrival, so that a
//! server that stalls is charged for everybody who would have come meanwhile (the mistake is known as coordinated
//! omission, after Gil Tene, who also wrote the histogram).

use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// The longest latency that can be recorded, in microseconds.
const LATENCY_MAX_MICROS: u64 = 60_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

/// An operation that is repeated; each loop has a clone of its own.
pub trait Operation: Clone + Send + 'static {
    fn once(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Runs this many loops for this long, each repeating the operation as soon as it is done. Gives operations per second.
pub async fn closed(operation: &impl Operation, loops: usize, duration: Duration) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..loops {
        let mut operation = operation.clone();
        running.spawn(async move {
            let mut done = 0_u64;
            while started.elapsed() < duration {
                operation.once().await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(ended) = running.join_next().await {
        done += ended.context("a loop failed")??;
    }
    Ok(per_second(done, started.elapsed()))
}

/// Starts operations by a schedule, whether those before are done or not. Gives their latencies.
pub async fn open(operation: &impl Operation, rate: f64, duration: Duration) -> anyhow::Result<Histogram<u64>> {
    let started = tokio::time::Instant::now();
    let mut running = JoinSet::new();
    for offset in schedule(rate, duration) {
        let arrival = started + offset;
        sleep_until(arrival).await;
        let mut operation = operation.clone();
        running.spawn(async move {
            operation.once().await?;
            anyhow::Ok(arrival.elapsed())
        });
    }
    let mut histogram = latencies()?;
    while let Some(ended) = running.join_next().await {
        record(&mut histogram, ended.context("an operation failed")??);
    }
    Ok(histogram)
}

/// An empty histogram of microseconds. It cannot fail, since its bounds are constants.
pub fn latencies() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LATENCY_MAX_MICROS, SIGNIFICANT_DIGITS)?)
}

pub fn record(latencies: &mut Histogram<u64>, took: Duration) {
    latencies.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LATENCY_MAX_MICROS));
}

/// When operations arrive: evenly, at this rate.
fn schedule(rate: f64, duration: Duration) -> impl Iterator<Item = Duration> {
    let gap = Duration::from_secs_f64(1.0 / rate.max(1.0));
    (0_u32..).map(move |index| gap * index).take_while(move |offset| *offset < duration)
}

#[expect(clippy::cast_precision_loss, reason = "a rate is for people")]
pub fn per_second(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_even_and_end_with_the_duration() {
        let arrivals: Vec<Duration> = schedule(4.0, Duration::from_secs(1)).collect();
        assert_eq!(arrivals, [0, 250, 500, 750].map(Duration::from_millis));
    }

    /// Stalls once, for the call that comes then and for all that come meanwhile.
    #[derive(Clone)]
    struct StallsOnce(std::sync::Arc<tokio::sync::Mutex<bool>>);

    impl Operation for StallsOnce {
        async fn once(&mut self) -> anyhow::Result<()> {
            let mut stalled = self.0.lock().await;
            if !*stalled {
                tokio::time::sleep(Duration::from_millis(500)).await;
                *stalled = true;
            }
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_charged_for_everybody_who_came_meanwhile() {
        let stalls = StallsOnce(std::sync::Arc::default());
        let histogram = open(&stalls, 100.0, Duration::from_secs(1)).await.expect("nothing fails");
        assert_eq!(histogram.len(), 100);
        let late = histogram.count_between(100_000, LATENCY_MAX_MICROS);
        assert!((35..=45).contains(&late), "{late} of 100 waited over 100 ms for the first");
    }
}
