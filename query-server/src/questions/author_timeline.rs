//! What one account posted and reposted, replies included, newest first, each post once at its newest reason.
//!
//! Mutes do not matter here: whoever looks at an author wants to see the author.

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use crate::hydrate::viewer_value;
use crate::sight::visible;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

statements! {
    /// $1 the author, $2 the viewer: whether the author shows itself to the viewer at all.
    static IS_OPEN = "
SELECT 1 FROM profiles_1 AS author WHERE author.account = $1 AND author.active
AND (NOT author.protected OR $1 = $2 OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $2 AND followee = $1))
AND NOT EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $1 AND target = $2)
AND NOT EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $2 AND target = $1)";
    /// Skeleton and filter: $1 the author, $2 the viewer, $3 before this place, $4 the limit, $5 the checkpoint.
    static SELECT = concat!(
        "
WITH reasons AS (
    SELECT post AS place, post FROM posts_1 WHERE author = $1 AND post < $3
    UNION ALL
    SELECT place, post FROM posts_1_reposts WHERE account = $1 AND place < $3
)
SELECT reasons.place, reasons.post
FROM reasons JOIN posts_1 AS posts ON posts.post = reasons.post
JOIN profiles_1 AS author ON author.account = posts.author
WHERE ",
        visible!("posts", "author", "$2"),
        "
AND NOT EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = $1 AND newer.post = reasons.post AND newer.place > reasons.place AND newer.place <= $5
)
ORDER BY reasons.place DESC LIMIT $4"
    );
}

/// A page of entries, and the place after which the next page goes on, if there is one.
pub async fn page(
    snapshot: &mut Snapshot,
    author: AccountKey,
    viewer: Option<AccountKey>,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Reason>, Option<Position>), Status> {
    let (account, viewer) = (Value::Number(author.0), viewer_value(viewer));
    if snapshot.rows(&IS_OPEN, &[account, viewer]).await?.is_empty() {
        return Ok((vec![], None));
    }
    let checkpoint = snapshot.checkpoint;
    let before = before.unwrap_or(checkpoint.next());
    let values = [account, viewer, Value::Number(before.0), limit(size + 1), Value::Number(checkpoint.0)];
    let rows = snapshot.rows(&SELECT, &values).await?;
    let mut entries = Vec::with_capacity(size);
    for row in rows.iter().take(size) {
        let (place, post) = (Position(column(row, "place")?), PostKey(column(row, "post")?));
        entries.push(Reason { place, actor: author, post });
    }
    let next = entries.last().filter(|_| rows.len() > size).map(|entry| entry.place);
    Ok((entries, next))
}
