//! The home timeline: the law, judged at read.
//!
//! The skeleton comes from three places, merged by place: above the owner's mark the owner's rows, and the reasons of
//! pulled authors; below the mark the reasons of everyone the owner follows. It is a superset of the law. The filter is
//! the law itself, for the few dozen rows of a page, in the same statement.
//!
//! Always: paging to the end gives exactly the law at the checkpoint, whatever was materialized, capped, backfilled or
//! pulled; a page may be short, and its token is the last row examined.

use serde::Deserialize;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::database::Row;
use shared::sql::rows::Rows;
use shared::sql::{Statement, statements};
use tonic::Status;

use crate::hydrate::{Entry, Flag};
use crate::pull::pulled;
use crate::sight::{followed, unblocked, unmuted};
use crate::snapshot::{Projections, Snapshot, Value, column, limit, list};

/// What this question reads.
pub const READS: Projections = &["timelines_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// How many rows of the skeleton to look at in one go, beyond those that the page needs: most are seen.
const CHUNK_MARGIN: usize = 4;
/// How many chunks one page looks at before it is answered short; each is larger than the one before.
const CHUNKS_MAX: usize = 16;
const CHUNK_MAX: usize = 1_024;

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
            $crate::questions::home_timeline::is_spread_wider!($post, $owner),
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

/// SQL for the filter but for newer reasons: this owner sees the post of this `reason` (place, actor, post) for it. Blocks are asked for the
/// author only: a block ends the follows between the two, so an actor whom the owner follows stands across none.
macro_rules! is_reason {
    ($owner:literal) => {
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
)"
        )
    };
}
/// SQL for the filter, which is the law: this owner sees this `reason` at the checkpoint, and no newer one. A newer visible reason is looked
/// for among the post's reposts or among the accounts that the owner follows, whichever are fewer.
macro_rules! seen {
    ($owner:literal, $checkpoint:literal) => {
        concat!(
            is_reason!($owner),
            "
AND NOT CASE WHEN ",
            is_spread_wider!("reason.post", $owner),
            " THEN EXISTS (
    SELECT 1 FROM graph_1_follows AS follows
    {ordered join} posts_1_reposts AS newer ON newer.account = follows.followee AND newer.post = reason.post
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active
    WHERE follows.follower = ",
            $owner,
            " AND newer.place > reason.place AND newer.place <= ",
            $checkpoint,
            "
    AND ",
            unmuted!($owner, "newer.account"),
            "
) OR EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = ",
            $owner,
            " AND newer.post = reason.post AND newer.place > reason.place AND newer.place <= ",
            $checkpoint,
            "
) ELSE EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND newer_actor.active
    WHERE newer.post = reason.post AND newer.place > reason.place AND newer.place <= ",
            $checkpoint,
            "
    AND ",
            followed!($owner, "newer.account"),
            "
    AND ",
            unmuted!($owner, "newer.account"),
            "
) END"
        )
    };
}
/// SQL for the rows of a skeleton as JSON, newest first, each with whether the owner sees it.
macro_rules! examined {
    () => {
        concat!(
            "CAST({collect}({array}(reason.place, reason.actor, reason.post, (",
            seen!("$1", "$2"),
            ")) ORDER BY reason.place DESC) AS TEXT)"
        )
    };
}

statements! {
    /// Above the mark: $1 the owner, $2 the checkpoint, $3 before this place, $4 the limit.
    static SELECT_ABOVE = concat!(
        "
WITH own AS MATERIALIZED (
    SELECT COALESCE((SELECT mark FROM timelines_1_accounts WHERE account = $1), 0) AS mark
),
skeleton AS MATERIALIZED (
    SELECT place, actor, post FROM (
        SELECT place, actor, post FROM timelines_1
        WHERE owner = $1 AND place < $3 AND place > (SELECT mark FROM own)
        ORDER BY place DESC LIMIT $4
    ) AS pushed
    UNION
    SELECT reasons.place, reasons.actor, reasons.post
    FROM timelines_1_accounts AS author
    JOIN timelines_1_edges AS edges ON edges.followee = author.account AND edges.follower = $1
    {sqlite: JOIN timelines_1_reasons AS reasons ON reasons.actor = author.account
    WHERE author.pulled_until > 0 AND reasons.place IN (
        SELECT place FROM timelines_1_reasons
        WHERE actor = author.account AND place < $3 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $4
    )}{postgres: CROSS JOIN LATERAL (
        SELECT * FROM timelines_1_reasons AS pulled
        WHERE pulled.actor = author.account AND place < $3 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $4
    ) AS reasons WHERE author.pulled_until > 0}
    ORDER BY place DESC LIMIT $4
)
SELECT (SELECT mark FROM own) AS mark, ",
        examined!(),
        " AS examined FROM skeleton AS reason"
    );
    /// Below the mark: $1 the owner, $2 the checkpoint, $3 before this place, $4 the limit.
    static SELECT_BELOW = concat!(
        pulled!("timelines_1_edges", "timelines_1_reasons", before: "$3", limit: "$4"),
        "
SELECT CAST(0 AS {number}) AS mark, ",
        examined!(),
        " AS examined FROM skeleton AS reason"
    );
    /// Of $1, numbered rows of (owner, post, up to), why the owner sees the post, up to a position: the newest visible reason.
    static SELECT_SEEN_NOW = concat!(
        "
WITH wanted AS MATERIALIZED (
    SELECT asked.*, ",
        is_spread_wider!("asked.post", "asked.owner"),
        " AS is_spread_wider FROM {rows $1 AS asked: number, owner, post, up_to}
),
reason AS MATERIALIZED (
    SELECT wanted.number, wanted.owner, wanted.up_to, posts.post AS place, posts.author AS actor, posts.post
    FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post AND posts.post <= wanted.up_to
    UNION ALL
    SELECT wanted.number, wanted.owner, wanted.up_to, own.place, own.account, own.post
    FROM wanted {ordered join} posts_1_reposts AS own
        ON own.account = wanted.owner AND own.post = wanted.post AND own.place <= wanted.up_to
    UNION ALL
    SELECT wanted.number, wanted.owner, wanted.up_to, reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} posts_1_reposts AS reposts ON reposts.post = wanted.post AND reposts.place <= wanted.up_to
    {ordered join} graph_1_follows AS follows ON follows.follower = wanted.owner AND follows.followee = reposts.account
    WHERE NOT wanted.is_spread_wider
    UNION ALL
    SELECT wanted.number, wanted.owner, wanted.up_to, reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} graph_1_follows AS follows ON follows.follower = wanted.owner
    {ordered join} posts_1_reposts AS reposts
        ON reposts.account = follows.followee AND reposts.post = wanted.post AND reposts.place <= wanted.up_to
    WHERE wanted.is_spread_wider
)
SELECT CAST({collect}({array}(reason.number, reason.place, reason.actor, reason.post)) AS TEXT) AS seen
FROM reason WHERE ",
        seen!("reason.owner", "reason.up_to")
    );
    /// Of $1, numbered rows of (owner, place, actor, post), the numbers of those that are reasons why the owner sees the post.
    static SELECT_SEEN_REASONS = concat!(
        "
WITH reason AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: number, owner, place, actor, post}
)
SELECT CAST({collect}(reason.number) AS TEXT) AS seen FROM reason WHERE ",
        is_reason!("reason.owner")
    );
}

/// Rows of a skeleton that were examined.
struct Examined {
    /// The owner's mark, above it.
    mark: Position,
    rows: Vec<Judged>,
}

/// A row of a skeleton, as JSON: place, actor, post, and whether the owner sees it.
#[derive(Deserialize)]
struct Judged(i64, i64, i64, Flag);

impl Judged {
    fn entry(&self) -> Entry {
        Entry { place: Position(self.0), actor: AccountKey(self.1), post: PostKey(self.2) }
    }

    fn is_seen(&self) -> bool {
        self.3.0
    }
}

/// A page of entries, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Entry>, Option<Position>), Status> {
    let mut before = before.unwrap_or(snapshot.checkpoint.next());
    let mut entries = Vec::with_capacity(size);
    let mut chunk = size + CHUNK_MARGIN;
    let mut is_above = true;
    for _ in 0..CHUNKS_MAX {
        let statement = if is_above { &SELECT_ABOVE } else { &SELECT_BELOW };
        let values =
            [Value::Number(owner.0), Value::Number(snapshot.checkpoint.0), Value::Number(before.0), limit(chunk)];
        let Examined { mark, rows } = examine(snapshot, statement, &values).await?;
        for row in rows.iter().filter(|row| row.is_seen()) {
            entries.push(row.entry());
            if entries.len() == size {
                return Ok((entries, Some(row.entry().place)));
            }
        }
        match rows.last() {
            Some(last) if rows.len() == chunk => before = last.entry().place,
            _ if is_above && mark.0 > 0 => {
                is_above = false;
                before = before.min(mark.next());
            }
            _ => return Ok((entries, None)),
        }
        chunk = (chunk * 2).min(CHUNK_MAX);
    }
    Ok((entries, Some(before)))
}

/// A post, and whether an owner sees it, for a reason that is not newer than a position.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The owner of the timeline.
    pub owner: AccountKey,
    /// The post.
    pub post: PostKey,
    /// The newest reason that counts.
    pub up_to: Position,
}

/// Those of the wanted posts that their owners see now, by their numbers, each at its newest visible reason.
pub async fn seen_now(snapshot: &mut Snapshot, wanted: &[Wanted]) -> Result<Vec<(usize, Entry)>, Status> {
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let numbered = (0_i64..).zip(wanted);
    let rows: Rows = numbered.map(|(number, wanted)| (number, wanted.owner, wanted.post, wanted.up_to)).collect();
    let row = snapshot.row(&SELECT_SEEN_NOW, &[Value::Rows(&rows)]).await?;
    let entry = |(number, place, actor, post)| {
        (number, Entry { place: Position(place), actor: AccountKey(actor), post: PostKey(post) })
    };
    Ok(list(&row, "seen")?.into_iter().map(entry).collect())
}

/// The numbers of those of these reasons for which their owners see the posts, whatever newer reasons there are.
pub async fn seen_reasons(snapshot: &mut Snapshot, reasons: &[(AccountKey, Entry)]) -> Result<Vec<usize>, Status> {
    if reasons.is_empty() {
        return Ok(vec![]);
    }
    let numbered = (0_i64..).zip(reasons);
    let rows: Rows =
        numbered.map(|(number, (owner, reason))| (number, owner, reason.place, reason.actor, reason.post)).collect();
    let row = snapshot.row(&SELECT_SEEN_REASONS, &[Value::Rows(&rows)]).await?;
    list(&row, "seen")
}

async fn examine(
    snapshot: &mut Snapshot,
    statement: &'static Statement,
    values: &[Value<'_>],
) -> Result<Examined, Status> {
    let row = snapshot.row(statement, values).await?;
    Ok(Examined { mark: Position(column(&row, "mark")?), rows: list(&row, "examined")? })
}

pub(crate) fn entry(row: &Row) -> Result<Entry, Status> {
    Ok(Entry {
        place: Position(column(row, "place")?),
        actor: AccountKey(column(row, "actor")?),
        post: PostKey(column(row, "post")?),
    })
}
