//! The event log on PostgreSQL: a batch is one call of one function, which locks the head, checks, numbers, chains and inserts.
//!
//! Always: what two processes must agree on is decided by the server, in `postgres.sql`; no two appends of a batch depend on
//! each other, and those that would wait for the next; an append whose answer was lost is not known to have failed.
//! Never here: a position or a hash that this process made up.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgRecordEncoder;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgPool, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};
use tokio::sync::watch;
use uuid::Uuid;

use super::chain::KnownFields;
use super::queue::{Commit, Outcome, Queue, Waiting, fitting, newest_known};
use super::stored::{StoredLog, bytes32};
use super::{Anchor, Append, AppendError, Appended, LogHead, ReadError, StoredAnswer, StreamName, chain};
use crate::clock::{Clock, Timestamp};
use crate::database::Row;
use crate::ids::{EventId, Position, RequestId, Version};
use crate::patience::of_database;
use crate::postgres::{LOG_CHANNEL, Server};
use crate::wake::Listener;

/// PostgreSQL's codes for a full disk.
const DISK_FULL: &str = "53100";

/// That of `append_batch`, see there.
const HISTORY_LOST: &str = "CH001";

const APPEND: &str = "SELECT * FROM append_batch($1, $2, $3, $4, $5, $6, $7)";

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
fn hear_of_moves(server: &Server, moved: watch::Sender<Position>) -> Listener<Position> {
    let receiver = Listener::to(moved.subscribe());
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
        let batch = Batch::of(appends);
        let newest = newest_known(appends);
        let appending = batch.append(&self.connection, appends.len(), newest, self.clock.now());
        let rows = match of_database(appending).await {
            Ok(rows) => rows,
            Err(cause) if is_of_lost_history(&cause) => {
                return Ok((vec![Err(AppendError::HistoryLost); appends.len()], Position(0)));
            }
            Err(cause) => return Err(unappended(&cause)),
        };
        outcomes(appends, &rows).map_err(|cause| unappended(&cause))
    }
}

/// A row of PostgreSQL's own, by the name of its type.
macro_rules! row_type {
    ($(#[$about:meta])* $row:ident is $name:literal { $($field:ident: $type:ty,)+ }) => {
        $(#[$about])*
        struct $row<'a> {
            $($field: $type,)+
        }

        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }

        impl Encode<'_, Postgres> for $row<'_> {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let mut row = PgRecordEncoder::new(buffer);
                $(row.encode(&self.$field)?;)+
                row.finish();
                Ok(IsNull::No)
            }
        }
    };
}
row_type! {
    /// That a stream has a version.
    Expectation is "expectation" {
        append: i32,
        stream: &'a str,
        version: i64,
    }
}
row_type! {
    /// A request and its answer.
    NewRequest is "new_request" {
        append: i32,
        principal: &'a str,
        request_id: Uuid,
        digest: &'a [u8],
        answer: &'a [u8],
    }
}
row_type! {
    /// An event without its place.
    NewEvent is "new_event" {
        append: i32,
        event_id: Uuid,
        stream: &'a str,
        kind: String,
        schema_version: i64,
        command_id: Uuid,
        correlation_id: Uuid,
        causation_id: Option<Uuid>,
        principal: &'a str,
        traceparent: Option<&'a str>,
        payload: String,
        payload_digest: [u8; 32],
        before_version: Vec<u8>,
        after_version: Vec<u8>,
    }
}

/// A batch as the function takes it.
#[derive(Default)]
struct Batch<'a> {
    expected: Vec<Expectation<'a>>,
    requests: Vec<NewRequest<'a>>,
    events: Vec<NewEvent<'a>>,
}

impl<'a> Batch<'a> {
    fn of(appends: &'a [Append]) -> Self {
        let mut batch = Self::default();
        for (number, append) in (1..).zip(appends) {
            batch.take(number, append);
        }
        batch
    }

    fn take(&mut self, number: i32, append: &'a Append) {
        let Append { expected, rests_on: _, events, cause, request, answer } = append;
        let expectation = |(stream, version): (&'a StreamName, &Version)| Expectation {
            append: number,
            stream: stream.as_str(),
            version: version.0,
        };
        self.expected.extend(expected.iter().map(expectation));
        self.requests.extend(request.iter().map(|request| NewRequest {
            append: number,
            principal: &cause.principal,
            request_id: request.request_id.0,
            digest: &request.digest,
            answer,
        }));
        self.events.extend(events.iter().map(|(stream, event)| {
            let (event_id, encoded) = (EventId::generate(), event.encode());
            let known = KnownFields::of(event_id, stream, &encoded.kind, encoded.schema_version, cause);
            NewEvent {
                append: number,
                event_id: event_id.0,
                stream: stream.as_str(),
                kind: encoded.kind,
                schema_version: encoded.schema_version.into(),
                command_id: cause.command_id.0,
                correlation_id: cause.correlation_id,
                causation_id: cause.causation_id.map(|id| id.0),
                principal: &cause.principal,
                traceparent: cause.traceparent.as_deref(),
                payload_digest: chain::digest(encoded.payload.as_bytes()),
                payload: encoded.payload,
                before_version: known.before_version,
                after_version: known.after_version,
            }
        }));
    }

    async fn append(
        &self,
        connection: &PgPool,
        appends: usize,
        newest: Anchor,
        now: Timestamp,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let appends = i32::try_from(appends).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        let query = sqlx::query(APPEND)
            .bind(appends)
            .bind(now.0)
            .bind(newest.position.0)
            .bind(&newest.fingerprint[..])
            .bind(&self.expected[..])
            .bind(&self.requests[..])
            .bind(&self.events[..]);
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
                Ok(Appended::Now(Anchor::new(position, &bytes32(row, "hash")?)))
            }
        };
        outcomes[at] = outcome;
    }
    Ok((outcomes, head))
}

fn is_of_lost_history(cause: &sqlx::Error) -> bool {
    cause.as_database_error().and_then(|error| error.code()).as_deref() == Some(HISTORY_LOST)
}

fn unappended(cause: &sqlx::Error) -> AppendError {
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(DISK_FULL) => AppendError::Full,
        _ => AppendError::Unavailable(cause.to_string()),
    }
}
