//! Deadlines for a store on a server: a call waits for it less long than its client waits for the call.
//!
//! Always: what waits on the network ends before the deadline of the call, with an error that says that the store is
//! not available; a call without a deadline waits [`STORE_DEADLINE`]. Never here: files, which either answer or fail.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The longest wait for a server, when the client's deadline is not nearer.
pub const STORE_DEADLINE: Duration = Duration::from_secs(5);
/// How much longer an append waits: when its answer was lost, the log is asked what became of it.
pub const LOOKUP_DEADLINE: Duration = Duration::from_secs(3);
/// How much of a deadline is kept for sending the refusal: a tenth, within bounds.
const ANSWER_MARGIN_DIVISOR: u32 = 10;
const ANSWER_MARGIN_MIN: Duration = Duration::from_millis(50);
const ANSWER_MARGIN_MAX: Duration = Duration::from_millis(500);

/// Longer than any process lives, and short enough that no clock overflows.
const DELAY_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

tokio::task_local! {
    /// When the call of the current task should have its answer ready.
    static ANSWER_BY: Instant;
}

/// The time in which an answer must be ready, of the time that a client allows.
#[must_use]
pub fn time_to_answer(allowed: Duration) -> Duration {
    let margin = (allowed / ANSWER_MARGIN_DIVISOR).clamp(ANSWER_MARGIN_MIN, ANSWER_MARGIN_MAX);
    allowed.saturating_sub(margin)
}

/// Runs a call whose client allows this much time.
pub async fn within<F: Future>(allowed: Duration, call: F) -> F::Output {
    ANSWER_BY.scope(after(time_to_answer(allowed)), call).await
}

/// When the call of the current task should have its answer ready; nothing if its client has set no deadline.
#[must_use]
pub fn answer_by() -> Option<Instant> {
    ANSWER_BY.try_with(|answer_by| *answer_by).ok()
}

/// This long from now, with a bound for whatever a client asks for.
#[must_use]
pub fn after(delay: Duration) -> Instant {
    Instant::now() + delay.min(DELAY_MAX)
}

/// Waits for a server, within the call's deadline and [`STORE_DEADLINE`]; nothing if that passes first.
pub async fn within_deadline<F: Future>(work: F) -> Option<F::Output> {
    within_at_most(STORE_DEADLINE, work).await
}

/// Waits for a server to append, and to look up what became of it; nothing if the deadline passes first.
pub async fn append_within_deadline<F: Future>(work: F) -> Option<F::Output> {
    within_at_most(STORE_DEADLINE + LOOKUP_DEADLINE, work).await
}

async fn within_at_most<F: Future>(longest: Duration, work: F) -> Option<F::Output> {
    let ends_at = Instant::now() + longest;
    timeout_at(answer_by().map_or(ends_at, |answer_by| answer_by.min(ends_at)), work).await.ok()
}

/// Waits for a database as [`within_deadline`] does; a deadline that passes is an error.
pub async fn of_database<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    within_deadline(work).await.unwrap_or_else(|| Err(late()))
}

/// The error for a server that did not answer in time.
#[must_use]
pub fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the server took too long"))
}
