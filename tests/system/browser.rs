//! A real browser: a page made with Connect-ES calls over gRPC-Web, from an origin of its own.

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

/// The folder of the page; `scripts/test` makes it.
const PAGE: &str = "CHIRP_TEST_PAGE";

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
        let files = std::env::var(PAGE).unwrap_or_else(|_| panic!("{PAGE} must name a folder; scripts/test makes it"));
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

    /// Opens the page with these servers, and gives what it reports.
    async fn play(&mut self, dev: &Dev) -> Value {
        let profile = folder();
        let address = format!("{}/?commands=http://{}&queries=http://{}", self.origin(), dev.command, dev.query);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_posts_follows_sees_the_live_item_and_has_twenty_subscriptions_over_one_connection() {
    let (folder, mut site) = (folder(), Site::start().await);
    let dev = Dev::start_with(folder.path(), &["--cors-origin", &site.origin()]).await;
    let refusal = json!({ "code": "InvalidArgument", "details": ["google.rpc.ErrorInfo", "google.rpc.BadRequest"] });
    let expected = json!({ "heard": ["subscribed", "caughtUp", "item"], "text": "hello, browser", "refusal": refusal,
        "together": { "caughtUp": 20, "answered": 20, "liked": true } });
    assert_eq!(site.play(&dev).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_an_origin_that_is_not_allowed_cannot_call() {
    let (folder, mut site) = (folder(), Site::start().await);
    let dev = Dev::start_with(folder.path(), &["--cors-origin", "https://another.example"]).await;
    let outcome = site.play(&dev).await;
    assert!(outcome["failure"].as_str().is_some_and(|failure| failure.contains("fetch")), "{outcome}");
}
