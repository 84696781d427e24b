//! What a projection is: a name with a version, a pure fold and a set-wise write.

use async_trait::async_trait;
use shared::clock::Timestamp;
use shared::database::Transaction;
use shared::event::{DecodeError, Event};
use shared::ids::Position;
use shared::log::Recorded;
use shared::sql::Script;

/// An event as projections see it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its place in the log.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What happened.
    pub event: Event,
}

impl TryFrom<&Recorded> for Fact {
    type Error = DecodeError;

    fn try_from(recorded: &Recorded) -> Result<Self, Self::Error> {
        Ok(Self { position: recorded.position, recorded_at: recorded.recorded_at, event: recorded.event()? })
    }
}

/// A view of the log as tables.
///
/// Always: applying a batch is a pure fold and then one statement per table; the batch's size changes no answer; a
/// projection reads and writes its own tables only; the caller commits the effects together with the checkpoint.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name, which ends with its version: to reshape a projection, put the next version beside it.
    fn name(&self) -> &'static str;

    /// Statements that bring its tables back to how they were before the first event.
    fn reset(&self) -> &'static Script;

    /// Folds a batch and writes the net change.
    async fn apply(&self, tx: &mut Transaction, batch: &[Fact]) -> Result<(), sqlx::Error>;
}
