//! What both SQLite files of a store need.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::runtime::ready;
use crate::sql::database::Database;

/// How long a statement waits for another process's transaction.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a process that ends waits for those who still read.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);
/// What is kept of a write-ahead log that grew beside a long reader, once everything in it is copied back, in bytes as SQLite wants it.
pub(crate) const WAL_BYTES_KEPT: &str = "67108864";

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// SQLite's primary result code for "somebody else has it"; extended codes have it in their lowest byte.
const SQLITE_BUSY: i64 = 5;

/// Less room than this on its disk is as good as none: a batch and the file that keeps it take about as much.
const FREE_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// Whether a file can be written to: its disk has room, and a transaction that writes can begin. Nothing is written.
pub(crate) async fn can_write(file: &Database, path: &Path) -> ready::Outcome {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(folder).map_err(|cause| format!("its disk does not say what is free: {cause}"))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < FREE_BYTES_MIN {
        return Err(format!("its disk is full: {} KiB are free", free / 1024));
    }
    let beginning = async { file.begin_to_write().await?.roll_back().await };
    beginning.await.map_err(|cause: sqlx::Error| cause.to_string())
}

/// A pool of connections to a file, which does not go away as a network does.
///
/// SQLite ends a transaction by itself when the disk is full or fails, and the library then takes the connection to be in one for ever:
/// such a connection is not used again.
pub(crate) fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().test_before_acquire(false).after_release(|connection, _| {
        Box::pin(async {
            if connection.is_in_transaction() {
                // A transaction that was dropped is rolled back before this.
                connection.ping().await?;
            }
            Ok(!connection.is_in_transaction())
        })
    })
}

/// Opens a connection that may write, waiting for a process that is making the same file: the switch to WAL is not
/// covered by SQLite's own busy timeout.
pub(crate) async fn connect_to_write(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let started = Instant::now();
    loop {
        match options.connect().await {
            Err(cause) if is_busy(&cause) && started.elapsed() < BUSY_TIMEOUT => tokio::time::sleep(LOOK_AGAIN).await,
            outcome => return outcome,
        }
    }
}

/// Copies the whole write-ahead log back into its file and empties it, so that the file alone is the database. False when somebody reads or
/// writes for so long that it was given up.
///
/// # Errors
/// When there is no such file, or it cannot be written.
pub async fn settle(file: &Path) -> Result<bool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(SETTLE_TIMEOUT);
    let mut connection = options.connect().await?;
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(busy == 0)
}

/// Whether SQLite has found the file to be none of its own, or damaged: `SQLITE_CORRUPT` and `SQLITE_NOTADB`, in the lowest byte of the code.
pub(crate) fn is_damage(cause: &sqlx::Error) -> bool {
    const DAMAGED: [i64; 2] = [11, 26];
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
    code.is_some_and(|code| DAMAGED.contains(&(code & 0xff)))
}

fn is_busy(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}
