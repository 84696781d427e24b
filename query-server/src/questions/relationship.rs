//! How two accounts stand to each other, as far as the viewer may know.
//!
//! A follow is shown to the two, and to whomever both are open. Requests and blocks are shown to the two alone, a mute to the one who mutes.

use shared::model::ids::AccountKey;
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::Relationship;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use super::account::{Named, find};
use crate::asking::Asking;
use crate::questions::presence::open_to;
use crate::snapshot::{Projections, Snapshot, Value, column};

/// What this question reads.
pub const READS: Projections = &["graph_1", "profiles_1"];

statements! { "relationship.sql": SELECT }

/// What stands between the two, seen from the first, as far as the viewer may know.
pub async fn between(
    snapshot: &mut Snapshot,
    (one, other): (AccountKey, AccountKey),
    viewer: Option<AccountKey>,
) -> Result<Relationship, Status> {
    let is_one = viewer == Some(one);
    let is_either = is_one || viewer == Some(other);
    let knows_follows = is_either || open_to(snapshot, [one, other].iter(), viewer).await?.len() == 2;
    let rows = snapshot.rows(&SELECT, &[Value::Number(one.0), Value::Number(other.0)]).await?;
    let row = rows.first().ok_or_else(|| internal("a SELECT without FROM has one row"))?;
    Ok(Relationship {
        following: knows_follows && column(row, "following")?,
        followed_by: knows_follows && column(row, "followed_by")?,
        follow_requested: is_either && column(row, "requested")?,
        follow_requested_by: is_either && column(row, "requested_by")?,
        blocking: is_either && column(row, "blocking")?,
        blocked_by: is_either && column(row, "blocked_by")?,
        muting: is_one && column(row, "muting")?,
    })
}

impl Answer for v1::GetRelationshipRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let one = asking.violations.account("account_id", &request.account_id);
        let other = asking.violations.account("target_account_id", &request.target_account_id);
        let (mut snapshot, viewer) = asking.snapshot(READS).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let other = find(&mut snapshot, &Named::Id(other)).await?;
        let relationship = between(&mut snapshot, (one, other), viewer).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetRelationshipResponse { relationship: Some(relationship), read_at })
    }
}
