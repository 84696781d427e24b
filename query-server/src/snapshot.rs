//! A snapshot: one moment of the read tables, and how far the projections were.

use serde::de::DeserializeOwned;
use shared::log::Anchor;
use shared::model::ids::Position;
use shared::rpc::errors::{ErrorReason, RETRY_DELAY, Refused, internal, store_unavailable};
use shared::sql::database::{Database, Field, Row, Transaction};
use shared::sql::rows::Rows;
use shared::sql::{Statement, statements};
use tonic::{Code, Status};

pub use shared::sql::database::Value;

statements! {
    /// On SQLite a column beside MIN is that of the row which has it.
    static SELECT_CHECKPOINT = "
SELECT MIN(checkpoint) AS lowest, {sqlite: hash}{postgres: (ARRAY_AGG(hash ORDER BY checkpoint))[1]} AS hash,
       COUNT(*) AS found, COUNT(*) FILTER (WHERE checkpoint < served_from) AS unserved FROM projections
WHERE name IN (SELECT * FROM {rows $1 AS wanted: name text})";
}

/// The projections that a question reads.
pub type Projections = &'static [&'static str];

/// One moment of the read tables. Rows above the checkpoint are withheld until the slowest projection has come.
pub struct Snapshot {
    tx: Transaction,
    /// The lowest checkpoint of the projections that the question reads.
    pub checkpoint: Position,
    /// The same, bound to the history that the tables are of.
    pub anchor: Anchor,
}

impl Snapshot {
    /// The tables as they are now.
    pub async fn take(tables: &Database, projections: Projections) -> Result<Self, Status> {
        let mut tx = tables.begin_to_read().await.map_err(store_unavailable)?;
        let wanted = projections.iter().collect::<Rows>();
        let row = tx.row(&SELECT_CHECKPOINT, &[Value::Rows(&wanted)]).await.map_err(store_unavailable)?;
        // A projection that never ran has no row, and has seen nothing.
        let all_ran = usize::try_from(column::<i64>(&row, "found")?) == Ok(projections.len());
        let lowest: Option<i64> = column(&row, "lowest")?;
        if column::<i64>(&row, "unserved")? > 0 {
            return Err(being_filled(projections));
        }
        let checkpoint = Position(if all_ran { lowest.unwrap_or(0) } else { 0 });
        let hash: Option<Vec<u8>> = column(&row, "hash")?;
        let fingerprint = hash.as_deref().and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        let anchor =
            if checkpoint == Position(0) { Anchor::ORIGIN } else { Anchor { position: checkpoint, fingerprint } };
        Ok(Self { tx, checkpoint, anchor })
    }

    /// Executes a query.
    pub async fn rows(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Status> {
        self.tx.rows(statement, values).await.map_err(store_unavailable)
    }

    /// Executes a query that answers one row.
    pub async fn row(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Row, Status> {
        self.tx.row(statement, values).await.map_err(store_unavailable)
    }
}

/// What a question hears whose tables are being filled again, since they were of a history that the log lost.
pub fn being_filled(projections: Projections) -> Status {
    let names = projections.join(", ");
    let message = format!("the log lost events that the read tables had applied, and {names} are being filled again");
    let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionRebuilding, message);
    refused.with("projections", names).retry_after(RETRY_DELAY).into()
}

/// A number of rows, as queries take it.
pub fn limit(rows: usize) -> Value<'static> {
    Value::Number(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// A column of a row. The names and types are fixed by the schema.
pub fn column<'r, T: Field<'r>>(row: &'r Row, name: &str) -> Result<T, Status> {
    row.get(name).map_err(internal)
}

/// A small number, such as one of an enum: all numbers in the tables have 64 bits.
pub fn small(row: &Row, name: &str) -> Result<i32, Status> {
    i32::try_from(column::<i64>(row, name)?).map_err(internal)
}

/// A column that is a list in JSON. Where pages are made this is several times faster than a row for each entry on SQLite,
/// since every row is handed from thread to thread. A list of nothing may be absent.
pub fn list<T: DeserializeOwned>(row: &Row, name: &str) -> Result<Vec<T>, Status> {
    match row.json(name).map_err(internal)? {
        Some(json) => serde_json::from_str(&json).map_err(internal),
        None => Ok(vec![]),
    }
}
