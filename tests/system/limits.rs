//! The limits of one connection, of one caller and of a server, and the defaults of the gRPC library that had to be changed for them.

use std::time::Duration;

use h2::Reason;
use shared::rpc::proto::admin::StreamEventsRequest;
use shared::rpc::proto::command::CreatePostRequest;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::*;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::codegen::http::{Request, Version};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{Api, Feed, Told, ask, channel, fresh, item, reason, texts, up_to_date, within};
use crate::around::{Half, lock};
use crate::live::open_streams;
use crate::process::{DEADLINE, Dev, Role, eventually, folder, on_postgres};

/// The most streams of one account.
const OF_ACCOUNT: usize = 128;

/// A connection has so many streams and calls at once; one more begins when another has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_a_bounded_number_of_streams() {
    const OF_CONNECTION: usize = 1_024;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let accounts = many_accounts(&dev, OF_CONNECTION).await;
    let client = QueryServiceClient::new(channel(&dev.query));
    let open = |number: usize| {
        let account = accounts[number % accounts.len()].clone();
        let client = client.clone();
        async move { Feed::open(&client, ask!(StreamHomeTimelineRequest { account_id: account })).await }
    };
    let mut streams = Vec::new();
    for number in 0..OF_CONNECTION {
        streams.push(open(number).await);
    }
    let one_more = tokio::spawn(open(OF_CONNECTION));
    let another = QueryServiceClient::new(channel(&dev.query));
    for _ in 0..20 {
        // Meanwhile other connections are served, which shows that time passes.
        Feed::open(&another, ask!(StreamHomeTimelineRequest { account_id: &accounts[0] })).await;
    }
    assert!(!one_more.is_finished(), "the connection takes one more");
    drop(streams.pop());
    timeout(DEADLINE, one_more).await.expect("there is room").expect("it opens");
}

/// A deadline covers only the beginning of a stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_does_not_end_a_stream_that_has_begun() {
    const DEADLINE: Duration = Duration::from_millis(300);
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada] = dev.api.accounts(["ada"]).await;
    let request = within(DEADLINE, ask!(StreamHomeTimelineRequest { account_id: &ada, consistency: up_to_date() }));
    let mut feed = Feed::open(&dev.api.queries, request).await;
    while feed.next().await != Told::CaughtUp {}
    tokio::time::sleep(DEADLINE * 2).await;
    dev.api.post(&ada, "later").await;
    assert_eq!(feed.next().await, item("later"));
}

fn must_be_too_many(status: &Status) {
    assert_eq!((status.code(), reason(status).as_deref()), (Code::ResourceExhausted, Some("TOO_MANY_STREAMS")));
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
}

/// The library bounds calls, but no stream that has begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_has_a_bounded_number_of_streams() {
    const OF_SERVER: usize = 10_000;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let accounts = many_accounts(&dev, OF_SERVER + 1).await;
    let ada = accounts[0].clone();
    let mut streams = open_streams(&dev.query, &accounts, OF_SERVER).await;
    let one_more = ask!(StreamHomeTimelineRequest { account_id: &ada });
    let refused = dev.api.queries.clone().stream_home_timeline(one_more.clone()).await.expect_err("there is no room");
    must_be_too_many(&refused);
    dev.api.home(&ada, up_to_date()).await;
    drop(streams.pop());
    let open = || async { dev.api.queries.clone().stream_home_timeline(one_more.clone()).await.is_ok() };
    eventually("there is room again", open, |is_open| *is_open).await;
}

/// So many accounts that none needs more than half of the streams that it may have.
async fn many_accounts(dev: &Dev, streams: usize) -> Vec<String> {
    let mut accounts = Vec::new();
    for number in 0..=streams / (OF_ACCOUNT / 2) {
        accounts.push(dev.api.register(&format!("reader_{number}")).await.id);
    }
    dev.api.home(&accounts[0], up_to_date()).await;
    accounts
}

/// A client that opens streams and forgets them uses up the places of its own account alone.
#[tokio::test]
async fn an_account_has_a_bounded_number_of_streams_and_the_others_have_theirs() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.home(&ada, up_to_date()).await;
    let mut streams = open_streams(&dev.query, std::slice::from_ref(&ada), OF_ACCOUNT).await;
    let notifications = ask!(StreamNotificationsRequest { account_id: &ada });
    let open = || async { dev.api.queries.clone().stream_notifications(notifications.clone()).await };
    must_be_too_many(&open().await.expect_err("there is no room, whatever kind of stream it is"));
    dev.api.stream(&bob, "").await;
    drop(streams.pop());
    eventually("there is room again", || async { open().await.is_ok() }, |is_open| *is_open).await;
}

#[tokio::test]
async fn a_server_has_a_bounded_number_of_streams_of_events() {
    const OF_SERVER: usize = 64;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let mut streams = Vec::new();
    for _ in 0..OF_SERVER {
        let opened = dev.api.admin.clone().stream_events(StreamEventsRequest::default()).await;
        streams.push(opened.expect("there is room"));
    }
    let refused = dev.api.admin.clone().stream_events(StreamEventsRequest::default()).await;
    must_be_too_many(&refused.expect_err("there is no room"));
    drop(streams.pop());
    let open = || async { dev.api.admin.clone().stream_events(StreamEventsRequest::default()).await.is_ok() };
    eventually("there is room again", open, |is_open| *is_open).await;
}

/// The library itself answers CANCELLED, without a reason.
#[tokio::test]
async fn a_call_whose_deadline_passes_is_told_so() {
    const ATTEMPTS_MAX: usize = 20;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let held = lock(folder.path(), Half::Log).await;
    let mut refused = Status::cancelled("not yet");
    for _ in 0..ATTEMPTS_MAX {
        // On a busy machine our own timer may fire in the moment in which the server sends its answer.
        if refused.code() == Code::Cancelled {
            let request = within(Duration::from_millis(700), ask!(CreatePostRequest { author_id: &ada, text: "late" }));
            refused = dev.api.commands.clone().create_post(request).await.expect_err("nobody can append");
        }
    }
    // A database on a server may be gone for long, so the call waits for it a little less than its deadline, and then blames it.
    let expected = match on_postgres() {
        false => (Code::DeadlineExceeded, Some("DEADLINE_EXCEEDED")),
        true => (Code::Unavailable, Some("STORE_UNAVAILABLE")),
    };
    assert_eq!((refused.code(), reason(&refused).as_deref()), expected);
    held.release().await;
}

/// Streams that are reset as soon as they are opened cost the caller nothing and the server a lot (CVE-2023-44487).
#[tokio::test]
async fn a_connection_that_resets_streams_by_the_thousand_is_closed_and_the_others_go_on() {
    const RESETS: usize = 20_000;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let connection = TcpStream::connect(&dev.query).await.expect("it listens");
    let (mut client, connection) = h2::client::handshake(connection).await.expect("it speaks HTTP/2");
    let connection = tokio::spawn(connection);
    for _ in 0..RESETS {
        let Ok(ready) = client.ready().await else { break };
        client = ready;
        let path = "http://localhost/chirp.query.v1.QueryService/GetPost";
        let request = Request::post(path).version(Version::HTTP_2).header("content-type", "application/grpc");
        let request = request.body(()).expect("a request");
        let Ok((_, mut stream)) = client.send_request(request, false) else { break };
        stream.send_reset(Reason::CANCEL);
    }
    let ended = timeout(DEADLINE, connection).await.expect("it is closed").expect("no panic");
    let ended = ended.expect_err("it is closed");
    // With so much in flight, the reason may not get through.
    assert!(ended.reason().is_none_or(|reason| reason == Reason::ENHANCE_YOUR_CALM), "{ended:?}");
    dev.api.home(&ada, up_to_date()).await;
}

/// A server at its limit refuses further calls before it does any work for them, and completes those that it has accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_there_is_no_room_for_is_refused_at_once_and_what_was_taken_on_is_answered() {
    const ROOM: usize = 8;
    const CALLS: usize = 40;
    let folder = folder();
    let (commands, projector) = (Role::command_server(folder.path()).await, Role::projector(folder.path()).await);
    // All calls come from one address, which has half of the places to wait.
    let places = (2 * ROOM).to_string();
    let queries = Role::start("query-server", "--listen", folder.path(), &["--waiting-max", &places]).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    api.home(&ada, up_to_date()).await;
    projector.process.signal("STOP");
    let made = api.post(&ada, "not projected yet").await;
    let mut asking = JoinSet::new();
    for _ in 0..CALLS {
        let request = ask!(GetHomeTimelineRequest { account_id: &ada, consistency: fresh(&made.token) });
        let (mut queries, request) = (api.queries.clone(), within(DEADLINE, request));
        asking.spawn(async move { queries.get_home_timeline(request).await });
    }
    for _ in ROOM..CALLS {
        let ended = asking.join_next().await.expect("there are more").expect("no panic");
        let refused = ended.expect_err("the others have the places, and wait");
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::ResourceExhausted, Some("OVERLOADED")));
        assert!(refused.get_details_retry_info().is_some(), "{refused:?}");
    }
    projector.process.signal("CONT");
    while let Some(ended) = asking.join_next().await {
        let page = ended.expect("no panic").expect("it was taken on").into_inner();
        assert_eq!(texts(&page.items), ["not projected yet"]);
    }
    api.home(&ada, up_to_date()).await;
}
