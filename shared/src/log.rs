//! The event log: the only truth, behind one port.
//!
//! Always: positions are dense and assigned in commit order; an acknowledged append is on disk; of two appends with the
//! same expectation exactly one wins; one request id has one effect; `hash = SHA-256(previous hash, header,
//! SHA-256(payload))`. Never here: what an event means: an event comes in encoded ([`NewEvent`]) and goes out as it was stored
//! ([`Recorded`]), see [`crate::model::event`] for what is between; any read table.
//!
//! Every adapter passes the whole suite in `contract`.

#![warn(missing_docs)]

pub mod chain;
#[cfg(test)]
mod contract;
mod import;
pub mod memory;
mod numbering;
pub mod postgres;
mod queue;
pub mod sqlite;
pub mod stored;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::clock::Timestamp;
use crate::model::event::{DecodeError, Encoded, Event};
use crate::model::ids::{CommandId, EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;
use crate::runtime::wake::Listener;

pub use self::import::{Import, ImportError};

/// The most events that one command may append.
pub const APPEND_EVENTS_MAX: usize = 10_000;
/// The most events that one `read` returns.
pub const READ_EVENTS_MAX: usize = 65_536;

/// SHA-256 of an event and everything before it, see [`chain`].
pub type Hash = [u8; 32];

/// A position, bound to the history that it belongs to: a log that was restored or that failed over has other events at the positions
/// that it lost, and so other hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// A position in the log.
    pub position: Position,
    /// The beginning of the hash of the event at this position.
    pub fingerprint: [u8; FINGERPRINT_BYTES],
}

/// How much of a hash an [`Anchor`] keeps. Nobody can choose hashes, so that two histories share a fingerprint by chance only: 1 in 2^64.
pub const FINGERPRINT_BYTES: usize = 8;

impl Anchor {
    /// Before the first event, where all histories are the same.
    pub const ORIGIN: Self = Self { position: Position(0), fingerprint: [0; FINGERPRINT_BYTES] };

    /// The anchor at a position whose event has this hash.
    #[must_use]
    pub fn new(position: Position, hash: &Hash) -> Self {
        Self { position, fingerprint: *hash.first_chunk().expect("a hash is longer than a fingerprint") }
    }
}

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Of the newest event; 0 in an empty log.
    pub position: Position,
    /// Of the newest event; [`chain::GENESIS`] in an empty log.
    pub hash: Hash,
}

impl Head {
    /// The end of an empty log.
    pub const ORIGIN: Self = Self { position: Position(0), hash: chain::GENESIS };

    /// The head as a position in one particular history.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        if self.position == Position(0) { Anchor::ORIGIN } else { Anchor::new(self.position, &self.hash) }
    }
}

/// An event before it has a place: the bytes that will be stored, and their digest. Encoding and hashing are done by whoever makes it, so
/// that neither happens while the log is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The aggregate stream to which it belongs.
    pub stream: StreamName,
    /// The stable type name.
    pub kind: String,
    /// The schema version of the payload.
    pub schema_version: u32,
    /// The exact bytes of the JSON.
    pub payload: String,
    /// SHA-256 of the payload.
    pub payload_digest: Hash,
}

impl NewEvent {
    /// An event of this stream that was encoded.
    #[must_use]
    pub fn new(stream: StreamName, encoded: Encoded) -> Self {
        let Encoded { kind, schema_version, payload } = encoded;
        Self { stream, kind, schema_version, payload_digest: chain::digest(payload.as_bytes()), payload }
    }
}

/// Who caused an event, and in what context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The command.
    pub command_id: CommandId,
    /// What everything that follows from one outside request shares.
    pub correlation_id: Uuid,
    /// The event that led to this command, if one did.
    pub causation_id: Option<EventId>,
    /// On whose authority.
    pub principal: String,
    /// The W3C trace context of the request.
    pub traceparent: Option<String>,
}

/// A request id in its scope, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id that the client chose.
    pub request_id: RequestId,
    /// SHA-256 over the method and the payload: the same id with another digest is refused.
    pub digest: [u8; 32],
}

/// The events of one command, with all that must still be true when they are stored.
#[derive(Clone, Debug)]
pub struct Append {
    /// The version of every stream that the decision wrote or read.
    pub expected: BTreeMap<StreamName, Version>,
    /// The newest event that whoever decided may have known. A log that does not have it has another history, in which the versions that are
    /// expected may stand for something else.
    pub rests_on: Anchor,
    /// What happened, in order. May be empty when only the request is to be kept.
    pub events: Vec<NewEvent>,
    /// Who caused it. The request id is scoped to the principal.
    pub cause: Cause,
    /// The request to remember.
    pub request: Option<Request>,
    /// The answer to remember with the request.
    pub answer: Vec<u8>,
}

/// What a stored request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// What the request stood for.
    pub digest: [u8; 32],
    /// The log's head right after it.
    pub position: Position,
    /// The answer as it was handed to [`EventLog::append`].
    pub answer: Vec<u8>,
}

/// A request as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRequest {
    /// In whose scope the id is.
    pub principal: String,
    /// The id that the client chose.
    pub request_id: RequestId,
    /// What it was answered.
    pub stored: StoredAnswer,
}

/// How an append ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Stored now; the anchor is that of its last event, or of the head when it had none.
    Now(Anchor),
    /// The request id was stored before, with this answer; nothing was appended.
    Before(StoredAnswer),
}

/// Why nothing was appended (but see [`AppendError::Unavailable`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A stream is not at the expected version.
    #[error("stream {0} has moved on")]
    Conflict(StreamName),
    /// The log does not have an event on which the decision rests: history went back. Decide again, on nothing that was known.
    #[error("the log lost events on which this rests")]
    HistoryLost,
    /// The store refuses what one of the events says.
    #[error("the store cannot hold this: {0}")]
    Unstorable(String),
    /// The request id stands for another method or payload.
    #[error("the request id was used for something else")]
    RequestIdReused,
    /// More than [`APPEND_EVENTS_MAX`] events.
    #[error("a command may append at most {APPEND_EVENTS_MAX} events")]
    TooManyEvents,
    /// Too many appends are waiting.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The disk is full.
    #[error("the store is full")]
    Full,
    /// The store failed. Whether the append happened is not known: ask again with the same request id.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Another build is needed, or the schema must be brought forward.
    #[error(transparent)]
    Schema(#[from] crate::sql::versions::Mismatch),
    /// A position is missing: the log is damaged.
    #[error("the log goes from position {found} to another than {expected}")]
    Gap {
        /// The position that should have come.
        expected: Position,
        /// The position that came.
        found: Position,
    },
}

impl From<sqlx::Error> for ReadError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Unavailable(cause.to_string())
    }
}

/// An event as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// Its own id.
    pub event_id: EventId,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in the stream.
    pub version: Version,
    /// The stable type name.
    pub kind: String,
    /// The schema version of the payload.
    pub schema_version: u32,
    /// Who caused it.
    pub cause: Cause,
    /// When, by the clock of the process that appended it. Order is by position alone: a clock that was set back makes this smaller than
    /// that of the event before.
    pub recorded_at: Timestamp,
    /// The exact bytes of the JSON.
    pub payload: String,
    /// SHA-256 of the payload.
    pub payload_digest: [u8; 32],
    /// The link of the hash chain.
    pub hash: [u8; 32],
}

impl Recorded {
    /// What happened.
    ///
    /// # Errors
    /// When this code cannot read the stored form.
    pub fn event(&self) -> Result<Event, DecodeError> {
        Event::decode(&self.kind, self.schema_version, &self.payload)
    }
}

/// What a store is, as every token and every process must agree on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StoreIdentity {
    /// Random, new when a store is created, restored or copied.
    pub epoch: Uuid,
    /// The key that authenticates tokens. Never printed.
    pub token_key: [u8; 32],
}

impl fmt::Debug for StoreIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoreIdentity").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// The end of the log, which is all that a query server may know of it.
#[async_trait]
pub trait LogHead: Send + Sync {
    /// The store's identity.
    fn identity(&self) -> StoreIdentity;

    /// The newest event.
    async fn head(&self) -> Result<Head, ReadError>;

    /// The hashes of the events at these positions; a position without an event is left out. Position 0 is before the first event and
    /// has the hash [`chain::GENESIS`].
    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError>;

    /// Whether another copy of this log may be ahead of this one: a standby answers from what it has received so far.
    async fn may_lag(&self) -> Result<bool, ReadError>;

    /// The head of the primary, as far as that can be known here; nothing on a standby that has more to replay, or is not connected to a
    /// primary and so may have missed anything.
    async fn primary_head(&self) -> Result<Option<Position>, ReadError> {
        Ok(Some(self.head().await?.position))
    }

    /// The anchor at a position; nothing where there is no event.
    async fn anchor_at(&self, position: Position) -> Result<Option<Anchor>, ReadError> {
        Ok(self.hashes_at(&[position]).await?.get(&position).map(|hash| Anchor::new(position, hash)))
    }
}

/// The log itself.
#[async_trait]
pub trait EventLog: LogHead {
    /// Appends the events of one command: all or nothing, durable when this returns.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Whether an append could be stored now, as far as that can be known without one: the writer works, the store can be written to.
    async fn can_append(&self) -> crate::runtime::ready::Outcome {
        Ok(())
    }

    /// Finds what a request of this principal was answered.
    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError>;

    /// Reads up to `limit` events after `after`, in order and without a gap.
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError>;

    /// Reads the event at a position; nothing where there is none, as before the first.
    async fn at(&self, position: Position) -> Result<Option<Recorded>, ReadError> {
        let read = if position > Position(0) { self.read(Position(position.0 - 1), 1).await? } else { vec![] };
        Ok(read.into_iter().next())
    }

    /// Reads whole streams, each in order, from one snapshot. A stream that does not exist is empty.
    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError>;

    /// The position of the first event that was recorded later than a time. Times may go back in the log, so this looks at every event before
    /// it.
    async fn first_recorded_after(&self, time: Timestamp) -> Result<Option<Position>, ReadError> {
        let mut after = Position(0);
        loop {
            let page = self.read(after, READ_EVENTS_MAX).await?;
            if let Some(later) = page.iter().find(|event| event.recorded_at > time) {
                return Ok(Some(later.position));
            }
            let Some(last) = page.last() else { return Ok(None) };
            after = last.position;
        }
    }

    /// Hints that the head may have moved, as far as this process knows. The pull is the truth.
    fn moved(&self) -> Listener<Position>;
}

/// The log as those need it who back it up, copy it or fill it from elsewhere.
#[async_trait]
pub trait WholeLog: EventLog {
    /// Reads up to `limit` stored requests that come after one, in an order of the store's own; from the first, if after none.
    async fn requests_after(
        &self,
        after: Option<&StoredRequest>,
        limit: usize,
    ) -> Result<Vec<StoredRequest>, ReadError>;

    /// Stores events that have their places already, with the requests that were answered by them: all or nothing, durable when this
    /// returns. The events go on where the log ends. A request that is there stays as it is.
    async fn import(&self, import: Import) -> Result<(), ImportError>;
}
