//! A connection that has reached its age: each of its streams says so before it is cut, with the token from which it resumes.

use std::time::Duration;

use shared::rpc::proto::admin::stream_events_response::Message as EventMessage;
use shared::rpc::proto::admin::{StreamEventsRequest, StreamEventsResponse};
use shared::rpc::proto::command::CreatePostRequest;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::*;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use crate::api::{Feed, Told, ask, channel, item, reason, up_to_date};
use crate::process::{DEADLINE, Dev, folder};

/// In seconds: long enough to open all streams.
const AGE: &str = "3";

/// All messages of a stream, and its status.
async fn to_the_end<M>(stream: &mut Streaming<M>) -> (Vec<M>, Status) {
    let mut said = Vec::new();
    loop {
        match timeout(DEADLINE, stream.message()).await.expect("it says something") {
            Ok(Some(message)) => said.push(message),
            Ok(None) => return (said, Status::ok("it has ended without a word")),
            Err(status) => return (said, status),
        }
    }
}

fn went_elsewhere(what: &str, status: &Status) {
    let told = (status.code(), reason(status));
    assert_eq!(told, (Code::Unavailable, Some("SHUTTING_DOWN".to_owned())), "{what} ends with {status:?}");
    assert!(status.message().contains("connection"), "{what}: {status:?}");
}

/// Asserts that the last message is `draining`, before a status.
macro_rules! drained {
    ($what:literal, $stream:expr, $last:pat) => {{
        let (said, status) = to_the_end(&mut $stream).await;
        went_elsewhere($what, &status);
        let last = said.last().expect("it said something").clone();
        assert!(matches!(last, $last), "{}: {last:?}", $what);
        last
    }};
}

/// The home timeline of an account by a call of several subscriptions.
fn subscribing(account_id: &str, resume_token: &str) -> SubscribeRequest {
    let topic = Some(subscription::Topic::HomeTimeline(HomeTimelineTopic {}));
    let subscription = Subscription { subscription_id: "home".to_owned(), topic, ..Subscription::default() };
    let subscriptions = vec![subscription];
    ask!(SubscribeRequest { viewer_account_id: account_id, resume_token: resume_token, subscriptions: subscriptions })
}

/// Retries until the channel has noticed that its connection is closed: tonic cancels the calls that it had accepted before.
macro_rules! reopened {
    ($client:ident.$method:ident($request:expr)) => {{
        let request = $request;
        loop {
            match $client.$method(request.clone()).await {
                Ok(answer) => break answer.into_inner(),
                Err(status) => assert_eq!(status.code(), Code::Cancelled, "the token is good: {status:?}"),
            }
        }
    }};
}

#[tokio::test]
async fn every_stream_of_a_connection_that_reaches_its_age_is_told_and_goes_on_from_there() {
    let folder = folder();
    let dev = Dev::start_with(folder.path(), &["--connection-age", AGE]).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let post = dev.api.post(&ada, "before").await.id;
    dev.api.home(&bob, up_to_date()).await;
    // Connections of their own, of the same age.
    let (of_queries, of_ops) = (channel(&dev.query), channel(&dev.ops));
    let mut queries = QueryServiceClient::new(of_queries.clone());
    let mut admin = shared::rpc::proto::admin::admin_service_client::AdminServiceClient::new(of_ops.clone());
    let home = ask!(StreamHomeTimelineRequest { account_id: &bob });
    let mut home = queries.stream_home_timeline(home).await.expect("it opens").into_inner();
    let notifications = ask!(StreamNotificationsRequest { account_id: &bob });
    let mut notifications = queries.stream_notifications(notifications).await.expect("it opens").into_inner();
    let thread = ask!(StreamPostRequest { post_id: &post });
    let mut thread = queries.stream_post(thread).await.expect("it opens").into_inner();
    let presence = ask!(StreamPresenceRequest { account_id: &bob });
    let mut presence = queries.stream_presence(presence).await.expect("it opens").into_inner();
    let mut together = queries.subscribe(subscribing(&bob, "")).await.expect("it opens").into_inner();
    let mut events = admin.stream_events(StreamEventsRequest::default()).await.expect("it opens").into_inner();
    let mut health = HealthClient::new(of_queries.clone());
    let mut health = health.watch(HealthCheckRequest::default()).await.expect("it can be watched").into_inner();
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asking = tokio_stream::StreamExt::chain(tokio_stream::iter([list]), tokio_stream::pending());
    let mut reflection = ServerReflectionClient::new(of_ops.clone());
    let mut reflection = reflection.server_reflection_info(asking).await.expect("it answers").into_inner();

    let token = drained!(
        "home",
        home,
        StreamHomeTimelineResponse { event: Some(stream_home_timeline_response::Event::Draining(_)), .. }
    )
    .resume_token;
    let token_of_notifications = drained!(
        "notifications",
        notifications,
        StreamNotificationsResponse { event: Some(stream_notifications_response::Event::Draining(_)), .. }
    )
    .resume_token;
    let token_of_post =
        drained!("post", thread, StreamPostResponse { event: Some(stream_post_response::Event::Draining(_)), .. })
            .resume_token;
    drained!(
        "presence",
        presence,
        StreamPresenceResponse { event: Some(stream_presence_response::Event::Draining(_)), .. }
    );
    let token_of_call =
        drained!("together", together, StreamResponse { event: Some(stream_response::Event::Draining(_)), .. })
            .resume_token;
    let token_of_events =
        drained!("events", events, StreamEventsResponse { message: Some(EventMessage::Draining(_)), .. }).resume_token;
    for (what, ended) in
        [("health", to_the_end(&mut health).await.1), ("reflection", to_the_end(&mut reflection).await.1)]
    {
        went_elsewhere(what, &ended);
    }

    // The same channels have another connection by now.
    let mut commands = dev.api.commands.clone();
    let made = reopened!(commands.create_post(ask!(CreatePostRequest { author_id: &ada, text: "after @bob" })));
    let again = ask!(StreamNotificationsRequest { account_id: &bob, resume_token: &token_of_notifications });
    reopened!(queries.stream_notifications(again));
    let again = ask!(StreamPostRequest { post_id: &post, resume_token: &token_of_post });
    reopened!(queries.stream_post(again));
    let mut together = reopened!(queries.subscribe(subscribing(&bob, &token_of_call)));
    let posted = loop {
        let message = together.message().await.expect("it goes on").expect("it goes on");
        match message.event.expect("every message says something") {
            stream_response::Event::HomeTimelineItem(item) => break item.item.expect("always set"),
            stream_response::Event::Refresh(refresh) => panic!("its token knows the subscription: {refresh:?}"),
            _ => {}
        }
    };
    assert_eq!(crate::api::text(&posted), "after @bob");
    let again = ask!(StreamEventsRequest { resume_token: &token_of_events });
    let mut events = reopened!(admin.stream_events(again));
    let mut feed =
        Feed::open(&queries, ask!(StreamHomeTimelineRequest { account_id: &bob, resume_token: &token })).await;
    assert_eq!(feed.news().await, item("after @bob"));
    let first = loop {
        let message = events.message().await.expect("it goes on").expect("it goes on");
        if let Some(EventMessage::Event(event)) = message.message {
            break event;
        }
    };
    let Some(shared::rpc::proto::admin::event::Details::PostCreated(created)) = first.details else {
        panic!("{first:?}")
    };
    assert_eq!(created.post_id, made.post_id, "it goes on where it was");
    // A process that stops tells its streams.
    dev.process.signal("TERM");
    let last = loop {
        match feed.next_or_end().await {
            Ok(Told::Draining) => break feed.next_or_end().await.expect_err("nothing comes after `draining`"),
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&last).as_deref(), Some("SHUTTING_DOWN"));
    assert!(last.message().contains("server"), "{last:?}");
}

/// More than fits between a server and a client that does not read.
const POSTS: usize = 300;

#[tokio::test]
async fn a_stream_that_is_still_catching_up_at_its_end_is_told_all_the_same() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let long = "🐦".repeat(500);
    for _ in 0..POSTS {
        dev.api.try_post(ask!(CreatePostRequest { author_id: &ada, text: &long })).await.expect("it is posted");
    }
    dev.process.signal("TERM");
    dev.process.ended().await;
    let dev = Dev::start_with(folder.path(), &["--connection-age", AGE]).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", dev.ops)).expect("an address makes a URI");
    let narrow: Channel = endpoint.initial_stream_window_size(64 * 1024).connect_lazy();
    let mut admin = shared::rpc::proto::admin::admin_service_client::AdminServiceClient::new(narrow.clone());
    let mut events = admin.stream_events(StreamEventsRequest::default()).await.expect("it opens").into_inner();
    // It reads nothing until the connection has reached its age, which another stream of the connection tells.
    let mut health = HealthClient::new(narrow);
    let mut health = health.watch(HealthCheckRequest::default()).await.expect("it can be watched").into_inner();
    went_elsewhere("health", &to_the_end(&mut health).await.1);
    let (said, status) = timeout(Duration::from_secs(60), to_the_end(&mut events)).await.expect("it ends");
    went_elsewhere("events", &status);
    assert!(said.len() < POSTS, "it had not caught up: {}", said.len());
    let last = said.last().expect("it said something");
    assert!(matches!(last.message, Some(EventMessage::Draining(_))), "{last:?}");
    let resumed = StreamEventsRequest { resume_token: last.resume_token.clone(), ..StreamEventsRequest::default() };
    dev.api.admin.clone().stream_events(resumed).await.expect("the token is good");
}
