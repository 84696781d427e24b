//! The port of a projection: a name with a version, a pure fold and a set-wise write.

#![warn(missing_docs)]

use async_trait::async_trait;
use shared::log::Recorded;
use shared::model::clock::Timestamp;
use shared::model::event::{DecodeError, Event};
use shared::model::ids::{Position, Version};
use shared::sql::database::Transaction;
use shared::tables::Tables;

use crate::projections::wanted_by;

/// An event as projections see it, decoded.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The event's place in the whole log.
    pub position: Position,
    /// The event's place in its log stream, 1 for the first.
    pub version: Version,
    /// By the clock of the process that appended it.
    pub recorded_at: Timestamp,
    /// What happened.
    pub event: Event,
}

impl TryFrom<&Recorded> for Fact {
    type Error = DecodeError;

    fn try_from(recorded: &Recorded) -> Result<Self, Self::Error> {
        let Recorded { position, version, recorded_at, .. } = *recorded;
        Ok(Self { position, version, recorded_at, event: recorded.event()? })
    }
}

/// Facts that are applied together.
#[derive(Debug)]
pub struct Batch<'a> {
    /// In the order of the log, without those that the projection does not want or that are parked. There may be none.
    pub facts: Vec<&'a Fact>,
    /// The checkpoint before.
    pub after: Position,
    /// The checkpoint once they are applied.
    pub checkpoint: Position,
}

impl Batch<'_> {
    /// Whether these facts were parked: the projection has long passed them, and its checkpoint does not move.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.after == self.checkpoint
    }
}

/// What a projection does about an event that it cannot apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It stops in front of the event, and the process is not ready: wrong answers would be worse than old ones.
    Critical,
    /// It parks the event, with those that must wait behind it, and goes on.
    BestEffort,
}

/// A view of the log as tables.
///
/// Always: applying a batch is a pure fold and then one statement per table; the batch's size changes no answer; a
/// projection reads and writes its own tables only; the caller commits the effects together with the checkpoint. Events
/// that the order of parking lets through (see [`crate::parking`]) may be applied in any order.
#[async_trait]
pub trait Projection: Send + Sync {
    /// What it has in the database.
    fn tables(&self) -> &'static Tables;

    /// Ends with its version: to reshape a projection, add the next version.
    fn name(&self) -> &'static str {
        self.tables().projection
    }

    /// Whether this is the rebuild of a projection, which writes to the shadow tables.
    fn is_rebuild(&self) -> bool {
        self.name() == self.tables().rebuild
    }

    /// The first words of the types of events that it wants, such as `post`. Of an event that cannot be decoded nothing else is known.
    fn aggregates(&self) -> &'static [&'static str];

    /// Whether it wants this event; it is never given others. See [`wanted_by`].
    fn is_wanted(&self, event: &Event) -> bool {
        wanted_by(event).contains(&self.name())
    }

    /// What it does about an event that it cannot apply; by default it parks the event.
    fn policy(&self) -> Policy {
        Policy::BestEffort
    }

    /// Folds a batch and writes the net change. An error about values is taken for one of the events, any other for one of the store.
    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error>;
}
