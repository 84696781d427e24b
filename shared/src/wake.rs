//! Wake-ups: hints that there may be something new. Whoever is woken pulls; whoever is never woken polls.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

/// How long a loop sleeps when no hint comes: the floor when a hint was lost, or there is nobody who could give one.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often to look after a file was written to, and for how long. The system tells of the write, but not of the moment at
/// which SQLite lets others see it, which is after the disk has it.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const ATTENTIVE: Duration = Duration::from_millis(100);

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
        changed_or_polled(&mut self.0).await;
    }
}

/// Returns when there is a hint or after [`POLL_INTERVAL`], whichever comes first.
pub async fn changed_or_polled<T>(hints: &mut watch::Receiver<T>) {
    // A writer in another process never wakes anybody, so running out of time is as good as a hint.
    let hint = async {
        if hints.changed().await.is_err() || hints_are_lost() {
            std::future::pending::<()>().await;
        }
    };
    let _ = timeout(POLL_INTERVAL, hint).await;
}

/// Whether a test lets nobody hear anything.
fn hints_are_lost() -> bool {
    fail_point!("shared::wake", |_| true);
    false
}

/// Calls `wake` when another process has written to a SQLite database, for as long as it answers true. What is written goes to
/// the database's write-ahead log, a file beside it that comes and goes.
pub fn on_writes(database: &Path, mut wake: impl FnMut() -> bool + Send + 'static) {
    let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else { return };
    let mut log_name = OsString::from(name);
    log_name.push("-wal");
    let written = Arc::new(Notify::new());
    let watcher = notify::recommended_watcher({
        let written = written.clone();
        move |event: notify::Result<notify::Event>| {
            let is_write = |event: &notify::Event| matches!(event.kind, EventKind::Modify(_) | EventKind::Create(_));
            let is_ours = |event: &notify::Event| event.paths.iter().any(|path| path.file_name() == Some(&log_name));
            if event.is_ok_and(|event| is_write(&event) && is_ours(&event)) {
                written.notify_one();
            }
        }
    });
    let watching = watcher.and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    let watcher = match watching {
        Ok(watcher) => watcher,
        Err(cause) => {
            let millis = POLL_INTERVAL.as_millis();
            return warn!(%cause, "nobody tells of writes to {}, so it is looked at every {millis} ms: {cause}", folder.display());
        }
    };
    tokio::spawn(async move {
        let _watcher = watcher;
        loop {
            // A write that comes meanwhile is kept for the next turn.
            written.notified().await;
            let until = Instant::now() + ATTENTIVE;
            while Instant::now() < until {
                if !wake() {
                    return;
                }
                sleep(LOOK_AGAIN).await;
            }
        }
    });
}
