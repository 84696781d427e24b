//! The read tables: their schema, and who may open them how.
//!
//! Always: the projector writes, the query server opens the file read-only; each table belongs to one projection, whose
//! version is the number at the end of the name; an account or a post is a key (the position of the event that created
//! it); everything here can be dropped and filled again from the log. Never here: a fact that is not in the log.

pub mod aside;
pub mod checkpoint;
mod declaration;
pub(crate) mod older;
pub mod shadow;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::time::{sleep, timeout};
use tracing::warn;
use uuid::Uuid;

use crate::runtime::wake::Listener;
use crate::sql::database::{Database, Transaction, Value};
use crate::sql::rows::Rows;
use crate::sql::sqlite::{BUSY_TIMEOUT, WAL_BYTES_KEPT, connect_to_write, pool};
use crate::sql::versions::{Mismatch, TABLES};
use crate::sql::vocabulary::Numbers;
use crate::sql::{Script, Vocabulary, numbers, statements};

/// Connections of one query server: one of them for those who watch the checkpoints, in `chirp dev` another for commands that wait.
const READERS_MAX: u32 = 6;
/// Pages that the write-ahead log may grow to before it is copied back: large, because a batch of deliveries is.
pub const WAL_AUTOCHECKPOINT_PAGES: &str = "16384";
/// How long to wait before that is tried again after it failed, or did not come to its end.
const COPY_BACK_AGAIN: Duration = Duration::from_secs(1);
/// Pages of the write-ahead log that are copied back beside the writer: few, so that no commit waits long for the disk.
const COPIED_BACK_PAGES: i64 = 1_024;
/// From how many pages on the write-ahead log is emptied when all of it is copied: more than it has without a reader that stays.
const EMPTIED_PAGES: i64 = 32_768;
/// Memory for pages of one connection, in KiB as SQLite wants it: negative.
pub const CACHE_SIZE: &str = "-65536";

/// The same for each connection that reads.
const READER_CACHE_SIZE: &str = "-16384";

pub use self::declaration::{Tables, declare_tables};

/// For files of SQL that ask about projections.
pub static VOCABULARY: Vocabulary = Vocabulary { fragments: &[include_str!("tables/shadow.sql")], numbers: &[] };

/// The tables that belong to no projection.
static SCHEMA: Script = Script::new(include_str!("tables/schema.sql"));

statements! {
    "tables.sql":
    CLAIM_FOR_STORE, SELECT_EPOCH, UPDATE_EPOCH, SELECT_COLUMN, SELECT_LACKING, SELECT_VERSION, RAISE_VERSION,
}

/// What an account has touched itself, as `own_changes_1` keeps it for its other devices. The comment says what `target` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum OwnChange {
    /// A post: it was liked, reposted, bookmarked, or no more; or it is the account's own, and was taken down or restored.
    Post = 1,
    /// Another account: it was followed, asked, blocked, muted, or no more.
    Account = 2,
    /// 0: the account's own profile or settings changed.
    Profile = 3,
    /// 0: notifications were seen.
    Seen = 4,
}

impl OwnChange {
    /// The change that a stored number stands for.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        [Self::Post, Self::Account, Self::Profile, Self::Seen].into_iter().find(|change| *change as i64 == number)
    }
}

/// What happened, as `changes_1` keeps it for streams. The comment says what `actor` and `target` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Change {
    /// author, post
    Posted = 1,
    /// author, post
    Edited = 2,
    /// author, post
    Deleted = 3,
    /// who reposted, post
    Reposted = 4,
    /// who had reposted, post
    RepostUndone = 5,
    /// follower, followee
    Followed = 6,
    /// follower, followee
    Unfollowed = 7,
    /// who blocks, whom
    Blocked = 8,
    /// who blocked, whom
    Unblocked = 9,
    /// who mutes, whom
    Muted = 10,
    /// who muted, whom
    Unmuted = 11,
    /// account, 0. It is shown no more: it was deactivated, or an active account was suspended.
    Deactivated = 12,
    /// account, 0. It is shown again: it was reactivated, or the suspension of an active account ended.
    Reactivated = 13,
    /// account, 0
    Protected = 14,
    /// account, 0
    Unprotected = 15,
    /// author, post
    TakenDown = 16,
    /// author, post
    Restored = 17,
}

impl Change {
    /// Their names in statements.
    pub const NUMBERS: Numbers = numbers!(
        Change: Posted, Edited, Deleted, Reposted, RepostUndone, Followed, Unfollowed, Blocked, Unblocked, Muted, Unmuted, Deactivated,
        Reactivated, Protected, Unprotected, TakenDown, Restored,
    );

    /// The change that a stored number stands for.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        const ALL: [Change; 17] = [
            Change::Posted,
            Change::Edited,
            Change::Deleted,
            Change::Reposted,
            Change::RepostUndone,
            Change::Followed,
            Change::Unfollowed,
            Change::Blocked,
            Change::Unblocked,
            Change::Muted,
            Change::Unmuted,
            Change::Deactivated,
            Change::Reactivated,
            Change::Protected,
            Change::Unprotected,
            Change::TakenDown,
            Change::Restored,
        ];
        ALL.into_iter().find(|change| *change as i64 == number)
    }
}

/// Why the read tables could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database said so.
    #[error("the read tables cannot be opened: {0}")]
    Database(#[from] sqlx::Error),
    /// The log could not be brought forward.
    #[error(transparent)]
    Log(#[from] crate::log::ReadError),
    /// Another build is needed, or the schema must be brought forward.
    #[error(transparent)]
    Schema(#[from] Mismatch),
    /// They were filled from another log.
    #[error(
        "the read tables belong to another log than the one beside them: put the right log back, or, if the log was copied on purpose, run `chirp store new-epoch`"
    )]
    AnotherStore,
}

/// Opens the read tables in a file to write them, making the file and the tables, those of these projections among them, when needed.
///
/// # Errors
/// When the file cannot be written, or was filled from the log of another store.
pub async fn open_file_to_write(file: &Path, epoch: Uuid, projections: &[&Tables]) -> Result<Database, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Losing the newest batches on power loss is fine: the checkpoint goes with them, and the log has the events.
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
        .pragma("journal_size_limit", WAL_BYTES_KEPT)
        .pragma("cache_size", CACHE_SIZE)
        .pragma("temp_store", "memory")
        .busy_timeout(BUSY_TIMEOUT);
    drop(connect_to_write(&options).await?);
    open_to_write(options, epoch, projections).await
}

/// Opens the read tables in a file that is there, of whichever log they are.
///
/// # Errors
/// When the file cannot be written.
pub async fn open_file_of_any_epoch(file: &Path) -> Result<Database, OpenError> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(BUSY_TIMEOUT);
    Ok(Database::Sqlite(pool().max_connections(1).connect_with(options).await?))
}

/// From now on the tables are those of the log with this epoch.
///
/// # Errors
/// When the database fails.
pub async fn begin_epoch(tables: &Database, epoch: Uuid) -> Result<(), OpenError> {
    let mut tx = tables.begin_to_write().await?;
    tx.execute(&UPDATE_EPOCH, &[Value::Id(epoch)]).await?;
    Ok(tx.commit().await?)
}

/// Makes read tables in memory, which are there for as long as somebody holds them. Whoever reads them and whoever writes them take turns.
///
/// # Errors
/// When there is no room.
pub async fn open_in_memory(epoch: Uuid, projections: &[&Tables]) -> Result<Database, OpenError> {
    open_to_write(SqliteConnectOptions::new().in_memory(true), epoch, projections).await
}

async fn open_to_write(
    options: SqliteConnectOptions,
    epoch: Uuid,
    projections: &[&Tables],
) -> Result<Database, OpenError> {
    let pool = pool().max_connections(1).idle_timeout(None).max_lifetime(None).connect_with(options).await?;
    let database = Database::Sqlite(pool);
    let mut setup = database.begin_to_write().await?;
    make(&mut setup, epoch, projections).await?;
    setup.commit().await?;
    Ok(database)
}

/// Copies the write-ahead log of a file back bit by bit, beside whoever writes: left alone, SQLite does it in a commit, which then waits
/// for many megabytes to reach the disk. Looks whenever it hears that something was written, and never returns.
pub async fn copy_back(file: PathBuf, written: Listener) {
    copy_back_and_empty(file, written, EMPTIED_PAGES).await;
}

async fn copy_back_and_empty(file: PathBuf, mut written: Listener, emptied_pages: i64) {
    let options = SqliteConnectOptions::new().filename(&file).busy_timeout(BUSY_TIMEOUT);
    loop {
        let Err(cause) = copy_back_with(&options, &mut written, emptied_pages).await;
        warn!(%cause, "{} is copied back by those who write, for now: {cause}", file.display());
        sleep(COPY_BACK_AGAIN).await;
    }
}

async fn copy_back_with(
    options: &SqliteConnectOptions,
    written: &mut Listener,
    emptied_pages: i64,
) -> Result<Infallible, sqlx::Error> {
    let mut connection = options.connect().await?;
    loop {
        let (_, pages, copied): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut connection).await?;
        if pages - copied >= COPIED_BACK_PAGES {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await?;
            // Whoever reads may have kept some of them from being copied.
            let _ = timeout(COPY_BACK_AGAIN, written.hinted()).await;
        } else if pages >= emptied_pages && pages == copied {
            // It has grown beside a long reader. Who reads or writes at this moment goes first.
            sqlx::query("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
            let _ = timeout(COPY_BACK_AGAIN, written.hinted()).await;
        } else {
            written.hinted().await;
        }
    }
}

/// Opens the read tables in a file so that writing is impossible.
///
/// # Errors
/// When they do not exist yet, or were filled from the log of another store.
pub async fn open_file_to_read(file: &Path, epoch: Uuid) -> Result<Database, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .pragma("query_only", "on")
        .pragma("cache_size", READER_CACHE_SIZE)
        .pragma("temp_store", "memory")
        .busy_timeout(BUSY_TIMEOUT);
    let pool = pool().max_connections(READERS_MAX).connect_with(options).await?;
    belonging_to(Database::Sqlite(pool), epoch).await
}

/// Makes what is missing of the read tables, those of these projections among them, for the log with this epoch.
///
/// # Errors
/// When they cannot be written, or were filled from the log of another store.
pub async fn make(setup: &mut Transaction, epoch: Uuid, projections: &[&Tables]) -> Result<(), OpenError> {
    let were_renamed = older::rename_changes(setup).await?;
    setup.script(&SCHEMA).await?;
    for tables in projections {
        setup.text(tables.script(setup.is_on_server())).await?;
    }
    let incomplete = older::add_columns(setup).await?;
    if were_renamed {
        older::take_over_changes(setup).await?;
    }
    for tables in projections.iter().filter(|tables| incomplete.contains(&tables.projection)) {
        older::begin_rebuild(setup, tables).await?;
    }
    setup.execute(&CLAIM_FOR_STORE, &[Value::Id(epoch), Value::Number(TABLES.version)]).await?;
    TABLES.check_to_write(setup.row(&SELECT_VERSION, &[]).await?.get("schema_version")?)?;
    setup.execute(&RAISE_VERSION, &[Value::Number(TABLES.version)]).await?;
    let found: Uuid = setup.row(&SELECT_EPOCH, &[]).await?.get("epoch")?;
    if found == epoch { Ok(()) } else { Err(OpenError::AnotherStore) }
}

/// Hands the tables over when they were filled from the log with this epoch.
///
/// # Errors
/// When they do not exist yet, or were filled from the log of another store.
pub async fn belonging_to(database: Database, epoch: Uuid) -> Result<Database, OpenError> {
    let rows = database.rows(&SELECT_EPOCH, &[]).await?;
    TABLES.check(version(&database).await?)?;
    let found: Option<Uuid> = rows.first().map(|row| row.get("epoch")).transpose()?;
    match found == Some(epoch) {
        true => Ok(database),
        false => Err(OpenError::AnotherStore),
    }
}

/// The same, to be written by these projections.
///
/// # Errors
/// Also when the tables of one of them were never made: a process may not make them on a server.
pub async fn made_for(database: Database, epoch: Uuid, projections: &[&Tables]) -> Result<Database, OpenError> {
    let database = belonging_to(database, epoch).await?;
    let lacking = lacking(&database, projections).await?;
    if lacking.is_empty() { Ok(database) } else { Err(TABLES.lacking(&lacking).into()) }
}

/// The tables of these projections that are not there.
///
/// # Errors
/// When the database fails.
pub async fn lacking(database: &Database, projections: &[&Tables]) -> Result<Vec<String>, sqlx::Error> {
    let wanted: Rows = projections.iter().flat_map(|tables| tables.names()).collect();
    let rows = database.rows(&SELECT_LACKING, &[Value::Rows(&wanted)]).await?;
    rows.iter().map(|row| row.get("name")).collect()
}

/// Which version the schema has.
///
/// # Errors
/// When the database fails, or the tables are not there.
pub async fn version(database: &Database) -> Result<i64, sqlx::Error> {
    let store = if database.is_on_server() { "chirp_tables.store" } else { "store" };
    let has_version = database.rows(&SELECT_COLUMN, &[Value::Text(store), Value::Text("schema_version")]).await?;
    match has_version.is_empty() {
        // Before there was a column for it.
        true => Ok(1),
        false => database.rows(&SELECT_VERSION, &[]).await?.first().map_or(Ok(1), |row| row.get("schema_version")),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::time::Instant;

    use super::*;
    use crate::runtime::wake::Wake;
    use crate::sql::Source;
    use crate::sql::sections::{Section, count_declarations, declarations};

    const DEADLINE: Duration = Duration::from_secs(30);
    const FILE: &str =
        "-- table: filled_1\nCREATE TABLE IF NOT EXISTS filled_1 (text TEXT NOT NULL, batch {number} NOT NULL){table};";
    static SOURCE: Source = Source::new("", "", FILE, &Vocabulary::NONE);
    static SECTIONS: [Section; count_declarations(FILE)] = declarations(FILE);
    static FILLED: Tables = Tables::new("filled_1", "next_filled_1", &SOURCE, &SECTIONS);
    /// A hundred rows of a page each.
    const FILL: &str = "
INSERT INTO filled_1 WITH RECURSIVE numbers (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 100
) SELECT printf('%04000d', number), $1 FROM numbers";

    #[tokio::test]
    async fn what_was_written_is_copied_back_beside_the_writer() {
        let folder = TempDir::new().expect("a folder can be made");
        let file = folder.path().join("tables.sqlite");
        let tables = open_file_to_write(&file, Uuid::nil(), &[&FILLED]).await.expect("it can be made");
        let Database::Sqlite(pool) = &tables else { panic!("it is a file") };
        let written = Wake::default();
        let copying = tokio::spawn(copy_back(file.clone(), written.listen()));
        for batch in 0..20 {
            sqlx::query(FILL).bind(batch).execute(pool).await.expect("it is filled");
            written.wake();
        }
        let mut connection =
            SqliteConnectOptions::new().filename(&file).read_only(true).connect().await.expect("it opens");
        let began = Instant::now();
        loop {
            let state = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut connection);
            let (_, pages, copied): (i64, i64, i64) =
                timeout(DEADLINE, state).await.expect("it answers").expect("it is known");
            assert!(pages > COPIED_BACK_PAGES * 2, "{pages} pages were written");
            if pages - copied < COPIED_BACK_PAGES {
                break;
            }
            assert!(began.elapsed() < DEADLINE, "{copied} of {pages} pages are copied");
            sleep(Duration::from_millis(5)).await;
        }
        copying.abort();
    }

    #[tokio::test]
    async fn what_grew_beside_a_long_reader_is_emptied_once_it_is_gone() {
        let folder = TempDir::new().expect("a folder can be made");
        let file = folder.path().join("tables.sqlite");
        let tables = open_file_to_write(&file, Uuid::nil(), &[&FILLED]).await.expect("it can be made");
        let Database::Sqlite(pool) = &tables else { panic!("it is a file") };
        let mut reader = SqliteConnectOptions::new().filename(&file).read_only(true).connect().await.expect("it opens");
        sqlx::raw_sql("BEGIN; SELECT * FROM store").execute(&mut reader).await.expect("it reads");
        let written = Wake::default();
        let copying = tokio::spawn(copy_back_and_empty(file.clone(), written.listen(), COPIED_BACK_PAGES));
        for batch in 0..20 {
            sqlx::query(FILL).bind(batch).execute(pool).await.expect("it is filled");
            written.wake();
        }
        let grown = || std::fs::metadata(folder.path().join("tables.sqlite-wal")).map_or(0, |file| file.len());
        assert!(grown() > 4_000_000, "it has {} bytes", grown());
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.expect("it ends");
        let began = Instant::now();
        while grown() > 0 {
            assert!(began.elapsed() < DEADLINE, "it still has {} bytes", grown());
            written.wake();
            sleep(Duration::from_millis(5)).await;
        }
        copying.abort();
    }
}
