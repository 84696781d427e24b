//! `chirp bench live`: how long after its acknowledgement a post is on the streams of those who follow its author, beside what the
//! acknowledgement itself took.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use shared::model::ids::AccountRef;
use shared::rpc::proto::command::CreatePostRequest;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_home_timeline_response::Event;
use shared::rpc::proto::query::{StreamHomeTimelineRequest, StreamHomeTimelineResponse};
use shared::runtime::settings::CommandSettings;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Streaming;
use tonic::transport::Channel;
use uuid::Uuid;

use super::Rounds;
use super::load::{self, Operation};
use super::stage::{self, Serving, Stage};
use super::stats::{Figure, Findings, Latency, Threshold};
use crate::replay::text;

/// The most that the median from the acknowledgement to the stream may be, as a multiple of the median of an acknowledgement.
const WANTED_MEDIAN: f64 = 3.0;
/// The most that the 99th percentile to the stream may be, as a multiple of that median.
const WANTED_MOST: f64 = 10.0;
const STREAMS_OF_CONNECTION: usize = 250;
/// How long the last item may take before the benchmark gives up.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is measured under which load.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// Accounts, each of which posts in turn and has an open stream.
    pub streams: usize,
    /// How many others follow each account.
    pub followers: usize,
    /// Posts per second.
    pub rate: usize,
}

/// A post, and when it was acknowledged or came on a stream.
type Arrival = (String, Instant);

/// # Errors
/// Also when an item does not come.
pub async fn run(rounds: &Rounds, play: Play) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let stage = Stage::new(rounds.store(folder.path()).await?, play.streams).await?;
    stage.follow(play.streams, play.followers).await?;
    let progress = Wake::default();
    let mut projector = stage.projector(progress.clone()).await?;
    projector.catch_up().await?;
    let tasks = Tasks::default();
    let _ends = tasks.draining().clone().drop_guard();
    tokio::spawn(projector.run(tasks.draining().clone()));
    let log = stage.log.clone();
    let waiting = stage.store.progress(log.clone(), tasks.clone());
    let commands = stage::serve_role(
        command_server::routes(log.clone(), waiting, &CommandSettings::default()),
        command_server::SERVICES,
    )
    .await?;
    let (head, tables) = stage.store.open_to_read().await?;
    let routes = query_server::routes(tables, head.clone(), progress, None, tasks);
    let queries = stage::serve_role(routes, query_server::SERVICES).await?;

    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let _connections = open_streams(&queries, &stage.accounts, &arrived).await?;
    let (sender, mut acknowledgements) = mpsc::unbounded_channel();
    let post = Post {
        client: CommandServiceClient::new(commands.channel.clone()),
        accounts: Arc::new(stage.accounts),
        next: Arc::default(),
        acknowledged: sender,
    };
    let rate = f64::from(u32::try_from(play.rate)?);
    let mut acknowledged = Figure::new("CreatePost, median", "µs");
    let mut median = Figure::new("from there to the streams, median", "µs");
    let mut most = Figure::new("from there to the streams, 99 of 100", "µs");
    let (mut appends, mut lives) = (load::latencies()?, load::latencies()?);
    for measured in rounds.each("live") {
        let append = load::open(&post, rate, rounds.duration).await?;
        let posted = usize::try_from(append.len())?;
        let acknowledged_at: HashMap<String, Instant> =
            collect(&mut acknowledgements, posted).await?.into_iter().collect();
        let mut live = load::latencies()?;
        for (post, at) in collect(&mut arrivals, posted * (play.followers + 1)).await? {
            let acknowledged_at =
                acknowledged_at.get(&post).with_context(|| format!("{post} is none of this round"))?;
            load::record(&mut live, at.saturating_duration_since(*acknowledged_at));
        }
        acknowledged.note(measured, micros(&append, 0.5));
        median.note(measured, micros(&live, 0.5));
        most.note(measured, micros(&live, 0.99));
        if measured {
            appends.add(&append)?;
            lives.add(&live)?;
        }
    }
    let mut findings = Findings::default();
    findings.compare("median to that of CreatePost", &median, &acknowledged, Some(Threshold::AtMost(WANTED_MEDIAN)));
    findings.compare("99 of 100 to that median", &most, &acknowledged, Some(Threshold::AtMost(WANTED_MOST)));
    let duration = rounds.duration * u32::try_from(rounds.count)?;
    let rate = load::per_second(appends.len(), duration);
    findings.latencies.push(Latency { name: "CreatePost".to_owned(), rate, histogram: appends });
    let items = load::per_second(lives.len(), duration);
    findings.latencies.push(Latency {
        name: format!("from there to {} streams", play.streams),
        rate: items,
        histogram: lives,
    });
    findings.figures.extend([acknowledged, median, most]);
    Ok(findings)
}

/// One stream for each account, all of them caught up; what comes on them goes to `arrived`.
async fn open_streams(
    queries: &Serving,
    accounts: &[AccountRef],
    arrived: &mpsc::UnboundedSender<Arrival>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut readers = JoinSet::new();
    let mut client = QueryServiceClient::new(queries.channel.clone());
    for (number, account) in accounts.iter().enumerate() {
        if number % STREAMS_OF_CONNECTION == 0 {
            client = QueryServiceClient::new(queries.another_channel().await?);
        }
        let request = StreamHomeTimelineRequest { account_id: account.id.to_string(), ..Default::default() };
        let mut stream = client.stream_home_timeline(request).await?.into_inner();
        loop {
            match stream.message().await?.and_then(|message| message.event) {
                Some(Event::CaughtUp(_)) => break,
                Some(_) => {}
                None => bail!("a stream ended before it had caught up"),
            }
        }
        readers.spawn(listen(stream, arrived.clone()));
    }
    Ok(readers)
}

async fn listen(
    mut stream: Streaming<StreamHomeTimelineResponse>,
    arrived: mpsc::UnboundedSender<Arrival>,
) -> anyhow::Result<()> {
    while let Some(message) = stream.message().await? {
        let Some(Event::Item(item)) = message.event else { continue };
        let post = item.item.and_then(|item| item.post).context("an item has a post")?;
        arrived.send((post.post_id, Instant::now()))?;
    }
    Ok(())
}

/// Posts through gRPC, and records when each was acknowledged.
#[derive(Clone)]
struct Post {
    client: CommandServiceClient<Channel>,
    accounts: Arc<Vec<AccountRef>>,
    next: Arc<AtomicUsize>,
    acknowledged: mpsc::UnboundedSender<Arrival>,
}

impl Operation for Post {
    async fn once(&mut self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let request = CreatePostRequest {
            request_id: Uuid::now_v7().to_string(),
            author_id: self.accounts[number % self.accounts.len()].id.to_string(),
            text: text::of(number as u64),
            ..CreatePostRequest::default()
        };
        let answer = self.client.create_post(request).await?.into_inner();
        self.acknowledged.send((answer.post_id, Instant::now()))?;
        Ok(())
    }
}

/// Waits for a number of items.
async fn collect(arrivals: &mut mpsc::UnboundedReceiver<Arrival>, wanted: usize) -> anyhow::Result<Vec<Arrival>> {
    let mut came = Vec::with_capacity(wanted);
    while came.len() < wanted {
        let left = wanted - came.len();
        let more = timeout(DEADLINE, arrivals.recv_many(&mut came, left)).await;
        let more = more.with_context(|| format!("{left} of {wanted} items did not come"))?;
        ensure!(more > 0, "every stream has ended");
    }
    Ok(came)
}

fn micros(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64() * 1e6
}
