//! Shadow tables: a rebuild fills them while the tables of the projection serve, and then they take their place at once.
//!
//! Always: they are what the projection declares, under names that begin with `next_`; the swap is one transaction, and no reader sees a part
//! of it. On PostgreSQL names are looked up outside of a reader's snapshot; so the swap waits for all readers, each of which has read the
//! checkpoints first. Never here: who fills them.

use std::borrow::Borrow;
use std::time::Duration;

use crate::sql::database::{Database, Transaction, Value};
use crate::sql::statements;

use super::declaration::{Tables, shadow};

/// How long readers are kept waiting for the one who reads already, each time that tables are to be changed or dropped.
const LOCK_TIMEOUT: Duration = Duration::from_millis(20);

/// Makes them, empty, after dropping those that are there already.
///
/// # Errors
/// When the database fails.
pub async fn make(tx: &mut Transaction, tables: &Tables) -> Result<(), sqlx::Error> {
    drop(tx, tables).await?;
    tx.text(tables.shadow_script(tx.is_on_server())).await
}

/// Drops them.
///
/// # Errors
/// When the database fails.
pub async fn drop(tx: &mut Transaction, tables: &Tables) -> Result<(), sqlx::Error> {
    for table in tables.names() {
        drop_table(tx, &shadow(table)).await?;
    }
    Ok(())
}

/// Drops a table if it is there and nobody reads it: on a server whoever reads for long would keep this waiting, and with it all who wait for this.
pub(super) async fn drop_table(tx: &mut Transaction, table: &str) -> Result<(), sqlx::Error> {
    let dropped = format!("DROP TABLE IF EXISTS {table}");
    tx.text(match tx.is_on_server() {
        true => format!("{}; {dropped}; {WAIT_AS_USUAL}", wait_no_longer()),
        false => dropped,
    })
    .await
}

/// From here on nobody waits for a lock for longer than [`LOCK_TIMEOUT`].
fn wait_no_longer() -> String {
    format!("SET LOCAL lock_timeout = '{}ms'", LOCK_TIMEOUT.as_millis())
}

const WAIT_AS_USUAL: &str = "SET LOCAL lock_timeout = DEFAULT";

statements! { "shadow.sql": SELECT_READER }

/// On PostgreSQL names are looked up outside of a reader's snapshot, so nobody may read while names change. A reader of Chirp reads the
/// checkpoints first, and is waited for there; whoever still holds one of the tables after that is somebody else, who may read for as long as
/// they like. Nobody is waited for long: everybody else would wait behind this. A file has no such readers.
pub(super) async fn lock_out_readers(tx: &mut Transaction, tables: &[impl Borrow<str>]) -> Result<(), sqlx::Error> {
    match tx.is_on_server() {
        true => {
            let (hurry, tables) = (wait_no_longer(), tables.join(", "));
            tx.text(format!(
                "{hurry}; LOCK TABLE projections IN ACCESS EXCLUSIVE MODE; \
                 LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE NOWAIT; {WAIT_AS_USUAL}"
            ))
            .await
        }
        false => Ok(()),
    }
}

/// The tables of a projection, and the shadow tables.
fn both(tables: &Tables) -> Vec<String> {
    tables.names().into_iter().flat_map(|table| [table.to_owned(), shadow(table)]).collect()
}

/// The process of the server that reads and keeps the tables of a projection from being changed, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn reader(database: &Database, tables: &Tables) -> Result<Option<i64>, sqlx::Error> {
    let held = both(tables);
    let held = held.iter().map(String::as_str).chain(["projections"]).collect();
    database.rows(&SELECT_READER, &[Value::Rows(&held)]).await?.first().map(|row| row.get("pid")).transpose()
}

/// Lets them take the place of those that serve, which are dropped.
///
/// # Errors
/// When the database fails, or, on a server, when readers stay for long.
pub async fn take_over(tx: &mut Transaction, tables: &Tables) -> Result<(), sqlx::Error> {
    let on_server = tx.is_on_server();
    lock_out_readers(tx, &both(tables)).await?;
    for table in tables.names() {
        tx.text(format!("DROP TABLE {table}; ALTER TABLE {} RENAME TO {table}", shadow(table))).await?;
        if on_server {
            let grants = "OWNER TO chirp_projector; GRANT SELECT ON";
            tx.text(format!("ALTER TABLE {table} {grants} {table} TO chirp_query")).await?;
        }
    }
    for (index, statement) in tables.indexes(on_server) {
        let shadow = shadow(index);
        // SQLite has no other name for an index than to make it again.
        tx.text(match on_server {
            true => format!("ALTER INDEX {shadow} RENAME TO {index}"),
            false => format!("DROP INDEX {shadow}; {statement}"),
        })
        .await?;
    }
    Ok(())
}
