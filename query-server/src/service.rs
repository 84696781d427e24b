//! The gRPC shell of the query server: a handler parses, takes a snapshot, asks, presents.

use std::sync::Arc;

use shared::errors::{ErrorReason, Refused, Violations, internal};
use shared::ids::{AccountId, AccountKey, Position};
use shared::log::LogHead;
use shared::paging::{PageSizes, page_start};
use shared::proto::query as v1;
use shared::proto::query::query_service_server::QueryService;
use shared::tokens::Tokens;
use shared::wake::Wake;
use sqlx::SqlitePool;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

use crate::freshness::Freshness;
use crate::hydrate;
use crate::questions::account::{Named, find, find_viewer};
use crate::questions::lists::List;
use crate::questions::{account, author_timeline, home_timeline, lists, post, relationship};
use crate::snapshot::Snapshot;
use crate::stream::{HomeStream, StreamLimits, Streams};

type Reply<T> = Result<Response<T>, Status>;

const TIMELINE_PAGES: PageSizes = PageSizes { default: 20, max: 100 };
const LIST_PAGES: PageSizes = PageSizes { default: 50, max: 200 };

/// The query server.
pub struct Queries {
    freshness: Freshness,
    tokens: Tokens,
    streams: Streams,
}

/// A page of a list of accounts.
struct AccountsPage {
    accounts: Vec<v1::Account>,
    next_page_token: String,
    read_at: String,
}

/// What the three lists of accounts are asked.
struct ListAsked<'a> {
    list: List,
    consistency: Option<&'a v1::Consistency>,
    viewer_account_id: &'a str,
    account_id: &'a str,
    page_size: i32,
    page_token: &'a str,
}

/// Asks for one of the lists: their requests have the same fields, but are types of their own.
macro_rules! list {
    ($queries:ident, $request:ident, $list:expr) => {{
        let asked = $request.get_ref();
        let asked = ListAsked {
            list: $list,
            consistency: asked.consistency.as_ref(),
            viewer_account_id: &asked.viewer_account_id,
            account_id: &asked.account_id,
            page_size: asked.page_size,
            page_token: &asked.page_token,
        };
        $queries.list($request.metadata(), asked).await?
    }};
}

impl Queries {
    /// A query server on these tables. `progress` wakes it after every batch of a projector in the same process.
    #[must_use]
    pub fn new(
        tables: SqlitePool,
        log: Arc<dyn LogHead>,
        progress: &Wake,
        limits: StreamLimits,
        drain: CancellationToken,
    ) -> Self {
        let tokens = Tokens::new(log.identity());
        let freshness = Freshness::watch(tables, log, progress, drain.clone());
        Self { streams: Streams::new(freshness.clone(), tokens.clone(), limits, drain), freshness, tokens }
    }

    fn next_page_token(&self, arguments: &[&str], next: Option<Position>) -> String {
        next.map(|place| self.tokens.seal_page(arguments, place)).unwrap_or_default()
    }

    async fn list(&self, metadata: &MetadataMap, asked: ListAsked<'_>) -> Result<AccountsPage, Status> {
        let mut violations = Violations::default();
        let account = violations.account("account_id", asked.account_id);
        let viewer = violations.optional_account("viewer_account_id", asked.viewer_account_id);
        let size = LIST_PAGES.read(asked.page_size, &mut violations);
        violations.check()?;
        if matches!(asked.list, List::Requests) {
            only_the_owner(account, viewer)?;
        }
        let (name, ids) = (format!("{:?}", asked.list), [account.to_string(), named(viewer)]);
        let arguments = [name.as_str(), &ids[0], &ids[1]];
        let before = page_start(&self.tokens, asked.page_token, &arguments)?;

        let mut snapshot = self.freshness.snapshot(metadata, asked.consistency, lists::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let account = find(&mut snapshot, &Named::Id(account)).await?;
        let (keys, next) = lists::page(&mut snapshot, asked.list, account, viewer, before, size).await?;
        Ok(AccountsPage {
            accounts: hydrate::accounts(&mut snapshot, &keys).await?,
            next_page_token: self.next_page_token(&arguments, next),
            read_at: self.tokens.seal(snapshot.checkpoint),
        })
    }
}

/// Some things are shown to their owner only.
fn only_the_owner(owner: AccountId, viewer: Option<AccountId>) -> Result<(), Status> {
    match viewer {
        Some(viewer) if viewer != owner => {
            let message = "this is shown to the account itself only";
            let refused = Refused::new(Code::InvalidArgument, ErrorReason::ViewerMismatch, message);
            Err(refused.with("account", owner).with("viewer", viewer).into())
        }
        _ => Ok(()),
    }
}

/// The viewer as page tokens name it, however the client spelled it.
fn named(viewer: Option<AccountId>) -> String {
    viewer.map(|viewer| viewer.to_string()).unwrap_or_default()
}

async fn one_account(snapshot: &mut Snapshot, key: AccountKey) -> Result<v1::Account, Status> {
    let found = hydrate::accounts(snapshot, &[key]).await?;
    found.into_iter().next().ok_or_else(|| internal("an account that was found is not there"))
}

#[tonic::async_trait]
impl QueryService for Queries {
    type StreamHomeTimelineStream = HomeStream;

    async fn get_account(&self, request: Request<v1::GetAccountRequest>) -> Reply<v1::GetAccountResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        let named = match &asked.account {
            Some(v1::get_account_request::Account::Handle(handle)) => Named::Handle(handle.clone()),
            Some(v1::get_account_request::Account::AccountId(id)) => Named::Id(violations.account("account_id", id)),
            None => Named::Id(violations.account("account_id", "")),
        };
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, account::READS).await?;
        find_viewer(&mut snapshot, viewer).await?;
        let key = find(&mut snapshot, &named).await?;
        let account = one_account(&mut snapshot, key).await?;
        let read_at = self.tokens.seal(snapshot.checkpoint);
        Ok(Response::new(v1::GetAccountResponse { account: Some(account), read_at }))
    }

    async fn get_post(&self, request: Request<v1::GetPostRequest>) -> Reply<v1::GetPostResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let id = violations.post("post_id", &asked.post_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, post::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let key = post::find(&mut snapshot, id, viewer).await?;
        let post = hydrate::posts(&mut snapshot, &[key], viewer).await?.into_iter().next();
        let post = post.ok_or_else(|| internal("a post that was found is not there"))?;
        let read_at = self.tokens.seal(snapshot.checkpoint);
        Ok(Response::new(v1::GetPostResponse { post: Some(post), read_at }))
    }

    async fn get_relationship(
        &self,
        request: Request<v1::GetRelationshipRequest>,
    ) -> Reply<v1::GetRelationshipResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let one = violations.account("account_id", &asked.account_id);
        let other = violations.account("target_account_id", &asked.target_account_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, relationship::READS).await?;
        find_viewer(&mut snapshot, viewer).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let other = find(&mut snapshot, &Named::Id(other)).await?;
        let relationship = relationship::between(&mut snapshot, one, other).await?;
        let read_at = self.tokens.seal(snapshot.checkpoint);
        Ok(Response::new(v1::GetRelationshipResponse { relationship: Some(relationship), read_at }))
    }

    async fn get_home_timeline(
        &self,
        request: Request<v1::GetHomeTimelineRequest>,
    ) -> Reply<v1::GetHomeTimelineResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let owner = violations.account("account_id", &asked.account_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        let size = TIMELINE_PAGES.read(asked.page_size, &mut violations);
        violations.check()?;
        only_the_owner(owner, viewer)?;
        let owner_text = owner.to_string();
        let arguments = ["HomeTimeline", &owner_text];
        let before = page_start(&self.tokens, &asked.page_token, &arguments)?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, home_timeline::READS).await?;
        let key = find(&mut snapshot, &Named::Id(owner)).await?;
        let (entries, next) = home_timeline::page(&mut snapshot, key, before, size).await?;
        Ok(Response::new(v1::GetHomeTimelineResponse {
            items: hydrate::items(&mut snapshot, &entries, Some(key)).await?,
            next_page_token: self.next_page_token(&arguments, next),
            read_at: self.tokens.seal(snapshot.checkpoint),
            resume_token: self.tokens.seal_resume(&owner_text, snapshot.checkpoint),
        }))
    }

    async fn get_author_timeline(
        &self,
        request: Request<v1::GetAuthorTimelineRequest>,
    ) -> Reply<v1::GetAuthorTimelineResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let author = violations.account("author_id", &asked.author_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        let size = TIMELINE_PAGES.read(asked.page_size, &mut violations);
        violations.check()?;
        let ids = [author.to_string(), named(viewer)];
        let arguments = ["AuthorTimeline", &ids[0], &ids[1]];
        let before = page_start(&self.tokens, &asked.page_token, &arguments)?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, author_timeline::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let author = find(&mut snapshot, &Named::Id(author)).await?;
        let (entries, next) = author_timeline::page(&mut snapshot, author, viewer, before, size).await?;
        Ok(Response::new(v1::GetAuthorTimelineResponse {
            items: hydrate::items(&mut snapshot, &entries, viewer).await?,
            next_page_token: self.next_page_token(&arguments, next),
            read_at: self.tokens.seal(snapshot.checkpoint),
        }))
    }

    async fn list_followers(&self, request: Request<v1::ListFollowersRequest>) -> Reply<v1::ListFollowersResponse> {
        let AccountsPage { accounts, next_page_token, read_at } = list!(self, request, List::Followers);
        Ok(Response::new(v1::ListFollowersResponse { accounts, next_page_token, read_at }))
    }

    async fn list_following(&self, request: Request<v1::ListFollowingRequest>) -> Reply<v1::ListFollowingResponse> {
        let AccountsPage { accounts, next_page_token, read_at } = list!(self, request, List::Following);
        Ok(Response::new(v1::ListFollowingResponse { accounts, next_page_token, read_at }))
    }

    async fn list_follow_requests(
        &self,
        request: Request<v1::ListFollowRequestsRequest>,
    ) -> Reply<v1::ListFollowRequestsResponse> {
        let AccountsPage { accounts, next_page_token, read_at } = list!(self, request, List::Requests);
        Ok(Response::new(v1::ListFollowRequestsResponse { accounts, next_page_token, read_at }))
    }

    async fn stream_home_timeline(
        &self,
        request: Request<v1::StreamHomeTimelineRequest>,
    ) -> Reply<Self::StreamHomeTimelineStream> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let owner = violations.account("account_id", &asked.account_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;
        only_the_owner(owner, viewer)?;
        let consistency = asked.consistency.as_ref();
        let stream = self.streams.home(request.metadata(), consistency, owner, &asked.resume_token).await?;
        Ok(Response::new(stream))
    }
}
