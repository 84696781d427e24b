//! Advisory locks between processes that work on one folder: who owns it, and whose turn it is to write.
//!
//! The system gives a lock back when the process that holds it ends, however it ends.
//!
//! Always: waiting is bounded and holds no thread. Never here: what is done by whoever holds a lock; SQLite's own locks keep the files
//! whole without these.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often somebody who waits looks whether a lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

fn open(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(file)
}

/// Whether the lock is held now.
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// Makes a lock file for [`use_shared`], if it is not there; where it cannot be made, nobody is seen to use anything.
pub fn make(file: &Path) {
    drop(open(file));
}

/// Says that a process uses something, for as long as it holds what this gives; nothing where there is no lock file. It is opened to be read
/// only, as whoever only reads a folder opens everything.
#[must_use]
pub fn use_shared(file: &Path) -> Option<File> {
    let file = File::open(file).ok()?;
    file.try_lock_shared().is_ok().then_some(file)
}

/// The same for a process that must be the only one; nothing when it is not.
///
/// # Errors
/// When the lock file cannot be made.
pub fn use_alone(file: &Path) -> io::Result<Option<File>> {
    let file = open(file)?;
    Ok(try_lock(&file)?.then_some(file))
}

/// What is owned by its name.
pub type Owners = HashMap<&'static str, Ownership>;

/// Something in a folder that one process at a time may own.
#[derive(Debug)]
pub struct Ownership {
    file: PathBuf,
    held: Option<File>,
}

impl Ownership {
    /// The ownership that a lock file stands for, which is not held yet.
    #[must_use]
    pub fn of(file: PathBuf) -> Self {
        Self { file, held: None }
    }

    /// Takes it, unless another process has it. The file then says which process that is.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn take(&mut self) -> io::Result<bool> {
        if self.held.is_some() {
            return Ok(true);
        }
        let mut file = open(&self.file)?;
        if !try_lock(&file)? {
            return Ok(false);
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        self.held = Some(file);
        Ok(true)
    }

    /// The process that has it, in words for people: it may not have said yet which it is.
    #[must_use]
    pub fn owner(&self) -> String {
        let mut text = String::new();
        let read = File::open(&self.file).and_then(|mut file| file.read_to_string(&mut text));
        match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
            Some(pid) => format!("process {pid}"),
            None => "another process".to_owned(),
        }
    }
}

/// Lets several processes that write one file take turns: whoever has just written comes after everybody who waits.
///
/// A turnstile: whoever wants to write takes the place in front of the door, then the door, and then leaves the place to the next. The one
/// behind the door cannot come back before whoever stands in front of it.
#[derive(Clone, Debug)]
pub struct Turns {
    place: Arc<File>,
    door: Arc<File>,
}

/// The right to write, until it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<File>);

impl Drop for Turn {
    fn drop(&mut self) {
        // A lock that cannot be given back goes with the process.
        let _ = self.0.unlock();
    }
}

impl Turns {
    /// Those who write this file.
    ///
    /// # Errors
    /// When the lock files beside it cannot be made.
    pub fn at(file: &Path) -> io::Result<Self> {
        let beside = |name: &str| open(&PathBuf::from(format!("{}-{name}", file.display())));
        Ok(Self { place: Arc::new(beside("next")?), door: Arc::new(beside("turn")?) })
    }

    /// Waits for a turn; nothing when another process holds one for longer than `patience`, and is perhaps stopped.
    ///
    /// # Errors
    /// When the system cannot lock files.
    pub async fn take(&self, patience: Duration) -> io::Result<Option<Turn>> {
        let until = Instant::now() + patience;
        if !lock_by(&self.place, until).await? {
            return Ok(None);
        }
        let locked = lock_by(&self.door, until).await;
        self.place.unlock()?;
        Ok(locked?.then(|| Turn(self.door.clone())))
    }
}

async fn lock_by(file: &File, until: Instant) -> io::Result<bool> {
    loop {
        if try_lock(file)? {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        sleep(LOOK_AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tempfile::TempDir;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn one_owns_it_until_it_is_gone_and_the_other_knows_who() {
        let folder = TempDir::new().expect("a folder can be made");
        let of = || Ownership::of(folder.path().join("posts_1.lock"));
        let (mut one, mut other) = (of(), of());
        assert!(one.take().expect("it can be locked") && one.take().expect("it is held"));
        assert!(!other.take().expect("it can be asked for"));
        assert_eq!(other.owner(), format!("process {}", std::process::id()));
        drop(one);
        assert!(other.take().expect("it is free"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_waits_comes_before_whoever_has_just_had_a_turn() {
        const TURNS: usize = 50;
        let folder = TempDir::new().expect("a folder can be made");
        let file = folder.path().join("log.db");
        let greedy = Turns::at(&file).expect("locks can be made");
        let modest = Turns::at(&file).expect("locks can be made");
        let held = greedy.take(PATIENCE).await.expect("it locks").expect("it is free");
        let had = Arc::new(AtomicUsize::new(0));
        let waiting = tokio::spawn({
            let had = had.clone();
            async move {
                for _ in 0..TURNS {
                    drop(modest.take(PATIENCE).await.expect("it locks").expect("its turn comes"));
                    had.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        drop(held);
        // It writes again as soon as it may, and yet the other has its turns.
        let mut turns = 0;
        while had.load(Ordering::SeqCst) < TURNS {
            let turn = greedy.take(PATIENCE).await.expect("it locks").expect("its turn comes");
            turns += 1;
            sleep(LOOK_AGAIN * 2).await;
            drop(turn);
        }
        waiting.await.expect("it does not panic");
        assert!(turns <= TURNS + 2, "the other waited through {turns} turns for {TURNS}");
    }

    #[tokio::test]
    async fn who_holds_a_turn_for_too_long_is_not_waited_for() {
        let folder = TempDir::new().expect("a folder can be made");
        let file = folder.path().join("log.db");
        let (one, other) = (Turns::at(&file).expect("it is made"), Turns::at(&file).expect("it is made"));
        let _held = one.take(PATIENCE).await.expect("it locks").expect("it is free");
        assert!(other.take(Duration::from_millis(20)).await.expect("it locks").is_none());
    }
}
