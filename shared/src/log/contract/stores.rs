//! The stores that are held to the contract.

use tempfile::TempDir;

use super::*;
use crate::log::memory::MemoryStore;
use crate::log::sqlite::{Durability, tables_to_write};
use crate::log::stored::StoredLog;
use crate::log::{WholeLog, postgres as postgres_log, sqlite as sqlite_log};
use crate::sql::postgres::Server;

/// A SQLite file in a directory that is removed with it.
pub(super) struct SqliteStore {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl SqliteStore {
    pub(super) fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("log.db")
    }
}

impl StoreUnderTest for SqliteStore {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { directory: TempDir::new().expect("there is room for a directory"), clock }
    }

    async fn open(&self) -> Log {
        let log = sqlite_log::open(&self.file(), Durability::OnDisk, self.clock.clone()).await;
        Arc::new(log.expect("the file can be opened"))
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(sqlite_log::open_to_read(&self.file()).await.expect("the file can be opened to read"))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl WholeStoreUnderTest for SqliteStore {
    async fn open_whole(&self) -> Arc<dyn WholeLog> {
        Arc::new(sqlite_log::open_to_read(&self.file()).await.expect("the file can be opened to read"))
    }

    async fn open_to_import(&self) -> Arc<dyn WholeLog> {
        let log = StoredLog::of_any_version(tables_to_write(&self.file())).await;
        Arc::new(log.expect("the file is there").importing())
    }
}

/// A database of its own on the server that the tests have.
pub(super) struct PostgresStore {
    pub(super) server: Server,
    clock: Arc<ManualClock>,
}

impl StoreUnderTest for PostgresStore {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { server: Server::for_a_test().await, clock }
    }

    async fn open(&self) -> Log {
        self.server.migrate(&[]).await.expect("the schemas can be made");
        Arc::new(postgres_log::open(&self.server, self.clock.clone()).await.expect("the log can be opened"))
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(postgres_log::open_to_read(&self.server).await.expect("the log can be opened to read"))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl WholeStoreUnderTest for PostgresStore {
    async fn open_whole(&self) -> Arc<dyn WholeLog> {
        Arc::new(postgres_log::open_to_read(&self.server).await.expect("the log can be opened to read"))
    }

    async fn open_to_import(&self) -> Arc<dyn WholeLog> {
        let log = StoredLog::of_any_version(self.server.log_to_copy()).await;
        Arc::new(log.expect("the schemas are made").importing())
    }
}

/// A store in memory.
pub(super) struct InMemoryStore {
    store: MemoryStore,
    clock: Arc<ManualClock>,
}

impl StoreUnderTest for InMemoryStore {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { store: MemoryStore::new(clock.clone()), clock }
    }

    async fn open(&self) -> Log {
        Arc::new(self.store.open())
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(self.store.open_to_read())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl WholeStoreUnderTest for InMemoryStore {
    async fn open_whole(&self) -> Arc<dyn WholeLog> {
        Arc::new(self.store.open_to_read())
    }

    async fn open_to_import(&self) -> Arc<dyn WholeLog> {
        Arc::new(self.store.open())
    }
}
