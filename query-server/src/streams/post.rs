//! The stream of a post: of which posts something changed is in `posts_1_changes`; what the post and its replies are now is answered as the
//! thread answers it ([`crate::questions::thread`]).
//!
//! Always: a stream looks a few times a second at most, however quickly the counts change. Whoever comes into the viewer's sight or
//! goes out of it may change any number of replies: if that account wrote one, or an answer to a deleted one, the thread is to be fetched
//! again. Without that, whose replies the viewer sees has not changed, so a reply is told to be gone only if its author is in sight and it, or
//! an answer that kept its tombstone, was deleted: of what was never shown, nothing is told.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::proto::query as v1;
use shared::proto::query::PostRefreshCause as RefreshCause;
use shared::proto::query::stream_post_response::Event;
use shared::sql::{Statement, statements};
use tonic::Status;

use super::dispatch::Heard;
use super::feed::{Kind, Signal, common_words};
use super::subjects::{Source, Subjects, Touch, kept, sight_changed, subject_changes};
use super::told::{Told, in_order};
use crate::freshness::Freshness;
use crate::hydrate::viewer_value;
use crate::questions::account::find_viewer;
use crate::questions::thread::{self, ThreadEntry};
use crate::sight::{followed, opens_to, unblocked, unmuted};
use crate::snapshot::{Projections, Snapshot, Value, column, limit};

/// What the stream reads.
pub const READS: Projections = &["posts_1", "timelines_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// Replies that are told one by one; when more changed, the thread is fetched again.
const REPLIES_MAX: usize = 256;
/// Between two looks.
const PACE: Duration = Duration::from_millis(250);

statements! {
    static SELECT_CHANGES = subject_changes!(
        "posts_1_kept",
        "UNION ALL
    SELECT place, 0, post FROM posts_1_changes WHERE place > $1 AND place <= $2
    UNION ALL
    SELECT changes.place, 0, replies.reply_to
    FROM posts_1_changes AS changes {ordered join} posts_1 AS replies ON replies.post = changes.post
    WHERE changes.place > $1 AND changes.place <= $2 AND replies.reply_to IS NOT NULL"
    );
    static SELECT_KEPT = kept!("posts_1_kept");
    /// What changed of the post $1 and its direct replies after $2 up to $3, $4 posts at most: first and last.
    static SELECT_TOUCHED = "
SELECT changes.post, MIN(changes.place) AS first, MAX(changes.place) AS last
FROM posts_1_changes AS changes {ordered join} posts_1 AS posts ON posts.post = changes.post
WHERE changes.place > $2 AND changes.place <= $3 AND (posts.post = $1 OR posts.reply_to = $1)
GROUP BY changes.post LIMIT $4";
    /// $1 the viewer, $4 the post. Of an account whose replies the viewer saw neither before nor after it, it does not matter whether it is
    /// deactivated; 12 and 13 are `Change::Deactivated` and `Change::Reactivated`.
    static SELECT_SIGHT = sight_changed!(concat!(
        "SELECT 1 FROM profiles_1 AS author WHERE author.account = sighted.account
    AND (sighted.change < 12 OR (",
        unblocked!("$1", "author.account"),
        " AND (sighted.change NOT IN (12, 13) OR NOT author.protected OR ",
        followed!("$1", "author.account"),
        ")))
    AND EXISTS (
        SELECT 1 FROM posts_1 AS replies WHERE replies.author = author.account
        AND (replies.reply_to = $4 OR replies.reply_to IN (
            SELECT deleted.post FROM posts_1 AS deleted WHERE deleted.reply_to = $4 AND deleted.deleted
        ))
    )"
    ));
    /// Those of the replies $1 that viewer $2 may have seen and that went after $3 up to $4. 3 is `Change::Deleted`.
    static SELECT_GONE = concat!(
        "
SELECT posts.post, posts.post_id
FROM {rows $1 AS wanted: wanted_post} {ordered join} posts_1 AS posts ON posts.post = wanted_post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE posts.deleted AND ",
        opens_to!("author", "$2"),
        " AND ",
        unmuted!("$2", "posts.author"),
        " AND EXISTS (
    SELECT 1 FROM timelines_1_changes AS changes
    {ordered join} posts_1 AS ended ON ended.post = changes.target
    {ordered join} profiles_1 AS ended_author ON ended_author.account = ended.author
    WHERE changes.place > $3 AND changes.place <= $4 AND changes.change = 3
    AND (ended.post = posts.post OR (ended.reply_to = posts.post AND ",
        opens_to!("ended_author", "$2"),
        " AND ",
        unmuted!("$2", "ended.author"),
        "))
)"
    );
}

/// What is to be told.
type News = super::feed::News<Event>;
/// The replies that changed, and where first and last.
type Touches = BTreeMap<PostKey, (Position, Position)>;

/// Where streams of posts hear of changes.
pub struct PostChanges;

impl Source for PostChanges {
    const READS: Projections = READS;

    fn changes() -> &'static Statement {
        &SELECT_CHANGES
    }
}

/// The stream of one post and its direct replies.
pub struct PostFeed {
    pub freshness: Freshness,
    pub post: PostKey,
    pub post_id: PostId,
    pub viewer: Option<AccountKey>,
    pub viewer_id: Option<AccountId>,
    /// The client does not know the post yet.
    pub begins_anew: bool,
}

impl Kind for PostFeed {
    type Event = Event;
    type Message = v1::StreamPostResponse;
    type Index = Subjects<PostChanges>;

    const PACE: Duration = PACE;

    common_words!(StreamPostResponse);

    async fn look(&mut self, from: Position, _: Heard<Touch>) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        let read_at = snapshot.anchor;
        let begins_anew = std::mem::take(&mut self.begins_anew);
        let reached = snapshot.checkpoint.max(from);
        if reached == from && !begins_anew {
            return Ok(News { events: vec![], reached, read_at, unfinished: false });
        }
        find_viewer(&mut snapshot, self.viewer_id).await?;
        let focus = thread::find(&mut snapshot, self.post_id, self.viewer).await?;
        let refresh = |cause: RefreshCause| {
            let event = Event::Refresh(v1::PostRefresh { cause: cause.into() });
            Ok(News { events: vec![(reached, event)], reached, read_at, unfinished: false })
        };
        let kept = snapshot.row(&SELECT_KEPT, &[]).await?;
        if from < Position(column(&kept, "kept_after")?) {
            return refresh(RefreshCause::TokenExpired);
        }
        let sight =
            [viewer_value(self.viewer), Value::Number(from.0), Value::Number(reached.0), Value::Number(self.post.0)];
        if column(&snapshot.row(&SELECT_SIGHT, &sight).await?, "changed")? {
            return refresh(RefreshCause::SightChanged);
        }
        let mut touched = self.touched(&mut snapshot, from, reached).await?;
        if touched.len() > REPLIES_MAX {
            return refresh(RefreshCause::TooManyChanges);
        }
        if begins_anew {
            touched.insert(self.post, (from, from));
        }
        let events = self.present(&mut snapshot, &focus, touched, (from, reached)).await?;
        Ok(News { events, reached, read_at, unfinished: false })
    }
}

impl PostFeed {
    async fn touched(&self, snapshot: &mut Snapshot, from: Position, reached: Position) -> Result<Touches, Status> {
        let values =
            [Value::Number(self.post.0), Value::Number(from.0), Value::Number(reached.0), limit(REPLIES_MAX + 1)];
        let touch = |row| {
            let post = PostKey(column(row, "post")?);
            Ok((post, (Position(column(row, "first")?), Position(column(row, "last")?))))
        };
        snapshot.rows(&SELECT_TOUCHED, &values).await?.iter().map(touch).collect()
    }

    async fn present(
        &self,
        snapshot: &mut Snapshot,
        focus: &ThreadEntry,
        touched: Touches,
        between: (Position, Position),
    ) -> Result<Vec<(Position, Event)>, Status> {
        let replies = touched.keys().copied().filter(|post| *post != self.post);
        let shown = thread::these_replies(snapshot, self.post, self.viewer, replies.clone()).await?;
        let hydrated = thread::hydrate(snapshot, self.viewer, shown.iter().chain([focus])).await?;
        let mut shown: BTreeMap<PostKey, ThreadEntry> = shown.into_iter().map(|entry| (entry.post, entry)).collect();
        let missing: Vec<PostKey> = replies.filter(|reply| !shown.contains_key(reply)).collect();
        let gone = self.gone(snapshot, &missing, between).await?;
        let mut told = Vec::with_capacity(touched.len());
        for (post, (first, last)) in touched {
            let event = if post == self.post {
                Event::Updated(v1::PostUpdated { item: Some(thread::present(&hydrated, focus)) })
            } else if let Some(reply) = shown.remove(&post) {
                Event::Item(v1::PostReplyItem { reply: Some(thread::present(&hydrated, &reply)) })
            } else if let Some(id) = gone.get(&post) {
                Event::Removed(v1::PostReplyRemoved { post_id: id.to_string() })
            } else {
                continue;
            };
            told.push(Told { first, last, event });
        }
        Ok(in_order(told))
    }

    /// Those of these replies that went between two positions and that the viewer may have seen before.
    async fn gone(
        &self,
        snapshot: &mut Snapshot,
        replies: &[PostKey],
        (from, reached): (Position, Position),
    ) -> Result<BTreeMap<PostKey, PostId>, Status> {
        if replies.is_empty() {
            return Ok(BTreeMap::new());
        }
        let replies = replies.iter().collect();
        let values =
            [Value::Rows(&replies), viewer_value(self.viewer), Value::Number(from.0), Value::Number(reached.0)];
        let rows = snapshot.rows(&SELECT_GONE, &values).await?;
        rows.iter().map(|row| Ok((PostKey(column(row, "post")?), PostId(column(row, "post_id")?)))).collect()
    }
}
