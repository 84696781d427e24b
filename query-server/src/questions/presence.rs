//! Who may know who is online: whoever may see what the account posts. Who is online, the tables do not know ([`crate::presence`]).

use std::collections::{HashMap, HashSet};

use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::proto::query as v1;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use super::account::NamedAccounts;
use crate::asking::Asking;
use crate::hydrate::viewer_value;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["profiles_1", "graph_1"];

statements! { "presence.sql" with VOCABULARY: SELECT_OPEN, SELECT_OPEN_FOLLOWEES }

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

impl Answer for v1::GetPresenceRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let NamedAccounts { mut snapshot, viewer, found, missing } =
            NamedAccounts::find(asking, ("account_ids", &request.account_ids), READS).await?;
        let open = open_to(&mut snapshot, found.iter().map(|(_, key)| key), viewer).await?;
        let is_online = |key: &AccountKey| open.contains(key) && queries.streams.presence.is_online(*key);
        let presence =
            |(id, key): &(AccountId, AccountKey)| v1::Presence { account_id: id.to_string(), online: is_online(key) };
        Ok(v1::GetPresenceResponse {
            presences: found.iter().map(presence).collect(),
            missing_account_ids: missing,
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}
