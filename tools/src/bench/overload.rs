//! `chirp bench overload`: what a query server gets done when it is asked for more than it can do, beside what it gets
//! done when every client waits for an answer before asking again. The server is a process of its own, on a core of its
//! own where there is `taskset`, so that the clients do not take its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use shared::rpc::proto::query::GetHomeTimelineRequest;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::runtime::wake::Wake;
use shared::store::Store;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::transport::Channel;
use tonic::{Code, Request};

use super::query_process::QueryServer;
use super::stage::{self, Stage};
use super::stats::{Figure, Findings, Threshold};
use super::{Rounds, load};
use crate::client::reason;
use crate::out;

/// Posts of the account whose page is read: what a page costs the server, against what it costs to refuse one, decides
/// how much overload it takes.
const POSTS: usize = 100;
/// How many clients measure what the server can do, each waiting for its answer before asking again.
const CONNECTIONS: usize = 16;
/// The server's limit of calls that are worked on.
const CALLS_MAX: &str = "64";
/// After this, an answer is worth nothing any more.
const DEADLINE: Duration = Duration::from_secs(1);
/// The overload: how many times the calls that the server can answer.
const TIMES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];
/// The least goodput under the greatest overload, as a share of what the server can do.
const GOODPUT_MIN: f64 = 0.8;
const TICK: Duration = Duration::from_millis(1);

/// The query server under test, and connections to it.
struct Server {
    server: QueryServer,
    clients: Vec<QueryServiceClient<Channel>>,
}

impl Server {
    async fn start(store: &Store) -> anyhow::Result<Self> {
        let server = QueryServer::start(store, &["--calls-max", CALLS_MAX]).await?;
        let clients = (0..CONNECTIONS).map(|_| QueryServiceClient::new(server.endpoint.connect_lazy())).collect();
        Ok(Self { server, clients })
    }
}

#[derive(Default)]
struct Answers {
    good: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
}

async fn ask_once(
    mut client: QueryServiceClient<Channel>,
    account_id: String,
    answers: &Answers,
) -> anyhow::Result<()> {
    let mut request =
        Request::new(GetHomeTimelineRequest { account_id, page_size: 100, ..GetHomeTimelineRequest::default() });
    request.set_timeout(DEADLINE);
    let count = match client.get_home_timeline(request).await {
        Ok(_) => &answers.good,
        Err(status) if reason(&status) == "OVERLOADED" => &answers.refused,
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => &answers.late,
        Err(status) => return Err(status).context("a call was neither answered nor refused as overload"),
    };
    count.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Calls per second that are answered when every client waits for the answer before asking again.
async fn peak(server: &Server, account: &str, duration: Duration) -> anyhow::Result<f64> {
    let (answers, until) = (Arc::new(Answers::default()), Instant::now() + duration);
    let mut asking = JoinSet::new();
    for client in &server.clients {
        let (client, account, answers) = (client.clone(), account.to_owned(), answers.clone());
        asking.spawn(async move {
            while Instant::now() < until {
                ask_once(client.clone(), account.clone(), &answers).await?;
            }
            anyhow::Ok(())
        });
    }
    asking.join_all().await.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(load::per_second(answers.good.load(Ordering::Relaxed), duration))
}

/// Good answers per second when this many calls per second are made, whatever becomes of them; and the calls that were made.
async fn goodput(server: &Server, account: &str, rate: f64, duration: Duration) -> anyhow::Result<(f64, f64)> {
    let (answers, began) = (Arc::new(Answers::default()), Instant::now());
    let (mut asking, mut made) = (JoinSet::new(), 0_u32);
    let mut clients = server.clients.iter().cycle();
    while began.elapsed() < duration {
        while f64::from(made) < began.elapsed().as_secs_f64() * rate {
            let client = clients.next().context("it goes round")?.clone();
            let (account, answers) = (account.to_owned(), answers.clone());
            asking.spawn(async move { ask_once(client, account, &answers).await });
            made += 1;
        }
        sleep(TICK).await;
        while let Some(asked) = asking.try_join_next() {
            asked??;
        }
    }
    asking.join_all().await.into_iter().collect::<anyhow::Result<()>>()?;
    let counts = [&answers.good, &answers.refused, &answers.late].map(|count| count.load(Ordering::Relaxed));
    out::note(&format!(
        "bench: overload: {made} calls: {} answered, {} refused, {} late",
        counts[0], counts[1], counts[2]
    ));
    Ok((load::per_second(counts[0], began.elapsed()), load::per_second(made.into(), duration)))
}

/// Binds all threads of a process to a core. False where that is not possible.
async fn bind(process: u32, core: &str) -> bool {
    let bound = Command::new("taskset").args(["-a", "-c", "-p", core, &process.to_string()]).output().await;
    bound.is_ok_and(|bound| bound.status.success())
}

pub async fn run(rounds: &Rounds) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let stage = Stage::new(rounds.store(folder.path()).await?, 2).await?;
    stage.follow(2, 1).await?;
    stage.post(2, POSTS).await?;
    stage.projector(Wake::default()).await?.catch_up().await?;
    let account = stage.accounts[0].id.to_string();
    let server = Server::start(&stage.store).await?;
    let mut findings = Findings::default();
    if !bind(server.server.id()?, "0").await || !bind(std::process::id(), "1").await {
        findings
            .notes
            .push("taskset is missing, or there is one core: those who ask take the time of the server".to_owned());
    }

    let mut peaks = Figure::new(format!("{CONNECTIONS} clients that wait their turn"), "pages/s");
    let name = |times: f64| Figure::new(format!("{times:.0} times as many calls as that"), "pages/s");
    let mut overloaded = TIMES.map(name);
    for measured in rounds.each("overload") {
        let peak = peak(&server, &account, rounds.duration).await?;
        peaks.note(measured, peak);
        for (times, figure) in TIMES.into_iter().zip(&mut overloaded) {
            let (good, made) = goodput(&server, &account, peak * times, rounds.duration).await?;
            if made < peak * times * 0.9 {
                findings
                    .notes
                    .push(format!("only {:.1} instead of {times:.0} times as many calls were made", made / peak));
            }
            figure.note(measured, good);
        }
    }
    for (times, figure) in TIMES.into_iter().zip(&overloaded) {
        let name = format!("of what it can do, at {times:.0} times as many calls");
        findings.compare(name, figure, &peaks, Some(Threshold::AtLeast(GOODPUT_MIN)));
    }
    findings.figures.push(peaks);
    findings.figures.extend(overloaded);
    Ok(findings)
}
