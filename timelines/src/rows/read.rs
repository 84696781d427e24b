//! Reading timelines as rows: above the mark what was pushed and the reasons of pulled authors, below it by pull.

use async_trait::async_trait;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::database::{Row, Transaction, Value};
use shared::sql::statements;

use super::VOCABULARY;
use crate::{ReadTimelines, Reason};

statements! { "read.sql" with VOCABULARY: SELECT_ABOVE, SELECT_BELOW }

/// Reads rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowReader;

#[async_trait]
impl ReadTimelines for RowReader {
    async fn skeleton(
        &self,
        tx: &mut Transaction,
        owner: AccountKey,
        before: Position,
        limit: usize,
    ) -> Result<Vec<Reason>, sqlx::Error> {
        let values = |before: Position, limit: usize| {
            [owner.0, before.0, i64::try_from(limit).unwrap_or(i64::MAX)].map(Value::Number)
        };
        let row = tx.row(&SELECT_ABOVE, &values(before, limit)).await?;
        let (mark, mut reasons) = (Position(row.get("mark")?), reasons(&row)?);
        let left = limit - reasons.len();
        if left > 0 && mark > Position(0) {
            let row = tx.row(&SELECT_BELOW, &values(before.min(mark.next()), left)).await?;
            reasons.extend(self::reasons(&row)?);
        }
        Ok(reasons)
    }
}

fn reasons(row: &Row) -> Result<Vec<Reason>, sqlx::Error> {
    let json = row.json("skeleton")?;
    // A list of nothing may be absent.
    let rows: Vec<(i64, i64, i64)> = match &json {
        Some(json) => serde_json::from_str(json).map_err(|cause| sqlx::Error::Decode(cause.into()))?,
        None => vec![],
    };
    let reason =
        |(place, actor, post)| Reason { place: Position(place), actor: AccountKey(actor), post: PostKey(post) };
    Ok(rows.into_iter().map(reason).collect())
}
