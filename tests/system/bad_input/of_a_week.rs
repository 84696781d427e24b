//! Wrong input of calls about bookmarks, threads, hashtags, notifications, activities and batches.

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::*;

use crate::api::{ask, up_to_date};
use crate::process::{Dev, folder, verified};
use crate::refusals::{NOBODY, Table, row, with_changed_byte};

#[tokio::test]
async fn a_bad_command_is_refused_with_the_reason_that_its_comment_lists() {
    let (folder, elsewhere) = (folder(), folder());
    let (dev, other) = (Dev::start(folder.path()).await, Dev::start(elsewhere.path()).await);
    let (api, c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, gone, blocker] = api.accounts(["ada", "bob", "gone", "blocker"]).await;
    let post = api.post(&ada, "there").await.id;
    let deleted = api.post(&ada, "deleted").await.id;
    let by_blocker = api.post(&blocker, "not for bob").await.id;
    let block = ask!(BlockAccountRequest { account_id: &blocker, target_account_id: &bob });
    c.clone().block_account(block).await.expect("it is blocked");
    api.repost(&bob, &post).await;
    let of_ada = api.notifications(&ada).await[0].notification_id.clone();
    let [there, reposter] = other.api.accounts(["ada", "bob"]).await;
    let elsewhere = other.api.post(&there, "elsewhere").await.id;
    other.api.repost(&reposter, &elsewhere).await;
    let of_another_store = other.api.notifications(&there).await[0].notification_id.clone();
    api.delete(&ada, &deleted).await;
    let consistency_token = api.deactivate(&gone).await;
    let head = api.head().await;
    let mut t = Table::default();

    row!(t, c, bookmark_post, BookmarkPostRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, remove_bookmark, RemoveBookmarkRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, remove_bookmark, ask!(RemoveBookmarkRequest { account_id: NOBODY, post_id: &post }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: &gone, post_id: &post }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, remove_bookmark, ask!(RemoveBookmarkRequest { account_id: &gone, post_id: &post }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: &bob, post_id: &deleted }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: &bob, post_id: &by_blocker }), NotFound "POST_NOT_FOUND");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: &bob, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, remove_bookmark, ask!(RemoveBookmarkRequest { account_id: &bob, post_id: NOBODY }), NotFound "POST_NOT_FOUND");

    for bad in ["", "x", "💥", NOBODY, &consistency_token, &with_changed_byte(&of_ada)] {
        row!(t, c, mark_notifications_seen,
             ask!(MarkNotificationsSeenRequest { account_id: &ada, up_to_notification_id: bad }),
             InvalidArgument "TOKEN_INVALID", "up_to_notification_id TOKEN_INVALID");
    }
    row!(t, c, mark_notifications_seen,
         ask!(MarkNotificationsSeenRequest { account_id: &bob, up_to_notification_id: &of_ada }),
         InvalidArgument "TOKEN_INVALID", "up_to_notification_id TOKEN_INVALID");
    row!(t, c, mark_notifications_seen,
         ask!(MarkNotificationsSeenRequest { account_id: &ada, up_to_notification_id: &of_another_store }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE", "up_to_notification_id TOKEN_FROM_ANOTHER_STORE");
    row!(t, c, mark_notifications_seen, ask!(MarkNotificationsSeenRequest { account_id: "x", request_id: "y" }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "up_to_notification_id TOKEN_INVALID",
         "request_id ID_MALFORMED");
    t.check();
    assert_eq!(api.head().await, head, "nothing was appended");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_bad_query_is_refused_with_the_reason_that_its_comment_lists() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, q) = (&dev.api, dev.api.queries.clone());
    let [ada, bob, gone, shy] = api.accounts(["ada", "bob", "gone", "shy"]).await;
    let post = api.post(&ada, "one #law").await.id;
    api.post(&ada, "two #law").await;
    let by_shy = api.post(&shy, "for followers").await.id;
    let by_gone = api.post(&gone, "of nobody").await.id;
    let protect = ask!(ProtectAccountRequest { account_id: &shy });
    dev.api.commands.clone().protect_account(protect).await.expect("it is protected");
    api.deactivate(&gone).await;
    let head = api.head().await;
    let request = ask!(GetHashtagTimelineRequest { tag: "law", page_size: 1, consistency: up_to_date() });
    let token = q.clone().get_hashtag_timeline(request).await.expect("a page").into_inner().next_page_token;
    assert_ne!(token, "");
    let mut t = Table::default();

    for bad in ["", "#", "a b", "42", "a-b", &"x".repeat(101), &"x".repeat(100_000)] {
        row!(t, q, get_hashtag_timeline, ask!(GetHashtagTimelineRequest { tag: bad }),
             InvalidArgument "HASHTAG_MALFORMED", "tag HASHTAG_MALFORMED");
    }
    row!(t, q, get_hashtag_timeline, ask!(GetHashtagTimelineRequest { tag: "", page_size: -1, viewer_account_id: "x" }),
         InvalidArgument "FIELD_INVALID", "tag HASHTAG_MALFORMED", "page_size PAGE_SIZE_NEGATIVE",
         "viewer_account_id ID_MALFORMED");
    row!(t, q, get_hashtag_timeline, ask!(GetHashtagTimelineRequest { tag: "other", page_token: &token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, get_hashtag_timeline, ask!(GetHashtagTimelineRequest { tag: "law", viewer_account_id: NOBODY }),
         NotFound "ACCOUNT_NOT_FOUND");

    macro_rules! of_a_post {
        ($($method:ident $request:ident),*) => {$(
            row!(t, q, $method, ask!($request { post_id: "x", page_size: -1 }),
                 InvalidArgument "FIELD_INVALID", "post_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE");
            for hidden in [NOBODY, &by_shy, &by_gone] {
                row!(t, q, $method, ask!($request { post_id: hidden, viewer_account_id: &bob }), NotFound "POST_NOT_FOUND");
            }
            row!(t, q, $method, ask!($request { post_id: &post, viewer_account_id: &gone }), NotFound "ACCOUNT_NOT_FOUND");
            row!(t, q, $method, ask!($request { post_id: &post, page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
            row!(t, q, $method, ask!($request { post_id: &post, page_token: &token }),
                 InvalidArgument "PAGE_TOKEN_MISMATCH");
        )*};
    }
    of_a_post!(
        get_thread GetThreadRequest, list_likers ListLikersRequest, list_reposters ListRepostersRequest,
        list_quotes ListQuotesRequest
    );
    macro_rules! of_an_owner {
        ($($method:ident $request:ident),*) => {$(
            row!(t, q, $method, ask!($request { account_id: "x", page_size: -1 }),
                 InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE");
            row!(t, q, $method, ask!($request { account_id: &ada, viewer_account_id: &bob }), InvalidArgument "VIEWER_MISMATCH");
            for absent in [NOBODY, &gone] {
                row!(t, q, $method, ask!($request { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
            }
            row!(t, q, $method, ask!($request { account_id: &ada, page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
            row!(t, q, $method, ask!($request { account_id: &ada, page_token: &token }),
                 InvalidArgument "PAGE_TOKEN_MISMATCH");
        )*};
    }
    of_an_owner!(
        list_bookmarks ListBookmarksRequest, list_blocked ListBlockedRequest, list_muted ListMutedRequest,
        list_notifications ListNotificationsRequest, list_activities ListActivitiesRequest
    );
    row!(t, q, get_unread_notification_count, GetUnreadNotificationCountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, get_unread_notification_count,
         ask!(GetUnreadNotificationCountRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, get_unread_notification_count, ask!(GetUnreadNotificationCountRequest { account_id: &gone }),
         NotFound "ACCOUNT_NOT_FOUND");

    row!(t, q, batch_get_posts, BatchGetPostsRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "post_ids BATCH_SIZE_INVALID");
    row!(t, q, batch_get_posts, ask!(BatchGetPostsRequest { post_ids: vec![post.clone(); 101] }),
         InvalidArgument "BATCH_SIZE_INVALID", "post_ids BATCH_SIZE_INVALID");
    row!(t, q, batch_get_posts, ask!(BatchGetPostsRequest { post_ids: vec![post.clone(), "x".into()] }),
         InvalidArgument "ID_MALFORMED", "post_ids[1] ID_MALFORMED");
    row!(t, q, batch_get_accounts, BatchGetAccountsRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "account_ids BATCH_SIZE_INVALID");
    row!(t, q, batch_get_accounts, ask!(BatchGetAccountsRequest { account_ids: vec!["x".to_owned()] }),
         InvalidArgument "ID_MALFORMED", "account_ids[0] ID_MALFORMED");
    row!(t, q, batch_get_posts, ask!(BatchGetPostsRequest { post_ids: vec![post.clone()], viewer_account_id: NOBODY }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, q, batch_get_accounts,
         ask!(BatchGetAccountsRequest { account_ids: vec![ada.clone()], viewer_account_id: NOBODY }),
         NotFound "ACCOUNT_NOT_FOUND");
    t.check();
    assert_eq!(api.head().await, head, "nothing was appended");
}
