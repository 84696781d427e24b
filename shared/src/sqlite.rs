//! What both SQLite files of a store need.

use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// How long a statement waits for another process's transaction.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// SQLite's primary result code for "somebody else has it"; extended codes have it in their lowest byte.
const SQLITE_BUSY: i64 = 5;

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

fn is_busy(cause: &sqlx::Error) -> bool {
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}
