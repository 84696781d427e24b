//! The metrics of projections and clocks.

use ::metrics::gauge;
use shared::log::ReadError;
use shared::model::ids::Position;
use shared::runtime::metrics;
use tracing::warn;

use super::{RunError, Runner};
use crate::checkpoints::Claim;

/// How far in the future the newest event may have been recorded before that is logged: clocks of servers are never that far apart.
const CLOCK_AHEAD_MICROS_MAX: i64 = 60_000_000;

impl Runner {
    /// Sets the metrics: how far each projection is, and how long its next event has been waiting.
    pub(super) async fn measure(&mut self) -> Result<(), RunError> {
        let anchor = self.log.head().await?.anchor();
        self.suspect_history(anchor);
        let head = anchor.position;
        self.compare_clocks(head).await?;
        for running in &self.running {
            let Some(Claim { checkpoint, .. }) = running.claim else { continue };
            let name = running.projection.name();
            let next = if checkpoint < head { self.log.read(checkpoint, 1).await? } else { vec![] };
            if checkpoint < head && next.is_empty() {
                let cause = format!(
                    "the log ends at {head} by its own account, and has no event after {checkpoint}: it is damaged"
                );
                return Err(ReadError::Unavailable(cause).into());
            }
            let waiting = next.first().map_or(0, |event| self.clock.now().0.saturating_sub(event.recorded_at.0).max(0));
            gauge!(metrics::PROJECTION_POSITION, "projection" => name).set(checkpoint.0 as f64);
            gauge!(metrics::PROJECTION_LAG_EVENTS, "projection" => name).set((head.0 - checkpoint.0).max(0) as f64);
            gauge!(metrics::PROJECTION_LAG_SECONDS, "projection" => name).set(waiting as f64 / 1e6);
            gauge!(metrics::PROJECTION_PARKED_EVENTS, "projection" => name).set(running.parked.len() as f64);
        }
        Ok(())
    }

    /// Logs a clock that is ahead, here or where the newest event was recorded: it makes posts look as if they came from the future.
    async fn compare_clocks(&mut self, head: Position) -> Result<(), RunError> {
        if self.newest.is_none_or(|(position, _)| position != head) {
            self.newest = self.log.at(head).await?.map(|event| (head, event.recorded_at));
        }
        let Some((_, recorded_at)) = self.newest else { return Ok(()) };
        let ahead = recorded_at.0.saturating_sub(self.clock.now().0);
        gauge!(metrics::LOG_CLOCK_AHEAD_SECONDS).set(ahead as f64 / 1e6);
        let is_ahead = ahead > CLOCK_AHEAD_MICROS_MAX;
        if is_ahead && !std::mem::replace(&mut self.clock_is_ahead, is_ahead) {
            let seconds = ahead / 1_000_000;
            warn!(
                position = head.0,
                seconds,
                "position {head} was recorded {seconds} s in the future of this machine's clock: one of the clocks is wrong"
            );
        }
        self.clock_is_ahead = is_ahead;
        Ok(())
    }
}
