//! Queries about accounts, and lists of them.

use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::errors::{Violations, internal};
use shared::rpc::proto::query as v1;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::{Answer, batch, open};
use crate::hydrate;
use crate::pages::{LIST_PAGES, OfAccount, OfOwner, OfPost, Page, Question};
use crate::questions::account::{Named, find, find_viewer};
use crate::questions::lists::List;
use crate::questions::{account, lists, presence, relationship};
use crate::service::Queries;
use crate::snapshot::{Projections, Snapshot};

/// Answers with a page of accounts. The responses have the same fields, but are types of their own.
macro_rules! accounts {
    ($queries:ident, $request:ident, $list:expr, $reads:expr, $subject:expr, $response:ident) => {{
        let mut page = open!($queries, $request, Question(stringify!($response), $reads, LIST_PAGES), $subject);
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (keys, next) = lists::page(&mut page.snapshot, $list, page.key.0, viewer, start, size).await?;
        let accounts = hydrate::accounts(&mut page.snapshot, &keys).await?;
        let (next_page_token, read_at) = page.tokens(&$queries.tokens, next);
        Ok(v1::$response { accounts, next_page_token, read_at })
    }};
}

impl Answer for v1::GetAccountRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
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
        let mut snapshot = queries.freshness.snapshot(request.metadata(), consistency, account::READS).await?;
        find_viewer(&mut snapshot, viewer).await?;
        let key = find(&mut snapshot, &named).await?;
        let account = one_account(&mut snapshot, key).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetAccountResponse { account: Some(account), read_at })
    }
}

impl Answer for v1::GetRelationshipRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let one = violations.account("account_id", &asked.account_id);
        let other = violations.account("target_account_id", &asked.target_account_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;

        let consistency = asked.consistency.as_ref();
        let mut snapshot = queries.freshness.snapshot(request.metadata(), consistency, relationship::READS).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let one = find(&mut snapshot, &Named::Id(one)).await?;
        let other = find(&mut snapshot, &Named::Id(other)).await?;
        let relationship = relationship::between(&mut snapshot, (one, other), viewer).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetRelationshipResponse { relationship: Some(relationship), read_at })
    }
}

impl Answer for v1::BatchGetAccountsRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let named = (asked.account_ids.as_slice(), asked.viewer_account_id.as_str());
        let consistency = asked.consistency.as_ref();
        let NamedAccounts { mut snapshot, found, missing, .. } =
            NamedAccounts::find(queries, request.metadata(), (consistency, account::READS), named).await?;
        let keys: Vec<AccountKey> = found.iter().map(|(_, key)| *key).collect();
        Ok(v1::BatchGetAccountsResponse {
            accounts: hydrate::accounts(&mut snapshot, &keys).await?,
            missing_account_ids: missing,
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}

impl Answer for v1::GetPresenceRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let named = (asked.account_ids.as_slice(), asked.viewer_account_id.as_str());
        let consistency = asked.consistency.as_ref();
        let NamedAccounts { mut snapshot, viewer, found, missing } =
            NamedAccounts::find(queries, request.metadata(), (consistency, presence::READS), named).await?;
        let open = presence::open_to(&mut snapshot, found.iter().map(|(_, key)| key), viewer).await?;
        let is_online = |key: &AccountKey| open.contains(key) && queries.streams.presence.is_online(*key);
        let presence =
            |(id, key): &(AccountId, AccountKey)| v1::Presence { account_id: id.to_string(), online: is_online(key) };
        Ok(v1::GetPresenceResponse {
            presences: found.iter().map(presence).collect(),
            missing_account_ids: missing,
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}

impl Answer for v1::ListFollowersRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfAccount("account_id", &request.get_ref().account_id);
        accounts!(queries, request, List::Followers, lists::READS, subject, ListFollowersResponse)
    }
}

impl Answer for v1::ListFollowingRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfAccount("account_id", &request.get_ref().account_id);
        accounts!(queries, request, List::Following, lists::READS, subject, ListFollowingResponse)
    }
}

impl Answer for v1::ListFollowRequestsRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(queries, request, List::Requests, lists::READS, subject, ListFollowRequestsResponse)
    }
}

impl Answer for v1::ListBlockedRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(queries, request, List::Blocked, lists::READS, subject, ListBlockedResponse)
    }
}

impl Answer for v1::ListMutedRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfOwner(&request.get_ref().account_id);
        accounts!(queries, request, List::Muted, lists::READS, subject, ListMutedResponse)
    }
}

impl Answer for v1::ListLikersRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfPost(&request.get_ref().post_id);
        accounts!(queries, request, List::Likers, lists::READS_OF_POSTS, subject, ListLikersResponse)
    }
}

impl Answer for v1::ListRepostersRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let subject = OfPost(&request.get_ref().post_id);
        accounts!(queries, request, List::Reposters, lists::READS_OF_POSTS, subject, ListRepostersResponse)
    }
}

/// The accounts of a batch, as a snapshot has them.
struct NamedAccounts {
    snapshot: Snapshot,
    viewer: Option<AccountKey>,
    /// The active ones, in the order of the request.
    found: Vec<(AccountId, AccountKey)>,
    /// The ids of all others, in the order of the request.
    missing: Vec<String>,
}

impl NamedAccounts {
    /// Finds the accounts of a batch, and its viewer.
    async fn find(
        queries: &Queries,
        metadata: &MetadataMap,
        (consistency, reads): (Option<&v1::Consistency>, Projections),
        (account_ids, viewer_account_id): (&[String], &str),
    ) -> Result<Self, Status> {
        let mut violations = Violations::default();
        let ids = batch(&mut violations, "account_ids", account_ids, Violations::account);
        let viewer = violations.optional_account("viewer_account_id", viewer_account_id);
        violations.check()?;

        let mut snapshot = queries.freshness.snapshot(metadata, consistency, reads).await?;
        let viewer = find_viewer(&mut snapshot, viewer).await?;
        let keys = account::find_all(&mut snapshot, &ids).await?;
        let found = ids.iter().filter_map(|id| Some((*id, *keys.get(id)?))).collect();
        let missing = ids.iter().filter(|id| !keys.contains_key(id)).map(ToString::to_string).collect();
        Ok(Self { snapshot, viewer, found, missing })
    }
}

async fn one_account(snapshot: &mut Snapshot, key: AccountKey) -> Result<v1::Account, Status> {
    let found = hydrate::accounts(snapshot, &[key]).await?;
    found.into_iter().next().ok_or_else(|| internal("an account that was found is not there"))
}
