//! Answers of the query server in the words of the reference: the real service is asked, every list to its end.

use prost_types::Timestamp;
use query_server::Queries;
use reference::{Account, Entry, Post, Relationship};
use shared::proto::common::AccountKind;
use shared::proto::query as v1;
use shared::proto::query::query_service_server::QueryService;
use tonic::{Code, Request, Response, Status};

/// An answer, or nothing when the thing is not there or may not be seen.
pub type Found<T> = Result<Option<T>, Status>;

pub async fn account(queries: &Queries, id: &str) -> Found<Account> {
    let named = v1::get_account_request::Account::AccountId(id.to_owned());
    let request = v1::GetAccountRequest { account: Some(named), ..Default::default() };
    let found = found(queries.get_account(Request::new(request)).await)?;
    Ok(found.and_then(|response| response.account).map(to_account))
}

pub async fn account_by_handle(queries: &Queries, handle: &str) -> Found<Account> {
    let named = v1::get_account_request::Account::Handle(handle.to_owned());
    let request = v1::GetAccountRequest { account: Some(named), ..Default::default() };
    let found = found(queries.get_account(Request::new(request)).await)?;
    Ok(found.and_then(|response| response.account).map(to_account))
}

pub async fn post(queries: &Queries, id: &str, viewer: Option<&str>) -> Found<Post> {
    let request = v1::GetPostRequest {
        consistency: None,
        viewer_account_id: viewer.unwrap_or_default().to_owned(),
        post_id: id.to_owned(),
    };
    let found = found(queries.get_post(Request::new(request)).await)?;
    Ok(found.and_then(|response| response.post).map(to_post))
}

pub async fn relationship(queries: &Queries, one: &str, other: &str) -> Found<Relationship> {
    let request = v1::GetRelationshipRequest {
        account_id: one.to_owned(),
        target_account_id: other.to_owned(),
        ..Default::default()
    };
    let found = found(queries.get_relationship(Request::new(request)).await)?;
    Ok(found.and_then(|response| response.relationship).map(|there| Relationship {
        following: there.following,
        followed_by: there.followed_by,
        follow_requested: there.follow_requested,
        follow_requested_by: there.follow_requested_by,
        blocking: there.blocking,
        blocked_by: there.blocked_by,
        muting: there.muting,
    }))
}

/// A timeline to its end, and the posts on it, with their authors, as the viewer sees them.
#[derive(Default)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    pub posts: Vec<(Post, Option<Account>)>,
}

pub async fn home_timeline(queries: &Queries, owner: &str, page_size: i32) -> Found<Timeline> {
    let mut items = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            v1::GetHomeTimelineRequest { account_id: owner.to_owned(), page_size, page_token, ..Default::default() };
        let Some(page) = found(queries.get_home_timeline(Request::new(request)).await)? else { return Ok(None) };
        items.extend(page.items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Some(to_timeline(items)));
        }
    }
}

pub async fn author_timeline(queries: &Queries, author: &str, viewer: Option<&str>, page_size: i32) -> Found<Timeline> {
    let mut items = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::GetAuthorTimelineRequest {
            author_id: author.to_owned(),
            viewer_account_id: viewer.unwrap_or_default().to_owned(),
            page_size,
            page_token,
            ..Default::default()
        };
        let Some(page) = found(queries.get_author_timeline(Request::new(request)).await)? else { return Ok(None) };
        items.extend(page.items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Some(to_timeline(items)));
        }
    }
}

/// One of the lists of accounts.
#[derive(Clone, Copy, Debug)]
pub enum List {
    Followers,
    Following,
    Requests,
}

pub async fn list(
    queries: &Queries,
    list: List,
    account: &str,
    viewer: Option<&str>,
    page_size: i32,
) -> Found<Vec<String>> {
    let mut accounts = Vec::new();
    let mut page_token = String::new();
    loop {
        let account_id = account.to_owned();
        let viewer_account_id = viewer.unwrap_or_default().to_owned();
        let consistency = None;
        let page = match list {
            List::Followers => {
                let request =
                    v1::ListFollowersRequest { consistency, viewer_account_id, account_id, page_size, page_token };
                let page = found(queries.list_followers(Request::new(request)).await)?;
                page.map(|page| (page.accounts, page.next_page_token))
            }
            List::Following => {
                let request =
                    v1::ListFollowingRequest { consistency, viewer_account_id, account_id, page_size, page_token };
                let page = found(queries.list_following(Request::new(request)).await)?;
                page.map(|page| (page.accounts, page.next_page_token))
            }
            List::Requests => {
                let viewer_account_id = String::new();
                let request =
                    v1::ListFollowRequestsRequest { consistency, viewer_account_id, account_id, page_size, page_token };
                let page = found(queries.list_follow_requests(Request::new(request)).await)?;
                page.map(|page| (page.accounts, page.next_page_token))
            }
        };
        let Some((page, next)) = page else { return Ok(None) };
        accounts.extend(page.into_iter().map(|account| account.account_id));
        page_token = next;
        if page_token.is_empty() {
            return Ok(Some(accounts));
        }
    }
}

fn found<T>(answer: Result<Response<T>, Status>) -> Found<T> {
    match answer {
        Ok(response) => Ok(Some(response.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

fn to_timeline(items: Vec<v1::TimelineItem>) -> Timeline {
    let mut timeline = Timeline::default();
    for item in items {
        let post = item.post.unwrap_or_default();
        timeline.entries.push(Entry {
            post_id: post.post_id.clone(),
            place: item.place,
            reposted_by: some(item.reposted_by_account_id),
        });
        timeline.posts.push((to_post(post), item.author.map(to_account)));
    }
    timeline
}

fn to_account(account: v1::Account) -> Account {
    let kind = match account.kind() {
        AccountKind::User => "user",
        AccountKind::Organization => "organization",
        AccountKind::Unspecified => "unspecified",
    };
    Account {
        kind: kind.to_owned(),
        account_id: account.account_id,
        handle: account.handle,
        display_name: account.display_name,
        bio: account.bio,
        protected: account.protected,
        follower_count: account.follower_count,
        following_count: account.following_count,
        post_count: account.post_count,
        created_at_us: account.created_at.map_or(0, micros),
    }
}

fn to_post(post: v1::Post) -> Post {
    Post {
        post_id: post.post_id,
        author_id: post.author_id,
        text: post.text,
        reply_to_post_id: some(post.reply_to_post_id),
        reply_to_account_id: some(post.reply_to_account_id),
        quoted_post_id: some(post.quoted_post_id),
        quoted_post_unavailable: post.quoted_post_unavailable,
        like_count: post.like_count,
        repost_count: post.repost_count,
        reply_count: post.reply_count,
        created_at_us: post.created_at.map_or(0, micros),
        edited_at_us: post.edited_at.map(micros),
        liked: post.liked,
        reposted: post.reposted,
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn micros(timestamp: Timestamp) -> i64 {
    timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos) / 1_000
}
