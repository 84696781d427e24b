//! Transactions that stay open for so long that others pay for it, reported with the process that has them.
//!
//! What is written while a snapshot is held cannot be cleaned up. On PostgreSQL the old versions of rows that are
//! updated all the time, such as the head and the checkpoints, pile up, and every read of those rows passes them all.
//! Beside an SQLite file the write-ahead log grows until the disk is full. Nothing in Chirp reads for that long, so it
//! is an operator's own transaction, and only they can end it.
//!
//! Always: a long reader is reported once, by the process that notices it, and once more when it has ended. Never here: ending it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use fail::fail_point;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use crate::runtime::wake::{beside, write_ahead_log};
use crate::sql::database::Database;
use crate::sql::statements;

/// Longer than any transaction of Chirp.
const LONG: Duration = Duration::from_secs(60);
/// The pause between two looks at the server, or at the size of a file: an idle process should sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// The least pause, where tests do not wait for [`LOOK_AGAIN`].
const LOOK_AGAIN_MIN: Duration = Duration::from_secs(1);
/// A write-ahead log of this size has not been emptied for long: SQLite's own checkpoints empty it well before.
const GROWN_BYTES: u64 = 192 * 1024 * 1024;
/// In so many looks in a row the same process must be reading: many short reads leave gaps.
const LOOKS: usize = 20;
/// The pause between these looks.
const GLANCE: Duration = Duration::from_millis(50);
/// The bytes of the shared-memory file that readers lock, by SQLite's file format.
const READ_LOCKS: std::ops::RangeInclusive<u64> = 123..=127;

statements! { "long_readers.sql": SELECT_OPEN }

/// How long something must last to be reported; tests do not wait.
fn long_enough(usual: Duration) -> Duration {
    fail_point!("shared::long_reader", |_| Duration::ZERO);
    usual
}

/// From which size on a write-ahead log is looked at; tests do not wait for it.
fn grown() -> u64 {
    fail_point!("shared::long_reader", |_| 1);
    GROWN_BYTES
}

/// The process of the session, and its transaction.
type Open = (i64, String);

/// Reports long transactions on the server, and never returns.
pub async fn on_server(tables: &Database) -> Infallible {
    let mut seen: BTreeMap<Open, (Instant, bool)> = BTreeMap::new();
    loop {
        match open_transactions(tables).await {
            Ok(open) => look(&mut seen, &open),
            Err(cause) => debug!(%cause, "who keeps a transaction open is not known: {cause}"),
        }
        // At least two looks, so that a transaction seen in both is not two short ones.
        sleep(long_enough(LOOK_AGAIN).max(LOOK_AGAIN_MIN)).await;
    }
}

async fn open_transactions(tables: &Database) -> Result<BTreeMap<Open, String>, sqlx::Error> {
    let rows = tables.rows(&SELECT_OPEN, &[]).await?;
    rows.iter().map(|row| Ok(((row.get("pid")?, row.get("transaction_id")?), row.get("application")?))).collect()
}

fn look(seen: &mut BTreeMap<Open, (Instant, bool)>, open: &BTreeMap<Open, String>) {
    seen.retain(|(pid, transaction), (_, is_told)| {
        let stays = open.contains_key(&(*pid, transaction.clone()));
        if !stays && *is_told {
            info!(pid, "process {pid} of the server has ended its transaction");
        }
        stays
    });
    for (transaction, application) in open {
        let Some((since, is_told)) = seen.get_mut(transaction) else {
            seen.insert(transaction.clone(), (Instant::now(), false));
            continue;
        };
        if since.elapsed() >= long_enough(LONG) && !std::mem::replace(is_told, true) {
            let (pid, seconds) = (transaction.0, since.elapsed().as_secs());
            let of = if application.is_empty() { String::new() } else { format!(" ({application})") };
            warn!(
                pid,
                application,
                seconds,
                "process {pid} of the server{of} has kept a transaction open for {seconds} s: meanwhile old versions of rows pile \
                 up, and appends and pages get slower; end it, or that process"
            );
        }
    }
}

/// Reports processes that read a file for so long that its write-ahead log grows, and never returns.
pub async fn of_file(file: &Path) -> Infallible {
    let mut told = BTreeSet::new();
    loop {
        sleep(long_enough(LOOK_AGAIN).max(LOOK_AGAIN_MIN)).await;
        let bytes = write_ahead_log(file).metadata().map_or(0, |log| log.len());
        let readers = if bytes >= grown() { lasting_readers(file).await } else { BTreeSet::new() };
        for pid in &readers - &told {
            let (mib, name) = (bytes >> 20, file.display());
            warn!(
                pid,
                bytes,
                "process {pid} reads {name} all the while, so that the write-ahead log beside it cannot be emptied and has {mib} MiB; \
                 end its transaction, or that process"
            );
        }
        for pid in &told - &readers {
            info!(pid, "process {pid} does not read {} all the while any more", file.display());
        }
        told = readers;
    }
}

/// The processes that were reading a file at each of [`LOOKS`] looks.
async fn lasting_readers(file: &Path) -> BTreeSet<u32> {
    let mut lasting = readers(file);
    for _ in 1..LOOKS {
        if lasting.is_empty() {
            break;
        }
        sleep(GLANCE).await;
        lasting = &lasting & &readers(file);
    }
    lasting.into_iter().map(|(pid, _)| pid).collect()
}

/// Which process holds which reader's lock now. The file itself must not be opened: closing it would release the locks of this process.
fn readers(file: &Path) -> BTreeSet<(u32, u64)> {
    let Ok(shared) = beside(file, "-shm").metadata() else { return BTreeSet::new() };
    let (major, minor) = (rustix::fs::major(shared.dev()), rustix::fs::minor(shared.dev()));
    let wanted = format!("{major:02x}:{minor:02x}:{}", shared.ino());
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let held = locks.lines().filter_map(|line| held_by_reader(line, &wanted));
    held.flat_map(|(pid, bytes)| bytes.map(move |byte| (pid, byte))).collect()
}

/// Parses a line such as `1: POSIX  ADVISORY  READ  1234 fd:01:5678 124 124`, if it is the lock of a reader of this file.
fn held_by_reader(line: &str, file: &str) -> Option<(u32, std::ops::RangeInclusive<u64>)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "READ", pid, of, first, last] = words[..] else { return None };
    let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
    let bytes = first.max(*READ_LOCKS.start())..=last.min(*READ_LOCKS.end());
    (of == file && !bytes.is_empty()).then_some((pid.parse().ok()?, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_a_reader_is_told_from_all_others() {
        let held = |line: &str| held_by_reader(line, "00:1a:77");
        assert_eq!(held("1: POSIX  ADVISORY  READ 1234 00:1a:77 124 125"), Some((1234, 124..=125)));
        for other in [
            "1: POSIX  ADVISORY  WRITE 1234 00:1a:77 124 124",
            "1: POSIX  ADVISORY  READ 1234 00:1a:78 124 124",
            // The lock of any process that has the file open.
            "1: POSIX  ADVISORY  READ 1234 00:1a:77 128 128",
            "1: FLOCK  ADVISORY  WRITE 1234 00:1a:77 0 EOF",
            "1: -> POSIX  ADVISORY  READ 1234 00:1a:77 124 124",
            "",
        ] {
            assert_eq!(held(other), None, "{other}");
        }
    }
}
