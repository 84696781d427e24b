//! Lists of accounts along the edges of an account or a post. Newest edge first.
//!
//! The lists of an account show their owner every edge, those of deactivated accounts too, so that each can be taken back and the counts
//! agree. To others, an account that is not open to them has no followers and follows nobody, and is in nobody's list; but the author of a
//! post sees who likes and reposts it, of whom the notifications tell anyway.

use shared::model::ids::{AccountKey, Position};
use shared::rpc::proto::query as v1;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::hydrate::{self, viewer_value};
use crate::pages::{LIST_PAGES, OfAccount, OfOwner, OfPost, Page, Question};
use crate::questions::presence::open_to;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// What the lists of an account read.
pub const READS: Projections = &["graph_1", "profiles_1", "counts_1"];
/// What the lists of a post read.
pub const READS_OF_POSTS: Projections = &["posts_1", "graph_1", "profiles_1", "counts_1"];

statements! { "lists.sql" with VOCABULARY: FOLLOWERS, FOLLOWING, LIKERS, REPOSTERS, REQUESTS, BLOCKED, MUTED }

/// Which list.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Who follows the account.
    Followers,
    /// Whom the account follows.
    Following,
    /// Who asks to follow the account.
    Requests,
    /// Whom the account blocks.
    Blocked,
    /// Whom the account mutes.
    Muted,
    /// Who likes the post.
    Likers,
    /// Who reposted the post.
    Reposters,
}

/// A page of accounts, and the place after which the next page goes on, if there is one. `of` is the key of the account
/// or the post.
pub async fn page(
    snapshot: &mut Snapshot,
    list: List,
    of: i64,
    viewer: Option<AccountKey>,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<AccountKey>, Option<Position>), Status> {
    let statement = match list {
        List::Followers => &FOLLOWERS,
        List::Following => &FOLLOWING,
        List::Requests => &REQUESTS,
        List::Blocked => &BLOCKED,
        List::Muted => &MUTED,
        List::Likers => &LIKERS,
        List::Reposters => &REPOSTERS,
    };
    let shows_whom_it_knows = matches!(list, List::Followers | List::Following);
    if shows_whom_it_knows && open_to(snapshot, [AccountKey(of)].iter(), viewer).await?.is_empty() {
        return Ok((vec![], None));
    }
    let before = before.unwrap_or(snapshot.checkpoint.next());
    let values = [Value::Number(of), Value::Number(before.0), viewer_value(viewer), limit(size + 1)];
    let rows = snapshot.rows(statement, &values).await?;
    let accounts: Vec<AccountKey> =
        rows.iter().take(size).map(|row| Ok(AccountKey(column(row, "account")?))).collect::<Result<_, Status>>()?;
    let next = match rows.len() > size {
        true => rows.get(size.saturating_sub(1)).map(|row| column(row, "place").map(Position)).transpose()?,
        false => None,
    };
    Ok((accounts, next))
}

/// Answers with a page of accounts. The responses have the same fields, but are types of their own.
macro_rules! accounts {
    ($asking:ident, $list:expr, $reads:expr, $subject:expr, $response:ident) => {{
        let question = Question(stringify!($response), $reads, LIST_PAGES);
        let mut page = Page::open($asking, question, $subject).await?;
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (keys, next) = self::page(&mut page.snapshot, $list, page.key.0, viewer, start, size).await?;
        let accounts = hydrate::accounts(&mut page.snapshot, &keys, viewer).await?;
        let (next_page_token, read_at) = page.tokens(next);
        Ok(v1::$response { accounts, next_page_token, read_at })
    }};
}

impl Answer for v1::ListFollowersRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfAccount("account_id", &asking.request.account_id);
        accounts!(asking, List::Followers, READS, subject, ListFollowersResponse)
    }
}

impl Answer for v1::ListFollowingRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfAccount("account_id", &asking.request.account_id);
        accounts!(asking, List::Following, READS, subject, ListFollowingResponse)
    }
}

impl Answer for v1::ListFollowRequestsRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfOwner(&asking.request.account_id);
        accounts!(asking, List::Requests, READS, subject, ListFollowRequestsResponse)
    }
}

impl Answer for v1::ListBlockedRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfOwner(&asking.request.account_id);
        accounts!(asking, List::Blocked, READS, subject, ListBlockedResponse)
    }
}

impl Answer for v1::ListMutedRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfOwner(&asking.request.account_id);
        accounts!(asking, List::Muted, READS, subject, ListMutedResponse)
    }
}

impl Answer for v1::ListLikersRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfPost(&asking.request.post_id);
        accounts!(asking, List::Likers, READS_OF_POSTS, subject, ListLikersResponse)
    }
}

impl Answer for v1::ListRepostersRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let subject = OfPost(&asking.request.post_id);
        accounts!(asking, List::Reposters, READS_OF_POSTS, subject, ListRepostersResponse)
    }
}
