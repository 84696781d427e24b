//! Whoever reads for so long that others pay for it, by name.
//!
//! What is written while somebody holds a snapshot cannot be cleaned up: on PostgreSQL the old versions of rows that are written again and again,
//! such as the head and the checkpoints, pile up, and whoever reads those rows passes them all; beside an SQLite file the write-ahead log grows
//! until the disk is full. Nobody here reads for that long, so it is an operator's own transaction, and only they can end it.
//!
//! Always: one that lasts is told once, by the process that reads, and once more when it has ended. Never here: ending it.

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

/// Nothing that Chirp asks takes as long.
const LONG: Duration = Duration::from_secs(60);
/// Between two looks at the server, or at the size of a file: a process that nobody asks is to sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// The same where tests do not wait for so long.
const LOOK_AGAIN_MIN: Duration = Duration::from_secs(1);
/// A write-ahead log of this size has not been emptied for long: what copies it back empties it before.
const GROWN_BYTES: u64 = 192 * 1024 * 1024;
/// So many looks in a row must find the same process reading: many short reads leave gaps.
const LOOKS: usize = 20;
/// Between these.
const GLANCE: Duration = Duration::from_millis(50);
/// The bytes of the shared-memory file that readers lock, as SQLite's file format says.
const READ_LOCKS: std::ops::RangeInclusive<u64> = 123..=127;

statements! {
    /// Every transaction in this database. Whose it is and how it began is hidden from most roles; that it is there is not.
    static SELECT_OPEN = "
{sqlite: SELECT 0 AS pid, '' AS transaction_id, '' AS application WHERE FALSE}{postgres:
SELECT held.pid::BIGINT AS pid, held.virtualtransaction AS transaction_id, COALESCE(sessions.application_name, '') AS application
FROM pg_locks AS held JOIN pg_stat_activity AS sessions ON sessions.pid = held.pid
WHERE held.locktype = 'virtualxid' AND held.granted AND held.pid <> pg_backend_pid() AND sessions.datname = current_database()
AND (sessions.state IS NULL OR sessions.backend_xmin IS NOT NULL OR sessions.backend_xid IS NOT NULL)}";
}

/// For how long something must last, which tests do not wait for.
fn long_enough(usual: Duration) -> Duration {
    fail_point!("shared::long_reader", |_| Duration::ZERO);
    usual
}

/// From which size on a file is looked at, likewise.
fn grown() -> u64 {
    fail_point!("shared::long_reader", |_| 1);
    GROWN_BYTES
}

/// A transaction of a session.
type Open = (i64, String);

/// Names those who keep a transaction open on the server, and never returns.
pub async fn on_server(tables: &Database) -> Infallible {
    let mut seen: BTreeMap<Open, (Instant, bool)> = BTreeMap::new();
    loop {
        match open_transactions(tables).await {
            Ok(open) => look(&mut seen, &open),
            Err(cause) => debug!(%cause, "who keeps a transaction open is not known: {cause}"),
        }
        // Twice at least, so that what is seen in both is not two short ones.
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

/// Names those who read a file and let its write-ahead log grow, and never returns.
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

/// The processes that read a file at every one of some looks.
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

/// Which process holds which lock of readers at this moment. The file itself must not be opened: closing it would end the locks that this
/// process has.
fn readers(file: &Path) -> BTreeSet<(u32, u64)> {
    let Ok(shared) = beside(file, "-shm").metadata() else { return BTreeSet::new() };
    let (major, minor) = (rustix::fs::major(shared.dev()), rustix::fs::minor(shared.dev()));
    let wanted = format!("{major:02x}:{minor:02x}:{}", shared.ino());
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let held = locks.lines().filter_map(|line| held_by_reader(line, &wanted));
    held.flat_map(|(pid, bytes)| bytes.map(move |byte| (pid, byte))).collect()
}

/// A line such as `1: POSIX  ADVISORY  READ  1234 fd:01:5678 124 124`, if it is a lock of a reader of this file.
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
            // That a process has the file open at all.
            "1: POSIX  ADVISORY  READ 1234 00:1a:77 128 128",
            "1: FLOCK  ADVISORY  WRITE 1234 00:1a:77 0 EOF",
            "1: -> POSIX  ADVISORY  READ 1234 00:1a:77 124 124",
            "",
        ] {
            assert_eq!(held(other), None, "{other}");
        }
    }
}
