//! How two accounts stand to each other, as far as the viewer may know.
//!
//! A follow is shown to the two, and to whomever both are open. Requests and blocks are shown to the two alone, a mute to the one who mutes.

use std::collections::{HashMap, HashSet};

use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::Relationship;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use super::account::{Named, NamedAccounts, find};
use crate::asking::Asking;
use crate::hydrate::StandingRow;
use crate::questions::presence::open_to;
use crate::snapshot::{Projections, Snapshot, Value, list};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["graph_1", "profiles_1"];

statements! { "relationship.sql" with VOCABULARY: SELECT }

/// What stands between the one and each of the others, seen from the one, as far as the viewer may know.
pub async fn to_each(
    snapshot: &mut Snapshot,
    one: AccountKey,
    others: &[AccountKey],
    viewer: Option<AccountKey>,
) -> Result<HashMap<AccountKey, Relationship>, Status> {
    let is_either = |other: &AccountKey| viewer == Some(one) || viewer == Some(*other);
    let open = match others.iter().all(is_either) {
        true => HashSet::new(),
        false => open_to(snapshot, others.iter().chain([&one]), viewer).await?,
    };
    let wanted = others.iter().collect();
    let row = snapshot.row(&SELECT, &[Value::Number(one.0), Value::Rows(&wanted)]).await?;
    let known = |(other, standing): (i64, StandingRow)| {
        let (other, mut there) = (AccountKey(other), standing.relationship());
        let is_either = is_either(&other);
        let knows_follows = is_either || (open.contains(&one) && open.contains(&other));
        there.following &= knows_follows;
        there.followed_by &= knows_follows;
        there.follow_requested &= is_either;
        there.follow_requested_by &= is_either;
        there.blocking &= is_either;
        there.blocked_by &= is_either;
        there.muting &= viewer == Some(one);
        (other, there)
    };
    Ok(list(&row, "found")?.into_iter().map(known).collect())
}

impl Answer for v1::GetRelationshipRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let one = asking.violations.account("account_id", &request.account_id);
        let other = asking.violations.account("target_account_id", &request.target_account_id);
        let (mut snapshot, viewer) = asking.snapshot(READS).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let other = find(&mut snapshot, &Named::Id(other)).await?;
        let relationship = to_each(&mut snapshot, one, &[other], viewer).await?.remove(&other);
        let read_at = queries.tokens.seal(snapshot.anchor);
        let relationship = relationship.ok_or_else(|| internal("an account that was found has no relationship"))?;
        Ok(v1::GetRelationshipResponse { relationship: Some(relationship), read_at })
    }
}

impl Answer for v1::BatchGetRelationshipsRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let one = asking.violations.account("account_id", &request.account_id);
        let NamedAccounts { mut snapshot, viewer, found, missing } =
            NamedAccounts::find(asking, ("target_account_ids", &request.target_account_ids), READS).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let others: Vec<AccountKey> = found.iter().map(|(_, key)| *key).collect();
        let mut there = to_each(&mut snapshot, one, &others, viewer).await?;
        let with_id = |(id, key): &(AccountId, AccountKey)| v1::RelationshipTo {
            target_account_id: id.to_string(),
            relationship: there.remove(key),
        };
        Ok(v1::BatchGetRelationshipsResponse {
            relationships: found.iter().map(with_id).collect(),
            missing_account_ids: missing,
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}
