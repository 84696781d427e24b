//! Wrong input of queries, page tokens, and operators' calls.

use shared::rpc::proto::admin::get_as_of_request::{Moment, Subject};
use shared::rpc::proto::admin::*;
use shared::rpc::proto::query::get_account_request::Account as Named;
use shared::rpc::proto::query::subscription::Topic;
use shared::rpc::proto::query::*;
use tonic::{Code, Status};

use super::by_id;
use crate::api::{ask, fresh, up_to_date};
use crate::process::{Dev, folder};
use crate::refusals::{NOBODY, Table, row, with_changed_byte};

#[tokio::test]
async fn a_bad_query_is_refused_with_the_reason_that_its_comment_lists() {
    let (folder, elsewhere) = (folder(), folder());
    let (dev, other) = (Dev::start(folder.path()).await, Dev::start(elsewhere.path()).await);
    let (api, q) = (&dev.api, dev.api.queries.clone());
    let [ada, bob, gone] = api.accounts(["ada", "bob", "gone"]).await;
    api.follow(&bob, &ada).await;
    api.follow(&gone, &ada).await;
    let deleted = api.post(&ada, "deleted").await.id;
    api.post(&ada, "one").await;
    let made = api.post(&ada, "two").await;
    api.delete(&ada, &deleted).await;
    let newest = api.deactivate(&gone).await;
    let foreign = other.api.register("ada").await;
    let foreign_page = other.api.home(&foreign.id, fresh(&foreign.token)).await;
    let head = api.head().await;

    let request = ask!(GetHomeTimelineRequest { account_id: &bob, page_size: 1, consistency: fresh(&newest) });
    let home = q.clone().get_home_timeline(request).await.expect("a page").into_inner();
    let request = ask!(GetAuthorTimelineRequest { author_id: &ada, page_size: 1 });
    let author = q.clone().get_author_timeline(request).await.expect("a page").into_inner();
    let (home_token, author_token) = (home.next_page_token, author.next_page_token);
    assert!(!home_token.is_empty() && !author_token.is_empty());
    let mut t = Table::default();

    // Fields.
    row!(t, q, get_account, GetAccountRequest::default(), InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, get_account, ask!(GetAccountRequest { account: by_id("ada"), viewer_account_id: "x" }),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "viewer_account_id ID_MALFORMED");
    row!(t, q, get_post, ask!(GetPostRequest { viewer_account_id: "x" }),
         InvalidArgument "ID_MALFORMED", "post_id ID_MALFORMED", "viewer_account_id ID_MALFORMED");
    row!(t, q, get_relationship, GetRelationshipRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    row!(t, q, batch_get_relationships, BatchGetRelationshipsRequest::default(),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "target_account_ids BATCH_SIZE_INVALID");
    row!(t, q, batch_get_relationships,
         ask!(BatchGetRelationshipsRequest { account_id: &ada, target_account_ids: vec![ada.clone(); 101] }),
         InvalidArgument "BATCH_SIZE_INVALID", "target_account_ids BATCH_SIZE_INVALID");
    row!(t, q, batch_get_relationships, ask!(BatchGetRelationshipsRequest {
             account_id: &ada, target_account_ids: vec![ada.clone(), "x".to_owned()], viewer_account_id: "y"
         }),
         InvalidArgument "ID_MALFORMED", "target_account_ids[1] ID_MALFORMED", "viewer_account_id ID_MALFORMED");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: "x", page_size: -1 }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, page_size: i32::MIN }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, get_author_timeline, ask!(GetAuthorTimelineRequest { author_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, list_following, ask!(ListFollowingRequest { page_size: -5, viewer_account_id: "x" }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE",
         "viewer_account_id ID_MALFORMED");
    row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, stream_home_timeline, StreamHomeTimelineRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, stream_notifications, StreamNotificationsRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, stream_presence, StreamPresenceRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, get_presence, GetPresenceRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "account_ids BATCH_SIZE_INVALID");
    row!(t, q, create_subscribe_ticket, CreateSubscribeTicketRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "subscriptions BATCH_SIZE_INVALID");
    row!(t, q, create_subscribe_ticket,
         ask!(CreateSubscribeTicketRequest { subscriptions: vec![Subscription::default()] }),
         InvalidArgument "FIELD_INVALID", "subscriptions[0].subscription_id FIELD_INVALID",
         "subscriptions[0].topic FIELD_INVALID");
    let subscription = Subscription {
        subscription_id: "a".to_owned(),
        topic: Some(Topic::HomeTimeline(HomeTimelineTopic {})),
        ..Subscription::default()
    };
    row!(t, q, create_subscribe_ticket,
         ask!(CreateSubscribeTicketRequest { viewer_account_id: NOBODY, subscriptions: vec![subscription] }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, q, subscribe, ask!(SubscribeRequest { ticket: "x" }), InvalidArgument "TOKEN_INVALID");
    row!(t, q, subscribe, ask!(SubscribeRequest { ticket: "x", subscriptions: vec![Subscription::default()] }),
         InvalidArgument "FIELD_INVALID", "subscriptions FIELD_INVALID");
    row!(t, q, subscribe, SubscribeRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "subscriptions BATCH_SIZE_INVALID");
    row!(t, q, subscribe, SubscribeRequest { subscriptions: vec![Subscription::default(); 65], ..Default::default() },
         InvalidArgument "BATCH_SIZE_INVALID", "subscriptions BATCH_SIZE_INVALID");
    row!(t, q, subscribe,
         SubscribeRequest { subscriptions: vec![Subscription::default()], resume_token: "x".to_owned(), ..Default::default() },
         InvalidArgument "TOKEN_INVALID");
    row!(t, q, stream_post, StreamPostRequest::default(), InvalidArgument "ID_MALFORMED", "post_id ID_MALFORMED");

    // What does not exist, and what this viewer may not see.
    for absent in [NOBODY, &gone] {
        row!(t, q, get_account, ask!(GetAccountRequest { account: by_id(absent) }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_author_timeline, ask!(GetAuthorTimelineRequest { author_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_following, ask!(ListFollowingRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_presence, ask!(StreamPresenceRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_presence, ask!(GetPresenceRequest { account_ids: vec![ada.clone()], viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_post, ask!(StreamPostRequest { post_id: &made.id, viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_relationship, ask!(GetRelationshipRequest { account_id: &ada, target_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, batch_get_relationships,
             ask!(BatchGetRelationshipsRequest { account_id: absent, target_account_ids: vec![ada.clone()] }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
    }
    for handle in ["nobody", "gone", "Not A Handle", ""] {
        let account = Some(Named::Handle(handle.to_owned()));
        let answered = q.clone().get_account(ask!(GetAccountRequest { account: account })).await;
        let code = answered.as_ref().err().map(Status::code);
        assert!(matches!(code, Some(Code::NotFound | Code::InvalidArgument)), "{handle:?}: {answered:?}");
    }
    row!(t, q, get_post, ask!(GetPostRequest { post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_post, ask!(GetPostRequest { post_id: &deleted }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");

    row!(t, q, stream_presence, ask!(StreamPresenceRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");

    // Page tokens.
    for nonsense in ["x", "💥", "AAAA", &with_changed_byte(&home_token), &home_token[1..], &"A".repeat(10_000)] {
        row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &bob, page_token: nonsense }),
             InvalidArgument "PAGE_TOKEN_INVALID");
        row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: &bob, page_token: nonsense }),
             InvalidArgument "PAGE_TOKEN_INVALID");
    }
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &bob, page_token: &author_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, page_token: &home_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, get_author_timeline,
         ask!(GetAuthorTimelineRequest { author_id: &ada, viewer_account_id: &bob, page_token: &author_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, list_following, ask!(ListFollowingRequest { account_id: &bob, page_token: &home_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");

    // Consistency and resume tokens: nonsense, of another kind, of another owner, of another store.
    for nonsense in ["x", "💥", &with_changed_byte(&made.token), &home_token, &home.resume_token] {
        row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, consistency: fresh(nonsense) }),
             InvalidArgument "TOKEN_INVALID");
    }
    for nonsense in ["x", "💥", "AAAA", &with_changed_byte(&home.resume_token), &home_token, &made.token] {
        row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &bob, resume_token: nonsense }),
             InvalidArgument "TOKEN_INVALID");
    }
    row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &ada, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    // The token of one kind of stream is refused by another.
    row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: &bob, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    row!(t, q, stream_post, ask!(StreamPostRequest { post_id: &made.id, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    row!(t, q, stream_post, ask!(StreamPostRequest { post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&foreign.token) }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    row!(t, q, stream_home_timeline,
         ask!(StreamHomeTimelineRequest { account_id: &bob, resume_token: &foreign_page.resume_token }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    t.check();
    assert_eq!(api.head().await, head, "nothing was appended");
}

/// The reason TOKEN_FROM_ANOTHER_STORE of a page token must be among those that the paged rpcs list.
#[tokio::test]
async fn a_page_token_of_another_store_is_refused_as_such() {
    let (folder, elsewhere) = (folder(), folder());
    let (dev, other) = (Dev::start(folder.path()).await, Dev::start(elsewhere.path()).await);
    let ada = dev.api.register("ada").await.id;
    let elsewhere = other.api.register("ada").await.id;
    other.api.post(&elsewhere, "one").await;
    other.api.post(&elsewhere, "two").await;
    let request = ask!(GetHomeTimelineRequest { account_id: &elsewhere, page_size: 1, consistency: up_to_date() });
    let page = other.api.queries.clone().get_home_timeline(request).await.expect("a page").into_inner();
    assert_ne!(page.next_page_token, "");
    let (mut t, q) = (Table::default(), dev.api.queries.clone());
    row!(t, q, get_home_timeline,
         ask!(GetHomeTimelineRequest { account_id: &ada, page_token: &page.next_page_token, consistency: up_to_date() }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    let request = ask!(ListProjectionsRequest { page_size: 1 });
    let page = other.api.admin.clone().list_projections(request).await.expect("a page").into_inner();
    let a = dev.api.admin.clone();
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_token: &page.next_page_token }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    t.check();
}

#[tokio::test]
async fn a_bad_call_of_an_operator_is_refused_with_the_reason_that_its_comment_lists() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let a = dev.api.admin.clone();
    dev.api.accounts(["ada", "bob"]).await;
    let head = dev.api.head().await;
    let page =
        a.clone().list_projections(ask!(ListProjectionsRequest { page_size: 1 })).await.expect("a page").into_inner();
    let page = page.next_page_token;
    let mut t = Table::default();
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_size: -1, correlation_id: "x" }),
         InvalidArgument "FIELD_INVALID", "page_size PAGE_SIZE_NEGATIVE", "correlation_id ID_MALFORMED");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_token: &with_changed_byte(&page) }),
         InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_token: &page }), InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, a, stream_events, ask!(StreamEventsRequest { types: vec![1, 0, 99] }),
         InvalidArgument "EVENT_TYPE_UNKNOWN", "types[1] EVENT_TYPE_UNKNOWN", "types[2] EVENT_TYPE_UNKNOWN");
    row!(t, a, stream_events, ask!(StreamEventsRequest { after_position: u64::MAX }), OutOfRange "POSITION_BEYOND_HEAD");
    row!(t, a, rebuild_projection, ask!(RebuildProjectionRequest { name: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, get_as_of, GetAsOfRequest { page_size: -1, ..GetAsOfRequest::default() },
         InvalidArgument "FIELD_INVALID", "page_size PAGE_SIZE_NEGATIVE", "account_id ID_MALFORMED");
    row!(t, a, get_as_of, GetAsOfRequest { subject: Some(Subject::AccountId("x".to_owned())), ..GetAsOfRequest::default() },
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, a, get_as_of, GetAsOfRequest { subject: Some(Subject::AccountId(NOBODY.to_owned())), ..GetAsOfRequest::default() },
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, a, get_as_of, GetAsOfRequest {
             moment: Some(Moment::Position(u64::MAX)), subject: Some(Subject::Stream("post-x".to_owned())), page_size: 0
         }, OutOfRange "POSITION_BEYOND_HEAD");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_token: &page }), InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { projection: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, retry_parked_events, RetryParkedEventsRequest { projection: String::new(), positions: vec![1; 101] },
         InvalidArgument "FIELD_INVALID", "projection TEXT_EMPTY", "positions BATCH_SIZE_INVALID");
    row!(t, a, retry_parked_events, ask!(RetryParkedEventsRequest { projection: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, discard_parked_event, DiscardParkedEventRequest::default(),
         InvalidArgument "TEXT_EMPTY", "projection TEXT_EMPTY", "reason TEXT_EMPTY");
    row!(t, a, discard_parked_event,
         ask!(DiscardParkedEventRequest { projection: "posts_1", position: 1_u64, reason: &"x".repeat(501) }),
         InvalidArgument "TEXT_TOO_LONG", "reason TEXT_TOO_LONG");
    row!(t, a, discard_parked_event, ask!(DiscardParkedEventRequest { projection: "nothing_1", reason: "x" }),
         NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, discard_parked_event, ask!(DiscardParkedEventRequest { projection: "posts_1", position: u64::MAX, reason: "x" }),
         NotFound "PARKED_EVENT_NOT_FOUND");
    t.check();
    let answered = a.clone().rebuild_projection(RebuildProjectionRequest::default()).await;
    let refused = answered.expect_err("it names nothing");
    assert!(matches!(refused.code(), Code::NotFound | Code::InvalidArgument), "{refused:?}");
    let beyond = a.clone().read_events(ask!(ReadEventsRequest { after_position: u64::MAX })).await;
    assert_eq!(beyond.expect("it is an empty page").into_inner().events, []);
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}
