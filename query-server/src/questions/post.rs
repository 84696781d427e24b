//! Posts by id, if the viewer may see them.

use std::collections::HashMap;

use shared::model::ids::{AccountKey, PostId, PostKey};
use shared::rpc::errors::{ErrorReason, Refused};
use shared::sql::statements;
use tonic::{Code, Status};

use crate::hydrate::viewer_value;
use crate::snapshot::{Projections, Snapshot, Value, column};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

statements! { "post.sql" with VOCABULARY: FIND, FIND_ALL }

/// The key of a post that the viewer may see.
pub async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<PostKey, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(&FIND, &[Value::Id(id.0), viewer_value(viewer), checkpoint]).await?;
    match rows.first() {
        Some(row) => Ok(PostKey(column(row, "post")?)),
        None => Err(not_found(id)),
    }
}

/// The keys of those of these posts that the viewer may see, by id.
pub async fn find_all(
    snapshot: &mut Snapshot,
    ids: &[PostId],
    viewer: Option<AccountKey>,
) -> Result<HashMap<PostId, PostKey>, Status> {
    let wanted = ids.iter().collect();
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(&FIND_ALL, &[Value::Rows(&wanted), viewer_value(viewer), checkpoint]).await?;
    rows.iter().map(|row| Ok((PostId(column(row, "post_id")?), PostKey(column(row, "post")?)))).collect()
}

/// It never existed, or the viewer may not see it.
pub fn not_found(id: PostId) -> Status {
    let message = format!("there is no post {id} that the viewer may see");
    let refused = Refused::new(Code::NotFound, ErrorReason::PostNotFound, message);
    refused.with("post", id).resource("post", id.to_string()).into()
}
