//! A table of edges, folded to the last value of each: there since a place, or not there.

use std::collections::BTreeMap;

use shared::ids::Position;
use shared::rows::Rows;
use sqlx::SqliteConnection;

/// What a batch leaves of the edges that it touched, sorted by key.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Edges(BTreeMap<(i64, i64), Option<Position>>);

impl Edges {
    /// The edge is there, since this place.
    pub fn add(&mut self, from: i64, to: i64, place: Position) {
        self.0.insert((from, to), Some(place));
    }

    /// The edge is not there.
    pub fn remove(&mut self, from: i64, to: i64) {
        self.0.insert((from, to), None);
    }

    /// Writes what is left: `upsert` takes rows of (from, to, place), `delete` rows of (from, to).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(
        &self,
        tx: &mut SqliteConnection,
        upsert: &'static str,
        delete: &'static str,
    ) -> Result<(), sqlx::Error> {
        let there: Rows = self.0.iter().filter_map(|((from, to), place)| Some((from, to, (*place)?))).collect();
        let gone: Rows = self.0.iter().filter(|(_, place)| place.is_none()).map(|(edge, _)| edge).collect();
        execute(tx, delete, gone).await?;
        execute(tx, upsert, there).await
    }
}

/// Executes a statement that takes rows, unless there are none.
///
/// # Errors
/// When the database fails.
pub async fn execute(tx: &mut SqliteConnection, statement: &'static str, rows: Rows) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(statement).bind(rows.finish()).execute(tx).await?;
    Ok(())
}
