//! Wake-ups: hints that there may be something new. A reader that is woken pulls; one that is never woken polls.
//!
//! Always: a lost hint delays a reader by at most [`POLL_INTERVAL`]; an idle reader costs next to nothing, since a poll
//! of a file asks the operating system whether it was written to before anything is read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use fail::fail_point;
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::warn;

use crate::runtime::tasks::Tasks;

/// How often a loop polls when no hint comes, because it was lost or there is nobody who could give one.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The longest pause between two reads of a file, whatever the operating system says of it.
const READ_INTERVAL_MAX: Duration = Duration::from_secs(16);
/// By how much the pause grows from one unprompted read to the next.
const READ_INTERVAL_GROWS: u32 = 4;
/// When to read after a file was written to, each pause after the last read. The operating system tells of the write,
/// but not of the moment at which SQLite lets others see it, which is after the disk has it.
const READS_AFTER_WRITE: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(32),
    Duration::from_millis(64),
    Duration::from_millis(128),
];

/// Wakes the readers of something in the process that writes it.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    hints: watch::Sender<()>,
    database: Option<Arc<Path>>,
}

/// One reader's wait for more. A hint that comes while it is busy is not lost.
#[derive(Debug)]
pub struct Listener<T = ()> {
    hints: watch::Receiver<T>,
    database: Option<Arc<Path>>,
    /// Set from the first wait on.
    polled: Option<Arc<PolledFile>>,
}

impl<T> Clone for Listener<T> {
    fn clone(&self) -> Self {
        Self { hints: self.hints.clone(), database: self.database.clone(), polled: None }
    }
}

/// A file that may grow without a hint, for one reader.
#[derive(Debug)]
struct PolledFile {
    log: PathBuf,
    seen: Mutex<Seen>,
    /// Notified when a read is due.
    due: Notify,
}

/// What a reader knows of a file.
#[derive(Debug)]
struct Seen {
    written: Option<(SystemTime, u64)>,
    /// The pause between a read and the next unprompted one. It grows from a write on, since a write shows in the file
    /// before its commit can be read.
    pause: Duration,
    read_at: Instant,
}

impl Wake {
    /// Hints of changes to an SQLite database: its listeners read at a poll only if the file may have changed.
    #[must_use]
    pub fn of_database(database: &Path) -> Self {
        Self { database: Some(database.into()), ..Self::default() }
    }

    pub fn wake(&self) {
        self.hints.send_replace(());
    }

    #[must_use]
    pub fn listen(&self) -> Listener {
        let listener = Listener::to(self.hints.subscribe());
        match &self.database {
            Some(database) => listener.polling(database),
            None => listener,
        }
    }
}

impl<T> Listener<T> {
    /// Waits for these hints; every poll is a read.
    #[must_use]
    pub fn to(hints: watch::Receiver<T>) -> Self {
        Self { hints, database: None, polled: None }
    }

    /// Polls an SQLite database: a poll is a read only if the file may have changed.
    #[must_use]
    pub fn polling(self, database: &Path) -> Self {
        Self { database: Some(database.into()), ..self }
    }

    /// The channel of the hints, whose value says what is new.
    #[must_use]
    pub fn hints(&self) -> &watch::Receiver<T> {
        &self.hints
    }

    /// Everything up to now is about to be read, so that hints of it are not needed any more.
    pub fn mark_unchanged(&mut self) {
        self.hints.mark_unchanged();
    }

    /// Returns at the next hint, without polling.
    pub async fn hinted(&mut self) {
        if self.hints.changed().await.is_err() || hints_are_lost() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns at the next hint, or when a poll shows that there may be something new.
    pub async fn wait(&mut self) {
        if self.polled.is_none()
            && let Some(database) = &self.database
        {
            self.polled = PolledFile::watch(database);
        }
        let polled = self.polled.clone();
        let poll = async {
            match polled {
                _ if polls_are_off() => std::future::pending().await,
                Some(file) => file.due.notified().await,
                None => sleep(POLL_INTERVAL).await,
            }
        };
        // A writer in another process gives no hint, so the poll's turn is as good as one.
        tokio::select! {
            () = self.hinted() => {}
            () = poll => {}
        }
    }
}

impl PolledFile {
    /// Polls the file from now on, until the last holder drops it. Nothing when the system has no thread for that.
    fn watch(database: &Path) -> Option<Arc<Self>> {
        let seen = Seen { written: None, pause: POLL_INTERVAL, read_at: Instant::now() };
        let file = Arc::new(Self { log: write_ahead_log(database), seen: Mutex::new(seen), due: Notify::new() });
        let mut files = lock(&POLLED);
        if files.is_empty() {
            let started = Tasks::of_process().start_thread("chirp-poll", poll_files);
            started.inspect_err(|cause| warn!(%cause, "files are read instead of polled: {cause}")).ok()?;
        }
        files.push(Arc::downgrade(&file));
        Some(file)
    }

    fn poll(&self) {
        let written = std::fs::metadata(&self.log).ok().and_then(|log| Some((log.modified().ok()?, log.len())));
        if lock(&self.seen).is_due(written, Instant::now()) {
            self.due.notify_one();
        }
    }
}

impl Seen {
    fn is_due(&mut self, written: Option<(SystemTime, u64)>, now: Instant) -> bool {
        let is_written = written != self.written;
        if !is_written && now.saturating_duration_since(self.read_at) < self.pause {
            return false;
        }
        self.pause = if is_written { POLL_INTERVAL } else { READ_INTERVAL_MAX.min(self.pause * READ_INTERVAL_GROWS) };
        self.written = written;
        self.read_at = now;
        true
    }
}

/// The files that are polled, by one thread for the whole process: a timer of the runtime would wake two threads for each file.
static POLLED: Mutex<Vec<Weak<PolledFile>>> = Mutex::new(Vec::new());

/// Polls until the last file is dropped.
fn poll_files() {
    loop {
        std::thread::sleep(POLL_INTERVAL);
        let mut files = lock(&POLLED);
        files.retain(|file| file.upgrade().inspect(|file| file.poll()).is_some());
        if files.is_empty() {
            return;
        }
    }
}

/// A poisoned lock is taken all the same: nothing under it is ever half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a test loses all hints.
fn hints_are_lost() -> bool {
    fail_point!("shared::runtime::wake", |_| true);
    false
}

/// Whether a test turns polling off.
fn polls_are_off() -> bool {
    fail_point!("shared::poll", |_| true);
    false
}

/// The write-ahead log of an SQLite database, which comes and goes beside it.
pub(crate) fn write_ahead_log(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// A file that SQLite keeps beside a database: the same name with a suffix.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    PathBuf::from(name)
}

/// Calls `wake` after each write by another process to an SQLite database, until it answers false.
pub fn on_writes(database: &Path, mut wake: impl FnMut() -> bool + Send + 'static) {
    let log = write_ahead_log(database);
    let (Some(folder), Some(log_name)) = (log.parent(), log.file_name().map(OsString::from)) else { return };
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
            return warn!(%cause, "nobody tells of writes to {}, so it is polled every {millis} ms: {cause}", folder.display());
        }
    };
    Tasks::of_process().spawn_until_drained("file watcher", async move {
        let _watcher = watcher;
        loop {
            written.notified().await;
            let mut pauses = READS_AFTER_WRITE.into_iter();
            while let Some(pause) = pauses.next() {
                tokio::select! {
                    () = sleep(pause) => {}
                    // A write that comes meanwhile must not wait for the longer pauses.
                    () = written.notified() => pauses = READS_AFTER_WRITE.into_iter(),
                }
                if !wake() {
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_file_that_nobody_writes_to_is_hardly_ever_read_and_one_that_grows_is_read_at_the_next_poll() {
        let mut now = Instant::now();
        let mut seen = Seen { written: None, pause: POLL_INTERVAL, read_at: now };
        let mut reads = |written: Option<u64>, polls: u32| {
            let written = written.map(|size| (SystemTime::UNIX_EPOCH, size));
            let mut due = || {
                now += POLL_INTERVAL;
                seen.is_due(written, now)
            };
            (0..polls).filter(|_| due()).count()
        };
        let polls_of_hour = 4 * 3_600;
        reads(None, polls_of_hour);
        let least = 3_600 / usize::try_from(READ_INTERVAL_MAX.as_secs()).expect("it fits");
        assert_eq!(reads(None, polls_of_hour), least);
        for size in 1..5 {
            assert_eq!(reads(Some(size), 1), 1, "of {size} bytes");
            // The commit may be visible only later: after a quarter of a second, a second, four seconds.
            assert_eq!((reads(Some(size), 1), reads(Some(size), 3)), (1, 0), "of {size} bytes");
            assert_eq!(reads(Some(size), 40), 2, "of {size} bytes");
        }
    }

    #[tokio::test]
    async fn what_another_process_writes_is_seen_without_a_hint() {
        const DEADLINE: Duration = Duration::from_secs(60);
        let folder = TempDir::new().expect("a folder can be made");
        let database = folder.path().join("tables.db");
        let mut listener = Wake::of_database(&database).listen();
        for size in 1..4 {
            std::fs::write(write_ahead_log(&database), vec![0; size]).expect("there is room");
            timeout(DEADLINE, listener.wait()).await.expect("it is polled");
        }
        drop(listener);
        let began = Instant::now();
        while !lock(&POLLED).iter().all(|file| file.strong_count() == 0) {
            assert!(began.elapsed() < DEADLINE, "nobody waits for it any more");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_told_from_outside_is_read_at_every_poll() {
        let (mut listener, began) = (Wake::default().listen(), tokio::time::Instant::now());
        for _ in 0..40 {
            listener.wait().await;
        }
        assert_eq!(began.elapsed().as_secs(), (POLL_INTERVAL * 40).as_secs());
    }
}
