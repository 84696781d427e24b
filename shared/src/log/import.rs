//! Import: what a log takes over from a backup or from another log, with the places and hashes that it has.
//!
//! Always: the hash chain is checked against the head before anything is stored, so that no import makes a log that does not verify. Never
//! here: where the events come from, or how they are stored.

use super::{Head, Recorded, StoredRequest, chain};
use crate::model::ids::Position;

/// A part of another log.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// Events in the order of the log, the first of them right after the head.
    pub events: Vec<Recorded>,
    /// Requests that were answered.
    pub requests: Vec<StoredRequest>,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// An event does not come next: the log holds another history, or a part of this one is missing.
    #[error("position {found} is not next, {expected} is")]
    NotNext {
        /// The position after the head, or after the event before.
        expected: Position,
        /// The position that came.
        found: Position,
    },
    /// The hash of an event is not that of its bytes after the event before.
    #[error("position {0}: the hash chain is broken")]
    Broken(Position),
    /// The log was opened for something else.
    #[error("this log was not opened to import")]
    NotOpened,
    /// The store failed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl From<sqlx::Error> for ImportError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Unavailable(cause.to_string())
    }
}

impl Import {
    /// The head of a log that has this one once it has imported this.
    pub(super) fn head_after(&self, mut head: Head) -> Result<Head, ImportError> {
        for event in &self.events {
            let expected = head.position.next();
            if event.position != expected {
                return Err(ImportError::NotNext { expected, found: event.position });
            }
            if !chain::follows(head.hash, event) {
                return Err(ImportError::Broken(event.position));
            }
            head = Head { position: event.position, hash: event.hash };
        }
        Ok(head)
    }
}
