//! Reading timelines as rows: above the mark what was pushed and the reasons of pulled authors, below it by pull.

use async_trait::async_trait;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::database::{Row, Transaction, Value};
use shared::sql::statements;

use crate::pull::pulled;
use crate::{ReadTimelines, Reason};

/// SQL for the reasons of a skeleton as JSON, newest first: several times faster on SQLite than a row for each, since every row is handed from
/// thread to thread.
macro_rules! as_json {
    () => {
        "CAST({collect}({array}(reason.place, reason.actor, reason.post) ORDER BY reason.place DESC) AS TEXT) AS skeleton FROM skeleton AS reason"
    };
}

statements! {
    /// Above the mark: $1 the owner, $2 before this place, $3 the limit.
    static SELECT_ABOVE = concat!(
        "
WITH own AS MATERIALIZED (
    SELECT COALESCE((SELECT mark FROM timelines_1_accounts WHERE account = $1), 0) AS mark
),
skeleton AS MATERIALIZED (
    SELECT place, actor, post FROM (
        SELECT place, actor, post FROM timelines_1
        WHERE owner = $1 AND place < $2 AND place > (SELECT mark FROM own)
        ORDER BY place DESC LIMIT $3
    ) AS pushed
    UNION
    SELECT reasons.place, reasons.actor, reasons.post
    FROM timelines_1_accounts AS author
    JOIN timelines_1_edges AS edges ON edges.followee = author.account AND edges.follower = $1
    {sqlite: JOIN timelines_1_reasons AS reasons ON reasons.actor = author.account
    WHERE author.pulled_until > 0 AND reasons.place IN (
        SELECT place FROM timelines_1_reasons
        WHERE actor = author.account AND place < $2 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $3
    )}{postgres: CROSS JOIN LATERAL (
        SELECT * FROM timelines_1_reasons AS pulled
        WHERE pulled.actor = author.account AND place < $2 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $3
    ) AS reasons WHERE author.pulled_until > 0}
    ORDER BY place DESC LIMIT $3
)
SELECT (SELECT mark FROM own) AS mark, ",
        as_json!()
    );
    /// Below the mark: $1 the owner, $2 before this place, $3 the limit.
    static SELECT_BELOW = concat!(
        pulled!("timelines_1_edges", "timelines_1_reasons", before: "$2", limit: "$3"),
        "
SELECT ",
        as_json!()
    );
}

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
