//! Wake-ups: hints that there may be something new. Whoever is woken pulls; whoever is never woken polls.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long a loop sleeps when no hint comes: the floor for changes that another process made.
pub const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A hint from the writer of something to its readers in the same process.
#[derive(Clone, Debug, Default)]
pub struct Wake(watch::Sender<()>);

/// One reader's ear. A hint that comes while it is busy is not lost.
#[derive(Clone, Debug)]
pub struct Listener(watch::Receiver<()>);

impl Wake {
    /// Wakes every listener.
    pub fn wake(&self) {
        self.0.send_replace(());
    }

    /// A new listener.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// Returns when woken or after [`POLL_INTERVAL`], whichever comes first.
    pub async fn wait(&mut self) {
        // A writer in another process never wakes anybody, so running out of time is as good as a hint.
        let hint = async {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = timeout(POLL_INTERVAL, hint).await;
    }
}
