//! Direct access to the database of a store, to damage it, or to block others.

use std::fs;
use std::path::{Path, PathBuf};

use shared::log::{Import, chain};
use shared::model::ids::{EventId, Position, Version};
use shared::model::streams::StreamName;
use shared::sql::database::{Database, Transaction};
use shared::sql::postgres::Server;
use shared::sql::postgres::pool::Wait;
use shared::sql::{Script, Statement};
use shared::store::{Store, log_file, tables_file};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use tempfile::TempDir;
use uuid::Uuid;

use crate::process::{is_on_server, store_of};

/// The log or the read tables of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Log,
    Tables,
}

/// Opens the database, with the rights of its owner.
pub async fn open(folder: &Path, half: Half) -> Database {
    if is_on_server(folder) {
        let schema = if half == Half::Log { "chirp_log" } else { "chirp_tables" };
        let server = Server::named(&store_of(folder).await).expect("it is on a server").expect("it is an address");
        return Database::Postgres(server.plain(schema));
    }
    let file = if half == Half::Log { log_file(folder) } else { tables_file(folder) };
    let options = SqliteConnectOptions::new().filename(file);
    Database::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens"))
}

/// Executes a statement, and gives how many rows it changed.
pub async fn tamper(folder: &Path, half: Half, sql: &'static str) -> u64 {
    // Leaked, since a test has few statements and ends soon.
    let statement: &'static Statement = Box::leak(Box::new(Statement::new(sql)));
    let database = open(folder, half).await;
    let mut tx = database.begin_to_write().await.expect("it begins");
    let changed = tx.execute(statement, &[]).await.expect("it is changed");
    tx.commit().await.expect("it is committed");
    match database {
        Database::Sqlite(pool) => pool.close().await,
        Database::Postgres(pool) => pool.clear(),
    }
    changed
}

/// Appends an event as a newer or a broken build would: its link is right, and this code cannot read it. Nobody else
/// may append meanwhile. Gives its position.
pub async fn append_unreadable(folder: &Path, stream: &str, kind: &str, payload: &str) -> Position {
    let store = Store::existing_at(&store_of(folder).await).expect("it is there");
    let log = store.open_log_to_import(&projector::projections::tables()).await.expect("it opens").log;
    let head = log.head().await.expect("there is a head");
    let mut event = log.at(head.position).await.expect("it reads").expect("there are events");
    event.position = head.position.next();
    event.event_id = EventId(Uuid::now_v7());
    event.stream = StreamName::from_text(stream.to_owned());
    event.version = Version(1);
    event.kind = kind.to_owned();
    event.payload = payload.to_owned();
    event.payload_digest = chain::digest(payload.as_bytes());
    event.hash = chain::link(head.hash, &event);
    let position = event.position;
    log.import(Import { events: vec![event], requests: vec![] }).await.expect("it is written");
    position
}

/// A copy of one half of a store.
pub struct Saved {
    half: Half,
    /// Only of a store in a folder.
    files: Option<TempDir>,
}

fn files_of(folder: &Path, half: Half) -> Vec<PathBuf> {
    let file = if half == Half::Log { log_file(folder) } else { tables_file(folder) };
    let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", file.display()));
    ["", "-wal", "-shm"].map(with).into_iter().filter(|file| file.exists()).collect()
}

/// Every table of a schema.
async fn tables_of(database: &Database, schema: &str) -> Vec<String> {
    let Database::Postgres(pool) = database else { unreachable!("files are copied") };
    let tables = sqlx::query("SELECT tablename::TEXT AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1");
    let mut session = pool.acquire().await.expect("it opens");
    let rows = session.fetch_all(tables.bind(schema), Wait::UntilDeadline).await.expect("they are listed");
    rows.iter().map(|row| row.try_get("name").expect("it is a text")).collect()
}

async fn run(database: &Database, script: String) {
    let Database::Postgres(pool) = database else { unreachable!("files are copied") };
    let mut session = pool.acquire().await.expect("it opens");
    session.script(sqlx::raw_sql(AssertSqlSafe(script)), Wait::WhileItRuns).await.expect("it is done");
}

impl Half {
    fn schema(self) -> &'static str {
        if self == Self::Log { "chirp_log" } else { "chirp_tables" }
    }

    /// Copies this half. Where stores are folders, all processes must have ended.
    pub async fn save(self, folder: &Path) -> Saved {
        if !is_on_server(folder) {
            let files = TempDir::new().expect("a folder can be made");
            for file in files_of(folder, self) {
                fs::copy(&file, files.path().join(file.file_name().expect("it has a name"))).expect("it is copied");
            }
            return Saved { half: self, files: Some(files) };
        }
        let (database, schema) = (open(folder, self).await, self.schema());
        let mut script = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE SCHEMA saved_{schema};");
        for table in tables_of(&database, schema).await {
            script += &format!("CREATE TABLE saved_{schema}.{table} AS TABLE {schema}.{table};");
        }
        run(&database, script + "COMMIT").await;
        Saved { half: self, files: None }
    }
}

impl Saved {
    /// Puts the copy in the place of the half. In a database, this may be done while it is in use.
    pub async fn put_back(&self, folder: &Path) {
        if let Some(files) = &self.files {
            for file in files_of(folder, self.half) {
                fs::remove_file(file).expect("it can be removed");
            }
            for file in fs::read_dir(files.path()).expect("it is there") {
                let file = file.expect("it is there").path();
                fs::copy(&file, folder.join(file.file_name().expect("it has a name"))).expect("it is copied");
            }
            return;
        }
        let database = open(folder, self.half).await;
        run(&database, format!("BEGIN; {} COMMIT", self.script(&database).await)).await;
    }

    async fn script(&self, database: &Database) -> String {
        let schema = self.half.schema();
        let mut script = String::new();
        for table in tables_of(database, &format!("saved_{schema}")).await {
            script += &format!("LOCK TABLE {schema}.{table} IN ACCESS EXCLUSIVE MODE; DELETE FROM {schema}.{table};");
            script += &format!("INSERT INTO {schema}.{table} SELECT * FROM saved_{schema}.{table};");
        }
        script
    }
}

/// Puts both halves of a database back at once, while processes use it: like a failover to a standby that lacks the
/// newest commits, but without a broken connection.
pub async fn put_back_at_once(folder: &Path, (log, tables): (&Saved, &Saved)) {
    let database = open(folder, Half::Log).await;
    let (log, tables) = (log.script(&database).await, tables.script(&database).await);
    // In the order in which a projector takes its locks.
    run(&database, format!("BEGIN; {tables} {log} COMMIT")).await;
}

/// Ends every connection to the database of a store, but not the processes.
pub async fn cut_connections(folder: &Path) {
    let database = open(folder, Half::Log).await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    run(&database, others.to_owned()).await;
}

/// Blocks all writers, until it is dropped.
pub struct Lock(Transaction);

/// Waits until nobody writes this half, and blocks all writers.
pub async fn lock(folder: &Path, half: Half) -> Lock {
    static LOCK_LOG: Script = Script::new("{postgres: LOCK TABLE head IN EXCLUSIVE MODE}");
    static LOCK_TABLES: Script = Script::new("{postgres: LOCK TABLE projections IN EXCLUSIVE MODE}");
    let mut tx = open(folder, half).await.begin_to_write().await.expect("it begins");
    tx.script(if half == Half::Log { &LOCK_LOG } else { &LOCK_TABLES }).await.expect("it is locked");
    Lock(tx)
}

impl Lock {
    pub async fn release(self) {
        self.0.commit().await.expect("it is unlocked");
    }
}

/// In the order in which projections are listed.
pub fn sorted<T: Ord>(mut names: Vec<T>) -> Vec<T> {
    names.sort_unstable();
    names
}
