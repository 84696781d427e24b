//! A checkpoint as the read tables keep it: how far a projection is, in which history of the log.
//!
//! Always: one reading of the row, and one answer to whether a log has the event at it. Never here: who may move it.

use std::collections::HashMap;

use crate::log::Hash;
use crate::model::ids::Position;
use crate::sql::database::Row;

/// One row of `projections`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything up to here is in the tables of the projection.
    pub position: Position,
    /// The log's hash there, as it was when the checkpoint moved; nothing in tables that were written before hashes were kept.
    pub hash: Option<Hash>,
    /// Which owner moved it last.
    pub term: i64,
    /// Below this position the tables do not answer queries.
    pub served_from: Position,
}

impl Checkpoint {
    /// Reads the columns `checkpoint`, `hash`, `term` and `served_from`.
    ///
    /// # Errors
    /// When a column is missing or holds something else.
    pub fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position(row.get("checkpoint")?),
            hash: row.maybe_bytes32("hash")?,
            term: row.get("term")?,
            served_from: Position(row.get("served_from")?),
        })
    }

    /// Whether a log that has these hashes at these positions has the event at this checkpoint.
    #[must_use]
    pub fn is_in(&self, hashes: &HashMap<Position, Hash>) -> bool {
        hashes.get(&self.position).is_some_and(|found| self.hash.is_none_or(|kept| kept == *found))
    }

    /// Whether the tables have come to the position from which on they answer queries.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.position >= self.served_from
    }
}
