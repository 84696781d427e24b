//! Posts by id, if the viewer may see them.

use std::collections::HashMap;

use shared::model::ids::{AccountKey, PostId, PostKey};
use shared::rpc::errors::{ErrorReason, Refused, Violations, internal};
use shared::rpc::proto::query as v1;
use shared::sql::{Statement, statements};
use tonic::{Code, Status};

use super::{Answer, batch};
use crate::asking::Asking;
use crate::hydrate::{self, viewer_value};
use crate::snapshot::{Projections, Snapshot, Value, column};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

statements! { "post.sql" with VOCABULARY: FIND, FIND_ASKED, FIND_ALL_ASKED }

/// The key of a post that the viewer may see.
pub async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<PostKey, Status> {
    find_by(&FIND, snapshot, id, viewer).await
}

/// The key of a post that the viewer may see, or has written: what was taken down, too.
async fn find_asked(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<PostKey, Status> {
    find_by(&FIND_ASKED, snapshot, id, viewer).await
}

async fn find_by(
    statement: &'static Statement,
    snapshot: &mut Snapshot,
    id: PostId,
    viewer: Option<AccountKey>,
) -> Result<PostKey, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(statement, &[Value::Id(id.0), viewer_value(viewer), checkpoint]).await?;
    match rows.first() {
        Some(row) => Ok(PostKey(column(row, "post")?)),
        None => Err(not_found(id)),
    }
}

/// The keys of those of these posts that the viewer may see, or has written, by id.
async fn find_all_asked(
    snapshot: &mut Snapshot,
    ids: &[PostId],
    viewer: Option<AccountKey>,
) -> Result<HashMap<PostId, PostKey>, Status> {
    let wanted = ids.iter().collect();
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(&FIND_ALL_ASKED, &[Value::Rows(&wanted), viewer_value(viewer), checkpoint]).await?;
    rows.iter().map(|row| Ok((PostId(column(row, "post_id")?), PostKey(column(row, "post")?)))).collect()
}

/// It never existed, or the viewer may not see it.
pub fn not_found(id: PostId) -> Status {
    let message = format!("there is no post {id} that the viewer may see");
    let refused = Refused::new(Code::NotFound, ErrorReason::PostNotFound, message);
    refused.with("post", id).resource("post", id.to_string()).into()
}

impl Answer for v1::GetPostRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let queries = asking.queries;
        let id = asking.violations.post("post_id", &asking.request.post_id);
        let (mut snapshot, viewer) = asking.snapshot(READS).await?;
        let key = find_asked(&mut snapshot, id, viewer).await?;
        let (posts, includes) = hydrate::posts(&mut snapshot, &[key], viewer).await?;
        let post = posts.into_iter().next();
        let post = post.ok_or_else(|| internal("a post that was found is not there"))?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetPostResponse { post: Some(post), read_at, includes: Some(includes) })
    }
}

impl Answer for v1::BatchGetPostsRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let queries = asking.queries;
        let ids = batch(&mut asking.violations, "post_ids", &asking.request.post_ids, Violations::post);
        let (mut snapshot, viewer) = asking.snapshot(READS).await?;
        let found = find_all_asked(&mut snapshot, &ids, viewer).await?;
        let keys: Vec<PostKey> = ids.iter().filter_map(|id| found.get(id).copied()).collect();
        let missing = ids.iter().filter(|id| !found.contains_key(id));
        let (posts, includes) = hydrate::posts(&mut snapshot, &keys, viewer).await?;
        Ok(v1::BatchGetPostsResponse {
            posts,
            includes: Some(includes),
            missing_post_ids: missing.map(ToString::to_string).collect(),
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}
