//! Clients of the web: a page made with Connect-ES in a real browser, from an origin of its own, and the same code in Node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::process::{DEADLINE, Dev, folder};

/// The folder of the page and of the script for Node; `scripts/test` makes it.
const PAGE: &str = "CHIRP_TEST_PAGE";

fn made() -> String {
    std::env::var(PAGE).unwrap_or_else(|_| panic!("{PAGE} must name a folder; scripts/test makes it"))
}

/// Serves the page until this is dropped, and receives what it sends back.
struct Site {
    address: SocketAddr,
    outcomes: mpsc::UnboundedReceiver<Value>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Site {
    async fn start() -> Self {
        let files = made();
        let file = |name: &str, kind: &'static str| {
            let read = std::fs::read(PathBuf::from(&files).join(name));
            let content: Arc<[u8]> = read.expect("scripts/test has made it").into();
            get(move || std::future::ready(([(CONTENT_TYPE, kind)], content.to_vec())))
        };
        let (sender, outcomes) = mpsc::unbounded_channel();
        let outcome = move |body: Bytes| {
            sender.send(serde_json::from_slice(&body).expect("the page sends JSON")).expect("the test waits");
            std::future::ready(())
        };
        let router = Router::new()
            .route("/", file("index.html", "text/html"))
            .route("/page.js", file("page.js", "text/javascript"))
            .route("/outcome", post(outcome));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let server = Server::builder().accept_http1(true).add_routes(Routes::from(router));
        let serving = tokio::spawn(async move {
            server.serve_with_incoming(TcpIncoming::from(listener)).await.expect("it serves");
        });
        Self { address, outcomes, serving }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens the page with these servers and this protocol, and gives what it reports.
    async fn play(&mut self, dev: &Dev, protocol: &str) -> Value {
        let profile = folder();
        let servers = format!("commands=http://{}&queries=http://{}", dev.command, dev.query);
        let address = format!("{}/?protocol={protocol}&{servers}", self.origin());
        // As root, there is no sandbox.
        let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
        let mut chromium = Command::new("chromium")
            .args(flags)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Chromium is installed");
        let outcome = timeout(DEADLINE * 2, self.outcomes.recv()).await.expect("the page says how it went");
        chromium.kill().await.expect("the browser ends");
        outcome.expect("the site serves")
    }
}

/// What every client can tell.
fn expected() -> Value {
    let details = ["google.rpc.ErrorInfo", "google.rpc.BadRequest"];
    json!({
        "heard": ["subscribed", "caughtUp", "item"],
        "text": "hello, browser",
        "refusal": { "code": "InvalidArgument", "details": details, "reason": "TEXT_EMPTY" },
        "refusedStream": "InvalidArgument",
        "together": { "caughtUp": 20, "answered": 20, "liked": true },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_sees_the_live_item_and_has_twenty_subscriptions_over_one_connection_by_every_protocol_of_a_browser() {
    let mut site = Site::start().await;
    for protocol in ["grpc-web", "connect", "connect-binary"] {
        let folder = folder();
        let dev = Dev::start_with(folder.path(), &["--cors-origin", &site.origin()]).await;
        assert_eq!(site.play(&dev, protocol).await, expected(), "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_an_origin_that_is_not_allowed_cannot_call() {
    let (folder, mut site) = (folder(), Site::start().await);
    let dev = Dev::start_with(folder.path(), &["--cors-origin", "https://another.example"]).await;
    for protocol in ["grpc-web", "connect"] {
        let outcome = site.play(&dev, protocol).await;
        assert!(outcome["failure"].as_str().is_some_and(|failure| failure.contains("fetch")), "{protocol}: {outcome}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_calls_by_connect_over_either_version_of_http_in_json_and_in_protobuf() {
    let script = PathBuf::from(made()).join("node.mjs");
    for (version, format) in [("1.1", "json"), ("1.1", "binary"), ("2", "json"), ("2", "binary")] {
        let folder = folder();
        let dev = Dev::start(folder.path()).await;
        let (commands, queries) = (format!("http://{}", dev.command), format!("http://{}", dev.query));
        let mut node = Command::new("node");
        node.arg(&script).args([&commands, &queries, version, format]).stdin(Stdio::null()).kill_on_drop(true);
        let ended = timeout(DEADLINE, node.output()).await.expect("it ends").expect("Node is installed");
        let outcome: Value = serde_json::from_slice(&ended.stdout).unwrap_or_else(|cause| panic!("{cause}: {ended:?}"));
        assert_eq!(outcome, expected(), "HTTP/{version}, {format}");
    }
}
