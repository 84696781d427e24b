//! Bytes as messages of the methods, to servers in this process.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Body;
use command_server::commands::{AccountCommand, Command, Edge, NewPost, OnPost, PostCommand, RelationshipCommand};
use command_server::execute::{Call, Executor, digest};
use projector::runner::Takeover;
use projector::{Projector, ReadTables};
use prost::Message;
use shared::log::memory::MemoryStore;
use shared::log::{EventLog, LogHead};
use shared::model::clock::{ManualClock, SystemClock, Timestamp};
use shared::model::event::{AccountKind, PostText, Profile};
use shared::model::ids::{AccountId, PostId};
use shared::rpc::auth::principal::trusting;
use shared::rpc::progress::Progress;
use shared::rpc::proto::DESCRIPTORS;
use shared::rpc::proto::query::GetPostRequest;
use shared::rpc::serve::as_served;
use shared::runtime::deadlines::within;
use shared::runtime::settings::{CommandSettings, ProjectorSettings, ServerSettings};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::tables;
use tokio::runtime::Runtime;
use tonic::codegen::{Service, http};
use tonic::service::Routes;
use tonic::{Code, Status};
use uuid::Uuid;

const WAIT_MAX: Duration = Duration::from_millis(20);
const COMMANDS: &str = "chirp.command.v1.CommandService";
const QUERIES: &str = "chirp.query.v1.QueryService";

/// Accounts that exist, so that a fuzzer that knows their ids gets further.
pub const ACCOUNTS: [AccountId; 3] = [AccountId(id(1)), AccountId(id(2)), AccountId(id(3))];
/// Posts that exist; the second answers the first.
pub const POSTS: [PostId; 2] = [PostId(id(11)), PostId(id(12))];

const fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts")
});

/// The unary methods of a service, in the order of the contract.
#[must_use]
pub fn methods(service: &str) -> Vec<String> {
    let files = prost_types::FileDescriptorSet::decode(DESCRIPTORS).expect("it was made by us").file;
    let is_asked = |found: &&prost_types::ServiceDescriptorProto| service.ends_with(&format!(".{}", found.name()));
    let services = files.iter().filter(|file| service.starts_with(file.package())).flat_map(|file| &file.service);
    let methods = services.filter(is_asked).flat_map(|found| &found.method);
    methods.filter(|method| !method.server_streaming()).map(|method| method.name().to_owned()).collect()
}

/// Sends bytes as a command to a command server with a small log: the first byte chooses the method, the others are its message.
pub fn command(bytes: &[u8]) -> Option<Code> {
    static METHODS: LazyLock<Vec<String>> = LazyLock::new(|| methods(COMMANDS));
    RUNTIME.block_on(async {
        let log = small_log().await;
        // A command that waits for projections hears at once that there are none.
        let (head, tasks) = (log.clone(), Tasks::default());
        tasks.drain();
        let progress =
            Box::new(move || Progress::watch(std::future::pending(), head, Wake::default().listen(), &tasks));
        let routes = command_server::routes(log, LazyLock::new(progress), &CommandSettings::default());
        let mut routes = trusting(routes).prepare();
        send(&mut routes, COMMANDS, &METHODS, bytes).await
    })
}

/// Sends bytes as a query: the first byte chooses the method, the others are its message.
pub fn query(bytes: &[u8]) -> Option<Code> {
    static METHODS: LazyLock<Vec<String>> = LazyLock::new(|| methods(QUERIES));
    static QUERY_SERVER: LazyLock<Routes> = LazyLock::new(|| trusting(RUNTIME.block_on(query_server())).prepare());
    let mut routes = QUERY_SERVER.clone();
    RUNTIME.block_on(send(&mut routes, QUERIES, &METHODS, bytes))
}

/// Sends bytes as the headers of a valid query, a line each, to a query server with the steps around every call.
/// Nothing when they are no headers.
pub fn headers(bytes: &[u8]) -> Option<Code> {
    static SERVED: LazyLock<Routes> = LazyLock::new(|| {
        let routes = RUNTIME.block_on(query_server());
        as_served(routes, &ServerSettings::default()).prepare()
    });
    let mut headers = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = http::HeaderName::from_bytes(&line[..colon]).ok()?;
        headers.push((name, http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?));
    }
    let message = GetPostRequest { post_id: POSTS[0].to_string(), ..GetPostRequest::default() };
    let (mut routes, message) = (SERVED.clone(), message.encode_to_vec());
    RUNTIME.block_on(send_with(&mut routes, QUERIES, "GetPost", &message, &headers))
}

/// The code of the answer, if the first byte is that of a method.
async fn send(routes: &mut Routes, service: &str, methods: &[String], bytes: &[u8]) -> Option<Code> {
    let (which, message) = bytes.split_first()?;
    let method = &methods[usize::from(*which) % methods.len()];
    send_with(routes, service, method, message, &[]).await
}

async fn send_with(
    routes: &mut Routes,
    service: &str,
    method: &str,
    message: &[u8],
    headers: &[(http::HeaderName, http::HeaderValue)],
) -> Option<Code> {
    let length = u32::try_from(message.len()).expect("it is short");
    let framed = [&[0], &length.to_be_bytes()[..], message].concat();
    let mut request = http::Request::post(format!("/{service}/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Body::from(framed)))
        .expect("a request");
    request.headers_mut().extend(headers.iter().cloned());
    // Nothing that is waited for here ever comes.
    let response = within(WAIT_MAX, routes.call(request)).await.expect("a server answers");
    // A good answer has its status in the trailers, a refusal in the headers.
    let Some(status) = Status::from_header_map(response.headers()) else { return Some(Code::Ok) };
    // What cannot be decoded is refused by the library, without details, and becomes INVALID_ARGUMENT further out.
    let is_ours = !status.details().is_empty();
    let is_wrong = matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss);
    assert!(!(is_ours && is_wrong), "{method} is answered {status:?}");
    Some(status.code())
}

/// A log of three accounts, which follow each other in a row, and two posts.
async fn small_log() -> Arc<dyn EventLog> {
    let clock = Arc::new(ManualClock::default());
    clock.set(Timestamp(1_700_000_000_000_000));
    let log: Arc<dyn EventLog> = Arc::new(MemoryStore::new(clock).open());
    let executor = Executor::new(log.clone());
    let [ada, bob, eve] = ACCOUNTS;
    let register = |account, handle: &str| {
        Command::from(AccountCommand::Register {
            account,
            handle: handle.to_owned(),
            kind: AccountKind::User,
            profile: Profile { display_name: handle.to_owned(), ..Profile::default() },
        })
    };
    let post = |post, author, reply_to| {
        let text = PostText::plain("to @ada about #something");
        Command::from(PostCommand::Create(NewPost { post, author, text, reply_to, quoted: None }))
    };
    let commands = [
        register(ada, "ada"),
        register(bob, "bob"),
        register(eve, "eve"),
        RelationshipCommand::Follow(Edge { follower: bob, followee: ada }).into(),
        RelationshipCommand::Follow(Edge { follower: eve, followee: bob }).into(),
        post(POSTS[0], ada, None),
        post(POSTS[1], bob, Some(POSTS[0])),
        PostCommand::Like(OnPost { account: eve, post: POSTS[0] }).into(),
    ];
    for command in commands {
        let call = Call {
            formerly: None,
            principal: "anonymous".to_owned(),
            request_id: None,
            digest: digest("", &[]),
            correlation_id: Uuid::nil(),
            traceparent: None,
        };
        executor.execute(&call, &command).await.expect("it is legal");
    }
    log
}

async fn query_server() -> Routes {
    let log = small_log().await;
    let tables =
        tables::open_in_memory(log.identity().epoch, &projector::projections::tables()).await.expect("there is room");
    let all = ReadTables { writer: tables.clone(), reader: tables.clone(), takeover: Takeover::AtOnce, owners: None };
    let (settings, clock) = (ProjectorSettings::default(), Arc::new(SystemClock));
    let projector = Projector::on(all, log.clone(), settings, clock, Wake::default()).await;
    projector.expect("the tables are there").catch_up().await.expect("it projects");
    let log: Arc<dyn LogHead> = log;
    query_server::routes(tables, log, Wake::default(), None, Tasks::default())
}
