//! A store: one log and the read tables that were filled from it, in a folder or on a PostgreSQL server.

mod error;
mod importing;
pub mod migrate;

use std::fmt;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::log::sqlite::Durability;
use crate::log::stored::StoredLog;
use crate::log::{self, EventLog, LogHead, WholeLog, chain};
use crate::model::clock::Clock;
use crate::rpc::auth::api_keys;
use crate::rpc::progress::{Progress, ProgressOnDemand};
use crate::runtime::file_locks::{Owners, Ownership, use_alone};
use crate::runtime::tasks::Tasks;
use crate::runtime::wake::{Wake, on_writes};
use crate::sql::database::Database;
use crate::sql::postgres::{Channel, Server, TABLES_CHANNEL, Work};
use crate::sql::sqlite::settle;
use crate::sql::versions::LOG;
use crate::tables::{self, OpenError, Tables};

pub use self::error::StoreError;
use self::error::{of_file, shown};
pub use self::importing::Importing;

/// How often a process looks whether the part of the store that it waits for is there.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What makes a store on a server.
const MIGRATION: &str = "chirp migrate up";

/// Hears what whoever opens a part of a store waits for.
pub type Waiting<'a> = &'a (dyn Fn(String) + Send + Sync);

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Store {
    /// Two files in a folder.
    Folder(PathBuf),
    /// Two schemas of a database.
    Server(Server),
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => shown(folder).fmt(formatter),
            Self::Server(server) => server.fmt(formatter),
        }
    }
}

impl Store {
    /// The store at `postgres://…`, or in a folder. Nothing is looked for, and nothing is made.
    ///
    /// # Errors
    /// When it is neither.
    pub fn named(place: &str) -> Result<Self, StoreError> {
        match Server::named(place) {
            Some(server) => Ok(Self::Server(server?)),
            None if is_folder(place) => match Path::new(place) {
                file if file.exists() && !file.is_dir() => Err(StoreError::NotAFolder(file.to_owned())),
                folder => Ok(Self::Folder(folder.to_owned())),
            },
            None => Err(StoreError::Unsupported),
        }
    }

    /// The same; a folder that is missing is made.
    ///
    /// # Errors
    /// When it is neither, or the folder cannot be made.
    pub fn at(place: &str) -> Result<Self, StoreError> {
        match Self::named(place)? {
            Self::Folder(folder) => Self::in_folder(&folder),
            server @ Self::Server(_) => Ok(server),
        }
    }

    /// The same; a folder must be there, and may be empty.
    ///
    /// # Errors
    /// When it is neither, or there is no such folder.
    pub fn in_place(place: &str) -> Result<Self, StoreError> {
        match Self::named(place)? {
            Self::Folder(folder) if !folder.is_dir() => Err(StoreError::NoFolder(folder)),
            store => Ok(store),
        }
    }

    /// The same; in a folder, there must be a log.
    ///
    /// # Errors
    /// When it is neither, or there is no log in the folder.
    pub fn existing_at(place: &str) -> Result<Self, StoreError> {
        match Self::named(place)? {
            Self::Folder(folder) if !log_file(&folder).is_file() => Err(StoreError::Missing(folder)),
            store => Ok(store),
        }
    }

    /// The store in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        // Whoever can read it can sign tokens of the development key, and read what everybody wrote.
        let mut made = std::fs::DirBuilder::new();
        made.recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| StoreError::Folder(folder.to_owned(), cause))?;
        Ok(Self::Folder(folder.to_owned()))
    }

    /// Makes this another store than the one it was copied from: tokens of that one are refused. The read tables go along. A process that has
    /// the store open goes on to make tokens of the old one, so there must be none.
    ///
    /// # Errors
    /// When a process uses the store, or it cannot be written; then it may have to be done again before it can be opened.
    pub async fn begin_epoch(&self) -> Result<Uuid, StoreError> {
        let in_use = || StoreError::InUse(self.to_string());
        let _alone = match self {
            Self::Folder(folder) => {
                let file = log::sqlite::in_use_file(&log_file(folder));
                let alone = use_alone(&file).map_err(|cause| StoreError::Unowned(self.to_string(), cause))?;
                Some(alone.ok_or_else(in_use)?)
            }
            Self::Server(server) if server.is_in_use().await.map_err(OpenError::from)? => return Err(in_use()),
            Self::Server(_) => None,
        };
        let (epoch, key) = (
            Uuid::new_v4(),
            chain::digest(&[Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat()),
        );
        if let Self::Folder(folder) = self
            && !tables_file(folder).exists()
        {
            let begun = log::stored::begin_epoch(&self.tables_of_log_to_write(), epoch, key).await;
            return begun.map(|()| epoch).map_err(of_file(&log_file(folder)));
        }
        let tables = match self {
            Self::Folder(folder) => {
                let file = tables_file(folder);
                tables::open_file_of_any_epoch(&file).await.map_err(of_file(&file))?
            }
            Self::Server(server) => server.tables_to_write(),
        };
        log::stored::begin_epoch(&self.tables_of_log_to_write(), epoch, key).await?;
        tables::begin_epoch(&tables, epoch).await?;
        Ok(epoch)
    }

    /// Who may work on these projections in a folder: on each, one process at a time. On a server, leases say who.
    #[must_use]
    pub fn owners(&self, projections: &[&'static str]) -> Option<Owners> {
        match self {
            Self::Folder(folder) => {
                let ownership = |name: &&'static str| (*name, Ownership::of(folder.join(format!("{name}.lock"))));
                Some(projections.iter().map(ownership).collect())
            }
            Self::Server(_) => None,
        }
    }

    /// Makes the files of a folder whole by themselves, as a process does that has stopped: what is copied without its write-ahead log would lack
    /// the newest events. Whoever still works on them makes them so when it stops.
    pub async fn settle(&self) {
        let Self::Folder(folder) = self else { return };
        for file in [log_file(folder), tables_file(folder)].into_iter().filter(|file| file.exists()) {
            match settle(&file).await {
                Ok(true) => debug!("{} is whole by itself", file.display()),
                Ok(false) => debug!("{} is in use by another process", file.display()),
                Err(cause) => warn!(%cause, "copy {} only together with its -wal file: {cause}", file.display()),
            }
        }
    }

    /// The same for a process that opens so many connections at most, where it is on a server.
    #[must_use]
    pub fn with_connections(self, connections: usize, work: Work) -> Self {
        match self {
            Self::Server(server) => Self::Server(server.with_connections(connections, work)),
            folder @ Self::Folder(_) => folder,
        }
    }

    /// Whether processes on several machines may work on it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Makes or upgrades what a store on a server needs; in a folder, whoever opens a part makes it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make(&self, projections: &[&Tables]) -> Result<(), StoreError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Server(server) => Ok(server.migrate(projections).await?),
        }
    }

    /// Opens the log. In a folder, it is made when there is none; on a server, this waits until somebody has.
    ///
    /// # Errors
    /// When it is no log or cannot be written.
    pub async fn open_log(&self, clock: Arc<dyn Clock>) -> Result<Arc<dyn EventLog>, StoreError> {
        self.open_log_when_there(clock, &|_| {}).await
    }

    /// The same, which says what it waits for.
    ///
    /// # Errors
    /// When it is no log or cannot be written.
    pub async fn open_log_when_there(
        &self,
        clock: Arc<dyn Clock>,
        waiting: Waiting<'_>,
    ) -> Result<Arc<dyn EventLog>, StoreError> {
        match self {
            Self::Folder(folder) => {
                if tables_file(folder).is_file() && !log_file(folder).exists() {
                    return Err(StoreError::LostLog(folder.clone()));
                }
                let file = log_file(folder);
                Ok(Arc::new(log::sqlite::open(&file, Durability::OnDisk, clock).await.map_err(of_file(&file))?))
            }
            Self::Server(server) => {
                self.once_fit(server, Work::Commands, MIGRATION, waiting).await?;
                let open = async || Ok(log::postgres::open(server, clock.clone()).await?);
                Ok(Arc::new(self.once_made(MIGRATION, waiting, open).await?))
            }
        }
    }

    /// Opens the log to follow what other processes append. It is never made here: this waits until somebody has, and says what for.
    ///
    /// # Errors
    /// When it is no log.
    pub async fn open_log_to_follow(&self, waiting: Waiting<'_>) -> Result<Arc<dyn EventLog>, StoreError> {
        match self {
            Self::Folder(folder) => {
                let file = log_file(folder);
                let open = async || log::sqlite::open_to_follow(&file).await.map_err(of_file(&file));
                Ok(Arc::new(self.once_made("a command server", waiting, open).await?))
            }
            Self::Server(server) => {
                self.once_fit(server, Work::Projecting, MIGRATION, waiting).await?;
                let open = async || Ok(log::postgres::open_to_read(server).await?);
                Ok(Arc::new(self.once_made(MIGRATION, waiting, open).await?))
            }
        }
    }

    /// Opens the log to read all of it, requests included, whatever version its schema has: for backups, copies and checks, which need no
    /// process that serves it, and find out what is damaged.
    ///
    /// # Errors
    /// When there is no log, it is not whole, or a newer build has written it.
    pub async fn open_whole_log(&self) -> Result<Arc<dyn WholeLog>, StoreError> {
        let tables = match self {
            Self::Folder(folder) => {
                let file = log_file(folder);
                let options = SqliteConnectOptions::new().filename(&file).read_only(true);
                let opened = SqlitePool::connect_with(options).await.map_err(OpenError::from);
                Database::Sqlite(opened.map_err(of_file(&file))?)
            }
            Self::Server(server) => server.log_to_read(),
        };
        let version = log::stored::version(&tables).await.map_err(OpenError::from)?;
        LOG.check_to_write(version).map_err(OpenError::from)?;
        Ok(Arc::new(StoredLog::of_any_version(tables).await?))
    }

    /// What says who may call: API keys, and since when callers are told apart. In a folder it is made when there is none; on a server,
    /// `chirp migrate up` makes it.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub async fn open_access(&self) -> Result<Database, StoreError> {
        match self {
            Self::Folder(folder) => {
                let file = access_file(folder);
                let access = log::sqlite::tables_to_write(&file);
                let making = async {
                    let mut tx = access.begin_to_write().await?;
                    tx.script(&api_keys::SCHEMA).await?;
                    tx.commit().await
                };
                making.await.map_err(OpenError::from).map_err(of_file(&file))?;
                Ok(access)
            }
            Self::Server(server) => Ok(server.access()),
        }
    }

    /// [`Self::open_access`] for an authority that opens it when it wants to.
    pub fn access(&self) -> impl AsyncFnOnce() -> Result<Database, String> {
        async || self.open_access().await.map_err(|cause| cause.to_string())
    }

    /// The tables of the log, to write them without its writer: for an import, a new epoch, and benchmarks.
    #[must_use]
    pub fn tables_of_log_to_write(&self) -> Database {
        match self {
            Self::Folder(folder) => log::sqlite::tables_to_write(&log_file(folder)),
            Self::Server(server) => server.log_to_copy(),
        }
    }

    /// Opens the read tables to write them.
    ///
    /// # Errors
    /// When they belong to another log or cannot be written.
    pub async fn open_tables_to_write(
        &self,
        log: &dyn LogHead,
        projections: &[&Tables],
    ) -> Result<Database, StoreError> {
        let epoch = log.identity().epoch;
        match self {
            Self::Folder(folder) => {
                let file = tables_file(folder);
                tables::open_file_to_write(&file, epoch, projections).await.map_err(of_file(&file))
            }
            Self::Server(server) => Ok(tables::made_for(server.tables_to_write(), epoch, projections).await?),
        }
    }

    /// Opens the read tables so that writing is impossible.
    ///
    /// # Errors
    /// When they belong to another log or are not there.
    pub async fn open_tables_to_read(&self, log: &dyn LogHead) -> Result<Database, StoreError> {
        let epoch = log.identity().epoch;
        match self {
            Self::Folder(folder) => {
                let file = tables_file(folder);
                tables::open_file_to_read(&file, epoch).await.map_err(of_file(&file))
            }
            Self::Server(server) => Ok(tables::belonging_to(server.tables_to_read(), epoch).await?),
        }
    }

    /// Opens the log's head and the read tables without the possibility to write, waiting until they are there.
    ///
    /// # Errors
    /// When the tables belong to another log.
    pub async fn open_to_read(&self) -> Result<(Arc<dyn LogHead>, Database), StoreError> {
        self.open_to_read_when_there(&|_| {}).await
    }

    /// The same, which says what it waits for.
    ///
    /// # Errors
    /// When the tables belong to another log.
    pub async fn open_to_read_when_there(
        &self,
        waiting: Waiting<'_>,
    ) -> Result<(Arc<dyn LogHead>, Database), StoreError> {
        const MAKERS: &str = "a command server and a projector";
        if let Self::Server(server) = self {
            self.once_fit(server, Work::Queries, MAKERS, waiting).await?;
        }
        self.once_made(MAKERS, waiting, async || {
            let head: Arc<dyn LogHead> = match self {
                Self::Folder(folder) => {
                    let file = log_file(folder);
                    Arc::new(log::sqlite::open_to_read(&file).await.map_err(of_file(&file))?)
                }
                Self::Server(server) => Arc::new(log::postgres::open_head(server).await?),
            };
            let tables = self.open_tables_to_read(&*head).await?;
            Ok((head, tables))
        })
        .await
    }

    /// How far the projections are, for a process that otherwise knows nothing of the read tables. Nothing is opened before
    /// somebody asks, and then, on a server, nothing but the checkpoints is read.
    #[must_use]
    pub fn progress(&self, log: Arc<dyn LogHead>, tasks: Tasks) -> ProgressOnDemand {
        let store = self.clone();
        ProgressOnDemand::new(Box::new(move || {
            let wake = store.hints_of_progress();
            store.wake_on_progress(&wake);
            let listener = wake.listen();
            let head = log.clone();
            let open = async move {
                loop {
                    match store.open_checkpoints(&*log).await {
                        Ok(tables) => return tables,
                        Err(cause) => debug!(%cause, "no projector has made the read tables yet: {cause}"),
                    }
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            };
            Progress::watch(open, head, listener, &tasks)
        }))
    }

    async fn open_checkpoints(&self, log: &dyn LogHead) -> Result<Database, StoreError> {
        match self {
            Self::Folder(_) => self.open_tables_to_read(log).await,
            // The role of a command server may not read whose tables they are, and there they cannot be another log's. Checkpoints are the only
            // table that it reads, by those who read the log.
            Self::Server(server) => Ok(server.log_to_read()),
        }
    }

    /// Wakes `progress` whenever a projector in another process has committed.
    pub fn wake_on_progress(&self, progress: &Wake) {
        let progress = progress.clone();
        let wake = move || {
            progress.wake();
            true
        };
        match self {
            Self::Folder(folder) => on_writes(&tables_file(folder), wake),
            Self::Server(server) => server.listen(TABLES_CHANNEL, move |_| wake()),
        }
    }

    /// Hints of changes of the read tables, which a projector in this process gives, or [`Self::wake_on_progress`].
    #[must_use]
    pub fn hints_of_progress(&self) -> Wake {
        match self {
            Self::Folder(folder) => Wake::of_database(&tables_file(folder)),
            Self::Server(_) => Wake::default(),
        }
    }

    /// What keeps those who write the read tables from waiting for the disk, beside them; see [`tables::copy_back`]. A server of databases
    /// does it by itself.
    #[must_use]
    pub fn copy_back(&self, written: &Wake) -> Option<impl Future<Output = ()> + use<>> {
        match self {
            Self::Folder(folder) => Some(tables::copy_back(tables_file(folder), written.listen())),
            Self::Server(_) => None,
        }
    }

    /// Where query servers tell each other who is online; nothing where only one process can.
    #[must_use]
    pub fn presence(&self) -> Option<Channel> {
        match self {
            Self::Folder(_) => None,
            Self::Server(server) => Some(server.presence()),
        }
    }

    /// Waits until a process can do its work on a server; what is not there yet is left out.
    async fn once_fit(&self, server: &Server, work: Work, maker: &str, waiting: Waiting<'_>) -> Result<(), StoreError> {
        let unfit = |cause| StoreError::Unfit(self.to_string(), cause);
        self.once_made(maker, waiting, async || server.check(work).await.map_err(unfit)).await
    }

    /// Tries until what is opened is there, and says once what it waits for.
    ///
    /// # Errors
    /// When it never will be: another configuration or another build is needed, or the tables belong to another log.
    pub async fn once_made<T>(
        &self,
        maker: &str,
        waiting: Waiting<'_>,
        open: impl AsyncFn() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut told = false;
        loop {
            match open().await {
                Ok(opened) => return Ok(opened),
                Err(cause @ StoreError::Tables(OpenError::AnotherStore)) => return Err(cause),
                Err(cause) if cause.is_of_the_configuration() => return Err(cause),
                Err(cause) => {
                    if !std::mem::replace(&mut told, true) {
                        info!("waiting for {maker} to make the store in {self}");
                        warn!(%cause, "not yet: {cause}");
                    }
                    waiting(format!("waiting for {maker} to make the store: {cause}"));
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Whether this names a folder. What looks like an address of anything is none, however it is misspelt.
fn is_folder(place: &str) -> bool {
    let first = place.split('/').next().unwrap_or_default();
    let lower = place.to_ascii_lowercase();
    let has_credentials = place.contains(':') && place.contains('@');
    let has_settings = place.contains('=') && ["password", "host=", "dbname="].iter().any(|key| lower.contains(key));
    !place.is_empty() && !first.contains(':') && !place.contains("://") && !has_credentials && !has_settings
}

/// The file that holds the log of the store in this folder.
#[must_use]
pub fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.db")
}

/// The file that holds the read tables of the store in this folder.
#[must_use]
pub fn access_file(folder: &Path) -> PathBuf {
    folder.join("access.db")
}

/// The file of the read tables.
#[must_use]
pub fn tables_file(folder: &Path) -> PathBuf {
    folder.join("tables.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_no_folder_and_is_not_shown() {
        for folder in ["./chirp-data", "chirp-data", "/var/lib/chirp", "./a:b", "../x", "C", "data@home", "a=b"] {
            assert!(matches!(Store::named(folder), Ok(Store::Folder(_))), "{folder}");
        }
        for bad in [
            "mysql://u:secret@h/db",
            "postgresq://u:secret@h/db",
            "Postgres://u:secret@h/db",
            "http://secret",
            "postgres:u:secret@h",
            "postgres:/u:secret@h",
            "postgres//u:secret@h/db",
            "u:secret@h/db",
            "secret@h:5432/db",
            " postgres://u:secret@h/db",
            "",
            "host=h password=secret",
            "./postgres://u:secret@h/db",
            "jdbc:postgresql://h/db?password=secret",
            "sqlite:secret.db",
            "secret:",
            "/x/u:secret@h/db",
        ] {
            let refused = Store::named(bad).expect_err(bad).to_string();
            assert!(!refused.contains("secret"), "{bad}: {refused}");
        }
        let missing = Store::existing_at("secret@h/db").expect_err("it is not there").to_string();
        assert!(!missing.contains("secret"), "{missing}");
    }
}
