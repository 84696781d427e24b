//! A log that is being filled from elsewhere, by a restore, an import or a copy.
//!
//! Always: a part of a log looks like a whole one, so no process opens it between `begin` and `end`. Never here: what it is filled with.

use std::sync::Arc;

use super::{Store, StoreError};
use crate::log::stored::{StoredLog, note_whole, version};
use crate::log::{LogHead, WholeLog};
use crate::model::clock::SystemClock;
use crate::model::ids::Position;
use crate::sql::database::Database;
use crate::sql::versions::UNFINISHED;
use crate::tables::Tables;

/// The log of a store, opened to import into it.
pub struct Importing {
    /// The log, which imports and does not append.
    pub log: Arc<dyn WholeLog>,
    /// It is empty, or an import into it was begun and has not ended: whatever is in it has been put there by imports.
    pub is_new: bool,
    tables: Database,
}

impl Store {
    /// Opens the log to import into it, making the store, with the tables of these projections, when there is none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn open_log_to_import(&self, projections: &[&Tables]) -> Result<Importing, StoreError> {
        let tables = self.tables_of_log_to_write();
        // Where there is no log yet, nobody can say.
        let goes_on = version(&tables).await.is_ok_and(|version| version == UNFINISHED);
        if !goes_on {
            self.make(projections).await?;
            // Opening it once makes it.
            drop(self.open_log(Arc::new(SystemClock)).await?);
        }
        let log = StoredLog::of_any_version(tables.clone()).await?.importing();
        let is_new = goes_on || log.head().await?.position == Position(0);
        Ok(Importing { log: Arc::new(log), is_new, tables })
    }
}

impl Importing {
    /// From now on no process opens the log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(&self) -> Result<(), StoreError> {
        Ok(note_whole(&self.tables, false).await?)
    }

    /// The log is whole, and can be opened.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(&self) -> Result<(), StoreError> {
        Ok(note_whole(&self.tables, true).await?)
    }
}
