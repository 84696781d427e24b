//! A store: the folder that holds one log and the read tables that were filled from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::log::{Durability, LogHead, ReadError, SqliteLog};
use crate::tables::{self, OpenError};

/// How often a process looks whether the part of the store that it waits for is there.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder could not be made.
    #[error("the store's folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
    /// There is no store.
    #[error("there is no store in {0}")]
    Missing(PathBuf),
    /// The log could not be opened.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The read tables could not be opened.
    #[error(transparent)]
    Tables(#[from] OpenError),
}

/// Where a store is.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The store in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(|cause| StoreError::Folder(folder.to_owned(), cause))?;
        Ok(Self(folder.to_owned()))
    }

    /// The store in a folder that must be there.
    ///
    /// # Errors
    /// When there is no log in the folder.
    pub fn in_existing_folder(folder: &Path) -> Result<Self, StoreError> {
        let store = Self(folder.to_owned());
        match store.log_file().is_file() {
            true => Ok(store),
            false => Err(StoreError::Missing(folder.to_owned())),
        }
    }

    /// The file that holds the log.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.0.join("log.db")
    }

    /// The file that holds the read tables.
    #[must_use]
    pub fn tables_file(&self) -> PathBuf {
        self.0.join("tables.db")
    }

    /// Opens the log, making it when there is none.
    ///
    /// # Errors
    /// When the file is not a log or cannot be written.
    pub async fn open_log(&self, clock: Arc<dyn Clock>) -> Result<SqliteLog, StoreError> {
        Ok(SqliteLog::open(&self.log_file(), Durability::OnDisk, clock).await?)
    }

    /// Opens the read tables to write them.
    ///
    /// # Errors
    /// When they belong to another log or cannot be written.
    pub async fn open_tables_to_write(&self, log: &dyn LogHead) -> Result<SqliteConnection, StoreError> {
        Ok(tables::open_to_write(&self.tables_file(), log.identity().epoch).await?)
    }

    /// Opens log and read tables without the possibility to write, waiting until a command server and a projector have
    /// made them.
    ///
    /// # Errors
    /// When the tables belong to another log.
    pub async fn open_to_read(&self) -> Result<(SqliteLog, SqlitePool), StoreError> {
        let mut told = false;
        loop {
            match self.try_open_to_read().await {
                Ok(opened) => return Ok(opened),
                Err(cause @ StoreError::Tables(OpenError::AnotherStore)) => return Err(cause),
                Err(cause) if !told => {
                    info!("waiting for a command server and a projector to make the store in {}", self.0.display());
                    warn!(%cause, "not yet: {cause}");
                    told = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn try_open_to_read(&self) -> Result<(SqliteLog, SqlitePool), StoreError> {
        let log = SqliteLog::open_read_only(&self.log_file()).await?;
        let pool = tables::open_to_read(&self.tables_file(), log.identity().epoch).await?;
        Ok((log, pool))
    }
}
