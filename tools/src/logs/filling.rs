//! A log that is being filled from elsewhere, by a restore, an import or a copy.
//!
//! Always: a part of a log looks like a whole one, so nobody may open it before the end has come. Never here: what it is filled with.

use std::sync::Arc;

use shared::log::ReadError;
use shared::log::stored::{Head, note_whole, version};
use shared::model::clock::SystemClock;
use shared::model::ids::Position;
use shared::sql::database::Database;
use shared::sql::versions::UNFINISHED;
use shared::store::Store;

/// The log of a store that is filled.
pub struct Filling {
    /// Its tables.
    pub target: Database,
    /// How far it was when this began.
    pub reached: Head,
    /// It was begun before, or is empty, so that whatever is in it has been put there in this way.
    pub is_new: bool,
}

impl Filling {
    /// Makes the log of a store if it is missing.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn of(store: &Store) -> anyhow::Result<Self> {
        let target = store.tables_of_log_to_write();
        // Where there is no log yet, nobody can say.
        let goes_on = version(&target).await.is_ok_and(|version| version == UNFINISHED);
        if !goes_on {
            store.make().await?;
            // Opening it once makes it.
            drop(store.open_log(Arc::new(SystemClock)).await?);
        }
        let reached = Head::of(&target).await?;
        let is_new = goes_on || reached.position == Position(0);
        Ok(Self { target, reached, is_new })
    }

    /// From now on nobody opens it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(&self) -> Result<(), ReadError> {
        note_whole(&self.target, false).await
    }

    /// It is whole.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(&self) -> Result<(), ReadError> {
        note_whole(&self.target, true).await
    }
}
