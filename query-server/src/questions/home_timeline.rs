//! The home timeline: the skeleton from the store of timelines, and the law.
//!
//! Always: paging to the end gives exactly the law at the checkpoint, whatever was stored, capped, backfilled or pulled; a page may be short,
//! and its token is the last reason examined. Never here: how timelines are stored (see [`timelines`]); the law (see [`crate::law`]).

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::database::Row;
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use crate::law::{self, Candidate, is_spread_wider};
use crate::snapshot::{Projections, Snapshot, Value, column, list};

/// What this question reads.
pub const READS: Projections = &["timelines_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// How many reasons of the skeleton to look at in one go, beyond those that the page needs: most are seen.
const CHUNK_MARGIN: usize = 4;
/// How many chunks one page looks at before it is answered short; each is larger than the one before.
const CHUNKS_MAX: usize = 16;
const CHUNK_MAX: usize = 1_024;

statements! {
    /// Of $1, rows of (owner, post, up to), all that may be a reason for the owner to see the post, up to that position.
    static SELECT_CANDIDATES = concat!(
        "
WITH wanted AS MATERIALIZED (
    SELECT asked.*, ",
        is_spread_wider!("asked.post", "asked.owner"),
        " AS is_spread_wider FROM {rows $1 AS asked: owner, post, up_to}
),
reason AS MATERIALIZED (
    SELECT posts.post AS place, posts.author AS actor, posts.post
    FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post AND posts.post <= wanted.up_to
    UNION ALL
    SELECT own.place, own.account, own.post
    FROM wanted {ordered join} posts_1_reposts AS own
        ON own.account = wanted.owner AND own.post = wanted.post AND own.place <= wanted.up_to
    UNION ALL
    SELECT reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} posts_1_reposts AS reposts ON reposts.post = wanted.post AND reposts.place <= wanted.up_to
    {ordered join} graph_1_follows AS follows ON follows.follower = wanted.owner AND follows.followee = reposts.account
    WHERE NOT wanted.is_spread_wider
    UNION ALL
    SELECT reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} graph_1_follows AS follows ON follows.follower = wanted.owner
    {ordered join} posts_1_reposts AS reposts
        ON reposts.account = follows.followee AND reposts.post = wanted.post AND reposts.place <= wanted.up_to
    WHERE wanted.is_spread_wider
)
SELECT CAST({collect}({array}(reason.place, reason.actor, reason.post)) AS TEXT) AS candidates FROM reason"
    );
}

/// A page of entries, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Reason>, Option<Position>), Status> {
    let up_to = snapshot.checkpoint;
    let mut before = before.unwrap_or(up_to.next());
    let mut entries = Vec::with_capacity(size);
    let mut chunk = size + CHUNK_MARGIN;
    for _ in 0..CHUNKS_MAX {
        let skeleton = snapshot.skeleton(owner, before, chunk).await?;
        let candidates: Vec<_> = skeleton.iter().map(|reason| Candidate { owner, reason: *reason, up_to }).collect();
        for seen in law::seen(snapshot, &candidates).await? {
            let reason = skeleton[seen];
            entries.push(reason);
            if entries.len() == size {
                return Ok((entries, Some(reason.place)));
            }
        }
        match skeleton.last() {
            Some(last) if skeleton.len() == chunk => before = last.place,
            _ => return Ok((entries, None)),
        }
        chunk = (chunk * 2).min(CHUNK_MAX);
    }
    Ok((entries, Some(before)))
}

/// Those of these posts that the owner sees now, each at its newest visible reason.
pub async fn seen_now(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    posts: impl IntoIterator<Item = PostKey>,
) -> Result<Vec<Reason>, Status> {
    let up_to = snapshot.checkpoint;
    let wanted: Rows = posts.into_iter().map(|post| (owner, post, up_to)).collect();
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let row = snapshot.row(&SELECT_CANDIDATES, &[Value::Rows(&wanted)]).await?;
    let candidate = |(place, actor, post)| {
        let reason = Reason { place: Position(place), actor: AccountKey(actor), post: PostKey(post) };
        Candidate { owner, reason, up_to }
    };
    let candidates: Vec<Candidate> = list(&row, "candidates")?.into_iter().map(candidate).collect();
    let seen = law::seen(snapshot, &candidates).await?;
    Ok(seen.into_iter().map(|number| candidates[number].reason).collect())
}

pub(crate) fn entry(row: &Row) -> Result<Reason, Status> {
    Ok(Reason {
        place: Position(column(row, "place")?),
        actor: AccountKey(column(row, "actor")?),
        post: PostKey(column(row, "post")?),
    })
}
