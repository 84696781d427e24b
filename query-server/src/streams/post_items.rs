//! What viewers see of a post and its replies, of which something changed, for all streams of posts that ask at the same time.
//!
//! Always: what a post and its author are is read once, however many watch it; what is read for each viewer is what they may see, and what is
//! their own. Between the two positions that a stream asks for, whose replies its viewer sees has not changed, so a reply is told to be gone only
//! if its author is in sight and it, or an answer that kept its tombstone, was deleted or taken down: of what was never shown, nothing is told.

use std::collections::BTreeMap;

use shared::model::ids::{AccountKey, Position, PostId, PostKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::stream_post_response::Event;
use shared::sql::rows::Rows;
use shared::sql::statements;
use tonic::Status;

use super::pending::{Pending, in_order};
use super::post::READS;
use super::shared_read::SharedRead;
use crate::hydrate::{Views, viewer_key};
use crate::questions::post::not_found;
use crate::questions::thread::{self, Sight, ThreadEntry};
use crate::snapshot::{Projections, Snapshot, Value, column};
use crate::vocabulary::VOCABULARY;

statements! { "post_items.sql" with VOCABULARY: SELECT_GONE }

/// The posts that changed, and where first and last.
#[derive(Default)]
pub struct Touches(BTreeMap<PostKey, (Position, Position)>);

impl Touches {
    /// This one changed at a place.
    pub fn touch(&mut self, post: PostKey, place: Position) {
        let (first, last) = self.0.entry(post).or_insert((place, place));
        (*first, *last) = ((*first).min(place), (*last).max(place));
    }

    /// How many changed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none did.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A post as a viewer watches it, and what changed of it and its direct replies between two positions.
pub struct Watched {
    pub post: PostKey,
    pub post_id: PostId,
    pub viewer: Option<AccountKey>,
    pub touched: Touches,
    pub after: Position,
    pub up_to: Position,
}

impl Watched {
    fn replies(&self) -> impl Iterator<Item = PostKey> {
        self.touched.0.keys().copied().filter(|post| *post != self.post)
    }
}

/// The events of streams of posts.
pub struct PostItems;

impl SharedRead for PostItems {
    type Question = Watched;
    type Answer = Vec<(Position, Event)>;

    const READS: Projections = READS;
    const NAME: &'static str = "posts";

    async fn answer(snapshot: &mut Snapshot, watched: &[Watched]) -> Result<Vec<Result<Self::Answer, Status>>, Status> {
        let posts = watched.iter().map(|one| (one.viewer, one.post)).collect();
        let posts = thread::these_posts(snapshot, &posts).await?;
        let replies = watched.iter().flat_map(|one| one.replies().map(|reply| (one.viewer, reply))).collect();
        let replies = thread::these_replies(snapshot, &replies).await?;
        let visible = posts.iter().chain(&replies).filter(|(_, entry)| entry.sight == Sight::Visible);
        let views = Views::load(snapshot, &visible.map(|(key, _)| *key).collect(), std::iter::empty()).await?;
        let gone = gone(snapshot, watched, &replies).await?;
        let answer = |(number, one): (usize, &Watched)| {
            let post = posts.get(&(one.viewer, one.post)).filter(|entry| entry.sight != Sight::Hidden);
            let post = post.ok_or_else(|| not_found(one.post_id))?;
            let present = |entry: &ThreadEntry| {
                let item = thread::present(entry, |post| views.post(one.viewer, post));
                (Some(item), Some(views.includes_of(one.viewer, entry.post)))
            };
            let tell = |(touched, (first, last)): (&PostKey, &(Position, Position))| {
                let event = if *touched == one.post {
                    let (item, includes) = present(post);
                    Event::Updated(v1::PostUpdated { item, includes })
                } else if let Some(reply) = replies.get(&(one.viewer, *touched)) {
                    let (reply, includes) = present(reply);
                    Event::Item(v1::PostReplyItem { reply, includes })
                } else {
                    let post_id = gone.get(&(number, *touched))?.to_string();
                    Event::Removed(v1::PostReplyRemoved { post_id })
                };
                Some(Pending { first: *first, last: *last, event })
            };
            Ok(in_order(one.touched.0.iter().filter_map(tell).collect()))
        };
        Ok(watched.iter().enumerate().map(answer).collect())
    }
}

/// The events of one stream.
pub async fn of_one(snapshot: &mut Snapshot, watched: Watched) -> Result<Vec<(Position, Event)>, Status> {
    let answers = PostItems::answer(snapshot, &[watched]).await?;
    answers.into_iter().next().ok_or_else(|| internal("a question without an answer"))?
}

/// Of the replies that are not shown any more, by the number of who watches, the ids of those that went and that the viewer may have seen.
async fn gone(
    snapshot: &mut Snapshot,
    watched: &[Watched],
    shown: &BTreeMap<(Option<AccountKey>, PostKey), ThreadEntry>,
) -> Result<BTreeMap<(usize, PostKey), PostId>, Status> {
    let numbered = (0_i64..).zip(watched);
    let missing: Rows = numbered
        .flat_map(|(number, one)| {
            let missing = one.replies().filter(|reply| !shown.contains_key(&(one.viewer, *reply)));
            missing.map(move |reply| (number, viewer_key(one.viewer), reply, one.after, one.up_to))
        })
        .collect();
    if missing.is_empty() {
        return Ok(BTreeMap::new());
    }
    let gone = |row| {
        let number = usize::try_from(column::<i64>(row, "number")?).map_err(internal)?;
        Ok(((number, PostKey(column(row, "post")?)), PostId(column(row, "post_id")?)))
    };
    snapshot.rows(&SELECT_GONE, &[Value::Rows(&missing)]).await?.iter().map(gone).collect()
}
