//! How long a call waits for a store on a server: less than its client waits for the call.
//!
//! Always: what waits on the network ends, with an error that says that the store is not available, before the deadline of
//! the call; without a deadline after [`STORE_PATIENCE`]. Never here: files, which either answer or fail.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// How long anything waits for a server when no client is in a hurry.
pub const STORE_PATIENCE: Duration = Duration::from_secs(5);
/// How much longer an append waits, so that it can be looked up in the log what became of it when its answer was lost.
pub const LOOKUP_PATIENCE: Duration = Duration::from_secs(3);
/// What is left of a deadline for sending the refusal: a share of it, within bounds.
const ANSWER_MARGIN_DIVISOR: u32 = 10;
const ANSWER_MARGIN_MIN: Duration = Duration::from_millis(50);
const ANSWER_MARGIN_MAX: Duration = Duration::from_millis(500);

/// No process lives for longer, and no clock overflows by it.
const DELAY_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

tokio::task_local! {
    /// When the call that this task works for should have its answer ready.
    static ANSWER_BY: Instant;
}

/// What is left of a time that a client allows, once the answer has to be sent within it.
#[must_use]
pub fn time_to_answer(allowed: Duration) -> Duration {
    let margin = (allowed / ANSWER_MARGIN_DIVISOR).clamp(ANSWER_MARGIN_MIN, ANSWER_MARGIN_MAX);
    allowed.saturating_sub(margin)
}

/// Runs a call that the client gives this much time.
pub async fn within<F: Future>(allowed: Duration, call: F) -> F::Output {
    ANSWER_BY.scope(after(time_to_answer(allowed)), call).await
}

/// When the call that this task works for should have its answer ready, if its client has set a deadline.
#[must_use]
pub fn answer_by() -> Option<Instant> {
    ANSWER_BY.try_with(|answer_by| *answer_by).ok()
}

/// The moment this long from now, however long a client says that it is.
#[must_use]
pub fn after(delay: Duration) -> Instant {
    Instant::now() + delay.min(DELAY_MAX)
}

/// Waits for a server; nothing when it takes longer than anybody waits.
pub async fn patiently<F: Future>(work: F) -> Option<F::Output> {
    within_patience(STORE_PATIENCE, work).await
}

/// Waits for a server to append, and to say what became of it.
pub async fn patiently_appending<F: Future>(work: F) -> Option<F::Output> {
    within_patience(STORE_PATIENCE + LOOKUP_PATIENCE, work).await
}

async fn within_patience<F: Future>(patience: Duration, work: F) -> Option<F::Output> {
    let patience = Instant::now() + patience;
    timeout_at(answer_by().map_or(patience, |answer_by| answer_by.min(patience)), work).await.ok()
}

/// The same for a database: what takes too long has failed.
///
/// # Errors
/// When the database fails, or takes too long.
pub async fn of_database<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    patiently(work).await.unwrap_or_else(|| Err(late()))
}

/// What a server has failed with that did not answer in time.
#[must_use]
pub fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the server took too long"))
}
