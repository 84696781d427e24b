//! `chirp bench read`: pages of home timelines through the query server, by gRPC and in JSON, beside a handler that answers the same bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::to_bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use shared::model::ids::AccountRef;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{GetHomeTimelineRequest, GetHomeTimelineResponse};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::http;
use tonic::transport::Channel;

use super::load::{self, Operation};
use super::stage::{self, Stage};
use super::stats::{Figure, Findings, Latency, Threshold};
use super::{Rounds, nothing};

const PATH: &str = "/chirp.query.v1.QueryService/GetHomeTimeline";
/// The least ratio to a handler that does nothing.
const WANTED: f64 = 0.3;
/// The least ratio of pages in JSON to pages by gRPC.
const WANTED_IN_JSON: f64 = 0.5;
/// The largest page in JSON.
const JSON_BYTES_MAX: usize = 1 << 20;
/// The load under which latency is measured, as a share of the throughput.
const LOAD: f64 = 0.5;
const ITEMS: i32 = 20;
const FOLLOWERS: usize = 60;
const POSTS_EACH: usize = 10;
/// Readers take turns in an order that is not that of the accounts.
const STRIDE: usize = 7_919;

#[derive(Clone)]
struct Call {
    client: QueryServiceClient<Channel>,
    readers: Arc<Vec<AccountRef>>,
    next: Arc<AtomicUsize>,
}

impl Call {
    async fn page(&mut self) -> anyhow::Result<GetHomeTimelineResponse> {
        let number = self.next.fetch_add(STRIDE, Ordering::Relaxed);
        let account_id = self.readers[number % self.readers.len()].id.to_string();
        let request = GetHomeTimelineRequest { account_id, page_size: ITEMS, ..GetHomeTimelineRequest::default() };
        Ok(self.client.get_home_timeline(request).await?.into_inner())
    }
}

impl Operation for Call {
    async fn once(&mut self) -> anyhow::Result<()> {
        let items = self.page().await?.items.len();
        anyhow::ensure!(i32::try_from(items) == Ok(ITEMS), "a page had {items} items");
        Ok(())
    }
}

/// The same question as JSON over HTTP, on connections of the same kind.
#[derive(Clone)]
struct JsonCall {
    channel: Channel,
    readers: Arc<Vec<AccountRef>>,
    next: Arc<AtomicUsize>,
}

/// What the client looks at: all of the text is read, as a client of gRPC reads all of the message.
#[derive(Deserialize)]
struct Page {
    items: Vec<IgnoredAny>,
}

impl Operation for JsonCall {
    async fn once(&mut self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(STRIDE, Ordering::Relaxed);
        let account_id = self.readers[number % self.readers.len()].id.to_string();
        let question = json!({ "accountId": account_id, "pageSize": ITEMS }).to_string();
        let request = http::Request::post(format!("http://localhost{PATH}"))
            .header("content-type", "application/json")
            .body(Body::new(axum::body::Body::from(question)))?;
        std::future::poll_fn(|context| GrpcService::poll_ready(&mut self.channel, context)).await?;
        let answer = GrpcService::call(&mut self.channel, request).await?;
        let status = answer.status();
        let text = to_bytes(axum::body::Body::new(answer.into_body()), JSON_BYTES_MAX).await?;
        anyhow::ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&text));
        let items = serde_json::from_slice::<Page>(&text)?.items.len();
        anyhow::ensure!(i32::try_from(items) == Ok(ITEMS), "a page had {items} items");
        Ok(())
    }
}

pub async fn run(rounds: &Rounds, accounts: usize, in_flight: usize) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let stage = Stage::new(rounds.store(folder.path()).await?, accounts).await?;
    stage.follow(accounts, FOLLOWERS.min(accounts - 1)).await?;
    stage.post(accounts, accounts * POSTS_EACH).await?;
    stage.projector(Wake::default()).await?.catch_up().await?;
    let (log, tables) = stage.store.open_to_read().await?;
    let routes = query_server::routes(tables, log.clone(), Wake::default(), None, Tasks::default());
    let real = stage::serve_role(routes, query_server::SERVICES).await?;
    let readers = Arc::new(stage.accounts);
    let next = Arc::new(AtomicUsize::new(0));
    let call = |channel: &Channel| Call {
        client: QueryServiceClient::new(channel.clone()),
        readers: readers.clone(),
        next: next.clone(),
    };
    let in_json = JsonCall { channel: real.channel.clone(), readers: readers.clone(), next: next.clone() };
    let mut chirp = call(&real.channel);
    let page = chirp.page().await?;
    let bytes = prost::Message::encoded_len(&page);
    let idle = stage::serve_bare(nothing::answering::<GetHomeTimelineRequest, _>(PATH, page)).await?;
    let idle = call(&idle.channel);

    let mut findings = Findings::default();
    let mut chirps = Figure::new(format!("GetHomeTimeline, {ITEMS} items, {in_flight} in flight"), "pages/s");
    let mut idles = Figure::new(format!("a handler that answers the same {bytes} bytes"), "pages/s");
    let mut jsons = Figure::new(format!("the same in JSON, {in_flight} in flight"), "pages/s");
    for measured in rounds.each("read") {
        chirps.note(measured, load::closed(&chirp, in_flight, rounds.duration).await?);
        jsons.note(measured, load::closed(&in_json, in_flight, rounds.duration).await?);
        idles.note(measured, load::closed(&idle, in_flight, rounds.duration).await?);
    }
    findings.compare("to a handler that does nothing", &chirps, &idles, Some(Threshold::AtLeast(WANTED)));
    findings.compare("of pages in JSON to pages by gRPC", &jsons, &chirps, Some(Threshold::AtLeast(WANTED_IN_JSON)));
    let rate = chirps.median() * LOAD;
    for (name, operation) in [("GetHomeTimeline", &chirp), ("a handler that does nothing", &idle)] {
        let histogram = load::open(operation, rate, rounds.duration).await?;
        findings.latencies.push(Latency { name: name.to_owned(), rate, histogram });
    }
    findings.figures.extend([chirps, jsons, idles]);
    Ok(findings)
}
