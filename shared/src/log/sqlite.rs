//! The event log in one SQLite file: one writer task that commits everything that is waiting at once.
//!
//! Always: a batch is numbered, chained and inserted in one `BEGIN IMMEDIATE` transaction that starts by reading the
//! head, so any number of processes may append to one file; a conflicting command does not fail its neighbours; nothing
//! is acknowledged before the commit returned with `synchronous=FULL`. Never here: a position kept in memory between two
//! batches, since another process may have appended.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::sync::watch;
use tracing::warn;

use super::numbering::Numbering;
use super::queue::{Commit, Outcome, Queue, Uncommitted, Waiting, fitting, newest_known};
use super::stored::{Damage, StoredLog, note_damage, raise_version, write_events, write_requests};
use super::{Anchor, Append, AppendError, Head, LogHead, ReadError, StoredAnswer, StoredRequest};
use crate::model::clock::Clock;
use crate::model::ids::{EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;
use crate::runtime::file_locks::{self, Turns, use_shared};
use crate::runtime::ready;
use crate::runtime::wake::{Listener, on_writes};
use crate::sql::database::{Database, Transaction, Value, is_about_values};
use crate::sql::rows::Rows;
use crate::sql::sqlite::{BUSY_TIMEOUT, WAL_BYTES_KEPT, can_write, connect_to_write, pool};
use crate::sql::{Script, statements};

/// Connections that read.
const READERS_MAX: u32 = 4;
/// Pages that the write-ahead log may grow to before it is copied back. Streams and request ids are spread all over their
/// indexes, so a small one copies the same pages again and again.
const WAL_AUTOCHECKPOINT_PAGES: &str = "16384";
/// Memory for pages of the connection that writes and of each that reads, in KiB as SQLite wants it: negative.
const WRITER_CACHE_SIZE: &str = "-65536";
const READER_CACHE_SIZE: &str = "-16384";
/// SQLite's result code for a full disk.
const SQLITE_FULL: &str = "13";

static SCHEMA: Script = Script::new(include_str!("sqlite.schema.sql"));

statements! { "sqlite.sql": SELECT_HASH, SELECT_VERSIONS, SELECT_REQUESTS }

/// When an append counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When it is on disk. The only choice for data that matters.
    OnDisk,
    /// When the operating system has it: for tests, and as the control that a crash test must catch.
    InMemory,
}

struct Writer {
    /// Nothing where the folder takes no lock files; then SQLite alone says who is next.
    turns: Option<Turns>,
    options: SqliteConnectOptions,
    file: Database,
    clock: Arc<dyn Clock>,
    /// Which file it is: somebody may put another one in its place.
    opened: Option<FileId>,
    damage: Damage,
}

/// The device and the number of a file, which another file in its place has not in common with it.
type FileId = (u64, u64);

fn id_of(file: &Path) -> Option<FileId> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.dev(), about.ino()))
}

/// Opens the log in a file, making it when there is none, and starts its writer. The writer ends, after what is waiting, when
/// the log is dropped.
///
/// # Errors
/// When the file cannot be opened or is not a log.
pub async fn open(file: &Path, durability: Durability, clock: Arc<dyn Clock>) -> Result<StoredLog, ReadError> {
    let options = writing(file, durability);
    drop(connect_to_write(&options).await?);
    let mut setup = to_write(&options).begin_to_write().await?;
    setup.script(&SCHEMA).await?;
    raise_version(&mut setup).await?;
    setup.commit().await?;

    file_locks::make(&in_use_file(file));
    let log = open_to_read(file).await?;
    let (moved, moved_receiver) = watch::channel(log.head().await?.position);
    let turns = Turns::at(file)
        .inspect_err(|cause| warn!(%cause, "processes take no turns in writing {}: {cause}", file.display()));
    let queue = Queue::start(
        Writer {
            turns: turns.ok(),
            file: to_write(&options),
            options,
            clock,
            opened: id_of(file),
            damage: log.damage(),
        },
        moved,
    );
    Ok(log.moving(Listener::to(moved_receiver).polling(file)).appending(queue))
}

/// Opens an existing log without the possibility to write: every append is refused.
///
/// # Errors
/// When there is no such file or it is not a log.
pub async fn open_to_read(file: &Path) -> Result<StoredLog, ReadError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .pragma("cache_size", READER_CACHE_SIZE)
        .busy_timeout(BUSY_TIMEOUT);
    let log =
        StoredLog::to_read(Database::Sqlite(pool().max_connections(READERS_MAX).connect_with(options).await?)).await?;
    Ok(log.using(use_shared(&in_use_file(file))))
}

/// What every process that has the log in a file open holds a lock on.
#[must_use]
pub fn in_use_file(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-used", file.display()))
}

/// Opens an existing log to read what other processes append, and hears when they do.
///
/// # Errors
/// When there is no such file or it is not a log.
pub async fn open_to_follow(file: &Path) -> Result<StoredLog, ReadError> {
    let log = open_to_read(file).await?;
    let (moved, receiver) = watch::channel(log.head().await?.position);
    on_writes(file, move || {
        // Only the read tells how far; this says that it is time for one. One receiver is the log's own.
        moved.send_modify(|_| {});
        moved.receiver_count() > 0
    });
    Ok(log.moving(Listener::to(receiver).polling(file)))
}

/// The tables of the log in a file, for a log that is copied there.
#[must_use]
pub fn tables_to_write(file: &Path) -> Database {
    to_write(&writing(file, Durability::OnDisk))
}

fn writing(file: &Path, durability: Durability) -> SqliteConnectOptions {
    let synchronous = match durability {
        Durability::OnDisk => SqliteSynchronous::Full,
        Durability::InMemory => SqliteSynchronous::Off,
    };
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
        .pragma("journal_size_limit", WAL_BYTES_KEPT)
        .pragma("cache_size", WRITER_CACHE_SIZE)
        .busy_timeout(BUSY_TIMEOUT)
}

/// The connection of the one task that writes.
fn to_write(options: &SqliteConnectOptions) -> Database {
    let pool = pool().max_connections(1).idle_timeout(None).max_lifetime(None);
    Database::Sqlite(pool.connect_lazy_with(options.clone()))
}

#[async_trait]
impl Commit for Writer {
    fn choose(&mut self, mut waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
        let rest = waiting.split_off(fitting(&waiting));
        (waiting, rest)
    }

    async fn commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), Uncommitted> {
        self.is_its_file().map_err(|cause| Uncommitted::Store(AppendError::Unavailable(cause)))?;
        self.try_to_commit(appends).await.map_err(|cause| {
            note_damage(&self.damage, &cause);
            // After a failure nothing is known of the connection, so it is replaced.
            self.file = to_write(&self.options);
            unappended(&cause)
        })
    }

    async fn check(&mut self) -> ready::Outcome {
        self.is_its_file()?;
        can_write(&self.file, self.options.get_filename()).await
    }
}

impl Writer {
    /// What is appended to a file that is not there any more is lost with this process.
    fn is_its_file(&self) -> ready::Outcome {
        let file = self.options.get_filename();
        match id_of(file) == self.opened {
            true => Ok(()),
            false => Err(format!(
                "{} was removed or replaced while this process had it open; start the process again",
                file.display()
            )),
        }
    }

    /// Commits every append of the batch that is still valid. The outcomes are in the order of the appends.
    async fn try_to_commit(&self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
        // SQLite lets whoever asks at the right moment go first, which is mostly who has just written.
        let _turn = match &self.turns {
            Some(turns) => turns.take(BUSY_TIMEOUT).await?,
            None => None,
        };
        let now = self.clock.now();
        let mut tx = self.file.begin_to_write().await?;
        let before = Head::within(&mut tx).await?;
        if !has_in_its_history(&mut tx, &before, newest_known(appends)).await? {
            tx.roll_back().await?;
            return Ok((vec![Err(AppendError::HistoryLost); appends.len()], before.position));
        }
        let versions = current_versions(&mut tx, appends).await?;
        let known = known_requests(&mut tx, appends).await?;
        let mut batch = Numbering::new(before, now, versions, known, |_| EventId::generate());
        let outcomes: Vec<_> = appends.iter().map(|append| batch.take(append)).collect();

        let numbered = batch.numbered();
        if !numbered.events.is_empty() {
            write_events(&mut tx, &numbered.events.iter().collect(), &numbered.head, now).await?;
        }
        if !numbered.requests.is_empty() {
            write_requests(&mut tx, &numbered.requests.iter().collect()).await?;
        }
        tx.commit().await?;
        Ok((outcomes, numbered.head.position))
    }
}

/// Whether the log has this event.
async fn has_in_its_history(tx: &mut Transaction, head: &Head, anchor: Anchor) -> Result<bool, sqlx::Error> {
    if anchor.position == head.position {
        return Ok(anchor == head.anchor());
    }
    // Where another process has appended since.
    let rows = tx.rows(&SELECT_HASH, &[Value::Number(anchor.position.0)]).await?;
    let found = rows.first().map(|row| row.bytes32("hash")).transpose()?;
    Ok(anchor == Anchor::ORIGIN || found.is_some_and(|hash| anchor == Anchor::new(anchor.position, &hash)))
}

async fn current_versions(
    tx: &mut Transaction,
    appends: &[Append],
) -> Result<HashMap<StreamName, Version>, sqlx::Error> {
    let expected = appends.iter().flat_map(|append| append.expected.keys());
    let written = appends.iter().flat_map(|append| append.events.iter().map(|event| &event.stream));
    let mut names: Vec<&str> = expected.chain(written).map(StreamName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let wanted: Rows = names.into_iter().collect();
    let mut versions = HashMap::new();
    for row in tx.rows(&SELECT_VERSIONS, &[Value::Rows(&wanted)]).await? {
        let version: Option<i64> = row.get("version")?;
        versions.insert(StreamName::from_text(row.get("stream")?), Version(version.unwrap_or(0)));
    }
    Ok(versions)
}

async fn known_requests(
    tx: &mut Transaction,
    appends: &[Append],
) -> Result<HashMap<(String, RequestId), StoredAnswer>, sqlx::Error> {
    let requests = appends.iter().filter_map(|append| Some((&append.cause.principal, append.request.as_ref()?)));
    let wanted: Rows = requests.map(|(principal, request)| (principal, request.request_id.0)).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx.rows(&SELECT_REQUESTS, &[Value::Rows(&wanted)]).await?;
    let known = rows.iter().map(|row| {
        let known = StoredRequest::from_row(row)?;
        Ok(((known.principal, known.request_id), known.stored))
    });
    known.collect()
}

fn unappended(cause: &sqlx::Error) -> Uncommitted {
    if is_about_values(cause) {
        return Uncommitted::Values(cause.to_string());
    }
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(SQLITE_FULL) => Uncommitted::Store(AppendError::Full),
        _ => Uncommitted::Store(AppendError::Unavailable(cause.to_string())),
    }
}
