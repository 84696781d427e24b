//! The event log in one SQLite file: one writer task that commits everything that is waiting at once.
//!
//! Always: a batch is numbered, chained and inserted in one `BEGIN IMMEDIATE` transaction that starts by reading the
//! head, so any number of processes may append to one file; a conflicting command does not fail its neighbours; nothing
//! is acknowledged before the commit returned with `synchronous=FULL`. Never here: a position kept in memory between two
//! batches, since another process may have appended.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row, SqlitePool};
use tokio::sync::watch;
use tracing::error;
use uuid::Uuid;

use super::queue::{Commit, Outcome, Queue, Waiting, fitting};
use super::{
    Append, AppendError, Appended, Cause, EventLog, LogHead, READ_EVENTS_MAX, ReadError, Recorded, Request,
    StoreIdentity, StoredAnswer, StreamName, by_stream, chain, unreadable, without_gap,
};
use crate::clock::{Clock, Timestamp};
use crate::ids::{CommandId, EventId, Position, RequestId, Version};
use crate::sqlite::{BUSY_TIMEOUT, connect_to_write};

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

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS store (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    epoch          BLOB NOT NULL,
    token_key      BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS head (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    position    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS events (
    position       INTEGER PRIMARY KEY,
    event_id       BLOB NOT NULL,
    stream         TEXT NOT NULL,
    version        INTEGER NOT NULL,
    type           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    command_id     BLOB NOT NULL,
    correlation_id BLOB NOT NULL,
    causation_id   BLOB,
    principal      TEXT NOT NULL,
    traceparent    TEXT,
    recorded_at    INTEGER NOT NULL,
    payload        TEXT NOT NULL,
    payload_digest BLOB NOT NULL,
    hash           BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE TABLE IF NOT EXISTS requests (
    principal  TEXT NOT NULL,
    request_id BLOB NOT NULL,
    digest     BLOB NOT NULL,
    position   INTEGER NOT NULL,
    answer     BLOB NOT NULL,
    PRIMARY KEY (principal, request_id)
) STRICT, WITHOUT ROWID;
INSERT INTO store VALUES (1, 1, randomblob(16), randomblob(32)) ON CONFLICT DO NOTHING;
INSERT INTO head VALUES (1, 0, zeroblob(32), 0) ON CONFLICT DO NOTHING;
";

const SELECT_IDENTITY: &str = "SELECT epoch, token_key FROM store";
const SELECT_HEAD_POSITION: &str = "SELECT position FROM head";
const SELECT_HEAD: &str = "SELECT position, hash, recorded_at FROM head";
const SELECT_EVENTS: &str = "SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2";
const SELECT_STREAMS: &str = "
SELECT events.* FROM json_each($1) AS wanted JOIN events ON events.stream = wanted.value ORDER BY wanted.key, version";
const SELECT_VERSIONS: &str = "
SELECT wanted.value AS stream, (SELECT MAX(version) FROM events WHERE stream = wanted.value) AS version
FROM json_each($1) AS wanted";
const SELECT_REQUEST: &str = "SELECT digest, position, answer FROM requests WHERE principal = $1 AND request_id = $2";
const SELECT_REQUESTS: &str = "
SELECT requests.* FROM json_each($1) AS wanted
JOIN requests ON principal = wanted.value ->> 0 AND request_id = unhex(wanted.value ->> 1)";
const INSERT_EVENTS: &str = "
INSERT INTO events
SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6),
       unhex(value ->> 7), unhex(value ->> 8), value ->> 9, value ->> 10, value ->> 11, value ->> 12,
       unhex(value ->> 13), unhex(value ->> 14)
FROM json_each($1)";
const INSERT_REQUESTS: &str = "
INSERT INTO requests
SELECT value ->> 0, unhex(value ->> 1), unhex(value ->> 2), value ->> 3, unhex(value ->> 4) FROM json_each($1)";
const UPDATE_HEAD: &str = "UPDATE head SET position = $1, hash = $2, recorded_at = $3";

/// When an append counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When it is on disk. The only choice for data that matters.
    OnDisk,
    /// When the operating system has it: for tests, and as the control that a crash test must catch.
    InMemory,
}

/// The log in one SQLite file.
pub struct SqliteLog {
    readers: SqlitePool,
    identity: StoreIdentity,
    queue: Option<Queue>,
    moved: watch::Receiver<Position>,
}

/// The end of the log as a transaction saw it.
#[derive(Clone, Copy)]
struct Head {
    position: Position,
    hash: [u8; 32],
    recorded_at: Timestamp,
}

struct Writer {
    options: SqliteConnectOptions,
    connection: SqliteConnection,
    clock: Arc<dyn Clock>,
}

impl SqliteLog {
    /// Opens the log in a file, making it when there is none, and starts its writer. The writer ends, after what is
    /// waiting, when the log is dropped.
    ///
    /// # Errors
    /// When the file cannot be opened or is not a log.
    pub async fn open(file: &Path, durability: Durability, clock: Arc<dyn Clock>) -> Result<Self, ReadError> {
        let synchronous = match durability {
            Durability::OnDisk => SqliteSynchronous::Full,
            Durability::InMemory => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
            .pragma("cache_size", WRITER_CACHE_SIZE)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = connect_to_write(&options).await.map_err(unreadable)?;
        let mut setup = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unreadable)?;
        sqlx::raw_sql(SCHEMA).execute(&mut *setup).await.map_err(unreadable)?;
        setup.commit().await.map_err(unreadable)?;

        let mut log = Self::open_read_only(file).await?;
        let (moved, moved_receiver) = watch::channel(log.head().await?);
        log.queue = Some(Queue::start(Writer { options, connection, clock }, moved));
        log.moved = moved_receiver;
        Ok(log)
    }

    /// Opens an existing log without the possibility to write: every append is refused.
    ///
    /// # Errors
    /// When there is no such file or it is not a log.
    pub async fn open_read_only(file: &Path) -> Result<Self, ReadError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .pragma("cache_size", READER_CACHE_SIZE)
            .busy_timeout(BUSY_TIMEOUT);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            // A file does not go away as a network does.
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(unreadable)?;
        let row = sqlx::query(SELECT_IDENTITY).fetch_one(&readers).await.map_err(unreadable)?;
        let identity = StoreIdentity {
            epoch: row.try_get("epoch").map_err(unreadable)?,
            token_key: bytes32(&row, "token_key").map_err(unreadable)?,
        };
        let (_, moved) = watch::channel(Position(0));
        Ok(Self { readers, identity, queue: None, moved })
    }
}

#[async_trait]
impl LogHead for SqliteLog {
    fn identity(&self) -> StoreIdentity {
        self.identity
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let row = sqlx::query(SELECT_HEAD_POSITION).fetch_one(&self.readers).await.map_err(unreadable)?;
        Ok(Position(row.try_get(0).map_err(unreadable)?))
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        match &self.queue {
            Some(queue) => queue.append(append).await,
            None => Err(AppendError::Unavailable("this log was opened to read".to_owned())),
        }
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        let row = sqlx::query(SELECT_REQUEST)
            .bind(principal)
            .bind(request.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(unreadable)?;
        let Some(row) = row else { return Ok(None) };
        stored_answer(&row).map(Some).map_err(unreadable)
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let limit = i64::try_from(limit.min(READ_EVENTS_MAX)).expect("READ_EVENTS_MAX fits");
        let rows =
            sqlx::query(SELECT_EVENTS).bind(after.0).bind(limit).fetch_all(&self.readers).await.map_err(unreadable)?;
        without_gap(after, rows.iter().map(recorded))
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let mut names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let rows = sqlx::query(SELECT_STREAMS).bind(json(&names)).fetch_all(&self.readers).await.map_err(unreadable)?;
        by_stream(streams, rows.iter().map(recorded))
    }

    fn moved(&self) -> watch::Receiver<Position> {
        self.moved.clone()
    }
}

#[async_trait]
impl Commit for Writer {
    fn choose(&mut self, mut waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
        let rest = waiting.split_off(fitting(&waiting));
        (waiting, rest)
    }

    async fn commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), AppendError> {
        match self.try_to_commit(appends).await {
            Ok(committed) => Ok(committed),
            Err(cause) => {
                self.reconnect().await;
                Err(unappended(&cause))
            }
        }
    }
}

impl Writer {
    /// Commits every append of the batch that is still valid. The outcomes are in the order of the appends.
    async fn try_to_commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query(SELECT_HEAD).fetch_one(&mut *tx).await?;
        let before = Head {
            position: Position(row.try_get("position")?),
            hash: bytes32(&row, "hash")?,
            recorded_at: Timestamp(row.try_get("recorded_at")?),
        };
        let mut batch = Batch {
            head: Head { recorded_at: now.max(before.recorded_at), ..before },
            versions: current_versions(&mut tx, appends).await?,
            requests: known_requests(&mut tx, appends).await?,
            event_rows: JsonRows::default(),
            request_rows: JsonRows::default(),
        };
        let outcomes: Vec<_> = appends.iter().map(|append| batch.take(append)).collect();

        if !batch.event_rows.is_empty() {
            sqlx::query(INSERT_EVENTS).bind(batch.event_rows.finish()).execute(&mut *tx).await?;
            let head = batch.head;
            sqlx::query(UPDATE_HEAD)
                .bind(head.position.0)
                .bind(head.hash.as_slice())
                .bind(head.recorded_at.0)
                .execute(&mut *tx)
                .await?;
        }
        if !batch.request_rows.is_empty() {
            sqlx::query(INSERT_REQUESTS).bind(batch.request_rows.finish()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok((outcomes, batch.head.position))
    }

    /// After a failure nothing is known of the connection, so it is replaced.
    async fn reconnect(&mut self) {
        match connect_to_write(&self.options).await {
            Ok(connection) => self.connection = connection,
            Err(cause) => error!(%cause, "the log could not be opened again: {cause}"),
        }
    }
}

/// A batch while it is being numbered: what the transaction found, and what it will insert.
struct Batch {
    head: Head,
    versions: HashMap<StreamName, Version>,
    requests: HashMap<(String, RequestId), StoredAnswer>,
    event_rows: JsonRows,
    request_rows: JsonRows,
}

impl Batch {
    /// Numbers, chains and queues one append, or says why not; the next append sees what this one did.
    fn take(&mut self, append: &Append) -> Outcome {
        if let Some(request) = &append.request
            && let Some(stored) = self.requests.get(&request_key(append, request))
        {
            return match stored.digest == request.digest {
                true => Ok(Appended::Before(stored.clone())),
                false => Err(AppendError::RequestIdReused),
            };
        }
        for (stream, expected) in &append.expected {
            if self.version(stream) != *expected {
                return Err(AppendError::Conflict(stream.clone()));
            }
        }
        for (stream, event) in &append.events {
            let version = self.version(stream).next();
            self.versions.insert(stream.clone(), version);
            let encoded = event.encode();
            let mut recorded = Recorded {
                position: self.head.position.next(),
                event_id: EventId::generate(),
                stream: stream.clone(),
                version,
                kind: encoded.kind,
                schema_version: encoded.schema_version,
                cause: append.cause.clone(),
                recorded_at: self.head.recorded_at,
                payload_digest: chain::digest(encoded.payload.as_bytes()),
                payload: encoded.payload,
                hash: chain::GENESIS,
            };
            recorded.hash = chain::link(self.head.hash, &recorded);
            self.head.position = recorded.position;
            self.head.hash = recorded.hash;
            self.event_rows.push(&event_row(&recorded));
        }
        if let Some(request) = &append.request {
            let stored =
                StoredAnswer { digest: request.digest, position: self.head.position, answer: append.answer.clone() };
            self.request_rows.push(&(
                &append.cause.principal,
                hex(request.request_id.0.as_bytes()),
                hex(&stored.digest),
                stored.position,
                hex(&stored.answer),
            ));
            self.requests.insert(request_key(append, request), stored);
        }
        Ok(Appended::Now(self.head.position))
    }

    fn version(&self, stream: &StreamName) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }
}

fn request_key(append: &Append, request: &Request) -> (String, RequestId) {
    (append.cause.principal.clone(), request.request_id)
}

async fn current_versions(
    tx: &mut SqliteConnection,
    appends: &[Append],
) -> Result<HashMap<StreamName, Version>, sqlx::Error> {
    let expected = appends.iter().flat_map(|append| append.expected.keys());
    let written = appends.iter().flat_map(|append| append.events.iter().map(|(stream, _)| stream));
    let mut names: Vec<&str> = expected.chain(written).map(StreamName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut versions = HashMap::with_capacity(names.len());
    for row in sqlx::query(SELECT_VERSIONS).bind(json(&names)).fetch_all(tx).await? {
        let version: Option<i64> = row.try_get("version")?;
        versions.insert(StreamName::from_text(row.try_get("stream")?), Version(version.unwrap_or(0)));
    }
    Ok(versions)
}

async fn known_requests(
    tx: &mut SqliteConnection,
    appends: &[Append],
) -> Result<HashMap<(String, RequestId), StoredAnswer>, sqlx::Error> {
    let mut keys = JsonRows::default();
    for append in appends {
        if let Some(request) = &append.request {
            keys.push(&(&append.cause.principal, hex(request.request_id.0.as_bytes())));
        }
    }
    let mut known = HashMap::new();
    if keys.is_empty() {
        return Ok(known);
    }
    for row in sqlx::query(SELECT_REQUESTS).bind(keys.finish()).fetch_all(tx).await? {
        let request_id: Uuid = row.try_get("request_id")?;
        known.insert((row.try_get("principal")?, RequestId(request_id)), stored_answer(&row)?);
    }
    Ok(known)
}

/// One event as a JSON array, in the order of [`INSERT_EVENTS`].
fn event_row(recorded: &Recorded) -> serde_json::Value {
    let cause = &recorded.cause;
    serde_json::json!([
        recorded.position,
        hex(recorded.event_id.0.as_bytes()),
        recorded.stream.as_str(),
        recorded.version,
        recorded.kind,
        recorded.schema_version,
        hex(cause.command_id.0.as_bytes()),
        hex(cause.correlation_id.as_bytes()),
        cause.causation_id.map(|id| hex(id.0.as_bytes())),
        cause.principal,
        cause.traceparent,
        recorded.recorded_at.0,
        recorded.payload,
        hex(&recorded.payload_digest),
        hex(&recorded.hash),
    ])
}

fn recorded(row: &SqliteRow) -> Result<Recorded, sqlx::Error> {
    Ok(Recorded {
        position: Position(row.try_get("position")?),
        event_id: EventId(row.try_get("event_id")?),
        stream: StreamName::from_text(row.try_get("stream")?),
        version: Version(row.try_get("version")?),
        kind: row.try_get("type")?,
        schema_version: row.try_get("schema_version")?,
        cause: Cause {
            command_id: CommandId(row.try_get("command_id")?),
            correlation_id: row.try_get("correlation_id")?,
            causation_id: row.try_get::<Option<Uuid>, _>("causation_id")?.map(EventId),
            principal: row.try_get("principal")?,
            traceparent: row.try_get("traceparent")?,
        },
        recorded_at: Timestamp(row.try_get("recorded_at")?),
        payload: row.try_get("payload")?,
        payload_digest: bytes32(row, "payload_digest")?,
        hash: bytes32(row, "hash")?,
    })
}

fn stored_answer(row: &SqliteRow) -> Result<StoredAnswer, sqlx::Error> {
    Ok(StoredAnswer {
        digest: bytes32(row, "digest")?,
        position: Position(row.try_get("position")?),
        answer: row.try_get("answer")?,
    })
}

fn bytes32(row: &SqliteRow, column: &str) -> Result<[u8; 32], sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| sqlx::Error::Decode(format!("{column} is not 32 bytes long").into()))
}

/// Rows as a JSON array, which `json_each` takes apart again.
#[derive(Default)]
struct JsonRows(Vec<String>);

impl JsonRows {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, row: &impl Serialize) {
        self.0.push(json(row));
    }

    fn finish(self) -> String {
        format!("[{}]", self.0.join(","))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers are valid JSON")
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

fn unappended(cause: &sqlx::Error) -> AppendError {
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(SQLITE_FULL) => AppendError::Full,
        _ => AppendError::Unavailable(cause.to_string()),
    }
}
