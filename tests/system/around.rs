//! The database of a store, behind everybody's back: to damage it, or to keep others from it.

use std::path::Path;
use std::str::FromStr;

use shared::database::{Database, Transaction};
use shared::ids::{EventId, Position, Version};
use shared::log::stored::{self, Head};
use shared::log::{StreamName, chain};
use shared::sql::{Script, Statement};
use shared::store::{log_file, tables_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use uuid::Uuid;

use crate::process::{on_postgres, store_of};

/// Which half of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Log,
    Tables,
}

async fn open(folder: &Path, half: Half) -> Database {
    if on_postgres() {
        let schema = if half == Half::Log { "chirp_log" } else { "chirp_tables" };
        let options = PgConnectOptions::from_str(&store_of(folder).await).expect("it is an address");
        let options = options.options([("search_path", schema)]);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
        return Database::Postgres(pool.expect("it opens"));
    }
    let file = if half == Half::Log { log_file(folder) } else { tables_file(folder) };
    let options = SqliteConnectOptions::new().filename(file);
    Database::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens"))
}

/// Changes something. How many rows it changed.
pub async fn tamper(folder: &Path, half: Half, sql: &'static str) -> u64 {
    // A test has few statements and ends soon.
    let statement: &'static Statement = Box::leak(Box::new(Statement::new(sql)));
    let database = open(folder, half).await;
    let mut tx = database.begin_to_write().await.expect("it begins");
    let changed = tx.execute(statement, &[]).await.expect("it is changed");
    tx.commit().await.expect("it is committed");
    match database {
        Database::Sqlite(pool) => pool.close().await,
        Database::Postgres(pool) => pool.close().await,
    }
    changed
}

/// Appends an event as a newer or a broken build would have: its link is right, and this code cannot read it. Nobody else may append
/// meanwhile. Where it is.
pub async fn append_unreadable(folder: &Path, stream: &str, kind: &str, payload: &str) -> Position {
    let database = open(folder, Half::Log).await;
    let head = Head::of(&database).await.expect("there is a head");
    let before = stored::read(&database, Position(head.position.0 - 1), 1).await.expect("it reads");
    let mut event = before.into_iter().next().expect("there are events");
    event.position = head.position.next();
    event.event_id = EventId(Uuid::now_v7());
    event.stream = StreamName::from_text(stream.to_owned());
    event.version = Version(1);
    event.kind = kind.to_owned();
    event.payload = payload.to_owned();
    event.payload_digest = chain::digest(payload.as_bytes());
    event.recorded_at = head.recorded_at;
    event.hash = chain::link(head.hash, &event);
    let after = Head { position: event.position, hash: event.hash, recorded_at: event.recorded_at };
    let mut tx = database.begin_to_write().await.expect("it begins");
    stored::write_events(&mut tx, &[&event].into_iter().collect(), &after).await.expect("it is written");
    tx.commit().await.expect("it is committed");
    after.position
}

/// Keeps everybody from writing, until it is released.
pub struct Lock(Transaction);

/// Waits until nobody else writes this half, and keeps it so.
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
