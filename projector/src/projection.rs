//! What a projection is: a name with a version, a pure fold and a set-wise write.

use async_trait::async_trait;
use shared::log::Recorded;
use shared::model::clock::Timestamp;
use shared::model::event::{DecodeError, Event};
use shared::model::ids::{Position, Version};
use shared::sql::database::Transaction;

/// An event as projections see it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its place in the log.
    pub position: Position,
    /// Its place in its stream.
    pub version: Version,
    /// When it was recorded.
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
    /// The facts, in the order of the log. There may be none.
    pub facts: Vec<&'a Fact>,
    /// Where the projection was before.
    pub after: Position,
    /// Where it is once they are applied.
    pub checkpoint: Position,
}

impl Batch<'_> {
    /// Whether these were parked: the projection has gone on long ago, and goes nowhere now.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.after == self.checkpoint
    }
}

/// What a projection does about an event that it cannot apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It stops in front of it and alarms: wrong answers would be worse than old ones.
    Critical,
    /// It parks the event, with those that must stay behind it, and goes on.
    BestEffort,
}

/// A view of the log as tables.
///
/// Always: applying a batch is a pure fold and then one statement per table; the batch's size changes no answer; a
/// projection reads and writes its own tables only; the caller commits the effects together with the checkpoint. Events that the order
/// of parking lets through (see [`crate::parking`]) may be applied in any order.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name, which ends with its version and begins the names of its tables: to reshape a projection, put the next version beside
    /// it.
    fn name(&self) -> &'static str;

    /// The first words of the types of events that it wants, such as `post`; it is never given others.
    fn wants(&self) -> &'static [&'static str];

    /// What it does about an event that it cannot apply.
    fn policy(&self) -> Policy {
        Policy::BestEffort
    }

    /// Folds a batch and writes the net change.
    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error>;
}
