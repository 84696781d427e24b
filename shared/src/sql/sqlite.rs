//! What all SQLite files of a store need: how they are opened, and whether they can be written to.
//!
//! Never here: what is in the files.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::runtime::ready;
use crate::sql::database::Database;

/// How long a statement waits for the transaction of another process.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a process that ends waits for readers before it gives up emptying the write-ahead log.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);
/// To how many bytes a write-ahead log is truncated that grew because of a long reader; as text, for a `PRAGMA`.
pub(crate) const WAL_BYTES_KEPT: &str = "67108864";

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// SQLite's primary result code for a file that is locked; extended codes have it in their lowest byte.
const SQLITE_BUSY: i64 = 5;

/// Less free space than this counts as a full disk: a batch takes about as much in the file and its write-ahead log.
const FREE_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// Whether a file can be written to: its disk has room, and a write transaction can begin. Nothing is written.
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

/// A pool of connections to a file. They are not pinged, since a file does not go away as a network does.
///
/// SQLite ends a transaction by itself when the disk is full or fails, and sqlx then takes the connection to be in one
/// for ever: such a connection is not used again.
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

/// Copies the whole write-ahead log back into its file and empties it, so that the file alone is the database. False
/// when readers or writers kept it from that for too long.
pub async fn settle(file: &Path) -> Result<bool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(SETTLE_TIMEOUT);
    let mut connection = options.connect().await?;
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(busy == 0)
}

/// Whether SQLite found the file damaged or not a database: `SQLITE_CORRUPT` and `SQLITE_NOTADB`, in the lowest byte of the code.
pub(crate) fn is_damage(cause: &sqlx::Error) -> bool {
    const DAMAGED: [i64; 2] = [11, 26];
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
    code.is_some_and(|code| DAMAGED.contains(&(code & 0xff)))
}

fn is_busy(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}
