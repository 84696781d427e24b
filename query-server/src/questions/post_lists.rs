//! Lists of posts: with a hashtag, quoting a post, bookmarked by an account. Newest first.

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::query as v1;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::hydrate::{self, viewer_value};
use crate::pages::{OfOwner, OfPost, OfTag, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// What these questions read.
pub const READS: Projections = &["posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1", "hashtags_1"];

statements! { "post_lists.sql" with VOCABULARY: HASHTAG, QUOTES, BOOKMARKS }

/// Which list.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// The posts with this tag.
    Hashtag(&'a str),
    /// The posts that quote this one.
    Quotes(PostKey),
    /// The posts that this account bookmarked.
    Bookmarks(AccountKey),
}

/// A page of posts, each with its place, and the place after which the next page goes on, if there is one.
pub async fn page(
    snapshot: &mut Snapshot,
    list: List<'_>,
    viewer: Option<AccountKey>,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<(Position, PostKey)>, Option<Position>), Status> {
    let (statement, of) = match list {
        List::Hashtag(tag) => (&HASHTAG, Value::Text(tag)),
        List::Quotes(post) => (&QUOTES, Value::Number(post.0)),
        List::Bookmarks(account) => (&BOOKMARKS, Value::Number(account.0)),
    };
    let before = before.unwrap_or(snapshot.checkpoint.next());
    let values = [of, Value::Number(before.0), viewer_value(viewer), limit(size + 1)];
    let rows = snapshot.rows(statement, &values).await?;
    let mut posts = Vec::with_capacity(size);
    for row in rows.iter().take(size) {
        posts.push((Position(column(row, "place")?), PostKey(column(row, "post")?)));
    }
    let next = posts.last().filter(|_| rows.len() > size).map(|(place, _)| *place);
    Ok((posts, next))
}

/// Answers with a page of posts. The responses have the same fields, but are types of their own.
macro_rules! posts {
    ($asking:ident, $list:expr, $subject:expr, $response:ident) => {{
        let question = Question(stringify!($response), READS, TIMELINE_PAGES);
        let mut page = Page::open($asking, question, $subject).await?;
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (posts, next) = self::page(&mut page.snapshot, $list(&page.key), viewer, start, size).await?;
        let (items, includes) = hydrate::listed(&mut page.snapshot, &posts, viewer).await?;
        let (next_page_token, read_at) = page.tokens(next);
        Ok(v1::$response { items, next_page_token, read_at, includes: Some(includes) })
    }};
}

impl Answer for v1::GetHashtagTimelineRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let tag = OfTag(&asking.request.tag);
        posts!(asking, List::Hashtag, tag, GetHashtagTimelineResponse)
    }
}

impl Answer for v1::ListQuotesRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let post = OfPost(&asking.request.post_id);
        posts!(asking, |post: &PostKey| List::Quotes(*post), post, ListQuotesResponse)
    }
}

impl Answer for v1::ListBookmarksRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let owner = OfOwner(&asking.request.account_id);
        posts!(asking, |owner: &AccountKey| List::Bookmarks(*owner), owner, ListBookmarksResponse)
    }
}
