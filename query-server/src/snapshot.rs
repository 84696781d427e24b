//! A snapshot: one moment of the read tables, and how far the projections were.

use serde::de::DeserializeOwned;
use shared::errors::{internal, store_unavailable};
use shared::ids::Position;
use shared::rows::Rows;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use tonic::Status;

const SELECT_CHECKPOINT: &str = "
SELECT MIN(checkpoint), COUNT(*) FROM projections WHERE name IN (SELECT value FROM json_each($1))";

/// The projections that a question reads.
pub type Projections = &'static [&'static str];

/// One moment of the read tables. Rows above the checkpoint are withheld until the slowest projection has come.
pub struct Snapshot {
    tx: Transaction<'static, Sqlite>,
    /// The lowest checkpoint of the projections that the question reads.
    pub checkpoint: Position,
}

impl Snapshot {
    /// The tables as they are now.
    pub async fn take(tables: &SqlitePool, projections: Projections) -> Result<Self, Status> {
        let mut tx = tables.begin().await.map_err(store_unavailable)?;
        let row = sqlx::query(SELECT_CHECKPOINT)
            .bind(projections.iter().collect::<Rows>().finish())
            .fetch_one(&mut *tx)
            .await
            .map_err(store_unavailable)?;
        // A projection that never ran has no row, and has seen nothing.
        let all_ran = usize::try_from(row.try_get::<i64, _>(1).map_err(internal)?) == Ok(projections.len());
        let lowest: Option<i64> = row.try_get(0).map_err(internal)?;
        Ok(Self { tx, checkpoint: Position(if all_ran { lowest.unwrap_or(0) } else { 0 }) })
    }

    /// Executes a query whose values are all keys, places, limits or rows.
    pub async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<SqliteRow>, Status> {
        bound(sql, values).fetch_all(&mut *self.tx).await.map_err(store_unavailable)
    }

    /// Executes a query that answers one row.
    pub async fn row(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<SqliteRow, Status> {
        bound(sql, values).fetch_one(&mut *self.tx).await.map_err(store_unavailable)
    }

    /// Executes a query that answers one row with one column, which is JSON. Where pages are made this is several times
    /// faster than a row for each entry, since every row is handed from thread to thread.
    pub async fn json<T: DeserializeOwned>(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<T, Status> {
        let row = self.row(sql, values).await?;
        let text: &str = row.try_get(0).map_err(internal)?;
        serde_json::from_str(text).map_err(internal)
    }
}

fn bound<'q>(sql: &'static str, values: &[Value<'q>]) -> Query<'q, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(sql);
    for value in values {
        query = match value {
            Value::Number(number) => query.bind(*number),
            Value::Text(text) => query.bind(*text),
            Value::Bytes(bytes) => query.bind(*bytes),
        };
    }
    query
}

/// A value of a query.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A key, a place or a limit.
    Number(i64),
    /// A name, or rows as JSON.
    Text(&'a str),
    /// An id.
    Bytes(&'a [u8]),
}

/// A number of rows, as queries take it.
pub fn limit(rows: usize) -> Value<'static> {
    Value::Number(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// A column of a row. The names and types are fixed by the schema.
pub fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, Status>
where
    T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
{
    row.try_get(name).map_err(internal)
}
