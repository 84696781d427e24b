//! A thread: the posts above one, down from the root, and a page of its direct replies, oldest first.
//!
//! Always: what was deleted or taken down, which is not told apart, leaves a tombstone where something that the viewer sees hangs on it; above the post, what the viewer may not
//! see leaves one too, which does not tell whether it was deleted; a hidden reply leaves none, since nobody needs to know of it.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::ids::{AccountKey, Position, PostId, PostKey};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::thread_item::Item;
use shared::sql::database::Row;
use shared::sql::rows::Rows;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use super::post::not_found;
use crate::asking::Asking;
use crate::hydrate::{Hydrated, viewer_key, viewer_value};
use crate::pages::{OfThread, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::streams::about_post;
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// How many posts above one are shown: the nearest.
pub const ANCESTORS_MAX: usize = 100;

statements! {
    "thread.sql" with VOCABULARY:
    FIND, SELECT_ANCESTORS, SELECT_REPLIES, SELECT_THESE_POSTS, SELECT_THESE_REPLIES,
}

/// A place in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadEntry {
    /// The post.
    pub post: PostKey,
    /// Its id.
    pub id: PostId,
    /// What the viewer sees of it.
    pub sight: Sight,
}

/// What somebody sees of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Visible,
    /// That it was deleted or taken down: its author is one whose posts they see.
    Deleted,
    /// That there is something, or was.
    Hidden,
}

/// The post in the middle: one that the viewer may see, or could before it was deleted or taken down.
pub async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<ThreadEntry, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let rows = snapshot.rows(&FIND, &[Value::Id(id.0), viewer_value(viewer), checkpoint]).await?;
    let found = rows.first().map(entry).transpose()?;
    found.filter(|entry| entry.sight != Sight::Hidden).ok_or_else(|| not_found(id))
}

/// The posts above, from the root down, at most the nearest [`ANCESTORS_MAX`].
pub async fn ancestors(
    snapshot: &mut Snapshot,
    post: PostKey,
    viewer: Option<AccountKey>,
) -> Result<Vec<ThreadEntry>, Status> {
    let values = [Value::Number(post.0), viewer_value(viewer), limit(ANCESTORS_MAX)];
    snapshot.rows(&SELECT_ANCESTORS, &values).await?.iter().map(entry).collect()
}

/// A page of direct replies, and the place after which the next page goes on, if there is one.
pub async fn replies(
    snapshot: &mut Snapshot,
    post: PostKey,
    viewer: Option<AccountKey>,
    after: Option<Position>,
    size: usize,
) -> Result<(Vec<ThreadEntry>, Option<Position>), Status> {
    let after = Value::Number(after.unwrap_or_default().0);
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let values = [Value::Number(post.0), viewer_value(viewer), after, checkpoint, limit(size + 1)];
    let rows = snapshot.rows(&SELECT_REPLIES, &values).await?;
    let replies: Vec<ThreadEntry> = rows.iter().take(size).map(entry).collect::<Result<_, _>>()?;
    let next = replies.last().filter(|_| rows.len() > size).map(|reply| Position(reply.post.0));
    Ok((replies, next))
}

/// Posts, or replies, each with a viewer.
pub type OfViewers<T> = BTreeMap<(Option<AccountKey>, PostKey), T>;

/// What their viewers see of these posts.
pub async fn these_posts(
    snapshot: &mut Snapshot,
    posts: &BTreeSet<(Option<AccountKey>, PostKey)>,
) -> Result<OfViewers<ThreadEntry>, Status> {
    let rows = of_viewers(posts);
    snapshot.rows(&SELECT_THESE_POSTS, &[Value::Rows(&rows)]).await?.iter().map(entry_of_viewer).collect()
}

/// Those of these replies that their viewers see.
pub async fn these_replies(
    snapshot: &mut Snapshot,
    replies: &BTreeSet<(Option<AccountKey>, PostKey)>,
) -> Result<OfViewers<ThreadEntry>, Status> {
    if replies.is_empty() {
        return Ok(OfViewers::new());
    }
    let rows = of_viewers(replies);
    let values = [Value::Rows(&rows), Value::Number(snapshot.checkpoint.0)];
    snapshot.rows(&SELECT_THESE_REPLIES, &values).await?.iter().map(entry_of_viewer).collect()
}

fn of_viewers(posts: &BTreeSet<(Option<AccountKey>, PostKey)>) -> Rows {
    posts.iter().map(|(viewer, post)| (viewer_key(*viewer), post)).collect()
}

/// What these entries show to the viewer.
pub async fn hydrate(
    snapshot: &mut Snapshot,
    viewer: Option<AccountKey>,
    entries: impl Iterator<Item = &ThreadEntry>,
) -> Result<Hydrated, Status> {
    let shown = entries.filter(|entry| entry.sight == Sight::Visible);
    let posts: Vec<PostKey> = shown.map(|entry| entry.post).collect();
    Hydrated::load(snapshot, &posts, std::iter::empty(), viewer).await
}

/// An entry as the contract has it; of one that is visible, this shows the post.
pub fn present(entry: &ThreadEntry, show: impl FnOnce(PostKey) -> Option<v1::Post>) -> v1::ThreadItem {
    let tombstone = |cause: v1::TombstoneCause| {
        Item::Tombstone(v1::Tombstone { post_id: entry.id.to_string(), cause: cause.into() })
    };
    let item = match entry.sight {
        Sight::Visible => show(entry.post).map(Item::Post),
        Sight::Deleted => Some(tombstone(v1::TombstoneCause::Deleted)),
        Sight::Hidden => Some(tombstone(v1::TombstoneCause::Hidden)),
    };
    v1::ThreadItem { item, place: Position(entry.post.0).unsigned() }
}

fn entry_of_viewer(row: &Row) -> Result<((Option<AccountKey>, PostKey), ThreadEntry), Status> {
    let (viewer, entry) = (column(row, "viewer")?, entry(row)?);
    // 0 is nobody.
    Ok((((viewer != 0).then_some(AccountKey(viewer)), entry.post), entry))
}

fn entry(row: &Row) -> Result<ThreadEntry, Status> {
    let sight = match (column(row, "in_sight")?, column(row, "gone")?) {
        (false, _) => Sight::Hidden,
        (true, true) => Sight::Deleted,
        (true, false) => Sight::Visible,
    };
    Ok(ThreadEntry { post: PostKey(column(row, "post")?), id: PostId(column(row, "post_id")?), sight })
}

impl Answer for v1::GetThreadRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let request = asking.request;
        let question = Question("Thread", READS, TIMELINE_PAGES);
        let mut page = Page::open(asking, question, OfThread(&request.post_id)).await?;
        let (viewer, post, snapshot) = (page.viewer, page.key.post, &mut page.snapshot);
        let (replies, next) = replies(snapshot, post, viewer, page.start, page.size).await?;
        let ancestors = match page.start {
            None => ancestors(snapshot, post, viewer).await?,
            Some(_) => vec![],
        };
        let shown = ancestors.iter().chain(&replies).chain([&page.key]);
        let hydrated = hydrate(snapshot, viewer, shown).await?;
        let present_one = |entry: &ThreadEntry| present(entry, |post| hydrated.post(post));
        let present = |entries: &[ThreadEntry]| entries.iter().map(present_one).collect();
        let (next_page_token, read_at) = page.tokens(next);
        let resume_token = page.resume_token(&about_post(page.about(), page.viewer_id()));
        Ok(v1::GetThreadResponse {
            replies: present(&replies),
            next_page_token,
            read_at,
            item: Some(present_one(&page.key)),
            resume_token,
            ancestors: present(&ancestors),
            includes: Some(hydrated.includes()),
        })
    }
}
