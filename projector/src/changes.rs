//! What changed lately, for streams: a table that grows at its end and is cut at its beginning.

use shared::sql::Statement;
use shared::sql::database::{Transaction, Value, execute};
use shared::sql::rows::Rows;

use crate::projection::Batch;

/// How often what is kept is forgotten, while as much comes anew: not in every batch, since that costs two statements.
const STRIDES: i64 = 64;

/// The statements of one table of changes, whose first column is the place of a change, and of the row that says which are kept.
#[derive(Debug)]
pub struct ChangesTable {
    pub insert: &'static Statement,
    pub forget: &'static Statement,
    pub raise: &'static Statement,
}

impl ChangesTable {
    /// Writes what a batch changed, and now and then forgets what is too old at its end. What comes late has no place that a stream would
    /// still look at, so all of them look afresh.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(
        &'static self,
        tx: &mut Transaction,
        changes: Rows,
        batch: &Batch<'_>,
        kept: i64,
    ) -> Result<(), sqlx::Error> {
        let Batch { after, checkpoint, .. } = *batch;
        if batch.is_late() {
            return tx.execute(self.raise, &[Value::Number(checkpoint.next().0)]).await.map(drop);
        }
        execute(tx, self.insert, changes).await?;
        let (forgotten, stride) = (checkpoint.0 - kept, (kept / STRIDES).max(1));
        if forgotten <= 0 || after.next().0.div_euclid(stride) == checkpoint.next().0.div_euclid(stride) {
            return Ok(());
        }
        tx.execute(self.forget, &[Value::Number(forgotten)]).await?;
        tx.execute(self.raise, &[Value::Number(forgotten)]).await.map(drop)
    }
}
