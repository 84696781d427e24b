//! The database of a store, behind everybody's back: to damage it, or to keep others from it.

use std::path::Path;
use std::str::FromStr;

use shared::database::{Database, Transaction};
use shared::sql::{Script, Statement};
use shared::store::{log_file, tables_file};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

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
