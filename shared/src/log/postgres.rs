//! The event log on PostgreSQL: a batch is one call of one function, which locks the head, checks, numbers, chains and inserts.
//!
//! Always: what two processes must agree on is decided by the server, in `postgres.sql`; no two appends of a batch depend on
//! each other, and those that would wait for the next; an append whose answer was lost is not known to have failed.
//! Never here: a position or a hash that this process made up.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use super::queue::{Commit, Outcome, Queue, Waiting, fitting};
use super::stored::StoredLog;
use super::{Append, AppendError, Appended, LogHead, ReadError, StoredAnswer, StreamName, chain};
use crate::clock::{Clock, Timestamp};
use crate::database::Row;
use crate::ids::{EventId, Position, RequestId};
use crate::patience::of_database;
use crate::postgres::{LOG_CHANNEL, Server};

/// PostgreSQL's codes for a full disk.
const DISK_FULL: &str = "53100";

const APPEND: &str = "
SELECT * FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";

struct Writer {
    connection: PgPool,
    clock: Arc<dyn Clock>,
}

/// Opens the log and starts its writer. The writer ends, after what is waiting, when the log is dropped.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open(server: &Server, clock: Arc<dyn Clock>) -> Result<StoredLog, ReadError> {
    let log = open_head(server).await?;
    let (moved, _) = watch::channel(log.head().await?);
    let queue = Queue::start(Writer { connection: server.log_to_write(), clock }, moved.clone());
    Ok(log.moving(hear_of_moves(server, moved)).appending(queue))
}

/// Opens the log without the possibility to write: every append is refused.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open_to_read(server: &Server) -> Result<StoredLog, ReadError> {
    let log = open_head(server).await?;
    let (moved, _) = watch::channel(log.head().await?);
    Ok(log.moving(hear_of_moves(server, moved)))
}

/// Opens the log for its identity and its head.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open_head(server: &Server) -> Result<StoredLog, ReadError> {
    StoredLog::to_read(server.log_to_read().await?).await
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
        let appending = columns.append(&self.connection, appends.len(), self.clock.now());
        let rows = of_database(appending).await.map_err(|cause| unappended(&cause))?;
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

    async fn append(&self, connection: &PgPool, appends: usize, now: Timestamp) -> Result<Vec<Row>, sqlx::Error> {
        let appends = i32::try_from(appends).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        let query = sqlx::query(APPEND)
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
            .bind(&self.event_payload_digest);
        Ok(query.fetch_all(connection).await?.into_iter().map(Row::Postgres).collect())
    }
}

/// What the function said of each append, and how far the log is, as far as this batch saw.
fn outcomes(appends: &[Append], rows: &[Row]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
    let unsaid = || Err(AppendError::Unavailable("the server did not say what became of it".to_owned()));
    let mut outcomes: Vec<Outcome> = appends.iter().map(|_| unsaid()).collect();
    let mut head = Position(0);
    for row in rows {
        let number: i32 = row.get("append")?;
        let at = usize::try_from(number - 1).map_err(|cause| sqlx::Error::Decode(cause.into()))?;
        let (moved, digest): (Option<String>, Option<Vec<u8>>) = (row.get("stream")?, row.get("digest")?);
        let outcome = match (moved, digest) {
            (Some(stream), _) => Err(AppendError::Conflict(StreamName::from_text(stream))),
            (None, Some(_)) => {
                let stored = StoredAnswer::from_row(row)?;
                let same = appends[at].request.as_ref().is_some_and(|request| request.digest == stored.digest);
                if same { Ok(Appended::Before(stored)) } else { Err(AppendError::RequestIdReused) }
            }
            (None, None) => {
                let position = Position(row.get("position")?);
                head = head.max(position);
                Ok(Appended::Now(position))
            }
        };
        outcomes[at] = outcome;
    }
    Ok((outcomes, head))
}

fn unappended(cause: &sqlx::Error) -> AppendError {
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(DISK_FULL) => AppendError::Full,
        _ => AppendError::Unavailable(cause.to_string()),
    }
}
