//! Advisory locks between the processes that work on one folder: which one owns what, and whose turn it is to write.
//!
//! The operating system releases a lock when its process ends, however it ends.
//!
//! Always: waiting is bounded and holds no thread. Never here: what the holder of a lock does. SQLite's own locks
//! protect the files without these.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often a waiter tries the lock.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

fn open(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(file)
}

/// Whether the lock was taken.
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// Makes a lock file for [`use_shared`], if it is not there. Where it cannot be made, no user of it can be noticed.
pub fn make(file: &Path) {
    drop(open(file));
}

/// Holds the lock shared with others, until the result is dropped; nothing where there is no lock file. The file is
/// opened read-only, because a process that only reads a folder opens everything so.
#[must_use]
pub fn use_shared(file: &Path) -> Option<File> {
    let file = File::open(file).ok()?;
    file.try_lock_shared().is_ok().then_some(file)
}

/// Holds the lock alone, until the result is dropped; nothing while any other process holds it.
pub fn use_alone(file: &Path) -> io::Result<Option<File>> {
    let file = open(file)?;
    Ok(try_lock(&file)?.then_some(file))
}

/// Ownerships, by the name of what is owned.
pub type Owners = HashMap<&'static str, Ownership>;

/// Something in a folder that one process at a time may own.
#[derive(Debug)]
pub struct Ownership {
    file: PathBuf,
    held: Option<File>,
}

impl Ownership {
    /// The ownership that a lock file stands for. It is not held yet.
    #[must_use]
    pub fn of(file: PathBuf) -> Self {
        Self { file, held: None }
    }

    /// Takes the ownership and writes this process's id into the file. False while another process has it.
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

    /// The owning process in words for people. It may not have written its id yet.
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

/// Lets the processes that write one file take turns, fairly: one that has just written comes after all that wait.
///
/// A turnstile of two locks: a writer takes the one in front of the door, then the door, and then releases the first to
/// the next writer. The one behind the door cannot come back before the one that stands in front of it.
#[derive(Clone, Debug)]
pub struct Turns {
    place: Arc<File>,
    door: Arc<File>,
}

/// The turn to write, until it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<File>);

impl Drop for Turn {
    fn drop(&mut self) {
        // A lock that cannot be released ends with the process.
        let _ = self.0.unlock();
    }
}

impl Turns {
    /// The turns of this file, by two lock files beside it.
    pub fn at(file: &Path) -> io::Result<Self> {
        let beside = |name: &str| open(&PathBuf::from(format!("{}-{name}", file.display())));
        Ok(Self { place: Arc::new(beside("next")?), door: Arc::new(beside("turn")?) })
    }

    /// Waits for a turn; nothing when another process has kept one for longer than `longest`, and is perhaps stopped.
    pub async fn take(&self, longest: Duration) -> io::Result<Option<Turn>> {
        let until = Instant::now() + longest;
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

    const DEADLINE: Duration = Duration::from_secs(30);

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
        let held = greedy.take(DEADLINE).await.expect("it locks").expect("it is free");
        let had = Arc::new(AtomicUsize::new(0));
        let waiting = tokio::spawn({
            let had = had.clone();
            async move {
                for _ in 0..TURNS {
                    drop(modest.take(DEADLINE).await.expect("it locks").expect("its turn comes"));
                    had.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        drop(held);
        // The process writes again as soon as it may, and yet the other one gets its turns.
        let mut turns = 0;
        while had.load(Ordering::SeqCst) < TURNS {
            let turn = greedy.take(DEADLINE).await.expect("it locks").expect("its turn comes");
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
        let _held = one.take(DEADLINE).await.expect("it locks").expect("it is free");
        assert!(other.take(Duration::from_millis(20)).await.expect("it locks").is_none());
    }
}
