//! One post, if the viewer may see it.

use shared::errors::{ErrorReason, Refused};
use shared::ids::{AccountKey, PostId, PostKey};
use tonic::{Code, Status};

use crate::hydrate::{viewer_value, visible};
use crate::snapshot::{Projections, Snapshot, Value, column};

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1"];

/// $1 the id, $2 the viewer, $3 the checkpoint.
const FIND: &str = concat!(
    "
SELECT posts.post FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
WHERE posts.post_id = $1 AND posts.post <= $3 AND ",
    visible!("posts", "author", "$2")
);

/// The key of a post that the viewer may see.
pub async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<PostKey, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(FIND, &[Value::Bytes(id.0.as_bytes()), viewer_value(viewer), checkpoint]).await?;
    match rows.first() {
        Some(row) => Ok(PostKey(column(row, "post")?)),
        None => {
            let message = format!("there is no post {id} that the viewer may see");
            let refused = Refused::new(Code::NotFound, ErrorReason::PostNotFound, message);
            Err(refused.with("post", id).resource("post", id.to_string()).into())
        }
    }
}
