//! What people do with a feed day by day: bookmarks, threads, hashtags, notifications, activities, lists and batches.

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::thread_item::Item;
use shared::rpc::proto::query::*;

use crate::api::{Api, ask, fresh, texts, up_to_date};
use crate::process::{Dev, folder, verified};
use crate::refusals::NOBODY;

/// The parts of a notification that tests look at: reason, text of its post, causers' handles, their number, seen.
type Told = (NotificationReason, String, Vec<String>, i32, bool);

fn told(page: &ListNotificationsResponse) -> Vec<Told> {
    let includes = page.includes.as_ref().expect("always set");
    let told = |notification: &Notification| {
        let text = notification.post.clone().map(|post| post.text).unwrap_or_default();
        let causers = notification.newest_causer_ids.iter().map(|id| handle_of(id, includes)).collect();
        (notification.reason(), text, causers, notification.causer_count, notification.seen)
    };
    page.notifications.iter().map(told).collect()
}

fn handle_of(account_id: &str, includes: &Includes) -> String {
    let found = includes.accounts.iter().find(|account| account.account_id == account_id);
    found.expect("whoever is named is included").handle.clone()
}

async fn unread(api: &Api, account: &str) -> i32 {
    let request = ask!(GetUnreadNotificationCountRequest { account_id: account, consistency: up_to_date() });
    api.queries.clone().get_unread_notification_count(request).await.expect("it is counted").into_inner().unread_count
}

async fn reply(api: &Api, author: &str, to: &str, text: &str) -> String {
    let request = ask!(CreatePostRequest { author_id: author, text: text, reply_to_post_id: to });
    api.try_post(request).await.expect("it is published").id
}

async fn like(api: &Api, account: &str, post: &str) -> String {
    let request = ask!(LikePostRequest { account_id: account, post_id: post });
    api.commands.clone().like_post(request).await.expect("it is liked").into_inner().consistency_token
}

#[tokio::test]
async fn notifications_are_grouped_counted_seen_and_gone_with_their_cause() {
    use NotificationReason::{Followed, Liked, Mentioned, Replied};
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, eve, dan, kim] = api.accounts(["ada", "bob", "eve", "dan", "kim"]).await;
    let post = api.post(&ada, "hello").await.id;
    for liker in [&ada, &bob, &eve, &dan, &kim] {
        like(api, liker, &post).await;
    }
    api.follow(&bob, &ada).await;
    let answer = reply(api, &eve, &post, "well said").await;
    api.post(&dan, "ask @ada about it").await;

    let likers = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let page = api.notifications_page(&ada).await;
    let shown = &page.notifications;
    let expected: [Told; 4] = [
        (Mentioned, "ask @ada about it".into(), likers(&["dan"]), 1, false),
        (Replied, "well said".into(), likers(&["eve"]), 1, false),
        (Followed, String::new(), likers(&["bob"]), 1, false),
        (Liked, "hello".into(), likers(&["kim", "dan", "eve"]), 4, false),
    ];
    assert_eq!(told(&page), expected, "one's own like is none");
    assert_eq!(unread(api, &ada).await, 4);

    let seen =
        ask!(MarkNotificationsSeenRequest { account_id: &ada, up_to_notification_id: &shown[1].notification_id });
    c.mark_notifications_seen(seen.clone()).await.expect("it is marked");
    assert_eq!(unread(api, &ada).await, 1);
    let head = api.head().await;
    let less =
        ask!(MarkNotificationsSeenRequest { account_id: &ada, up_to_notification_id: &shown[3].notification_id });
    c.mark_notifications_seen(less).await.expect("it changes nothing");
    c.mark_notifications_seen(seen).await.expect("it changes nothing");
    assert_eq!(api.head().await, head);

    // A mute hides, an unlike and a deletion remove, and what is undone comes back.
    c.mute_account(ask!(MuteAccountRequest { account_id: &ada, target_account_id: &dan })).await.expect("it is muted");
    c.unlike_post(ask!(UnlikePostRequest { account_id: &kim, post_id: &post })).await.expect("it is taken back");
    api.delete(&eve, &answer).await;
    let expected: [Told; 2] = [
        (Followed, String::new(), likers(&["bob"]), 1, true),
        (Liked, "hello".into(), likers(&["eve", "bob"]), 2, true),
    ];
    assert_eq!(told(&api.notifications_page(&ada).await), expected);
    assert_eq!(unread(api, &ada).await, 0);
    c.unmute_account(ask!(UnmuteAccountRequest { account_id: &ada, target_account_id: &dan })).await.expect("done");
    like(api, &kim, &post).await;
    assert_eq!(unread(api, &ada).await, 1, "the mention is back, and the like was seen before");

    // Page by page it is the same.
    let whole = told(&api.notifications_page(&ada).await);
    let mut paged = Vec::new();
    let mut request = ask!(ListNotificationsRequest { account_id: &ada, page_size: 1 });
    loop {
        let page = api.queries.clone().list_notifications(request.clone()).await.expect("a page").into_inner();
        paged.extend(told(&page));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, whole);
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_thread_has_what_is_above_and_below_with_tombstones() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let root = api.post(&ada, "root").await.id;
    let middle = reply(api, &bob, &root, "middle").await;
    let post = reply(api, &ada, &middle, "post").await;
    let first = reply(api, &eve, &post, "first").await;
    let kept = reply(api, &eve, &post, "answered and deleted").await;
    reply(api, &ada, &kept, "below").await;
    let dropped = reply(api, &eve, &post, "deleted").await;
    reply(api, &bob, &post, "last").await;
    for gone in [&kept, &dropped] {
        api.delete(&eve, gone).await;
    }
    api.delete(&ada, &root).await;
    let block = ask!(BlockAccountRequest { account_id: &eve, target_account_id: &bob });
    c.block_account(block).await.expect("it is blocked");

    let thread = async |post: &str, viewer: &str| {
        let request = ask!(GetThreadRequest { post_id: post, viewer_account_id: viewer, consistency: up_to_date() });
        let answer = api.queries.clone().get_thread(request).await.expect("there is a thread").into_inner();
        let includes = answer.includes.clone().expect("always set");
        let shown = |item: &ThreadItem| match item.item.clone().expect("always set") {
            Item::Post(post) => format!("{}: {}", handle_of(&post.author_id, &includes), post.text),
            Item::Tombstone(tombstone) => tombstone.cause().as_str_name().to_owned(),
        };
        let ancestors: Vec<String> = answer.ancestors.iter().map(shown).collect();
        let replies: Vec<String> = answer.replies.iter().map(shown).collect();
        (ancestors, shown(&answer.item.expect("always set")), replies)
    };
    let (deleted, hidden) = ("TOMBSTONE_CAUSE_DELETED", "TOMBSTONE_CAUSE_HIDDEN");
    let (ancestors, item, replies) = thread(&post, "").await;
    assert_eq!(ancestors, [deleted, "bob: middle"]);
    assert_eq!(item, "ada: post");
    assert_eq!(replies, ["eve: first", deleted, "bob: last"]);
    let (ancestors, _, replies) = thread(&post, &eve).await;
    assert_eq!((ancestors, replies), (vec![deleted.into(), hidden.into()], vec!["eve: first".into(), deleted.into()]));
    let (ancestors, item, replies) = thread(&root, "").await;
    assert_eq!((ancestors, item.as_str(), replies), (vec![], deleted, vec!["bob: middle".into()]));
    let (ancestors, _, replies) = thread(&first, "").await;
    assert_eq!((ancestors.len(), replies.len()), (3, 0));
    verified(folder.path()).await;
}

#[tokio::test]
async fn bookmarks_quotes_hashtags_likers_and_reposters_are_listed() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c, q) = (&dev.api, dev.api.commands.clone(), dev.api.queries.clone());
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let one = api.post(&ada, "one #Rust").await.id;
    let two = api.post(&ada, "two #rust #law").await.id;
    for post in [&two, &one, &two] {
        c.bookmark_post(ask!(BookmarkPostRequest { account_id: &bob, post_id: post })).await.expect("it is kept");
    }
    let quote = ask!(CreatePostRequest { author_id: &eve, text: "see this", quoted_post_id: &one });
    api.try_post(quote).await.expect("it is published");
    for account in [&bob, &eve] {
        like(api, account, &one).await;
    }
    let newest = api.repost(&eve, &one).await;

    let bookmarks = ask!(ListBookmarksRequest { account_id: &bob, consistency: fresh(&newest) });
    let kept = q.clone().list_bookmarks(bookmarks.clone()).await.expect("they are listed").into_inner().items;
    assert_eq!(texts(&kept), ["one #Rust", "two #rust #law"], "bookmarking twice changes nothing");
    assert!(kept.iter().all(|item| item.reposted_by_account_id.is_empty()));
    assert!(kept.iter().all(|item| item.post.as_ref().is_some_and(|post| post.bookmarked)));
    let tagged = ask!(GetHashtagTimelineRequest { tag: "#RUST" });
    let tagged = q.clone().get_hashtag_timeline(tagged).await.expect("it is shown").into_inner().items;
    assert_eq!(texts(&tagged), ["two #rust #law", "one #Rust"]);
    let quotes = q.clone().list_quotes(ask!(ListQuotesRequest { post_id: &one })).await.expect("they are listed");
    assert_eq!(texts(&quotes.into_inner().items), ["see this"]);
    let handles = |accounts: Vec<Account>| accounts.into_iter().map(|account| account.handle).collect::<Vec<_>>();
    let likers = q.clone().list_likers(ask!(ListLikersRequest { post_id: &one })).await.expect("they are listed");
    assert_eq!(handles(likers.into_inner().accounts), ["eve", "bob"]);
    let reposters = q.clone().list_reposters(ask!(ListRepostersRequest { post_id: &one })).await.expect("likewise");
    assert_eq!(handles(reposters.into_inner().accounts), ["eve"]);

    // An edit removes a tag, a deletion a bookmark.
    let edit = ask!(EditPostRequest { author_id: &ada, post_id: &two, text: "two #law" });
    c.edit_post(edit).await.expect("it is edited");
    let newest = api.delete(&ada, &one).await;
    let tagged = ask!(GetHashtagTimelineRequest { tag: "rust", consistency: fresh(&newest) });
    assert_eq!(q.clone().get_hashtag_timeline(tagged).await.expect("it is shown").into_inner().items, []);
    let kept = q.clone().list_bookmarks(bookmarks).await.expect("they are listed").into_inner().items;
    assert_eq!(texts(&kept), ["two #law"]);
    let remove = ask!(RemoveBookmarkRequest { account_id: &bob, post_id: &two });
    let removed = c.remove_bookmark(remove).await.expect("it is removed").into_inner().consistency_token;
    let none = ask!(ListBookmarksRequest { account_id: &bob, consistency: fresh(&removed) });
    assert_eq!(q.clone().list_bookmarks(none).await.expect("they are listed").into_inner().items, []);
    verified(folder.path()).await;
}

#[tokio::test]
async fn activities_are_what_those_who_are_followed_did_and_still_stands() {
    use ActivityKind::{Followed, Liked, Posted, Reposted};
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, eve, dan] = api.accounts(["ada", "bob", "eve", "dan"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&eve, "of a stranger").await.id;
    let own = api.post(&ada, "own").await.id;
    like(api, &ada, &post).await;
    api.repost(&ada, &post).await;
    api.follow(&ada, &dan).await;
    like(api, &ada, &own).await;
    c.unlike_post(ask!(UnlikePostRequest { account_id: &ada, post_id: &own })).await.expect("it is taken back");

    let activities = async || {
        let request = ask!(ListActivitiesRequest { account_id: &bob, consistency: up_to_date() });
        let answer = api.queries.clone().list_activities(request).await.expect("they are listed").into_inner();
        let includes = answer.includes.expect("always set");
        let shown = |activity: &Activity| {
            let text = activity.post.clone().map(|post| post.text).unwrap_or_default();
            let target = activity.post.as_ref().map_or(&activity.target_account_id, |post| &post.author_id);
            (activity.kind(), handle_of(&activity.actor_id, &includes), handle_of(target, &includes), text)
        };
        answer.activities.iter().map(shown).collect::<Vec<_>>()
    };
    let of = |kind, target: &str, text: &str| (kind, "ada".to_owned(), target.to_owned(), text.to_owned());
    let all = [
        of(Followed, "dan", ""),
        of(Reposted, "eve", "of a stranger"),
        of(Liked, "eve", "of a stranger"),
        of(Posted, "ada", "own"),
    ];
    assert_eq!(activities().await, all);
    c.mute_account(ask!(MuteAccountRequest { account_id: &bob, target_account_id: &eve })).await.expect("it is muted");
    assert_eq!(activities().await, [all[0].clone(), all[3].clone()]);
    verified(folder.path()).await;
}

#[tokio::test]
async fn blocks_and_mutes_are_listed_for_their_owner_and_batches_name_what_is_missing() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c, q) = (&dev.api, dev.api.commands.clone(), dev.api.queries.clone());
    let [ada, bob, eve, gone] = api.accounts(["ada", "bob", "eve", "gone"]).await;
    let post = api.post(&bob, "for some").await.id;
    let by_eve = api.post(&eve, "for all").await.id;
    for target in [&eve, &bob] {
        c.mute_account(ask!(MuteAccountRequest { account_id: &ada, target_account_id: target })).await.expect("done");
    }
    c.block_account(ask!(BlockAccountRequest { account_id: &ada, target_account_id: &bob })).await.expect("done");
    let newest = api.deactivate(&gone).await;

    let ids = |accounts: Vec<Account>| accounts.into_iter().map(|account| account.account_id).collect::<Vec<_>>();
    let blocked = ask!(ListBlockedRequest { account_id: &ada, consistency: fresh(&newest) });
    assert_eq!(
        ids(q.clone().list_blocked(blocked).await.expect("listed").into_inner().accounts),
        std::slice::from_ref(&bob)
    );
    let muted = q.clone().list_muted(ask!(ListMutedRequest { account_id: &ada })).await.expect("listed").into_inner();
    assert_eq!(ids(muted.accounts), [bob.clone(), eve.clone()], "a block hides nothing here");

    let account_ids = [&gone, &eve, &ada, &eve].map(String::clone).to_vec();
    let batch = q.clone().batch_get_accounts(ask!(BatchGetAccountsRequest { account_ids: account_ids })).await;
    let batch = batch.expect("it is answered").into_inner();
    assert_eq!((ids(batch.accounts), batch.missing_account_ids), (vec![eve.clone(), ada.clone()], vec![gone]));
    let post_ids = vec![by_eve.clone(), NOBODY.to_owned(), post.clone(), by_eve.clone()];
    let batch =
        q.clone().batch_get_posts(ask!(BatchGetPostsRequest { post_ids: post_ids, viewer_account_id: &ada })).await;
    let batch = batch.expect("it is answered").into_inner();
    let found: Vec<String> = batch.posts.into_iter().map(|post| post.post_id).collect();
    assert_eq!((found, batch.missing_post_ids), (vec![by_eve], vec![NOBODY.to_owned(), post]));
    verified(folder.path()).await;
}
