//! Queries about posts, and lists of them.

use shared::model::ids::{AccountKey, PostKey};
use shared::rpc::errors::{Violations, internal};
use shared::rpc::proto::query as v1;
use tonic::{Request, Status};

use super::{Answer, batch, open};
use crate::hydrate;
use crate::pages::{OfOwner, OfPost, OfTag, OfThread, Page, Question, TIMELINE_PAGES};
use crate::questions::account::find_viewer;
use crate::questions::thread::ThreadEntry;
use crate::questions::{post, post_lists, thread};
use crate::service::Queries;
use crate::streams::about_post;

/// Answers with a page of posts. The responses have the same fields, but are types of their own.
macro_rules! posts {
    ($queries:ident, $request:ident, $list:expr, $subject:expr, $response:ident) => {{
        let mut page =
            open!($queries, $request, Question(stringify!($response), post_lists::READS, TIMELINE_PAGES), $subject);
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (posts, next) = post_lists::page(&mut page.snapshot, $list(&page.key), viewer, start, size).await?;
        let items = hydrate::listed(&mut page.snapshot, &posts, viewer).await?;
        let (next_page_token, read_at) = page.tokens(&$queries.tokens, next);
        Ok(v1::$response { items, next_page_token, read_at })
    }};
}

impl Answer for v1::GetPostRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let id = violations.post("post_id", &asked.post_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = queries.freshness.snapshot(request.metadata(), consistency, post::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let key = post::find(&mut snapshot, id, viewer).await?;
        let post = hydrate::posts(&mut snapshot, &[key], viewer).await?.into_iter().next();
        let post = post.ok_or_else(|| internal("a post that was found is not there"))?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetPostResponse { post: Some(post), read_at })
    }
}

impl Answer for v1::BatchGetPostsRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let ids = batch(&mut violations, "post_ids", &asked.post_ids, Violations::post);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = queries.freshness.snapshot(request.metadata(), consistency, post::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let found = post::find_all(&mut snapshot, &ids, viewer).await?;
        let keys: Vec<PostKey> = ids.iter().filter_map(|id| found.get(id).copied()).collect();
        let missing = ids.iter().filter(|id| !found.contains_key(id));
        Ok(v1::BatchGetPostsResponse {
            posts: hydrate::posts(&mut snapshot, &keys, viewer).await?,
            missing_post_ids: missing.map(ToString::to_string).collect(),
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}

impl Answer for v1::GetThreadRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let question = Question("Thread", thread::READS, TIMELINE_PAGES);
        let mut page = open!(queries, request, question, OfThread(&request.get_ref().post_id));
        let (viewer, post, snapshot) = (page.viewer, page.key.post, &mut page.snapshot);
        let (replies, next) = thread::replies(snapshot, post, viewer, page.start, page.size).await?;
        let ancestors = match page.start {
            None => thread::ancestors(snapshot, post, viewer).await?,
            Some(_) => vec![],
        };
        let shown = ancestors.iter().chain(&replies).chain([&page.key]);
        let hydrated = thread::hydrate(snapshot, viewer, shown).await?;
        let present_one = |entry: &ThreadEntry| thread::present(entry, |post| hydrated.thread_post(post));
        let present = |entries: &[ThreadEntry]| entries.iter().map(present_one).collect();
        let (next_page_token, read_at) = page.tokens(&queries.tokens, next);
        let about = about_post(page.about(), page.viewer_id());
        let resume_token = queries.tokens.seal_resume(&about, page.snapshot.checkpoint, page.snapshot.anchor);
        Ok(v1::GetThreadResponse {
            replies: present(&replies),
            next_page_token,
            read_at,
            item: Some(present_one(&page.key)),
            resume_token,
            ancestors: present(&ancestors),
        })
    }
}

impl Answer for v1::GetHashtagTimelineRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let tag = OfTag(&request.get_ref().tag);
        posts!(queries, request, post_lists::List::Hashtag, tag, GetHashtagTimelineResponse)
    }
}

impl Answer for v1::ListQuotesRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let post = OfPost(&request.get_ref().post_id);
        posts!(queries, request, |post: &PostKey| post_lists::List::Quotes(*post), post, ListQuotesResponse)
    }
}

impl Answer for v1::ListBookmarksRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let owner = OfOwner(&request.get_ref().account_id);
        posts!(queries, request, |owner: &AccountKey| post_lists::List::Bookmarks(*owner), owner, ListBookmarksResponse)
    }
}
