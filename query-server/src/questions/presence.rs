//! Who may know who is online: whoever may see what the account posts. Who is online, the tables do not know ([`crate::presence`]).

use std::collections::{HashMap, HashSet};

use shared::model::ids::{AccountId, AccountKey};
use shared::sql::statements;
use tonic::Status;

use crate::hydrate::viewer_value;
use crate::sight::opens_to;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};

/// What this question reads.
pub const READS: Projections = &["profiles_1", "graph_1"];

statements! {
    /// $1 accounts, $2 the viewer.
    static SELECT_OPEN = concat!(
        "
SELECT accounts.account FROM {rows $1 AS wanted: account} {ordered join} profiles_1 AS accounts ON accounts.account = wanted.account
WHERE ",
        opens_to!("accounts", "$2")
    );
    /// $1 the account, $2 how many at most.
    static SELECT_OPEN_FOLLOWEES = concat!(
        "
SELECT accounts.account, accounts.account_id
FROM (SELECT followee FROM graph_1_follows WHERE follower = $1 ORDER BY place DESC LIMIT $2) AS follows
{ordered join} profiles_1 AS accounts ON accounts.account = follows.followee
WHERE ",
        opens_to!("accounts", "$1")
    );
}

/// Those of these accounts that show what they do to the viewer.
pub async fn open_to(
    snapshot: &mut Snapshot,
    accounts: impl Iterator<Item = &AccountKey>,
    viewer: Option<AccountKey>,
) -> Result<HashSet<AccountKey>, Status> {
    let wanted = accounts.collect();
    let rows = snapshot.rows(&SELECT_OPEN, &[Value::Rows(&wanted), viewer_value(viewer)]).await?;
    rows.iter().map(|row| column(row, "account").map(AccountKey)).collect()
}

/// The newest of those whom an account follows, so many at most, of which it may know.
pub async fn open_followees(
    snapshot: &mut Snapshot,
    follower: AccountKey,
    most: usize,
) -> Result<HashMap<AccountKey, AccountId>, Status> {
    let rows = snapshot.rows(&SELECT_OPEN_FOLLOWEES, &[Value::Number(follower.0), limit(most)]).await?;
    rows.iter().map(|row| Ok((AccountKey(column(row, "account")?), AccountId(column(row, "account_id")?)))).collect()
}
