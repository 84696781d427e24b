//! The log in tables of a database: its rows, and everything that is asked of them, in one text for both engines.
//!
//! Always: events come without a gap or not at all. Never here: how a batch is committed, in which the engines differ.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::queue::Queue;
use super::{
    Append, AppendError, Appended, Cause, EventLog, Hash, Head, Import, ImportError, LogHead, READ_EVENTS_MAX,
    ReadError, Recorded, StoreIdentity, StoredAnswer, StoredRequest, WholeLog, chain,
};
use crate::model::clock::Timestamp;
use crate::model::ids::{CommandId, EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;
use crate::runtime::deadlines::append_within_deadline;
use crate::runtime::ready;
use crate::runtime::wake::Listener;
use crate::sql::database::{Database, Row, Transaction, Value};
use crate::sql::rows::{Cell, Line, Rows};
use crate::sql::sqlite::is_damage;
use crate::sql::versions::{LOG, UNFINISHED};
use crate::sql::{Statement, statements};

statements! {
    "stored.sql":
    SELECT_IDENTITY, UPDATE_IDENTITY, SELECT_HEAD, UPDATE_HEAD, SELECT_EVENTS, SELECT_VERSION, RAISE_VERSION,
    SELECT_HASHES, SELECT_FIRST_AFTER, SELECT_PRIMARY_POSITION, SELECT_IS_STANDBY, INSERT_EVENTS, SELECT_STREAMS,
    SELECT_REQUEST, SELECT_REQUESTS_AFTER, INSERT_REQUESTS,
}

/// Events that one statement looks at when all of them must be.
const SLICE_EVENTS: i64 = 65_536;

/// The log of a store, on either engine.
pub struct StoredLog {
    tables: Database,
    identity: StoreIdentity,
    queue: Option<Queue>,
    /// The same tables, to write them, where the log was opened to import.
    imports: Option<Database>,
    moved: Listener<Position>,
    /// Says to others that a process uses the file, for as long as it is open.
    _in_use: Option<File>,
    /// What SQLite said when it found the file damaged. It may still be read in part.
    damage: Damage,
}

/// What SQLite said of a file, which whoever reads it and whoever writes it may find.
pub(super) type Damage = Arc<OnceLock<String>>;

impl fmt::Debug for StoredLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoredLog").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl StoredLog {
    /// The log in these tables, without the possibility to write: every append is refused.
    pub(super) async fn to_read(tables: Database) -> Result<Self, ReadError> {
        let rows = tables.rows(&SELECT_IDENTITY, &[]).await?;
        let row = rows.first().ok_or_else(without_identity)?;
        LOG.check(row.get("schema_version")?)?;
        Self::of(tables, row)
    }

    /// The log in these tables, of any version that has all of them, whole or not: for copies and checks of it.
    pub(crate) async fn of_any_version(tables: Database) -> Result<Self, ReadError> {
        let rows = tables.rows(&SELECT_IDENTITY, &[]).await?;
        Self::of(tables, rows.first().ok_or_else(without_identity)?)
    }

    fn of(tables: Database, identity: &Row) -> Result<Self, ReadError> {
        let identity = StoreIdentity { epoch: identity.get("epoch")?, token_key: identity.bytes32("token_key")? };
        Ok(Self {
            tables,
            identity,
            queue: None,
            imports: None,
            moved: Listener::to(watch::channel(Position(0)).1),
            _in_use: None,
            damage: Damage::default(),
        })
    }

    /// The same log, which imports into its tables.
    pub(crate) fn importing(self) -> Self {
        Self { imports: Some(self.tables.clone()), ..self }
    }

    /// Executes a query, and remembers when it finds the file damaged.
    async fn rows(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, ReadError> {
        let rows = self.tables.rows(statement, values).await;
        if let Err(cause) = &rows {
            note_damage(&self.damage, cause);
        }
        Ok(rows?)
    }

    /// Where damage of it is noted.
    pub(super) fn damage(&self) -> Damage {
        self.damage.clone()
    }

    /// Whether nobody has found it damaged so far.
    fn is_whole(&self) -> ready::Outcome {
        let told = |cause| format!("the log is damaged, which `chirp verify` looks into: {cause}");
        self.damage.get().map_or(Ok(()), |cause| Err(told(cause)))
    }

    /// The same log, which others see to be in use.
    pub(super) fn using(self, in_use: Option<File>) -> Self {
        Self { _in_use: in_use, ..self }
    }

    /// The same log, which says when it has moved.
    pub(super) fn moving(self, moved: Listener<Position>) -> Self {
        Self { moved, ..self }
    }

    /// The same log, to which is appended through a queue.
    pub(super) fn appending(self, queue: Queue) -> Self {
        Self { queue: Some(queue), ..self }
    }
}

/// Which version the schema has.
///
/// # Errors
/// When the database fails, or there is no log in it.
pub async fn version(tables: &Database) -> Result<i64, sqlx::Error> {
    tables.rows(&SELECT_VERSION, &[]).await?.first().ok_or(sqlx::Error::RowNotFound)?.get("schema_version")
}

/// Notes that the log is whole, or that it is not because it is being filled from elsewhere: then no process opens it.
///
/// # Errors
/// When the database fails.
pub async fn note_whole(tables: &Database, is_whole: bool) -> Result<(), ReadError> {
    let version = if is_whole { LOG.version } else { UNFINISHED };
    let mut tx = tables.begin_to_write().await?;
    tx.execute(&RAISE_VERSION, &[Value::Number(version)]).await?;
    Ok(tx.commit().await?)
}

/// Notes that the schema, which has just been brought forward, is of the version that this code serves.
///
/// # Errors
/// When the database fails, or a newer build has written it.
pub(crate) async fn raise_version(tx: &mut Transaction) -> Result<(), ReadError> {
    LOG.check_to_write(tx.row(&SELECT_VERSION, &[]).await?.get("schema_version")?)?;
    tx.execute(&RAISE_VERSION, &[Value::Number(LOG.version)]).await?;
    Ok(())
}

/// Notes that a file is damaged, if that is what SQLite says.
pub(super) fn note_damage(damage: &Damage, cause: &sqlx::Error) {
    if is_damage(cause) {
        damage.get_or_init(|| cause.to_string());
    }
}

fn without_identity() -> ReadError {
    ReadError::Unavailable("the log has no identity".to_owned())
}

fn without_head() -> ReadError {
    ReadError::Unavailable("the log has no head".to_owned())
}

#[async_trait]
impl LogHead for StoredLog {
    fn identity(&self) -> StoreIdentity {
        self.identity
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.is_whole().map_err(ReadError::Unavailable)?;
        let rows = self.rows(&SELECT_HEAD, &[]).await?;
        Ok(Head::from_row(rows.first().ok_or_else(without_head)?)?)
    }

    async fn primary_head(&self) -> Result<Option<Position>, ReadError> {
        let rows = self.rows(&SELECT_PRIMARY_POSITION, &[]).await?;
        let row = rows.first().ok_or_else(without_head)?;
        let is_behind: bool = row.get("is_behind")?;
        Ok(if is_behind { None } else { Some(Position(row.get("position")?)) })
    }

    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError> {
        let mut hashes = HashMap::with_capacity(positions.len());
        let is_origin = |position: &&Position| **position == Position(0);
        hashes.extend(positions.iter().find(is_origin).map(|origin| (*origin, chain::GENESIS)));
        let wanted: Rows = positions.iter().filter(|position| **position > Position(0)).collect();
        if wanted.is_empty() {
            return Ok(hashes);
        }
        for row in &self.rows(&SELECT_HASHES, &[Value::Rows(&wanted)]).await? {
            hashes.insert(Position(row.get("position")?), row.bytes32("hash")?);
        }
        Ok(hashes)
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        let rows = self.tables.rows(&SELECT_IS_STANDBY, &[]).await?;
        Ok(rows.first().map(|row| row.get("is_standby")).transpose()?.unwrap_or(false))
    }
}

#[async_trait]
impl EventLog for StoredLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let unavailable = |cause: &str| Err(AppendError::Unavailable(cause.to_owned()));
        match (&self.queue, &self.tables) {
            (None, _) => unavailable("this log was opened to read"),
            // A file answers or fails.
            (Some(queue), Database::Sqlite(_)) => queue.append(append).await,
            (Some(queue), Database::Postgres(_)) => append_within_deadline(queue.append(append))
                .await
                .unwrap_or_else(|| unavailable("the server took too long")),
        }
    }

    async fn can_append(&self) -> ready::Outcome {
        self.is_whole()?;
        match &self.queue {
            None => Err("this log was opened to read".to_owned()),
            Some(queue) => queue.check().await,
        }
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        let rows = self.rows(&SELECT_REQUEST, &[Value::Text(principal), Value::Id(request.0)]).await?;
        Ok(rows.first().map(StoredAnswer::from_row).transpose()?)
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let limit = i64::try_from(limit.min(READ_EVENTS_MAX)).expect("READ_EVENTS_MAX fits");
        let rows = self.rows(&SELECT_EVENTS, &[Value::Number(after.0), Value::Number(limit)]).await?;
        let mut expected = after.next();
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let recorded = Recorded::from_row(row)?;
            if recorded.position != expected {
                return Err(ReadError::Gap { expected, found: recorded.position });
            }
            expected = expected.next();
            events.push(recorded);
        }
        Ok(events)
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        // Whoever asks about the past may ask for any text, and PostgreSQL takes none with U+0000; no stream has it in its name.
        let mut names: Vec<&str> = streams.iter().map(StreamName::as_str).filter(|name| !name.contains('\0')).collect();
        names.sort_unstable();
        names.dedup();
        let wanted: Rows = (0_i64..).zip(names).collect();
        let rows = self.rows(&SELECT_STREAMS, &[Value::Rows(&wanted)]).await?;
        let mut by_name: HashMap<StreamName, Vec<Recorded>> = HashMap::new();
        for row in &rows {
            let recorded = Recorded::from_row(row)?;
            by_name.entry(recorded.stream.clone()).or_default().push(recorded);
        }
        Ok(streams.iter().map(|stream| by_name.get(stream).cloned().unwrap_or_default()).collect())
    }

    async fn first_recorded_after(&self, time: Timestamp) -> Result<Option<Position>, ReadError> {
        // In slices, so that no statement and no snapshot lasts for long.
        let head = self.head().await?.position;
        let mut after = Position(0);
        while after < head {
            let until = after.0.saturating_add(SLICE_EVENTS);
            let values = [time.0, after.0, until].map(Value::Number);
            let rows = self.rows(&SELECT_FIRST_AFTER, &values).await?;
            if let Some(row) = rows.first() {
                return Ok(Some(Position(row.get("position")?)));
            }
            after = Position(until);
        }
        Ok(None)
    }

    fn moved(&self) -> Listener<Position> {
        self.moved.clone()
    }
}

#[async_trait]
impl WholeLog for StoredLog {
    async fn requests_after(
        &self,
        after: Option<&StoredRequest>,
        limit: usize,
    ) -> Result<Vec<StoredRequest>, ReadError> {
        let limit = i64::try_from(limit.min(READ_EVENTS_MAX)).expect("READ_EVENTS_MAX fits");
        // No principal is empty, and no id of a client is nil.
        let (principal, id) = after.map_or(("", Uuid::nil()), |last| (&last.principal, last.request_id.0));
        let values = [Value::Text(principal), Value::Id(id), Value::Number(limit)];
        let rows = self.rows(&SELECT_REQUESTS_AFTER, &values).await?;
        Ok(rows.iter().map(StoredRequest::from_row).collect::<Result<_, _>>()?)
    }

    async fn import(&self, import: Import) -> Result<(), ImportError> {
        let mut tx = self.imports.as_ref().ok_or(ImportError::NotOpened)?.begin_to_write().await?;
        let head = import.head_after(Head::within(&mut tx).await?)?;
        if !import.requests.is_empty() {
            write_requests(&mut tx, &import.requests.iter().collect()).await?;
        }
        if let Some(last) = import.events.last() {
            write_events(&mut tx, &import.events.iter().collect(), &head, last.recorded_at).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Gives the log in these tables an identity of its own.
///
/// # Errors
/// When the database fails.
pub async fn begin_epoch(log: &Database, epoch: Uuid, token_key: Hash) -> Result<(), ReadError> {
    let mut tx = log.begin_to_write().await?;
    tx.execute(&UPDATE_IDENTITY, &[Value::Id(epoch), Value::Bytes(&token_key)]).await?;
    Ok(tx.commit().await?)
}

/// Writes events that have their places, and the head that they lead to.
pub(super) async fn write_events(
    tx: &mut Transaction,
    events: &Rows,
    head: &Head,
    recorded_at: Timestamp,
) -> Result<(), sqlx::Error> {
    tx.execute(&INSERT_EVENTS, &[Value::Rows(events)]).await?;
    let reached = [Value::Number(head.position.0), Value::Bytes(&head.hash), Value::Number(recorded_at.0)];
    tx.execute(&UPDATE_HEAD, &reached).await.map(drop)
}

/// Writes requests; those that are there stay as they are.
pub(super) async fn write_requests(tx: &mut Transaction, requests: &Rows) -> Result<(), sqlx::Error> {
    tx.execute(&INSERT_REQUESTS, &[Value::Rows(requests)]).await.map(drop)
}

impl Head {
    /// What a transaction that appends goes on from.
    pub(super) async fn within(tx: &mut Transaction) -> Result<Self, sqlx::Error> {
        Self::from_row(&tx.row(&SELECT_HEAD, &[]).await?)
    }

    fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self { position: Position(row.get("position")?), hash: row.bytes32("hash")? })
    }
}

impl StoredRequest {
    pub(super) fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            principal: row.get("principal")?,
            request_id: RequestId(row.get("request_id")?),
            stored: StoredAnswer::from_row(row)?,
        })
    }
}

impl Line for StoredRequest {
    fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
        take(Cell::Text(Some(&self.principal)));
        take(Cell::Id(Some(self.request_id.0)));
        take(Cell::Bytes(&self.stored.digest));
        take(Cell::Number(Some(self.stored.position.0)));
        take(Cell::Bytes(&self.stored.answer));
    }
}

impl StoredAnswer {
    pub(super) fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            digest: row.bytes32("digest")?,
            position: Position(row.get("position")?),
            answer: row.get("answer")?,
        })
    }
}

impl Recorded {
    fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        let schema_version: i64 = row.get("schema_version")?;
        Ok(Self {
            position: Position(row.get("position")?),
            event_id: EventId(row.get("event_id")?),
            stream: StreamName::from_text(row.get("stream")?),
            version: Version(row.get("version")?),
            kind: row.get("type")?,
            schema_version: u32::try_from(schema_version).map_err(|cause| sqlx::Error::Decode(cause.into()))?,
            cause: Cause {
                command_id: CommandId(row.get("command_id")?),
                correlation_id: row.get("correlation_id")?,
                causation_id: row.get::<Option<Uuid>>("causation_id")?.map(EventId),
                principal: row.get("principal")?,
                traceparent: row.get("traceparent")?,
            },
            recorded_at: Timestamp(row.get("recorded_at")?),
            payload: row.get("payload")?,
            payload_digest: row.bytes32("payload_digest")?,
            hash: row.bytes32("hash")?,
        })
    }
}

impl Line for Recorded {
    fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
        take(Cell::Number(Some(self.position.0)));
        take(Cell::Id(Some(self.event_id.0)));
        take(Cell::Text(Some(self.stream.as_str())));
        take(Cell::Number(Some(self.version.0)));
        take(Cell::Text(Some(&self.kind)));
        take(Cell::Number(Some(self.schema_version.into())));
        take(Cell::Id(Some(self.cause.command_id.0)));
        take(Cell::Id(Some(self.cause.correlation_id)));
        take(Cell::Id(self.cause.causation_id.map(|id| id.0)));
        take(Cell::Text(Some(&self.cause.principal)));
        take(Cell::Text(self.cause.traceparent.as_deref()));
        take(Cell::Number(Some(self.recorded_at.0)));
        take(Cell::Text(Some(&self.payload)));
        take(Cell::Bytes(&self.payload_digest));
        take(Cell::Bytes(&self.hash));
    }
}
