//! The law of the home timeline: which reasons an owner sees, judged at read.
//!
//! Always: this is the one place that says it, for pages and for streams alike; it judges each reason by the tables of one snapshot, whatever
//! store of timelines or stream the reason came from. Never here: where reasons come from.

use shared::model::ids::{AccountKey, Position};
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use crate::sight::{followed, unblocked, unmuted};
use crate::snapshot::{Snapshot, Value, list};

/// SQL for "this post has more reposts than this owner follows accounts": what is looked for among both is looked for among the fewer.
macro_rules! is_spread_wider {
    ($post:literal, $owner:literal) => {
        concat!(
            "COALESCE((SELECT reposts FROM counts_1_posts WHERE post = ",
            $post,
            "), 0) > COALESCE((SELECT following FROM counts_1_accounts WHERE account = ",
            $owner,
            "), 0)"
        )
    };
}
/// SQL for "this owner, or somebody whom this owner follows, has reposted this post".
macro_rules! reposted_by_followed {
    ($post:literal, $owner:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM posts_1_reposts WHERE account = ",
            $owner,
            " AND post = ",
            $post,
            ") OR CASE WHEN ",
            $crate::law::is_spread_wider!($post, $owner),
            " THEN EXISTS (
        SELECT 1 FROM graph_1_follows AS follows
        {ordered join} posts_1_reposts AS reposts ON reposts.account = follows.followee AND reposts.post = ",
            $post,
            " WHERE follows.follower = ",
            $owner,
            "
    ) ELSE EXISTS (
        SELECT 1 FROM posts_1_reposts AS reposts
        {ordered join} graph_1_follows AS follows ON follows.follower = ",
            $owner,
            " AND follows.followee = reposts.account
        WHERE reposts.post = ",
            $post,
            "
    ) END)"
        )
    };
}
pub(crate) use {is_spread_wider, reposted_by_followed};

/// SQL for the law: this owner sees the post of this `reason` (place, actor, post), and has no newer visible reason up to this position. A newer
/// one is looked for among the post's reposts or among the accounts that the owner follows, whichever are fewer. Blocks are asked for the
/// author only: a block ends the follows between the two, so an actor whom the owner follows stands across none.
macro_rules! is_seen {
    ($owner:literal, $up_to:literal) => {
        concat!(
            "EXISTS (
    SELECT 1 FROM posts_1 AS posts
    {ordered join} profiles_1 AS author ON author.account = posts.author AND author.active
    WHERE posts.post = reason.post AND NOT posts.deleted
    AND (reason.place = reason.post OR EXISTS (
        SELECT 1 FROM posts_1_reposts AS reposts
        WHERE reposts.account = reason.actor AND reposts.post = reason.post AND reposts.place = reason.place
    ))
    AND (reason.actor = posts.author OR (
        EXISTS (SELECT 1 FROM profiles_1 AS actor WHERE actor.account = reason.actor AND actor.active) AND ",
            unmuted!($owner, "reason.actor"),
            "
    ))
    AND ",
            followed!($owner, "reason.actor"),
            "
    AND ",
            unmuted!($owner, "posts.author"),
            "
    AND ",
            unblocked!($owner, "posts.author"),
            "
    AND (NOT author.protected OR ",
            followed!($owner, "posts.author"),
            ")
    AND (reason.place <> reason.post OR posts.reply_to IS NULL OR posts.author = ",
            $owner,
            " OR ",
            followed!($owner, "posts.reply_to_author"),
            ")
)",
            "
AND NOT (reason.place < ",
            $up_to,
            " AND CASE WHEN ",
            is_spread_wider!("reason.post", $owner),
            " THEN EXISTS (
    SELECT 1 FROM graph_1_follows AS follows
    {ordered join} posts_1_reposts AS newer ON newer.account = follows.followee AND newer.post = reason.post
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active
    WHERE follows.follower = ",
            $owner,
            " AND newer.place > reason.place AND newer.place <= ",
            $up_to,
            "
    AND ",
            unmuted!($owner, "newer.account"),
            "
) OR EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = ",
            $owner,
            " AND newer.post = reason.post AND newer.place > reason.place AND newer.place <= ",
            $up_to,
            "
) ELSE EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active
    WHERE newer.post = reason.post AND newer.place > reason.place AND newer.place <= ",
            $up_to,
            "
    AND ",
            followed!($owner, "newer.account"),
            "
    AND ",
            unmuted!($owner, "newer.account"),
            "
) END)"
        )
    };
}
pub(crate) use is_seen;

statements! {
    /// Of $1, numbered rows of (owner, place, actor, post, up to), the numbers of those for which the owner sees the post and has no newer visible
    /// reason up to that position.
    static SELECT_SEEN = concat!(
        "
WITH reason AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: number, owner, place, actor, post, up_to}
)
SELECT CAST({collect}(reason.number) AS TEXT) AS seen FROM reason WHERE ",
        is_seen!("reason.owner", "reason.up_to")
    );
}

/// A reason, and whose timeline is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub owner: AccountKey,
    pub reason: Reason,
    /// Newer reasons than this position do not count.
    pub up_to: Position,
}

/// The indexes of those candidates for which their owners see the posts, and for no newer reason; in their order.
pub async fn seen(snapshot: &mut Snapshot, candidates: &[Candidate]) -> Result<Vec<usize>, Status> {
    if candidates.is_empty() {
        return Ok(vec![]);
    }
    let row = |(number, candidate): (i64, &Candidate)| {
        let Candidate { owner, reason: Reason { place, actor, post }, up_to } = *candidate;
        (number, owner, place, actor, post, up_to)
    };
    let rows: Rows = (0_i64..).zip(candidates).map(row).collect();
    let row = snapshot.row(&SELECT_SEEN, &[Value::Rows(&rows)]).await?;
    let mut seen: Vec<usize> = list(&row, "seen")?;
    seen.sort_unstable();
    Ok(seen)
}
