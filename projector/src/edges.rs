//! A table of edges, folded to the last value of each: there since a place, or not there.

use std::collections::BTreeMap;

use shared::model::ids::Position;
use shared::sql::Statement;
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Rows;

/// The statements of one table: `upsert` takes rows of (from, to, place), `delete` rows of (from, to).
#[derive(Debug)]
pub struct EdgeTable {
    pub upsert: &'static Statement,
    pub delete: &'static Statement,
}

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

    /// Writes what is left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(&self, tx: &mut Transaction, table: &'static EdgeTable) -> Result<(), sqlx::Error> {
        let there: Rows = self.0.iter().filter_map(|((from, to), place)| Some((*from, *to, (*place)?))).collect();
        let gone: Rows = self.0.iter().filter(|(_, place)| place.is_none()).map(|(edge, _)| edge).collect();
        execute(tx, table.delete, gone).await?;
        execute(tx, table.upsert, there).await
    }
}
