//! The stream of a post: of which posts something changed is in `posts_1_changes`; what the post and its replies are now is answered as the
//! thread answers it ([`crate::questions::thread`]).
//!
//! Always: a stream looks a few times a second at most, however quickly the counts change. Whoever comes into the viewer's sight or
//! goes out of it may change any number of replies: if that account wrote one, the thread is to be fetched again.

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
use crate::questions::post::ids;
use crate::questions::thread::{self, ThreadEntry};
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
    /// $1 the viewer, $4 the post.
    static SELECT_SIGHT = sight_changed!(
        "SELECT 1 FROM posts_1 AS replies WHERE replies.reply_to = $4 AND replies.author = sighted.account"
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
        Ok(News { events: self.present(&mut snapshot, &focus, touched).await?, reached, read_at, unfinished: false })
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
    ) -> Result<Vec<(Position, Event)>, Status> {
        let replies = touched.keys().copied().filter(|post| *post != self.post);
        let shown = thread::these_replies(snapshot, self.post, self.viewer, replies.clone()).await?;
        let hydrated = thread::hydrate(snapshot, self.viewer, shown.iter().chain([focus])).await?;
        let mut shown: BTreeMap<PostKey, ThreadEntry> = shown.into_iter().map(|entry| (entry.post, entry)).collect();
        let gone: Vec<i64> = replies.filter(|reply| !shown.contains_key(reply)).map(|reply| reply.0).collect();
        let gone = ids(snapshot, gone.iter()).await?;
        let mut told = Vec::with_capacity(touched.len());
        for (post, (first, last)) in touched {
            let event = if post == self.post {
                Event::Updated(v1::PostUpdated { item: Some(thread::present(&hydrated, focus)) })
            } else if let Some(reply) = shown.remove(&post) {
                Event::Item(v1::PostReplyItem { reply: Some(thread::present(&hydrated, &reply)) })
            } else {
                let post_id = gone.get(&post.0).map(ToString::to_string).unwrap_or_default();
                Event::Removed(v1::PostReplyRemoved { post_id })
            };
            told.push(Told { first, last, event });
        }
        Ok(in_order(told))
    }
}
