//! The home timeline: the law, judged at read.
//!
//! The skeleton comes from three places, merged by place: above the owner's mark the owner's rows, and the reasons of
//! pulled authors; below the mark the reasons of everyone the owner follows. It is a superset of the law. The filter is
//! the law itself, for the few dozen rows of a page.
//!
//! Always: paging to the end gives exactly the law at the checkpoint, whatever was materialized, capped, backfilled or
//! pulled; a page may be short, and its token is the last row examined.

use shared::ids::{AccountKey, Position, PostKey};
use shared::rows::Rows;
use sqlx::sqlite::SqliteRow;
use tonic::Status;

use crate::hydrate::Entry;
use crate::pull::pulled;
use crate::sight::{followed, unblocked, unmuted};
use crate::snapshot::{Projections, Snapshot, Value, column, limit};

/// What this question reads.
pub const READS: Projections = &["timelines_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// The fewest rows of the skeleton to look at in one go.
const CHUNK_MIN: usize = 32;
/// How many chunks one page looks at before it is answered short.
const CHUNKS_MAX: usize = 32;

const SELECT_MARK: &str = "SELECT mark FROM timelines_1_accounts WHERE account = $1";
/// Above the mark: $1 the owner, $2 before this place, $3 the mark, $4 the limit.
const SELECT_ABOVE: &str = "
SELECT place, actor, post FROM (
    SELECT place, actor, post FROM timelines_1 WHERE owner = $1 AND place < $2 AND place > $3
    ORDER BY place DESC LIMIT $4
)
UNION
SELECT reasons.place, reasons.actor, reasons.post
FROM timelines_1_accounts AS author
JOIN timelines_1_edges AS edges ON edges.followee = author.account AND edges.follower = $1
JOIN timelines_1_reasons AS reasons ON reasons.actor = author.account
WHERE author.pulled_until > 0 AND reasons.place IN (
    SELECT place FROM timelines_1_reasons
    WHERE actor = author.account AND place < $2 AND place > $3 AND place <= author.pulled_until
    ORDER BY place DESC LIMIT $4
)
ORDER BY place DESC LIMIT $4";
/// Below the mark: $1 the owner, $2 before this place, $3 the limit.
const SELECT_BELOW: &str = concat!(
    pulled!("timelines_1_edges", "timelines_1_reasons"),
    "
SELECT place, actor, post FROM skeleton ORDER BY place DESC"
);

/// The law: $1 the owner, $2 rows of (place, actor, post), $3 the checkpoint. Blocks are asked for the author only: a
/// block ends the follows between the two, so an actor whom the owner follows stands across none. A newer visible reason is
/// looked for among the post's reposts or among the accounts that the owner follows, whichever are fewer.
const FILTER: &str = concat!(
    "
WITH candidates AS MATERIALIZED (
    SELECT value ->> 0 AS place, value ->> 1 AS actor, value ->> 2 AS post FROM json_each($2)
)
SELECT reason.place, reason.actor, reason.post
FROM candidates AS reason
JOIN posts_1 AS posts ON posts.post = reason.post AND posts.deleted = 0
JOIN profiles_1 AS actor ON actor.account = reason.actor AND actor.active = 1
JOIN profiles_1 AS author ON author.account = posts.author AND author.active = 1
WHERE (reason.place = reason.post OR EXISTS (
    SELECT 1 FROM posts_1_reposts AS reposts
    WHERE reposts.account = reason.actor AND reposts.post = reason.post AND reposts.place = reason.place
))
AND ",
    followed!("$1", "reason.actor"),
    "
AND ",
    unmuted!("$1", "reason.actor"),
    "
AND ",
    unmuted!("$1", "posts.author"),
    "
AND ",
    unblocked!("$1", "posts.author"),
    "
AND (author.protected = 0 OR ",
    followed!("$1", "posts.author"),
    ")
AND (reason.place <> reason.post OR posts.reply_to IS NULL OR posts.author = $1 OR ",
    followed!("$1", "posts.reply_to_author"),
    ")
AND NOT CASE WHEN COALESCE((SELECT reposts FROM counts_1_posts WHERE post = reason.post), 0)
               > COALESCE((SELECT following FROM counts_1_accounts WHERE account = $1), 0)
THEN EXISTS (
    SELECT 1 FROM graph_1_follows AS follows
    CROSS JOIN posts_1_reposts AS newer ON newer.account = follows.followee AND newer.post = reason.post
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active = 1
    WHERE follows.follower = $1 AND newer.place > reason.place AND newer.place <= $3
    AND ",
    unmuted!("$1", "newer.account"),
    "
) OR EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = $1 AND newer.post = reason.post AND newer.place > reason.place AND newer.place <= $3
) ELSE EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active = 1
    WHERE newer.post = reason.post AND newer.place > reason.place AND newer.place <= $3
    AND ",
    followed!("$1", "newer.account"),
    "
    AND ",
    unmuted!("$1", "newer.account"),
    "
) END
ORDER BY reason.place DESC"
);

/// A page of entries, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Entry>, Option<Position>), Status> {
    let mark = mark(snapshot, owner).await?;
    let chunk = (size * 2).max(CHUNK_MIN);
    let mut before = before.unwrap_or(snapshot.checkpoint.next());
    let mut entries = Vec::with_capacity(size);
    for _ in 0..CHUNKS_MAX {
        let is_above = before.0 - 1 > mark.0;
        let skeleton = match is_above {
            true => above(snapshot, owner, before, mark, chunk).await?,
            false => below(snapshot, owner, before, chunk).await?,
        };
        for entry in visible_entries(snapshot, owner, &skeleton).await? {
            entries.push(entry);
            if entries.len() == size {
                return Ok((entries, Some(entry.place)));
            }
        }
        let is_last = skeleton.len() < chunk;
        before = match skeleton.last() {
            Some(last) if !is_last => last.place,
            _ if is_above && mark.0 > 0 => mark.next(),
            _ => return Ok((entries, None)),
        };
    }
    Ok((entries, Some(before)))
}

/// What this owner sees of these rows.
pub async fn visible_entries(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    skeleton: &[Entry],
) -> Result<Vec<Entry>, Status> {
    if skeleton.is_empty() {
        return Ok(vec![]);
    }
    let candidates = skeleton.iter().map(|entry| (entry.place, entry.actor, entry.post)).collect::<Rows>().finish();
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(FILTER, &[Value::Number(owner.0), Value::Text(&candidates), checkpoint]).await?;
    rows.iter().map(entry).collect()
}

async fn mark(snapshot: &mut Snapshot, owner: AccountKey) -> Result<Position, Status> {
    let rows = snapshot.rows(SELECT_MARK, &[Value::Number(owner.0)]).await?;
    rows.first().map_or(Ok(Position(0)), |row| Ok(Position(column(row, "mark")?)))
}

async fn above(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Position,
    mark: Position,
    rows: usize,
) -> Result<Vec<Entry>, Status> {
    let values = [Value::Number(owner.0), Value::Number(before.0), Value::Number(mark.0), limit(rows)];
    snapshot.rows(SELECT_ABOVE, &values).await?.iter().map(entry).collect()
}

async fn below(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Position,
    rows: usize,
) -> Result<Vec<Entry>, Status> {
    let values = [Value::Number(owner.0), Value::Number(before.0), limit(rows)];
    snapshot.rows(SELECT_BELOW, &values).await?.iter().map(entry).collect()
}

pub(crate) fn entry(row: &SqliteRow) -> Result<Entry, Status> {
    Ok(Entry {
        place: Position(column(row, "place")?),
        actor: AccountKey(column(row, "actor")?),
        post: PostKey(column(row, "post")?),
    })
}
