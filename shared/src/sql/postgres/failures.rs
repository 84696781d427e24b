//! What one process has learned of a server: how often connections failed, and why no session can be opened at the moment.
//!
//! Always: all pools of a process know the same; a cause is logged once; while a server refuses, one waiter at a time
//! tries again, with growing pauses. Never here: what a connection is good for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Error;
use tokio::sync::watch;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::causes;
use super::pool::Purpose;

/// After a session could not be opened, nobody in the process tries again for this long. The pause doubles up to a
/// bound: a short one for what may pass by itself (a server that starts or fails over must be used soon), a longer one
/// for what a person has to mend.
pub(super) const TRY_AGAIN: Duration = Duration::from_millis(20);
pub(super) const TRY_AGAIN_MAX: Duration = Duration::from_secs(1);
pub(super) const MENDED_AGAIN_MAX: Duration = Duration::from_secs(10);

/// The failures at one server, shared by all pools of the process.
#[derive(Clone, Debug)]
pub(super) struct Failures {
    /// How many connections have failed so far.
    count: Arc<watch::Sender<u64>>,
    /// By purpose: a server that cannot be written to may well be read.
    refusals: Arc<[Mutex<Option<Refusal>>; 2]>,
}

/// Why no session can be opened at the moment.
#[derive(Debug)]
pub(super) struct Refusal {
    cause: Arc<Error>,
    /// Nobody tries again before then.
    pub until: Instant,
    pub pause: Duration,
}

impl Default for Failures {
    fn default() -> Self {
        Self { count: Arc::new(watch::Sender::new(0)), refusals: Arc::default() }
    }
}

impl Failures {
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    pub fn add(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    /// A channel that changes with every failure.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The refusal for this purpose, if there is one.
    pub fn refusal(&self, purpose: Purpose) -> MutexGuard<'_, Option<Refusal>> {
        self.refusals[purpose as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait before opening a session, and why; nothing when this caller may try now. Of several waiters, one tries.
    pub fn wait(&self, purpose: Purpose) -> Option<(Duration, Arc<Error>)> {
        let mut refusal = self.refusal(purpose);
        let refused = refusal.as_mut()?;
        let left = refused.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            refused.until = Instant::now() + refused.pause;
            return None;
        }
        Some((left, refused.cause.clone()))
    }

    /// Records that a session was opened, so that others may open more.
    pub fn opened(&self, purpose: Purpose) {
        if self.refusal(purpose).take().is_some() {
            info!("the server can be used again");
        }
    }

    /// Records why a session could not be opened, and logs each cause once.
    pub fn refused(&self, purpose: Purpose, cause: Error) -> Error {
        let text = causes::text(&cause);
        let longest = if causes::may_pass(&cause) { TRY_AGAIN_MAX } else { MENDED_AGAIN_MAX };
        let mut refusal = self.refusal(purpose);
        let before = refusal.take();
        match before.as_ref().is_some_and(|before| causes::text(&before.cause) == text) {
            true => debug!(cause = text, "the server cannot be used still: {text}"),
            false => warn!(cause = text, "the server cannot be used: {text}"),
        }
        let pause = before.map_or(TRY_AGAIN, |before| before.pause * 2).min(longest);
        let until = Instant::now() + pause.mul_f64(jitter());
        let cause = Arc::new(cause);
        *refusal = Some(Refusal { cause: cause.clone(), until, pause });
        causes::again(&cause)
    }
}

/// A factor between 0.5 and 1.5, so that many processes do not try at the same moment.
fn jitter() -> f64 {
    0.5 + f64::from(Uuid::new_v4().as_bytes()[0]) / 256.0
}
