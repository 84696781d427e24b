//! The gRPC shell of the query server: a handler parses, takes a snapshot, asks, presents.

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::log::LogHead;
use shared::model::clock::Timestamp;
use shared::model::ids::{AccountId, AccountKey, PostKey};
use shared::rpc::errors::{ErrorReason, Violations, internal};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::query_service_server::QueryService;
use shared::rpc::reply::reply;
use shared::rpc::tokens::Tokens;
use shared::runtime::wake::Wake;
use shared::sql::database::Database;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::freshness::Freshness;
use crate::hydrate::{self, Hydrated};
use crate::pages::{
    LIST_PAGES, OfAccount, OfOwner, OfPost, OfTag, OfThread, Page, Question, TIMELINE_PAGES, only_the_owner,
};
use crate::presence::Presence;
use crate::questions::account::{Named, find, find_viewer};
use crate::questions::activities::{Deed, Target};
use crate::questions::lists::List;
use crate::questions::thread::ThreadEntry;
use crate::questions::{
    account, activities, author_timeline, home_timeline, lists, notifications, post, post_lists, presence,
    relationship, thread,
};
use crate::snapshot::{Projections, Snapshot};
use crate::streams::{Call, Messages, StreamLimits, Streams, about_notifications, about_post};

type Reply<T> = Result<Response<T>, Status>;

/// How many ids one batch may name.
const BATCH_MAX: usize = 100;

/// The query server.
pub struct Queries {
    freshness: Freshness,
    tokens: Tokens,
    streams: Streams,
}

/// Opens a paged question: its checked fields, and the snapshot that answers it.
macro_rules! open {
    ($queries:ident, $request:ident, $question:expr, $subject:expr) => {
        Page::open(&$queries.freshness, &$queries.tokens, &$request, $question, $subject).await?
    };
}

/// Answers with a page of accounts: the responses have the same fields, but are types of their own.
macro_rules! accounts {
    ($queries:ident, $request:ident, $list:expr, $reads:expr, $subject:expr, $response:ident) => {{
        let mut page = open!($queries, $request, Question(stringify!($response), $reads, LIST_PAGES), $subject);
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (keys, next) = lists::page(&mut page.snapshot, $list, page.key.0, viewer, start, size).await?;
        let accounts = hydrate::accounts(&mut page.snapshot, &keys).await?;
        let (next_page_token, read_at) = page.tokens(&$queries.tokens, next);
        reply(v1::$response { accounts, next_page_token, read_at })
    }};
}

/// Answers with a page of posts, likewise.
macro_rules! posts {
    ($queries:ident, $request:ident, $list:expr, $subject:expr, $response:ident) => {{
        let mut page =
            open!($queries, $request, Question(stringify!($response), post_lists::READS, TIMELINE_PAGES), $subject);
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (posts, next) = post_lists::page(&mut page.snapshot, $list(&page.key), viewer, start, size).await?;
        let items = hydrate::listed(&mut page.snapshot, &posts, viewer).await?;
        let (next_page_token, read_at) = page.tokens(&$queries.tokens, next);
        reply(v1::$response { items, next_page_token, read_at })
    }};
}

impl Queries {
    /// A query server on these tables. `progress` wakes it after every batch of a projector in the same process.
    #[must_use]
    pub fn new(
        tables: Database,
        log: Arc<dyn LogHead>,
        progress: &Wake,
        limits: StreamLimits,
        drain: CancellationToken,
    ) -> Self {
        let tokens = Tokens::new(log.identity());
        let freshness = Freshness::watch(tables, log, progress, drain.clone());
        Self { streams: Streams::new(freshness.clone(), tokens.clone(), limits, drain), freshness, tokens }
    }

    /// The accounts that a batch names, and its viewer.
    async fn named_accounts(
        &self,
        metadata: &MetadataMap,
        consistency: Option<&v1::Consistency>,
        reads: Projections,
        (account_ids, viewer_account_id): (&[String], &str),
    ) -> Result<NamedAccounts, Status> {
        let mut violations = Violations::default();
        let ids = batch(&mut violations, "account_ids", account_ids, Violations::account);
        let viewer = violations.optional_account("viewer_account_id", viewer_account_id);
        violations.check()?;

        let mut snapshot = self.freshness.snapshot(metadata, consistency, reads).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let keys = account::find_all(&mut snapshot, &ids).await?;
        let found = ids.iter().filter_map(|id| Some((*id, *keys.get(id)?))).collect();
        let missing = ids.iter().filter(|id| !keys.contains_key(id)).map(ToString::to_string).collect();
        Ok(NamedAccounts { snapshot, viewer, found, missing })
    }

    /// Who is online, as far as this server knows.
    pub(crate) fn presence(&self) -> Presence {
        self.streams.presence.clone()
    }
}

/// The accounts that a batch names, as a snapshot has them.
struct NamedAccounts {
    snapshot: Snapshot,
    viewer: Option<AccountKey>,
    /// Those that are active, in the order of the request.
    found: Vec<(AccountId, AccountKey)>,
    /// The ids of the others, in the same order.
    missing: Vec<String>,
}

async fn one_account(snapshot: &mut Snapshot, key: AccountKey) -> Result<v1::Account, Status> {
    let found = hydrate::accounts(snapshot, &[key]).await?;
    found.into_iter().next().ok_or_else(|| internal("an account that was found is not there"))
}

#[tonic::async_trait]
impl QueryService for Queries {
    type StreamHomeTimelineStream = Messages<v1::StreamHomeTimelineResponse>;
    type StreamNotificationsStream = Messages<v1::StreamNotificationsResponse>;
    type StreamPostStream = Messages<v1::StreamPostResponse>;
    type StreamPresenceStream = Messages<v1::StreamPresenceResponse>;

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
        let read_at = self.tokens.seal(snapshot.anchor);
        reply(v1::GetAccountResponse { account: Some(account), read_at })
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
        let read_at = self.tokens.seal(snapshot.anchor);
        reply(v1::GetPostResponse { post: Some(post), read_at })
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
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let other = find(&mut snapshot, &Named::Id(other)).await?;
        let relationship = relationship::between(&mut snapshot, (one, other), viewer).await?;
        let read_at = self.tokens.seal(snapshot.anchor);
        reply(v1::GetRelationshipResponse { relationship: Some(relationship), read_at })
    }

    async fn get_home_timeline(
        &self,
        request: Request<v1::GetHomeTimelineRequest>,
    ) -> Reply<v1::GetHomeTimelineResponse> {
        let question = Question("HomeTimeline", home_timeline::READS, TIMELINE_PAGES);
        let mut page = open!(self, request, question, OfOwner(&request.get_ref().account_id));
        let owner = page.key;
        let (entries, next) = home_timeline::page(&mut page.snapshot, owner, page.start, page.size).await?;
        let items = hydrate::items(&mut page.snapshot, &entries, Some(owner)).await?;
        let (next_page_token, read_at) = page.tokens(&self.tokens, next);
        let resume_token = self.tokens.seal_resume(page.about(), page.snapshot.checkpoint, page.snapshot.anchor);
        reply(v1::GetHomeTimelineResponse { items, next_page_token, read_at, resume_token })
    }

    async fn get_author_timeline(
        &self,
        request: Request<v1::GetAuthorTimelineRequest>,
    ) -> Reply<v1::GetAuthorTimelineResponse> {
        let question = Question("AuthorTimeline", author_timeline::READS, TIMELINE_PAGES);
        let mut page = open!(self, request, question, OfAccount("author_id", &request.get_ref().author_id));
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (entries, next) = author_timeline::page(&mut page.snapshot, page.key, viewer, start, size).await?;
        let items = hydrate::items(&mut page.snapshot, &entries, viewer).await?;
        let (next_page_token, read_at) = page.tokens(&self.tokens, next);
        reply(v1::GetAuthorTimelineResponse { items, next_page_token, read_at })
    }

    async fn get_hashtag_timeline(
        &self,
        request: Request<v1::GetHashtagTimelineRequest>,
    ) -> Reply<v1::GetHashtagTimelineResponse> {
        let tag = OfTag(&request.get_ref().tag);
        posts!(self, request, post_lists::List::Hashtag, tag, GetHashtagTimelineResponse)
    }

    async fn list_quotes(&self, request: Request<v1::ListQuotesRequest>) -> Reply<v1::ListQuotesResponse> {
        let post = OfPost(&request.get_ref().post_id);
        posts!(self, request, |post: &PostKey| post_lists::List::Quotes(*post), post, ListQuotesResponse)
    }

    async fn list_bookmarks(&self, request: Request<v1::ListBookmarksRequest>) -> Reply<v1::ListBookmarksResponse> {
        let owner = OfOwner(&request.get_ref().account_id);
        posts!(self, request, |owner: &AccountKey| post_lists::List::Bookmarks(*owner), owner, ListBookmarksResponse)
    }

    async fn get_thread(&self, request: Request<v1::GetThreadRequest>) -> Reply<v1::GetThreadResponse> {
        let question = Question("Thread", thread::READS, TIMELINE_PAGES);
        let mut page = open!(self, request, question, OfThread(&request.get_ref().post_id));
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
        let (next_page_token, read_at) = page.tokens(&self.tokens, next);
        let about = about_post(page.about(), page.viewer_id());
        let resume_token = self.tokens.seal_resume(&about, page.snapshot.checkpoint, page.snapshot.anchor);
        reply(v1::GetThreadResponse {
            replies: present(&replies),
            next_page_token,
            read_at,
            item: Some(present_one(&page.key)),
            resume_token,
            ancestors: present(&ancestors),
        })
    }

    async fn list_notifications(
        &self,
        request: Request<v1::ListNotificationsRequest>,
    ) -> Reply<v1::ListNotificationsResponse> {
        let question = Question("Notifications", notifications::READS, TIMELINE_PAGES);
        let mut page = open!(self, request, question, OfOwner(&request.get_ref().account_id));
        let owner = page.key;
        let (groups, next) = notifications::page(&mut page.snapshot, owner, page.start, page.size).await?;
        let about = page.about().to_owned();
        let notifications =
            notifications::present(&mut page.snapshot, (&self.freshness, &self.tokens), (&about, owner), &groups)
                .await?;
        let (next_page_token, read_at) = page.tokens(&self.tokens, next);
        let resume_token =
            self.tokens.seal_resume(&about_notifications(&about), page.snapshot.checkpoint, page.snapshot.anchor);
        reply(v1::ListNotificationsResponse { notifications, next_page_token, read_at, resume_token })
    }

    async fn get_unread_notification_count(
        &self,
        request: Request<v1::GetUnreadNotificationCountRequest>,
    ) -> Reply<v1::GetUnreadNotificationCountResponse> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;

        let consistency = asked.consistency.as_ref();
        let reads = notifications::READS_TO_COUNT;
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, reads).await?;
        let owner = find(&mut snapshot, &Named::Id(owner)).await?;
        let unread_count = notifications::count_unread(&mut snapshot, owner).await?;
        let read_at = self.tokens.seal(snapshot.anchor);
        reply(v1::GetUnreadNotificationCountResponse { unread_count, read_at })
    }

    async fn list_activities(&self, request: Request<v1::ListActivitiesRequest>) -> Reply<v1::ListActivitiesResponse> {
        let question = Question("Activities", activities::READS, TIMELINE_PAGES);
        let mut page = open!(self, request, question, OfOwner(&request.get_ref().account_id));
        let (owner, snapshot) = (page.key, &mut page.snapshot);
        let (deeds, next) = activities::page(snapshot, owner, page.start, page.size).await?;
        let hydrated = activities::hydrate(snapshot, owner, &deeds).await?;
        let activities = deeds.iter().map(|deed| activity(&hydrated, deed)).collect();
        let (next_page_token, read_at) = page.tokens(&self.tokens, next);
        reply(v1::ListActivitiesResponse { activities, next_page_token, read_at })
    }

    async fn batch_get_accounts(
        &self,
        request: Request<v1::BatchGetAccountsRequest>,
    ) -> Reply<v1::BatchGetAccountsResponse> {
        let asked = request.get_ref();
        let named = (asked.account_ids.as_slice(), asked.viewer_account_id.as_str());
        let consistency = asked.consistency.as_ref();
        let NamedAccounts { mut snapshot, found, missing, .. } =
            self.named_accounts(request.metadata(), consistency, account::READS, named).await?;
        let keys: Vec<AccountKey> = found.iter().map(|(_, key)| *key).collect();
        reply(v1::BatchGetAccountsResponse {
            accounts: hydrate::accounts(&mut snapshot, &keys).await?,
            missing_account_ids: missing,
            read_at: self.tokens.seal(snapshot.anchor),
        })
    }

    async fn batch_get_posts(&self, request: Request<v1::BatchGetPostsRequest>) -> Reply<v1::BatchGetPostsResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let ids = batch(&mut violations, "post_ids", &asked.post_ids, Violations::post);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = self.freshness.snapshot(request.metadata(), consistency, post::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let found = post::find_all(&mut snapshot, &ids, viewer).await?;
        let keys: Vec<PostKey> = ids.iter().filter_map(|id| found.get(id).copied()).collect();
        let missing = ids.iter().filter(|id| !found.contains_key(id));
        reply(v1::BatchGetPostsResponse {
            posts: hydrate::posts(&mut snapshot, &keys, viewer).await?,
            missing_post_ids: missing.map(ToString::to_string).collect(),
            read_at: self.tokens.seal(snapshot.anchor),
        })
    }

    async fn list_followers(&self, request: Request<v1::ListFollowersRequest>) -> Reply<v1::ListFollowersResponse> {
        let subject = OfAccount("account_id", &request.get_ref().account_id);
        accounts!(self, request, List::Followers, lists::READS, subject, ListFollowersResponse)
    }

    async fn list_following(&self, request: Request<v1::ListFollowingRequest>) -> Reply<v1::ListFollowingResponse> {
        let subject = OfAccount("account_id", &request.get_ref().account_id);
        accounts!(self, request, List::Following, lists::READS, subject, ListFollowingResponse)
    }

    async fn list_follow_requests(
        &self,
        request: Request<v1::ListFollowRequestsRequest>,
    ) -> Reply<v1::ListFollowRequestsResponse> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(self, request, List::Requests, lists::READS, subject, ListFollowRequestsResponse)
    }

    async fn list_blocked(&self, request: Request<v1::ListBlockedRequest>) -> Reply<v1::ListBlockedResponse> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(self, request, List::Blocked, lists::READS, subject, ListBlockedResponse)
    }

    async fn list_muted(&self, request: Request<v1::ListMutedRequest>) -> Reply<v1::ListMutedResponse> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(self, request, List::Muted, lists::READS, subject, ListMutedResponse)
    }

    async fn list_likers(&self, request: Request<v1::ListLikersRequest>) -> Reply<v1::ListLikersResponse> {
        let subject = OfPost(&request.get_ref().post_id);
        accounts!(self, request, List::Likers, lists::READS_OF_POSTS, subject, ListLikersResponse)
    }

    async fn list_reposters(&self, request: Request<v1::ListRepostersRequest>) -> Reply<v1::ListRepostersResponse> {
        let subject = OfPost(&request.get_ref().post_id);
        accounts!(self, request, List::Reposters, lists::READS_OF_POSTS, subject, ListRepostersResponse)
    }

    async fn stream_home_timeline(
        &self,
        request: Request<v1::StreamHomeTimelineRequest>,
    ) -> Reply<Self::StreamHomeTimelineStream> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let consistency = asked.consistency.as_ref();
        let stream = self.streams.home(call(&request), consistency, owner, &asked.resume_token).await?;
        Ok(Response::new(stream))
    }

    async fn stream_notifications(
        &self,
        request: Request<v1::StreamNotificationsRequest>,
    ) -> Reply<Self::StreamNotificationsStream> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let consistency = asked.consistency.as_ref();
        let stream = self.streams.notifications(call(&request), consistency, owner, &asked.resume_token).await?;
        Ok(Response::new(stream))
    }

    async fn stream_post(&self, request: Request<v1::StreamPostRequest>) -> Reply<Self::StreamPostStream> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let post = violations.post("post_id", &asked.post_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;
        let consistency = asked.consistency.as_ref();
        let stream = self.streams.post(call(&request), consistency, (post, viewer), &asked.resume_token).await?;
        Ok(Response::new(stream))
    }

    async fn get_presence(&self, request: Request<v1::GetPresenceRequest>) -> Reply<v1::GetPresenceResponse> {
        let asked = request.get_ref();
        let named = (asked.account_ids.as_slice(), asked.viewer_account_id.as_str());
        let consistency = asked.consistency.as_ref();
        let NamedAccounts { mut snapshot, viewer, found, missing } =
            self.named_accounts(request.metadata(), consistency, presence::READS, named).await?;
        let open = presence::open_to(&mut snapshot, found.iter().map(|(_, key)| key), viewer).await?;
        let is_online = |key: &AccountKey| open.contains(key) && self.streams.presence.is_online(*key);
        let presence =
            |(id, key): &(AccountId, AccountKey)| v1::Presence { account_id: id.to_string(), online: is_online(key) };
        reply(v1::GetPresenceResponse {
            presences: found.iter().map(presence).collect(),
            missing_account_ids: missing,
            read_at: self.tokens.seal(snapshot.anchor),
        })
    }

    async fn stream_presence(&self, request: Request<v1::StreamPresenceRequest>) -> Reply<Self::StreamPresenceStream> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let stream = self.streams.presence(call(&request), asked.consistency.as_ref(), owner).await?;
        Ok(Response::new(stream))
    }
}

fn call<T>(request: &Request<T>) -> Call<'_> {
    Call(request.metadata(), request.extensions())
}

/// The account that a question is about, and whose owner alone may ask.
fn asked_by_owner(account_id: &str, viewer_account_id: &str) -> Result<AccountId, Status> {
    let mut violations = Violations::default();
    let owner = violations.account("account_id", account_id);
    let viewer = violations.optional_account("viewer_account_id", viewer_account_id);
    violations.check()?;
    only_the_owner(owner, viewer)?;
    Ok(owner)
}

/// The ids of a batch, each once, in the order of the request.
fn batch<I: Copy + Ord>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    read: impl Fn(&mut Violations, &str, &str) -> I,
) -> Vec<I> {
    if texts.is_empty() || texts.len() > BATCH_MAX {
        let rule = format!("must have 1–{BATCH_MAX} ids, has {}", texts.len());
        violations.add(field, ErrorReason::BatchSizeInvalid, rule);
        return vec![];
    }
    let mut seen = BTreeSet::new();
    let mut ids: Vec<I> =
        texts.iter().enumerate().map(|(index, text)| read(violations, &format!("{field}[{index}]"), text)).collect();
    ids.retain(|id| seen.insert(*id));
    ids
}

fn activity(hydrated: &Hydrated, deed: &Deed) -> v1::Activity {
    let (post, target) = match deed.target {
        Target::Account(account) => (None, hydrated.account(account)),
        Target::Post(post) => (hydrated.post(post), hydrated.author_of(post)),
    };
    v1::Activity {
        kind: deed.kind,
        actor: hydrated.account(deed.actor),
        post,
        target,
        place: deed.place.unsigned(),
        happened_at: Some(Timestamp(deed.happened_at).to_proto()),
    }
}
