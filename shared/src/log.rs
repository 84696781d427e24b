//! The event log: the only truth, behind one port.
//!
//! Always: positions are dense and assigned in commit order; an acknowledged append is on disk; of two appends with the
//! same expectation exactly one wins; one request id has one effect; `hash = SHA-256(previous hash, header,
//! SHA-256(payload))`. Never here: what an event means (see [`crate::event`]) or any read table.
//!
//! Every adapter passes the whole suite in `contract`.

pub mod chain;
#[cfg(test)]
mod contract;
pub mod memory;
mod numbering;
pub mod postgres;
mod queue;
pub mod sqlite;
pub mod stored;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::event::{DecodeError, Event};
use crate::ids::{AccountId, CommandId, EventId, Position, PostId, RequestId, Version};

/// The most events that one command may append.
pub const APPEND_EVENTS_MAX: usize = 10_000;
/// The most events that one `read` returns.
pub const READ_EVENTS_MAX: usize = 65_536;

/// The name of one stream, such as `post-0190…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(String);

impl StreamName {
    /// The account itself.
    #[must_use]
    pub fn account(account: AccountId) -> Self {
        Self(format!("account-{account}"))
    }

    /// Who holds the handle.
    #[must_use]
    pub fn handle(handle: &str) -> Self {
        Self(format!("handle-{handle}"))
    }

    /// The post itself.
    #[must_use]
    pub fn post(post: PostId) -> Self {
        Self(format!("post-{post}"))
    }

    /// One account's like of one post.
    #[must_use]
    pub fn like(account: AccountId, post: PostId) -> Self {
        Self(format!("like-{account}-{post}"))
    }

    /// One account's repost of one post.
    #[must_use]
    pub fn repost(account: AccountId, post: PostId) -> Self {
        Self(format!("repost-{account}-{post}"))
    }

    /// One account's bookmark of one post.
    #[must_use]
    pub fn bookmark(account: AccountId, post: PostId) -> Self {
        Self(format!("bookmark-{account}-{post}"))
    }

    /// The edge from a follower to a followee.
    #[must_use]
    pub fn follow(follower: AccountId, followee: AccountId) -> Self {
        Self(format!("follow-{follower}-{followee}"))
    }

    /// The pending follow requests of an account.
    #[must_use]
    pub fn requests(followee: AccountId) -> Self {
        Self(format!("requests-{followee}"))
    }

    /// One account's block of another.
    #[must_use]
    pub fn block(account: AccountId, target: AccountId) -> Self {
        Self(format!("block-{account}-{target}"))
    }

    /// One account's mute of another.
    #[must_use]
    pub fn mute(account: AccountId, target: AccountId) -> Self {
        Self(format!("mute-{account}-{target}"))
    }

    /// What an account has seen of its notifications.
    #[must_use]
    pub fn notifications(account: AccountId) -> Self {
        Self(format!("notifications-{account}"))
    }

    /// A name that someone typed or that a database kept.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
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
    /// What happened, in order. May be empty when only the request is to be kept.
    pub events: Vec<(StreamName, Event)>,
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

/// How an append ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Stored now; the position is that of its last event, or the head when it had none.
    Now(Position),
    /// The request id was stored before, with this answer; nothing was appended.
    Before(StoredAnswer),
}

/// Why nothing was appended (but see [`AppendError::Unavailable`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A stream is not at the expected version.
    #[error("stream {0} has moved on")]
    Conflict(StreamName),
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
    /// When; never before the event before it.
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

    /// The position of the newest event, 0 in an empty log.
    async fn head(&self) -> Result<Position, ReadError>;
}

/// The log itself.
#[async_trait]
pub trait EventLog: LogHead {
    /// Appends the events of one command: all or nothing, durable when this returns.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

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

    /// A hint that the head may have moved, as far as this process knows. The pull is the truth.
    fn moved(&self) -> watch::Receiver<Position>;
}
