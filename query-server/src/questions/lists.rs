//! Lists of accounts along the edges of one: followers, following, requests. Newest edge first.

use shared::ids::{AccountKey, Position};
use tonic::Status;

use crate::hydrate::viewer_value;
use crate::snapshot::{Projections, Snapshot, Value, column};

/// What these questions read.
pub const READS: Projections = &["graph_1", "profiles_1", "counts_1"];

/// Skeleton and filter of one list: $1 the account, $2 before this place, $3 the viewer, $4 the limit.
macro_rules! listed {
    ($table:literal, $own:literal, $other:literal) => {
        concat!(
            "SELECT edges.place, edges.",
            $other,
            " AS account FROM ",
            $table,
            " AS edges",
            " JOIN profiles_1 AS profiles ON profiles.account = edges.",
            $other,
            " AND profiles.active = 1",
            " WHERE edges.",
            $own,
            " = $1 AND edges.place < $2",
            " AND NOT EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $3 AND target = edges.",
            $other,
            ")",
            " AND NOT EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = edges.",
            $other,
            " AND target = $3)",
            " ORDER BY edges.place DESC LIMIT $4"
        )
    };
}

const FOLLOWERS: &str = listed!("graph_1_follows", "followee", "follower");
const FOLLOWING: &str = listed!("graph_1_follows", "follower", "followee");
const REQUESTS: &str = listed!("graph_1_requests", "followee", "follower");

/// Which list.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Who follows the account.
    Followers,
    /// Whom the account follows.
    Following,
    /// Who asks to follow the account.
    Requests,
}

/// A page of accounts, and the place after which the next page goes on, if there is one.
pub async fn page(
    snapshot: &mut Snapshot,
    list: List,
    account: AccountKey,
    viewer: Option<AccountKey>,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<AccountKey>, Option<Position>), Status> {
    let sql = match list {
        List::Followers => FOLLOWERS,
        List::Following => FOLLOWING,
        List::Requests => REQUESTS,
    };
    let before = before.unwrap_or(snapshot.checkpoint.next());
    let one_more = i64::try_from(size).unwrap_or(i64::MAX - 1) + 1;
    let values = [Value::Number(account.0), Value::Number(before.0), viewer_value(viewer), Value::Number(one_more)];
    let rows = snapshot.rows(sql, &values).await?;
    let accounts: Vec<AccountKey> =
        rows.iter().take(size).map(|row| Ok(AccountKey(column(row, "account")?))).collect::<Result<_, Status>>()?;
    let next = match rows.len() > size {
        true => rows.get(size.saturating_sub(1)).map(|row| column(row, "place").map(Position)).transpose()?,
        false => None,
    };
    Ok((accounts, next))
}
