//! Deadlines of any size: each that passes is answered as such, with its reason, and none makes a server panic. A panic
//! nevertheless is counted, logged and answered.

use std::time::Duration;

use serde_json::Value;
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::GetHomeTimelineRequest;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::codegen::http::{Request, Version};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{Api, ask, reason, request_id, up_to_date, within};
use crate::around::{Half, lock};
use crate::metrics::value;
use crate::process::{DEADLINE, Dev, Role, folder};

const METHODS: [&str; 3] = [
    "chirp.command.v1.CommandService/CreatePost",
    "chirp.query.v1.QueryService/GetPost",
    "chirp.query.v1.QueryService/StreamHomeTimeline",
];

/// The status of a call with this deadline; nothing when it succeeds. No client's own timer ends it.
async fn call(address: &str, method: &str, allowed: &str) -> Option<Status> {
    let connection = TcpStream::connect(address).await.expect("it listens");
    let (client, connection) = h2::client::handshake(connection).await.expect("it speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let request = Request::post(format!("http://localhost/{method}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", allowed)
        .body(())
        .expect("a request");
    let mut client = client.ready().await.expect("it is ready");
    let (answer, mut message) = client.send_request(request, false).expect("it is sent");
    // An empty message, which every method refuses once it has looked at it.
    message.send_data(vec![0; 5].into(), true).expect("it is sent");
    let answered = timeout(DEADLINE, answer).await.expect("it is answered");
    let answered = answered.unwrap_or_else(|cause| panic!("{method} with {allowed}: {cause}"));
    connection.abort();
    Status::from_header_map(answered.headers())
}

fn server<'a>(dev: &'a Dev, method: &str) -> &'a str {
    if method.contains("command") { &dev.command } else { &dev.query }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_thousand_tiny_deadlines_is_answered_as_passed_with_its_reason() {
    const CALLS: usize = 1_000;
    const AT_ONCE: usize = 32;
    const TINY: [&str; 8] = ["1n", "1u", "100u", "0S", "0n", "999999n", "1m", "00000001n"];
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (mut calling, mut wrong, mut answered) = (JoinSet::new(), Vec::new(), 0);
    for number in 0..CALLS {
        let (method, allowed) = (METHODS[number % METHODS.len()], TINY[number % TINY.len()]);
        let address = server(&dev, method).to_owned();
        calling.spawn(async move { (method, allowed, call(&address, method, allowed).await) });
        while calling.len() >= AT_ONCE || (number + 1 == CALLS && !calling.is_empty()) {
            let (method, allowed, status) = calling.join_next().await.expect("there are some").expect("no panic");
            let told = status.as_ref().map(|status| (status.code(), reason(status)));
            match told {
                Some((Code::DeadlineExceeded, Some(reason))) if reason == "DEADLINE_EXCEEDED" => answered += 1,
                other => wrong.push(format!("{method} with {allowed}: {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {CALLS}: {wrong:#?}", wrong.len());
    assert_eq!(answered, CALLS);
    dev.api.register("ada").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_of_any_size_or_shape_is_taken_and_no_call_panics() {
    const SIZES: [&str; 18] = [
        "18446744073709551615S",
        "18446744073709551615H",
        "18446744073709551616H",
        "9223372036854775807S",
        "9223372036854775807n",
        "99999999H",
        "99999999S",
        "99999999999999999999999999999999999999S",
        "1H",
        "-1S",
        "+1S",
        "1.5S",
        "1e9S",
        "S",
        "5",
        "5s",
        " 5S",
        "0x10S",
    ];
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for allowed in SIZES {
        for method in METHODS {
            let status = call(server(&dev, method), method, allowed).await;
            // Each of them names something that does not exist.
            let status = status.unwrap_or_else(|| panic!("{method} with {allowed} is answered"));
            let is_refused = status.code() == Code::InvalidArgument && reason(&status).is_some();
            assert!(is_refused, "{method} with {allowed}: {status:?}");
        }
    }
    assert_eq!(value(&dev, "chirp_panics_total", &[]).await, Some(0.0));
}

/// The message of a panic in a line of the log, which has the form of every other line. What is on stdout is for people.
fn panicked(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let message = line["message"].as_str().unwrap_or_default();
    (line["level"] == "ERROR" && message.contains("panicked")).then(|| message.to_owned())
}

#[tokio::test]
async fn a_call_that_panics_is_answered_counted_and_logged_and_the_next_one_is_served() {
    let folder = folder();
    let mut dev = Dev::start_failing(folder.path(), "shared::call=1*panic(as a test wants it)").await;
    let refused = dev.api.try_post(ask!(CreatePostRequest { text: "x" })).await.expect_err("it panics");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Internal, Some("INTERNAL")));
    assert!(!refused.message().contains("as a test wants it"), "the cause is for the log: {refused:?}");
    let said = dev.process.says(panicked).await;
    assert!(said.contains("as a test wants it"), "{said}");
    assert_eq!(value(&dev, "chirp_panics_total", &[]).await, Some(1.0));
    let handled = ["grpc_method=\"CreatePost\"", "grpc_code=\"Internal\""];
    assert_eq!(value(&dev, "grpc_server_handled_total", &handled).await, Some(1.0));
    let ada = dev.api.register("ada").await.id;
    dev.api.post(&ada, "all is well").await;
}

/// The command has taken effect, so it must not end with an unknown outcome.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_waits_after_a_slow_append_is_told_that_it_is_stored_and_not_projected() {
    const DEADLINE: Duration = Duration::from_secs(6);
    let folder = folder();
    let (commands, projector) = (Role::command_server(folder.path()).await, Role::projector(folder.path()).await);
    let queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    api.home(&ada, up_to_date()).await;
    projector.process.signal("STOP");
    let held = lock(folder.path(), Half::Log).await;
    let projected = WaitFor::Projected;
    let post = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "slow", wait_for: projected });
    let posting = tokio::spawn({
        let (mut commands, request) = (api.commands.clone(), within(DEADLINE, post.clone()));
        async move { commands.create_post(request).await }
    });
    // Less than the deadline for a store, and more than is left for the tables if the whole deadline began anew.
    tokio::time::sleep(DEADLINE / 2).await;
    held.release().await;
    let refused = posting.await.expect("no panic").expect_err("nobody projects");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::DeadlineExceeded, Some("NOT_YET_PROJECTED")));
    let token = refused.get_details_error_info().expect("it has a reason").metadata["consistency_token"].clone();
    projector.process.signal("CONT");
    let again = api.try_post(post).await.expect("it is stored and projected");
    assert_eq!(again.token, token);
    let home = ask!(GetHomeTimelineRequest { account_id: &ada, consistency: up_to_date() });
    let page = api.queries.clone().get_home_timeline(home).await.expect("it is answered").into_inner();
    assert_eq!(page.items.len(), 1, "it was done once");
}
