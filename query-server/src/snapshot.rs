//! A snapshot: one moment of the read tables, with the checkpoint of the slowest projection that is read.

use serde::de::DeserializeOwned;
use shared::log::Anchor;
use shared::model::ids::{AccountKey, Position};
use shared::rpc::errors::{ErrorReason, RETRY_DELAY, Refused, internal, store_unavailable};
use shared::sql::database::{Database, Field, Row, Transaction};
use shared::sql::rows::Rows;
use shared::sql::{Statement, statements};
use timelines::rows::RowReader;
use timelines::{ReadTimelines as _, Reason};
use tonic::{Code, Status};

pub use shared::sql::database::Value;

/// The store of timelines.
const TIMELINES: RowReader = RowReader;

statements! { "snapshot.sql": SELECT_CHECKPOINT }

/// The projections that a query reads.
pub type Projections = &'static [&'static str];

/// A read transaction on the read tables. Rows above the checkpoint are left out, since the slowest projection has not come there.
pub struct Snapshot {
    tx: Transaction,
    /// The lowest checkpoint of the projections that the query reads.
    pub checkpoint: Position,
    /// The checkpoint, bound to the history that the tables are of.
    pub anchor: Anchor,
}

impl Snapshot {
    /// Begins a snapshot of the tables as they are now.
    pub async fn take(tables: &Database, projections: Projections) -> Result<Self, Status> {
        let mut tx = tables.begin_to_read().await.map_err(store_unavailable)?;
        let wanted = projections.iter().collect::<Rows>();
        let row = tx.row(&SELECT_CHECKPOINT, &[Value::Rows(&wanted)]).await.map_err(store_unavailable)?;
        // A projection that never ran has no row, and counts as being at position 0.
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

    pub async fn rows(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Status> {
        self.tx.rows(statement, values).await.map_err(store_unavailable)
    }

    /// The newest reasons of a home timeline, see `ReadTimelines::skeleton`.
    pub async fn skeleton(&mut self, owner: AccountKey, before: Position, limit: usize) -> Result<Vec<Reason>, Status> {
        TIMELINES.skeleton(&mut self.tx, owner, before, limit).await.map_err(store_unavailable)
    }

    /// Executes a query whose answer is exactly one row.
    pub async fn row(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Row, Status> {
        self.tx.row(statement, values).await.map_err(store_unavailable)
    }
}

/// UNAVAILABLE: the tables are being filled again, since they were of a history that the log lost.
pub fn being_filled(projections: Projections) -> Status {
    let names = projections.join(", ");
    let message = format!("the log lost events that the read tables had applied, and {names} are being filled again");
    let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionRebuilding, message);
    refused.with("projections", names).retry_after(RETRY_DELAY).into()
}

/// A number of rows as a parameter of a statement.
pub fn limit(rows: usize) -> Value<'static> {
    Value::Number(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// A column whose name and type the schema guarantees.
pub fn column<'r, T: Field<'r>>(row: &'r Row, name: &str) -> Result<T, Status> {
    row.get(name).map_err(internal)
}

/// A column that holds a small number, such as one of an enum: all numbers in the tables have 64 bits.
pub fn small(row: &Row, name: &str) -> Result<i32, Status> {
    i32::try_from(column::<i64>(row, name)?).map_err(internal)
}

/// A column that holds a list as JSON; NULL is an empty list. On SQLite, pages are several times faster this way than
/// with a row for each entry, since every row is handed from thread to thread.
pub fn list<T: DeserializeOwned>(row: &Row, name: &str) -> Result<Vec<T>, Status> {
    match row.json(name).map_err(internal)? {
        Some(json) => serde_json::from_str(&json).map_err(internal),
        None => Ok(vec![]),
    }
}
