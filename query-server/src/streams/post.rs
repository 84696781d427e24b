//! The stream of a post: of which posts something changed is heard from the dispatch, or pulled from `posts_1_changes`; what the post and its
//! replies are now is read for all who watch at the same time ([`super::post_items`]).
//!
//! Always: a stream looks a few times a second at most, however quickly the counts change. Whoever comes into the viewer's sight or
//! goes out of it may change any number of replies: if that account wrote one, or an answer to a deleted one, the thread is to be fetched
//! again. A stream that only heard of posts knows that nobody did.

use std::time::Duration;

use shared::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::PostRefreshCause as RefreshCause;
use shared::rpc::proto::query::stream_post_response::Event;
use shared::rpc::tokens::Tokens;
use shared::sql::{Statement, statements};
use tonic::Status;

use super::alone::sent_alone;
use super::dispatch::{Heard, HeardOf};
use super::feed::Kind;
use super::interests::{Interests, Source, Touch};
use super::post_items::{self, PostItems, Touches, Watched};
use super::shared_read::Reader;
use super::together::{Live, SentTogether, refreshed};
use super::{Begin, Messages, Open, Since};
use crate::asking::{Asking, Checked};
use crate::freshness::Freshness;
use crate::hydrate::viewer_value;
use crate::questions::account::find_viewer;
use crate::questions::thread;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// What the stream reads.
pub const READS: Projections = &["posts_1", "changes_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// Replies that are told one by one; when more changed, the thread is fetched again.
const REPLIES_MAX: usize = 256;
/// Between two looks.
const PACE: Duration = Duration::from_millis(250);

statements! { "post.sql" with VOCABULARY: SELECT_CHANGES, SELECT_KEPT, SELECT_TOUCHED, SELECT_SIGHT }

/// What is to be told.
type News = super::feed::News<Event>;
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
    pub tokens: Tokens,
    pub items: Reader<PostItems>,
    pub post: PostKey,
    pub post_id: PostId,
    pub viewer: Option<AccountKey>,
    pub viewer_id: Option<AccountId>,
    /// The client does not know the post yet.
    pub begins_anew: bool,
}

impl Kind for PostFeed {
    type Event = Event;
    type Index = Interests<PostChanges>;

    const PACE: Duration = PACE;

    async fn look(&mut self, from: Position, heard: Heard<Touch>) -> Result<News, Status> {
        match heard {
            Heard::Changes(changes, through, read_at) => {
                let mut touched = Touches::default();
                for HeardOf { first, last, change } in changes {
                    let Touch::Post { touched: post, .. } = change else { continue };
                    touched.touch(post, first);
                    touched.touch(post, last);
                }
                let events = match touched.is_empty() {
                    true => vec![],
                    false => self.items.ask(self.watched(touched, from, through)).await?,
                };
                Ok(News { events, reached: through, read_at, unfinished: false })
            }
            Heard::Something => self.pull(from).await,
        }
    }
}

sent_alone!(PostFeed: StreamPostResponse);

impl SentTogether for PostFeed {
    fn together(event: Event) -> Option<Live> {
        Some(match event {
            Event::Updated(updated) => Live::PostUpdated(updated),
            Event::Item(item) => Live::PostReplyItem(item),
            Event::Removed(removed) => Live::PostReplyRemoved(removed),
            Event::Refresh(refresh) => {
                refreshed(refresh.cause == RefreshCause::TokenExpired as i32, refresh.at_least_as_fresh)
            }
            Event::Subscribed(_)
            | Event::CaughtUp(_)
            | Event::FellBehind(_)
            | Event::Heartbeat(_)
            | Event::Draining(_) => return None,
        })
    }
}

impl PostFeed {
    /// What has changed since the last message.
    async fn pull(&mut self, from: Position) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        let read_at = snapshot.anchor;
        let begins_anew = std::mem::take(&mut self.begins_anew);
        let reached = snapshot.checkpoint.max(from);
        if reached == from && !begins_anew {
            return Ok(News { events: vec![], reached, read_at, unfinished: false });
        }
        find_viewer(&mut snapshot, self.viewer_id).await?;
        thread::find(&mut snapshot, self.post_id, self.viewer).await?;
        let refresh = |cause: RefreshCause| {
            let at_least_as_fresh = self.tokens.seal(read_at);
            let event = Event::Refresh(v1::PostRefresh { cause: cause.into(), at_least_as_fresh });
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
            touched.touch(self.post, from);
        }
        let events = post_items::of_one(&mut snapshot, self.watched(touched, from, reached)).await?;
        Ok(News { events, reached, read_at, unfinished: false })
    }

    /// What the stream asks for when this was touched.
    fn watched(&self, touched: Touches, after: Position, up_to: Position) -> Watched {
        Watched { post: self.post, post_id: self.post_id, viewer: self.viewer, touched, after, up_to }
    }

    async fn touched(&self, snapshot: &mut Snapshot, from: Position, reached: Position) -> Result<Touches, Status> {
        let values =
            [Value::Number(self.post.0), Value::Number(from.0), Value::Number(reached.0), limit(REPLIES_MAX + 1)];
        let mut touched = Touches::default();
        for row in snapshot.rows(&SELECT_TOUCHED, &values).await? {
            let post = PostKey(column(&row, "post")?);
            touched.touch(post, Position(column(&row, "first")?));
            touched.touch(post, Position(column(&row, "last")?));
        }
        Ok(touched)
    }
}

impl Open for v1::StreamPostRequest {
    async fn open(mut asking: Asking<'_, Self>) -> Result<Messages<Self::Response>, Status> {
        let request = asking.request;
        let post = asking.violations.post("post_id", &request.post_id);
        let Checked { queries, viewer, consistency, call } = asking.check()?;
        let begin = Begin { call, consistency, since: Since::Token(&request.resume_token) };
        queries.streams.alone(queries.streams.post(begin, (post, viewer)).await?)
    }
}
