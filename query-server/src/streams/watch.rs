//! The counts of posts, such as those on a screen, for all who watch some at the same time.
//!
//! Always: a subscription looks once a second at most, and tells of a post only what has changed since it told of it last; it begins with all
//! posts, so that it need not be resumed. Of a post that the viewer may not see, it tells that, and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use shared::log::Anchor;
use shared::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::rpc::proto::query as v1;
use shared::sql::rows::Rows;
use shared::sql::statements;
use tonic::Status;

use super::dispatch::Heard;
use super::feed::{Kind, News};
use super::interests::{Interests, Touch};
use super::post::PostChanges;
use super::shared_read::{Reader, SharedRead};
use super::together::{Live, SentTogether};
use crate::freshness::Freshness;
use crate::hydrate::{Flag, viewer_key};
use crate::questions::account::find_viewer;
use crate::snapshot::{Projections, Snapshot, Value, column, list};
use crate::vocabulary::VOCABULARY;

/// What is read.
pub const READS: Projections = &["posts_1", "changes_1", "profiles_1", "graph_1", "counts_1"];

/// The most posts of one subscription.
pub const WATCHED_MAX: usize = 100;
/// Between two looks: what changes quickly is told once.
const PACE: Duration = Duration::from_secs(1);

statements! { "watch.sql" with VOCABULARY: FIND_KEYS, SELECT_COUNTS }

/// The counts of a post; nothing where the viewer may not see it.
type Counted = Option<PostCounts>;

/// Likes, reposts and replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostCounts {
    likes: i64,
    reposts: i64,
    replies: i64,
}

/// The posts that one viewer watches.
pub struct Watching {
    pub viewer: Option<AccountKey>,
    pub posts: Vec<PostKey>,
}

/// The counts of the posts of those who ask at the same time, and what was read for them.
pub struct Counts;

impl SharedRead for Counts {
    type Question = Watching;
    type Answer = (HashMap<PostKey, Counted>, Anchor);

    const READS: Projections = READS;
    const NAME: &'static str = "post_counts";

    async fn answer(snapshot: &mut Snapshot, asked: &[Watching]) -> Result<Vec<Result<Self::Answer, Status>>, Status> {
        let numbered = (0_i64..).zip(asked);
        let wanted: Rows = numbered
            .flat_map(|(number, one)| one.posts.iter().map(move |post| (number, viewer_key(one.viewer), *post)))
            .collect();
        let row = snapshot.row(&SELECT_COUNTS, &[Value::Rows(&wanted)]).await?;
        let anchor = snapshot.anchor;
        let mut answers: Vec<_> = asked.iter().map(|_| (HashMap::new(), anchor)).collect();
        for (number, post, visible, likes, reposts, replies) in
            list::<(usize, i64, Flag, i64, i64, i64)>(&row, "found")?
        {
            let counted = visible.0.then_some(PostCounts { likes, reposts, replies });
            answers[number].0.insert(PostKey(post), counted);
        }
        Ok(answers.into_iter().map(Ok).collect())
    }
}

/// The subscription of one viewer.
pub struct WatchFeed {
    pub freshness: Freshness,
    pub counts: Reader<Counts>,
    pub viewer: Option<AccountKey>,
    pub viewer_id: Option<AccountId>,
    /// The posts that are there.
    pub posts: BTreeMap<PostKey, PostId>,
    /// Those that are not, until that is told.
    pub unknown: Vec<PostId>,
    /// What was told.
    pub told: HashMap<PostKey, Counted>,
}

impl Kind for WatchFeed {
    type Event = Live;
    type Index = Interests<PostChanges>;

    const PACE: Duration = PACE;

    async fn look(&mut self, from: Position, heard: Heard<Touch>) -> Result<News<Live>, Status> {
        let (posts, through) = match heard {
            Heard::Changes(changes, through, read_at) => {
                let touched = changes.iter().filter_map(|heard| match heard.change {
                    Touch::Post { touched, .. } => Some(touched).filter(|post| self.posts.contains_key(post)),
                    Touch::Account(_) | Touch::Everybody => None,
                });
                (touched.collect(), Some((through, read_at)))
            }
            Heard::Something => {
                let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
                find_viewer(&mut snapshot, self.viewer_id).await?;
                (self.posts.keys().copied().collect::<Vec<_>>(), None)
            }
        };
        if let (true, Some((reached, read_at))) = (posts.is_empty(), through) {
            return Ok(News { events: vec![], reached, read_at, unfinished: false });
        }
        let (counted, anchor) = self.counts.ask(Watching { viewer: self.viewer, posts }).await?;
        let (reached, read_at) = through.unwrap_or((anchor.position.max(from), anchor));
        let mut events: Vec<Live> = self.unknown.drain(..).map(|post| watched(post, None)).collect();
        for (post, id) in &self.posts {
            let Some(counted) = counted.get(post) else { continue };
            if self.told.insert(*post, *counted) != Some(*counted) {
                events.push(watched(*id, *counted));
            }
        }
        let events = events.into_iter().map(|event| (reached, event)).collect();
        Ok(News { events, reached, read_at, unfinished: false })
    }
}

impl SentTogether for WatchFeed {
    fn together(event: Live) -> Option<Live> {
        Some(event)
    }
}

fn watched(post: PostId, counted: Counted) -> Live {
    let post_id = post.to_string();
    Live::WatchedPost(match counted {
        Some(PostCounts { likes, reposts, replies }) => v1::WatchedPost {
            post_id,
            unavailable: false,
            like_count: likes,
            repost_count: reposts,
            reply_count: replies,
        },
        None => v1::WatchedPost { post_id, unavailable: true, ..v1::WatchedPost::default() },
    })
}

/// The keys of those of these posts that there are, whoever may see them.
pub async fn find_keys(snapshot: &mut Snapshot, ids: &[PostId]) -> Result<BTreeMap<PostKey, PostId>, Status> {
    let wanted = ids.iter().collect();
    let rows = snapshot.rows(&FIND_KEYS, &[Value::Rows(&wanted), Value::Number(snapshot.checkpoint.0)]).await?;
    rows.iter().map(|row| Ok((PostKey(column(row, "post")?), PostId(column(row, "post_id")?)))).collect()
}
