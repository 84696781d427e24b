//! Answers of the query server in the types of the reference: the real service is asked, every list to its end.

pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use query_server::Queries;
use reference::{Account, Activity, Entry, NotificationGroup, Post, Relationship, Thread};
use shared::rpc::auth::principal::within;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::query_service_server::QueryService;
use tonic::{Code, Response, Status};

/// An answer, or nothing when the thing does not exist or may not be seen.
pub type Found<T> = Result<Option<T>, Status>;

/// A timeline to its end, and its pages.
#[derive(Default)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    pub pages: Vec<Page>,
}

/// The posts on one page, as the viewer sees them, and what they refer to.
pub struct Page {
    pub posts: Vec<Post>,
    /// Who else is named on it: who reposted, caused or did something.
    pub people: BTreeSet<String>,
    pub included: Included,
}

/// What an answer includes, by ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Included {
    /// Each with what the viewer is to it.
    pub accounts: BTreeMap<String, (Account, Option<Relationship>)>,
    pub posts: BTreeMap<String, Post>,
    /// Whether it is told that it was deleted.
    pub unavailable: BTreeMap<String, bool>,
    /// Ids that came twice.
    pub repeated: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug)]
pub enum List {
    Followers,
    Following,
    Requests,
    Blocked,
    Muted,
    Likers,
    Reposters,
}

/// Asks for a timeline to its end.
macro_rules! pages {
    ($queries:ident.$method:ident, $request:expr) => {{
        let (mut timeline, mut page_token) = (Timeline::default(), String::new());
        loop {
            let mut request = $request;
            request.page_token = page_token;
            let Some(page) = found($queries.$method(within(request)).await)? else { return Ok(None) };
            timeline.add(page.items, page.includes);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break timeline;
            }
        }
    }};
}

/// Asks for a list to its end; the entries of all pages are put together.
macro_rules! to_the_end {
    ($queries:ident.$method:ident, $request:expr, $field:ident) => {{
        let (mut entries, mut page_token) = (Vec::new(), String::new());
        loop {
            let mut request = $request;
            request.page_token = page_token;
            let Some(page) = found($queries.$method(within(request)).await)? else { return Ok(None) };
            entries.extend(page.$field);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break entries;
            }
        }
    }};
}

fn text(viewer: Option<&str>) -> String {
    viewer.unwrap_or_default().to_owned()
}

pub async fn account(queries: &Queries, id: &str) -> Found<Account> {
    let named = v1::get_account_request::Account::AccountId(id.to_owned());
    let request = v1::GetAccountRequest { account: Some(named), ..Default::default() };
    let found = found(queries.get_account(within(request)).await)?;
    Ok(found.and_then(|response| response.account).map(words::account))
}

pub async fn account_by_handle(queries: &Queries, handle: &str) -> Found<Account> {
    let named = v1::get_account_request::Account::Handle(handle.to_owned());
    let request = v1::GetAccountRequest { account: Some(named), ..Default::default() };
    let found = found(queries.get_account(within(request)).await)?;
    Ok(found.and_then(|response| response.account).map(words::account))
}

/// The accounts that exist, and the ids of the others.
pub async fn accounts(queries: &Queries, ids: &[&str]) -> Result<(Vec<Account>, Vec<String>), Status> {
    let account_ids = ids.iter().map(ToString::to_string).collect();
    let request = v1::BatchGetAccountsRequest { account_ids, ..Default::default() };
    let found = queries.batch_get_accounts(within(request)).await?.into_inner();
    Ok((found.accounts.into_iter().map(words::account).collect(), found.missing_account_ids))
}

pub async fn post(queries: &Queries, id: &str, viewer: Option<&str>) -> Found<Post> {
    let request = v1::GetPostRequest { consistency: None, viewer_account_id: text(viewer), post_id: id.to_owned() };
    let found = found(queries.get_post(within(request)).await)?;
    Ok(found.and_then(|response| response.post).map(words::post))
}

/// The posts that the viewer may see, and the ids of the others.
pub async fn posts(queries: &Queries, ids: &[&str], viewer: Option<&str>) -> Result<(Vec<Post>, Vec<String>), Status> {
    let post_ids = ids.iter().map(ToString::to_string).collect();
    let request = v1::BatchGetPostsRequest { consistency: None, viewer_account_id: text(viewer), post_ids };
    let found = queries.batch_get_posts(within(request)).await?.into_inner();
    Ok((found.posts.into_iter().map(words::post).collect(), found.missing_post_ids))
}

pub async fn relationship(queries: &Queries, one: &str, other: &str, viewer: Option<&str>) -> Found<Relationship> {
    let request = v1::GetRelationshipRequest {
        account_id: one.to_owned(),
        target_account_id: other.to_owned(),
        viewer_account_id: text(viewer),
        ..Default::default()
    };
    let found = found(queries.get_relationship(within(request)).await)?;
    Ok(found.and_then(|response| response.relationship).map(words::relationship))
}

/// The relationships to those of these accounts that are there, by id, and the ids of all others.
pub async fn relationships(
    queries: &Queries,
    one: &str,
    others: &[String],
    viewer: Option<&str>,
) -> Result<(Vec<(String, Relationship)>, Vec<String>), Status> {
    let request = v1::BatchGetRelationshipsRequest {
        account_id: one.to_owned(),
        target_account_ids: others.to_vec(),
        viewer_account_id: text(viewer),
        ..Default::default()
    };
    let found = queries.batch_get_relationships(within(request)).await?.into_inner();
    let there =
        |to: v1::RelationshipTo| (to.target_account_id, to.relationship.map(words::relationship).unwrap_or_default());
    Ok((found.relationships.into_iter().map(there).collect(), found.missing_account_ids))
}

pub async fn home_timeline(queries: &Queries, owner: &str, page_size: i32) -> Found<Timeline> {
    let request = || v1::GetHomeTimelineRequest { account_id: owner.to_owned(), page_size, ..Default::default() };
    Ok(Some(pages!(queries.get_home_timeline, request())))
}

pub async fn author_timeline(queries: &Queries, author: &str, viewer: Option<&str>, page_size: i32) -> Found<Timeline> {
    let request = || v1::GetAuthorTimelineRequest {
        author_id: author.to_owned(),
        viewer_account_id: text(viewer),
        page_size,
        ..Default::default()
    };
    Ok(Some(pages!(queries.get_author_timeline, request())))
}

pub async fn hashtag_timeline(queries: &Queries, tag: &str, viewer: Option<&str>, page_size: i32) -> Found<Timeline> {
    let request = || v1::GetHashtagTimelineRequest {
        tag: tag.to_owned(),
        viewer_account_id: text(viewer),
        page_size,
        ..Default::default()
    };
    Ok(Some(pages!(queries.get_hashtag_timeline, request())))
}

pub async fn quotes(queries: &Queries, post: &str, viewer: Option<&str>, page_size: i32) -> Found<Timeline> {
    let request = || v1::ListQuotesRequest {
        post_id: post.to_owned(),
        viewer_account_id: text(viewer),
        page_size,
        ..Default::default()
    };
    Ok(Some(pages!(queries.list_quotes, request())))
}

pub async fn bookmarks(queries: &Queries, owner: &str, page_size: i32) -> Found<Timeline> {
    let request = || v1::ListBookmarksRequest { account_id: owner.to_owned(), page_size, ..Default::default() };
    Ok(Some(pages!(queries.list_bookmarks, request())))
}

/// A thread, its replies to the end, and its pages.
pub async fn thread(queries: &Queries, post: &str, viewer: Option<&str>, page_size: i32) -> Found<(Thread, Vec<Page>)> {
    let (mut all, mut ancestors, mut replies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut focus, mut page_token) = (v1::ThreadItem::default(), String::new());
    loop {
        let request = v1::GetThreadRequest {
            post_id: post.to_owned(),
            viewer_account_id: text(viewer),
            page_size,
            page_token,
            ..Default::default()
        };
        let Some(page) = found(queries.get_thread(within(request)).await)? else { return Ok(None) };
        focus = page.item.unwrap_or(focus);
        let shown = page.ancestors.iter().chain([&focus]).chain(&page.replies);
        all.push(words::page(words::posts_in(shown), BTreeSet::new(), page.includes));
        ancestors.extend(page.ancestors);
        replies.extend(page.replies);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Some((words::thread(ancestors, focus, replies).0, all)));
        }
    }
}

/// The notifications, and their pages as the owner sees them.
pub async fn notifications(
    queries: &Queries,
    owner: &str,
    page_size: i32,
) -> Found<(Vec<NotificationGroup>, Vec<Page>)> {
    let (mut all, mut groups, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let account_id = owner.to_owned();
        let request = v1::ListNotificationsRequest { account_id, page_size, page_token, ..Default::default() };
        let Some(page) = found(queries.list_notifications(within(request)).await)? else { return Ok(None) };
        let posts = page.notifications.iter().filter_map(|notification| notification.post.clone()).collect();
        let people =
            page.notifications.iter().flat_map(|notification| notification.newest_causer_ids.clone()).collect();
        all.push(words::page(posts, people, page.includes));
        groups.extend(page.notifications.into_iter().map(words::notification));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Some((groups, all)));
        }
    }
}

pub async fn unread_notification_count(queries: &Queries, owner: &str) -> Found<i64> {
    let request = v1::GetUnreadNotificationCountRequest { account_id: owner.to_owned(), ..Default::default() };
    let found = found(queries.get_unread_notification_count(within(request)).await)?;
    Ok(found.map(|response| response.unread_count.into()))
}

/// The newest activities, at most this many, and their pages.
pub async fn activities(
    queries: &Queries,
    owner: &str,
    page_size: i32,
    most: usize,
) -> Found<(Vec<Activity>, Vec<Page>)> {
    let (mut all, mut activities, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let account_id = owner.to_owned();
        let request = v1::ListActivitiesRequest { account_id, page_size, page_token, ..Default::default() };
        let Some(page) = found(queries.list_activities(within(request)).await)? else { return Ok(None) };
        let posts = page.activities.iter().filter_map(|activity| activity.post.clone());
        // A post of which several things are told is on the page once for what it refers to.
        let posts: BTreeMap<String, v1::Post> = posts.map(|post| (post.post_id.clone(), post)).collect();
        let people = page.activities.iter().flat_map(|one| [one.actor_id.clone(), one.target_account_id.clone()]);
        let people = people.filter(|id| !id.is_empty()).collect();
        all.push(words::page(posts.into_values().collect(), people, page.includes));
        activities.extend(page.activities.into_iter().map(words::activity));
        page_token = page.next_page_token;
        if page_token.is_empty() || activities.len() >= most {
            activities.truncate(most);
            return Ok(Some((activities, all)));
        }
    }
}

/// The ids of a list `of` an account or a post, to its end. Some lists have no viewer but the owner.
pub async fn list(queries: &Queries, list: List, of: &str, viewer: Option<&str>, page_size: i32) -> Found<Vec<String>> {
    macro_rules! ids {
        ($method:ident, $request:ident { $($field:ident: $value:expr),* }) => {
            to_the_end!(
                queries.$method,
                v1::$request { $($field: $value,)* page_size, ..Default::default() },
                accounts
            )
        };
    }
    let of = || of.to_owned();
    let accounts: Vec<v1::Account> = match list {
        List::Followers => {
            ids!(list_followers, ListFollowersRequest { account_id: of(), viewer_account_id: text(viewer) })
        }
        List::Following => {
            ids!(list_following, ListFollowingRequest { account_id: of(), viewer_account_id: text(viewer) })
        }
        List::Requests => ids!(list_follow_requests, ListFollowRequestsRequest { account_id: of() }),
        List::Blocked => ids!(list_blocked, ListBlockedRequest { account_id: of() }),
        List::Muted => ids!(list_muted, ListMutedRequest { account_id: of() }),
        List::Likers => ids!(list_likers, ListLikersRequest { post_id: of(), viewer_account_id: text(viewer) }),
        List::Reposters => {
            ids!(list_reposters, ListRepostersRequest { post_id: of(), viewer_account_id: text(viewer) })
        }
    };
    Ok(Some(accounts.into_iter().map(|account| account.account_id).collect()))
}

fn found<T>(answer: Result<Response<T>, Status>) -> Found<T> {
    match answer {
        Ok(response) => Ok(Some(response.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}
