//! Tables of a history that the log does not have any more: set aside under other names, until an operator releases them.
//!
//! Always: nothing of them is lost before it is released, however often history goes back; no query reads them. Never here: when history
//! has gone back, which the projector finds out.

use std::collections::HashMap;

use crate::log::{Hash, LogHead};
use crate::model::clock::Timestamp;
use crate::model::ids::Position;
use crate::sql::database::{Database, Row, Transaction, Value};
use crate::sql::statements;

use super::VOCABULARY;
use super::checkpoint::Checkpoint;
use super::declaration::Tables;
use super::shadow::{drop_table, lock_out_readers};

statements! { "aside.sql" with VOCABULARY: SELECT_LAST, INSERT, SELECT_NUMBERS, DELETE, SELECT_CHECKPOINTS, COUNT }

/// Where a history was lost.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// How far the tables had come in it.
    pub checkpoint: Position,
    /// The log's hash there, as it was.
    pub hash: Option<Hash>,
    /// Where the log ends now.
    pub log_head: Position,
    /// When it was found.
    pub at: Timestamp,
}

/// What a table or a projection is called once it is set aside. Readers and projections know no such name.
#[must_use]
pub fn name(number: i64, of: &str) -> String {
    format!("aside{number}_{of}")
}

/// Renames the tables of a projection, which has none then; see [`make_anew`]. Gives their number.
///
/// # Errors
/// When the database fails, or, on a server, when readers stay for long.
pub async fn set_aside(tx: &mut Transaction, tables: &Tables, lost: &Lost) -> Result<i64, sqlx::Error> {
    let projection = Value::Text(tables.projection);
    let last: i64 = tx.row(&SELECT_LAST, &[projection]).await?.get("last")?;
    let number = last + 1;
    lock_out_readers(tx, &tables.names()).await?;
    // Nobody looks anything up in them, and their names are needed.
    for (index, _) in tables.indexes(tx.is_on_server()) {
        tx.text(format!("DROP INDEX {index}")).await?;
    }
    for table in tables.names() {
        tx.text(format!("ALTER TABLE {table} RENAME TO {}", name(number, table))).await?;
    }
    let Lost { checkpoint, hash, log_head, at } = lost;
    let hash = Value::MaybeBytes(hash.as_ref().map(|hash| &hash[..]));
    let (checkpoint, log_head) = (Value::Number(checkpoint.0), Value::Number(log_head.0));
    let values = [projection, Value::Number(number), checkpoint, hash, log_head, Value::Number(at.0)];
    tx.execute(&INSERT, &values).await?;
    Ok(number)
}

/// Makes the tables of a projection, empty, where they were set aside. Its checkpoint must be 0 by then.
///
/// # Errors
/// When the database fails.
pub async fn make_anew(tx: &mut Transaction, tables: &Tables) -> Result<(), sqlx::Error> {
    let on_server = tx.is_on_server();
    tx.text(tables.script(on_server)).await?;
    if on_server {
        for table in tables.names() {
            tx.text(format!("GRANT SELECT ON {table} TO chirp_query")).await?;
        }
    }
    Ok(())
}

/// Drops all that was set aside of a projection. Gives the numbers.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Transaction, tables: &Tables) -> Result<Vec<i64>, sqlx::Error> {
    let projection = Value::Text(tables.projection);
    let rows = tx.rows(&SELECT_NUMBERS, &[projection]).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.get("number")).collect::<Result<_, _>>()?;
    for number in &numbers {
        for table in tables.names() {
            drop_table(tx, &name(*number, table)).await?;
        }
    }
    tx.execute(&DELETE, &[projection]).await?;
    Ok(numbers)
}

/// Whether the tables that answer queries are of the history that the log has, and have come to its end since it went back.
///
/// # Errors
/// Says which are not, or why that is not known.
pub async fn check_history(tables: &Database, log: &dyn LogHead) -> Result<(), String> {
    let rows = tables.rows(&SELECT_CHECKPOINTS, &[]).await.map_err(|cause| cause.to_string())?;
    let read = |row: &Row| Ok((row.get::<String>("name")?, Checkpoint::from_row(row)?));
    let rows: Result<Vec<_>, sqlx::Error> = rows.iter().map(read).collect();
    let rows = rows.map_err(|cause| cause.to_string())?;
    let positions: Vec<Position> = rows.iter().map(|(_, checkpoint)| checkpoint.position).collect();
    let hashes = log.hashes_at(&positions).await.map_err(|cause| cause.to_string())?;
    let wrong = rows.iter().filter_map(|(name, checkpoint)| {
        let Checkpoint { position, served_from, .. } = checkpoint;
        match (checkpoint.is_in(&hashes), checkpoint.is_served()) {
            (false, _) => Some(format!("{name} is of a history that the log lost")),
            (true, false) => Some(format!("{name} is filled again, and at position {position} of {served_from}")),
            (true, true) => None,
        }
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
}

/// How many sets of tables are set aside of each projection; those without any are left out.
///
/// # Errors
/// When the database fails.
pub async fn counts(tables: &Database) -> Result<HashMap<String, u32>, sqlx::Error> {
    let count = |row: &Row| {
        let sets: i64 = row.get("sets")?;
        Ok((row.get("projection")?, u32::try_from(sets).unwrap_or(u32::MAX)))
    };
    tables.rows(&COUNT, &[]).await?.iter().map(count).collect()
}
