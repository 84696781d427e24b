//! The event log on PostgreSQL: a batch is one call of one function, which locks the head, checks, numbers, chains and inserts.
//!
//! Always: what two processes must agree on is decided by the server, in `postgres.sql`; no two appends of a batch depend on
//! each other, and those that would wait for the next; an append whose answer was lost is not known to have failed.
//! Never here: a position or a hash that this process made up.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};
use tokio::sync::watch;
use uuid::Uuid;

use super::queue::{Commit, Outcome, Queue, Waiting, fitting};
use super::{
    Append, AppendError, Appended, Cause, EventLog, LogHead, READ_EVENTS_MAX, ReadError, Recorded, StoreIdentity,
    StoredAnswer, StreamName, by_stream, chain, unreadable, without_gap,
};
use crate::clock::{Clock, Timestamp};
use crate::ids::{CommandId, EventId, Position, RequestId, Version};
use crate::patience::{of_database, patiently};
use crate::postgres::{LOG_CHANNEL, Server};

/// PostgreSQL's codes for a full disk.
const DISK_FULL: &str = "53100";

const SELECT_IDENTITY: &str = "SELECT epoch, token_key FROM store";
const SELECT_HEAD_POSITION: &str = "SELECT position FROM head";
const SELECT_EVENTS: &str = "SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2";
const SELECT_STREAMS: &str = "
SELECT events.* FROM UNNEST($1::text[]) WITH ORDINALITY AS wanted (stream, ordinal)
JOIN events ON events.stream = wanted.stream ORDER BY wanted.ordinal, version";
const SELECT_REQUEST: &str = "SELECT digest, position, answer FROM requests WHERE principal = $1 AND request_id = $2";
const APPEND: &str = "
SELECT * FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";

/// The log in a schema of a database.
pub struct PostgresLog {
    readers: PgPool,
    identity: StoreIdentity,
    queue: Option<Queue>,
    moved: watch::Receiver<Position>,
}

struct Writer {
    connection: PgPool,
    clock: Arc<dyn Clock>,
}

impl PostgresLog {
    /// Opens the log and starts its writer. The writer ends, after what is waiting, when the log is dropped.
    ///
    /// # Errors
    /// When the server does not answer, or there is no log.
    pub async fn open(server: &Server, clock: Arc<dyn Clock>) -> Result<Self, ReadError> {
        let mut log = Self::open_read_only(server).await?;
        let (moved, _) = watch::channel(log.head().await?);
        log.queue = Some(Queue::start(Writer { connection: server.log_to_write(), clock }, moved.clone()));
        log.moved = hear_of_moves(server, moved);
        Ok(log)
    }

    /// Opens the log without the possibility to write: every append is refused.
    ///
    /// # Errors
    /// When the server does not answer, or there is no log.
    pub async fn open_read_only(server: &Server) -> Result<Self, ReadError> {
        let mut log = Self::open_head(server).await?;
        let (moved, _) = watch::channel(log.head().await?);
        log.moved = hear_of_moves(server, moved);
        Ok(log)
    }

    /// Opens the log for its identity and its head.
    ///
    /// # Errors
    /// When the server does not answer, or there is no log.
    pub async fn open_head(server: &Server) -> Result<Self, ReadError> {
        let readers = server.log_to_read().await.map_err(unreadable)?;
        let row = sqlx::query(SELECT_IDENTITY).fetch_one(&readers).await.map_err(unreadable)?;
        let identity = StoreIdentity {
            epoch: row.try_get("epoch").map_err(unreadable)?,
            token_key: bytes32(&row, "token_key").map_err(unreadable)?,
        };
        let (_, moved) = watch::channel(Position(0));
        Ok(Self { readers, identity, queue: None, moved })
    }
}

/// Follows the head as far as the server tells of it. A hint may be late, so it never goes back.
fn hear_of_moves(server: &Server, moved: watch::Sender<Position>) -> watch::Receiver<Position> {
    let receiver = moved.subscribe();
    server.listen(LOG_CHANNEL, move |said| {
        let position = Position(said.parse().unwrap_or_default());
        moved.send_modify(|last| *last = position.max(*last));
        // One receiver is the log's own.
        moved.receiver_count() > 0
    });
    receiver
}

#[async_trait]
impl LogHead for PostgresLog {
    fn identity(&self) -> StoreIdentity {
        self.identity
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let row = of_database(sqlx::query(SELECT_HEAD_POSITION).fetch_one(&self.readers)).await.map_err(unreadable)?;
        Ok(Position(row.try_get(0).map_err(unreadable)?))
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        match &self.queue {
            Some(queue) => patiently(queue.append(append)).await.unwrap_or_else(|| Err(too_slow())),
            None => Err(AppendError::Unavailable("this log was opened to read".to_owned())),
        }
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        let query = sqlx::query(SELECT_REQUEST).bind(principal).bind(request.0);
        let row = of_database(query.fetch_optional(&self.readers)).await.map_err(unreadable)?;
        row.as_ref().map(stored_answer).transpose().map_err(unreadable)
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let limit = i64::try_from(limit.min(READ_EVENTS_MAX)).expect("READ_EVENTS_MAX fits");
        let query = sqlx::query(SELECT_EVENTS).bind(after.0).bind(limit);
        let rows = of_database(query.fetch_all(&self.readers)).await.map_err(unreadable)?;
        without_gap(after, rows.iter().map(recorded))
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let mut names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let query = sqlx::query(SELECT_STREAMS).bind(names);
        let rows = of_database(query.fetch_all(&self.readers)).await.map_err(unreadable)?;
        by_stream(streams, rows.iter().map(recorded))
    }

    fn moved(&self) -> watch::Receiver<Position> {
        self.moved.clone()
    }
}

#[async_trait]
impl Commit for Writer {
    /// As many as do not depend on each other: each is judged by what is stored.
    fn choose(&mut self, mut waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
        let later = waiting.split_off(fitting(&waiting));
        let (mut batch, mut rest) = (Vec::with_capacity(waiting.len()), Vec::new());
        let mut written: HashSet<StreamName> = HashSet::new();
        let mut asked: HashSet<(String, RequestId)> = HashSet::new();
        for waiting in waiting {
            let append = &waiting.append;
            let request = append.request.as_ref().map(|asked| (append.cause.principal.clone(), asked.request_id));
            let writes = append.events.iter().map(|(stream, _)| stream);
            let depends = append.expected.keys().chain(writes.clone()).any(|stream| written.contains(stream))
                || request.as_ref().is_some_and(|request| asked.contains(request));
            if depends {
                rest.push(waiting);
                continue;
            }
            written.extend(writes.cloned());
            asked.extend(request);
            batch.push(waiting);
        }
        rest.extend(later);
        (batch, rest)
    }

    async fn commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), AppendError> {
        let columns = Columns::of(appends);
        let appended = patiently(columns.append(&self.connection, appends.len(), self.clock.now())).await;
        let rows = appended.ok_or_else(too_slow)?.map_err(|cause| unappended(&cause))?;
        outcomes(appends, &rows).map_err(|cause| unappended(&cause))
    }
}

/// A batch as the function takes it: an array for each column.
#[derive(Default)]
struct Columns<'a> {
    expected_append: Vec<i32>,
    expected_stream: Vec<&'a str>,
    expected_version: Vec<i64>,
    request_append: Vec<i32>,
    request_principal: Vec<&'a str>,
    request_id: Vec<Uuid>,
    request_digest: Vec<&'a [u8]>,
    request_answer: Vec<&'a [u8]>,
    event_append: Vec<i32>,
    event_id: Vec<Uuid>,
    event_stream: Vec<&'a str>,
    event_type: Vec<String>,
    event_schema_version: Vec<i64>,
    event_command: Vec<Uuid>,
    event_correlation: Vec<Uuid>,
    event_causation: Vec<Option<Uuid>>,
    event_principal: Vec<&'a str>,
    event_traceparent: Vec<Option<&'a str>>,
    event_payload: Vec<String>,
    event_payload_digest: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    fn of(appends: &'a [Append]) -> Self {
        let mut columns = Self::default();
        for (number, append) in (1..).zip(appends) {
            columns.take(number, append);
        }
        columns
    }

    fn take(&mut self, number: i32, append: &'a Append) {
        for (stream, version) in &append.expected {
            self.expected_append.push(number);
            self.expected_stream.push(stream.as_str());
            self.expected_version.push(version.0);
        }
        if let Some(request) = &append.request {
            self.request_append.push(number);
            self.request_principal.push(&append.cause.principal);
            self.request_id.push(request.request_id.0);
            self.request_digest.push(&request.digest);
            self.request_answer.push(&append.answer);
        }
        for (stream, event) in &append.events {
            let encoded = event.encode();
            self.event_append.push(number);
            self.event_id.push(EventId::generate().0);
            self.event_stream.push(stream.as_str());
            self.event_type.push(encoded.kind);
            self.event_schema_version.push(encoded.schema_version.into());
            self.event_command.push(append.cause.command_id.0);
            self.event_correlation.push(append.cause.correlation_id);
            self.event_causation.push(append.cause.causation_id.map(|id| id.0));
            self.event_principal.push(&append.cause.principal);
            self.event_traceparent.push(append.cause.traceparent.as_deref());
            self.event_payload_digest.push(chain::digest(encoded.payload.as_bytes()).to_vec());
            self.event_payload.push(encoded.payload);
        }
    }

    async fn append(&self, connection: &PgPool, appends: usize, now: Timestamp) -> Result<Vec<PgRow>, sqlx::Error> {
        let appends = i32::try_from(appends).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        sqlx::query(APPEND)
            .bind(appends)
            .bind(now.0)
            .bind(&self.expected_append)
            .bind(&self.expected_stream)
            .bind(&self.expected_version)
            .bind(&self.request_append)
            .bind(&self.request_principal)
            .bind(&self.request_id)
            .bind(&self.request_digest)
            .bind(&self.request_answer)
            .bind(&self.event_append)
            .bind(&self.event_id)
            .bind(&self.event_stream)
            .bind(&self.event_type)
            .bind(&self.event_schema_version)
            .bind(&self.event_command)
            .bind(&self.event_correlation)
            .bind(&self.event_causation)
            .bind(&self.event_principal)
            .bind(&self.event_traceparent)
            .bind(&self.event_payload)
            .bind(&self.event_payload_digest)
            .fetch_all(connection)
            .await
    }
}

/// What the function said of each append, and how far the log is, as far as this batch saw.
fn outcomes(appends: &[Append], rows: &[PgRow]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
    let unsaid = || Err(AppendError::Unavailable("the server did not say what became of it".to_owned()));
    let mut outcomes: Vec<Outcome> = appends.iter().map(|_| unsaid()).collect();
    let mut head = Position(0);
    for row in rows {
        let number: i32 = row.try_get("append")?;
        let at = usize::try_from(number - 1).map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        let (moved, digest): (Option<String>, Option<Vec<u8>>) = (row.try_get("stream")?, row.try_get("digest")?);
        let outcome = match (moved, digest) {
            (Some(stream), _) => Err(AppendError::Conflict(StreamName::from_text(stream))),
            (None, Some(_)) => {
                let stored = stored_answer(row)?;
                let same = appends[at].request.as_ref().is_some_and(|request| request.digest == stored.digest);
                if same { Ok(Appended::Before(stored)) } else { Err(AppendError::RequestIdReused) }
            }
            (None, None) => {
                let position = Position(row.try_get("position")?);
                head = head.max(position);
                Ok(Appended::Now(position))
            }
        };
        outcomes[at] = outcome;
    }
    Ok((outcomes, head))
}

fn recorded(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    let schema_version: i64 = row.try_get("schema_version")?;
    Ok(Recorded {
        position: Position(row.try_get("position")?),
        event_id: EventId(row.try_get("event_id")?),
        stream: StreamName::from_text(row.try_get("stream")?),
        version: Version(row.try_get("version")?),
        kind: row.try_get("type")?,
        schema_version: u32::try_from(schema_version).map_err(|cause| sqlx::Error::Decode(cause.into()))?,
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

fn stored_answer(row: &PgRow) -> Result<StoredAnswer, sqlx::Error> {
    Ok(StoredAnswer {
        digest: bytes32(row, "digest")?,
        position: Position(row.try_get("position")?),
        answer: row.try_get("answer")?,
    })
}

fn bytes32(row: &PgRow, column: &str) -> Result<[u8; 32], sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| sqlx::Error::Decode(format!("{column} is not 32 bytes long").into()))
}

/// Nobody knows what became of it.
fn too_slow() -> AppendError {
    AppendError::Unavailable("the server took too long".to_owned())
}

fn unappended(cause: &sqlx::Error) -> AppendError {
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(DISK_FULL) => AppendError::Full,
        _ => AppendError::Unavailable(cause.to_string()),
    }
}
