//! The event log on PostgreSQL: a batch is one call of one function, which locks the head, checks, numbers, chains and inserts.
//!
//! Always: what two processes must agree on is decided by the server, in `postgres.schema.sql`; no two appends of a batch depend on
//! each other, and those that would wait for the next; an append whose answer was lost is not known to have failed.
//! Never here: a position or a hash that this process made up.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgRecordEncoder;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Row as _, Type};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::chain::KnownFields;
use super::queue::{Commit, Outcome, Queue, Uncommitted, Waiting, fitting, newest_known};
use super::stored::StoredLog;
use super::{Anchor, Append, AppendError, Appended, LogHead, ReadError, StoredAnswer};
use crate::model::clock::{Clock, Timestamp};
use crate::model::ids::{EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;
use crate::runtime::deadlines::{LOOKUP_DEADLINE, late};
use crate::runtime::ready;
use crate::runtime::wake::Listener;
use crate::sql::database::{Database, Row, Value, is_about_values};
use crate::sql::postgres::pool::{Pool, Session, Wait, is_unknown};
use crate::sql::postgres::{LOG_CHANNEL, Server};
use crate::sql::rows::Rows;
use crate::sql::statements;

/// How often a batch is tried that was rolled back because of others. Each takes as long as the server lets a deadlock stand, a second.
const TRIES_MAX: usize = 4;

/// PostgreSQL's code for a full disk.
const DISK_FULL: &str = "53100";

/// That of `append_batch`, see there.
const HISTORY_LOST: &str = "CH001";

const APPEND: &str = "SELECT * FROM append_batch($1, $2, $3, $4, $5, $6, $7)";
const SELECT_MAY_APPEND: &str = "
SELECT current_setting('transaction_read_only') = 'off' AND COALESCE(BOOL_AND(has_function_privilege(oid, 'EXECUTE')), FALSE) AS may
FROM pg_proc WHERE proname = 'append_batch' AND pronamespace = to_regnamespace('chirp_log')";

statements! { "postgres.sql": SELECT_WRITTEN, SELECT_REQUESTED }

struct Writer {
    connections: Pool,
    clock: Arc<dyn Clock>,
}

/// Opens the log and starts its writer. The writer ends, after what is waiting, when the log is dropped.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open(server: &Server, clock: Arc<dyn Clock>) -> Result<StoredLog, ReadError> {
    let log = open_head(server).await?;
    let (moved, _) = watch::channel(log.head().await?.position);
    let queue = Queue::start(Writer { connections: server.log_to_write(), clock }, moved.clone());
    Ok(log.moving(hear_of_moves(server, moved)).appending(queue))
}

/// Opens the log without the possibility to write: every append is refused.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open_to_read(server: &Server) -> Result<StoredLog, ReadError> {
    let log = open_head(server).await?;
    let (moved, _) = watch::channel(log.head().await?.position);
    Ok(log.moving(hear_of_moves(server, moved)))
}

/// Opens the log for its identity and its head.
///
/// # Errors
/// When the server does not answer, or there is no log.
pub async fn open_head(server: &Server) -> Result<StoredLog, ReadError> {
    StoredLog::to_read(server.log_to_read()).await
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
            let writes = append.events.iter().map(|event| &event.stream);
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

    async fn commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), Uncommitted> {
        let mut tries = 1;
        loop {
            match self.commit_once(appends).await {
                Err(cause) if tries < TRIES_MAX && is_of_neighbours(&cause) => {
                    debug!(%cause, tries, "a batch is tried again: {cause}");
                    tries += 1;
                }
                committed => return committed.map_err(|cause| unappended(&cause)),
            }
        }
    }

    /// A connection on which nothing can be written is none, so one that rested is asked, and a new one too.
    async fn check(&mut self) -> ready::Outcome {
        let asking = async {
            let mut session = self.connections.acquire().await?;
            session.fetch_one(sqlx::query(SELECT_MAY_APPEND), Wait::UntilDeadline).await?.try_get("may")
        };
        match asking.await {
            Ok(true) => Ok(()),
            Ok(false) => Err("nothing can be appended: the session is read-only, or its role may not".to_owned()),
            Err(cause) => Err(cause.to_string()),
        }
    }
}

impl Writer {
    async fn commit_once(&self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
        let batch = BatchArguments::of(appends);
        let newest = newest_known(appends);
        // Until there is a connection, nothing is asked of anybody.
        let mut session = self.connections.acquire().await?;
        match batch.append(&mut session, appends.len(), newest, self.clock.now()).await {
            Ok(rows) => outcomes(appends, &rows),
            Err(cause) if is_of_lost_history(&cause) => {
                Ok((vec![Err(AppendError::HistoryLost); appends.len()], Position(0)))
            }
            Err(cause) if is_unknown(&cause) => {
                // Its place in the pool is needed for another connection.
                drop(session);
                self.look_up(appends, cause).await
            }
            Err(cause) => Err(cause),
        }
    }

    /// What became of a batch whose answer was lost: what is in the log was done. Of the rest, nobody knows: a server that has
    /// not answered yet may still commit it.
    async fn look_up(&self, appends: &[Append], lost: sqlx::Error) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
        let looking = timeout(LOOKUP_DEADLINE, self.what_is_stored(appends));
        match looking.await.unwrap_or_else(|_| Err(late())) {
            Ok((outcomes, head)) => {
                let found = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                info!(found, appends = appends.len(), cause = %lost, "a batch whose answer was lost was looked up: {found} are in the log");
                Ok((outcomes, head))
            }
            Err(cause) => {
                warn!(%cause, "what became of a batch cannot be looked up: {cause}");
                Err(lost)
            }
        }
    }

    async fn what_is_stored(&self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), sqlx::Error> {
        let unknown =
            || Err(AppendError::Unavailable("the answer was lost, and what became of it is not known".to_owned()));
        let mut outcomes: Vec<Outcome> = appends.iter().map(|_| unknown()).collect();
        let mut head = Position(0);
        let tables = Database::Postgres(self.connections.clone());
        let (mut written, mut requested) = (Rows::default(), Rows::default());
        for (number, append) in (0_i64..).zip(appends) {
            for event in &append.events {
                let expected = append.expected.get(&event.stream).copied().unwrap_or_default();
                written.push(&(number, event.stream.as_str(), expected.0, append.cause.command_id.0));
            }
            if let Some(request) = &append.request {
                requested.push(&(number, append.cause.principal.as_str(), request.request_id.0));
            }
        }
        let place = |row: &Row| -> Result<usize, sqlx::Error> {
            usize::try_from(row.get::<i64>("append")?).map_err(|cause| sqlx::Error::Decode(cause.into()))
        };
        for row in &tables.rows(&SELECT_REQUESTED, &[Value::Rows(&requested)]).await? {
            let (at, stored) = (place(row)?, StoredAnswer::from_row(row)?);
            outcomes[at] = answered_before(&appends[at], stored);
        }
        for row in &tables.rows(&SELECT_WRITTEN, &[Value::Rows(&written)]).await? {
            let position = Position(row.get("position")?);
            // The last event of an append is the one that it is known by.
            outcomes[place(row)?] = Ok(Appended::Now(Anchor::new(position, &row.bytes32("hash")?)));
            head = head.max(position);
        }
        Ok((outcomes, head))
    }
}

/// What a request is answered that was stored before.
fn answered_before(append: &Append, stored: StoredAnswer) -> Outcome {
    let same = append.request.as_ref().is_some_and(|request| request.digest == stored.digest);
    if same { Ok(Appended::Before(stored)) } else { Err(AppendError::RequestIdReused) }
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
    Unplaced is "new_event" {
        append: i32,
        event_id: Uuid,
        stream: &'a str,
        kind: &'a str,
        schema_version: i64,
        command_id: Uuid,
        correlation_id: Uuid,
        causation_id: Option<Uuid>,
        principal: &'a str,
        traceparent: Option<&'a str>,
        payload: &'a str,
        payload_digest: &'a [u8],
        before_version: Vec<u8>,
        after_version: Vec<u8>,
    }
}

/// A batch as the function takes it.
#[derive(Default)]
struct BatchArguments<'a> {
    expected: Vec<Expectation<'a>>,
    requests: Vec<NewRequest<'a>>,
    events: Vec<Unplaced<'a>>,
}

impl<'a> BatchArguments<'a> {
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
        self.events.extend(events.iter().map(|event| {
            let event_id = EventId::generate();
            let known = KnownFields::of(event_id, &event.stream, &event.kind, event.schema_version, cause);
            Unplaced {
                append: number,
                event_id: event_id.0,
                stream: event.stream.as_str(),
                kind: &event.kind,
                schema_version: event.schema_version.into(),
                command_id: cause.command_id.0,
                correlation_id: cause.correlation_id,
                causation_id: cause.causation_id.map(|id| id.0),
                principal: &cause.principal,
                traceparent: cause.traceparent.as_deref(),
                payload: &event.payload,
                payload_digest: &event.payload_digest,
                before_version: known.before_version,
                after_version: known.after_version,
            }
        }));
    }

    async fn append(
        &self,
        session: &mut Session,
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
        Ok(session.fetch_all(query, Wait::UntilDeadline).await?.into_iter().map(Row::Postgres).collect())
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
            (None, Some(_)) => answered_before(&appends[at], StoredAnswer::from_row(row)?),
            (None, None) => {
                let position = Position(row.get("position")?);
                head = head.max(position);
                Ok(Appended::Now(Anchor::new(position, &row.bytes32("hash")?)))
            }
        };
        outcomes[at] = outcome;
    }
    Ok((outcomes, head))
}

/// Whether a batch was rolled back because of what others did at the same time: a deadlock, or a conflict that the server found.
fn is_of_neighbours(cause: &sqlx::Error) -> bool {
    const ROLLED_BACK: [&str; 2] = ["40P01", "40001"];
    let code = cause.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ROLLED_BACK.contains(&&*code))
}

fn is_of_lost_history(cause: &sqlx::Error) -> bool {
    cause.as_database_error().and_then(|error| error.code()).as_deref() == Some(HISTORY_LOST)
}

fn unappended(cause: &sqlx::Error) -> Uncommitted {
    if is_about_values(cause) {
        return Uncommitted::Values(cause.to_string());
    }
    let code = cause.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(DISK_FULL) => Uncommitted::Store(AppendError::Full),
        _ => Uncommitted::Store(AppendError::Unavailable(cause.to_string())),
    }
}
