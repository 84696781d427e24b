//! What one account posted and reposted, replies included, newest first, each post once at its newest reason.
//!
//! Mutes do not matter here: whoever looks at an author wants to see the author.

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::query as v1;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::hydrate::{self, viewer_value};
use crate::pages::{OfAccount, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

statements! { "author_timeline.sql" with VOCABULARY: IS_OPEN, SELECT }

/// A page of entries, and the place after which the next page goes on, if there is one.
pub async fn page(
    snapshot: &mut Snapshot,
    author: AccountKey,
    viewer: Option<AccountKey>,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Reason>, Option<Position>), Status> {
    let (account, viewer) = (Value::Number(author.0), viewer_value(viewer));
    if snapshot.rows(&IS_OPEN, &[account, viewer]).await?.is_empty() {
        return Ok((vec![], None));
    }
    let checkpoint = snapshot.checkpoint;
    let before = before.unwrap_or(checkpoint.next());
    let values = [account, viewer, Value::Number(before.0), limit(size + 1), Value::Number(checkpoint.0)];
    let rows = snapshot.rows(&SELECT, &values).await?;
    let mut entries = Vec::with_capacity(size);
    for row in rows.iter().take(size) {
        let (place, post) = (Position(column(row, "place")?), PostKey(column(row, "post")?));
        entries.push(Reason { place, actor: author, post });
    }
    let next = entries.last().filter(|_| rows.len() > size).map(|entry| entry.place);
    Ok((entries, next))
}

impl Answer for v1::GetAuthorTimelineRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let request = asking.request;
        let question = Question("AuthorTimeline", READS, TIMELINE_PAGES);
        let mut page = Page::open(asking, question, OfAccount("author_id", &request.author_id)).await?;
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (entries, next) = self::page(&mut page.snapshot, page.key, viewer, start, size).await?;
        let (items, includes) = hydrate::items(&mut page.snapshot, &entries, viewer).await?;
        let (next_page_token, read_at) = page.tokens(next);
        Ok(v1::GetAuthorTimelineResponse { items, next_page_token, read_at, includes: Some(includes) })
    }
}
