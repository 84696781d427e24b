//! `chirp bench append`: posts through the command server, beside a handler that does nothing; events into the log, beside the bare
//! statement; and on a server, posts through several command servers, beside one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::log::EventLog;
use shared::model::clock::SystemClock;
use shared::model::ids::{AccountRef, PostId, Version};
use shared::model::streams::StreamName;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::{CreatePostRequest, CreatePostResponse};
use shared::runtime::settings::CommandSettings;
use shared::runtime::tasks::Tasks;
use tonic::transport::Channel;
use uuid::Uuid;

use super::bare::BareStatement;
use super::load::{self, Operation};
use super::stage::{self, Serving, Stage};
use super::stats::{Figure, Findings, Latency, Threshold};
use super::{Rounds, nothing};
use crate::replay::text;

const PATH: &str = "/chirp.command.v1.CommandService/CreatePost";
/// The least ratio to a handler that does nothing.
const WANTED: f64 = 0.35;
/// The least ratio of the log to the bare statement, on a server.
const WANTED_OF_STATEMENT: f64 = 0.5;
/// How many command servers share one log, and the least that they must reach together, as a share of what one reaches.
const SERVERS: usize = 4;
const WANTED_OF_SERVERS: f64 = 0.4;
/// The load under which latency is measured, as a share of the throughput.
const LOAD: f64 = 0.5;

/// Writes posts through gRPC.
#[derive(Clone)]
struct Call {
    clients: Vec<CommandServiceClient<Channel>>,
    accounts: Arc<Vec<AccountRef>>,
    next: Arc<AtomicUsize>,
}

impl Operation for Call {
    async fn once(&mut self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let request = CreatePostRequest {
            request_id: Uuid::now_v7().to_string(),
            author_id: self.accounts[number % self.accounts.len()].id.to_string(),
            text: text::of(number as u64),
            ..CreatePostRequest::default()
        };
        let turn = number % self.clients.len();
        self.clients[turn].create_post(request).await?;
        Ok(())
    }
}

/// Appends the same events straight to the log.
#[derive(Clone)]
struct Bare {
    log: Arc<dyn EventLog>,
    accounts: Arc<Vec<AccountRef>>,
    next: Arc<AtomicUsize>,
}

impl Operation for Bare {
    async fn once(&mut self) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let author = self.accounts[number % self.accounts.len()];
        let expected = BTreeMap::from([(StreamName::account(author.id), Version(1))]);
        self.log.append(stage::append(expected, vec![stage::written(PostId::generate(), author, number)])).await?;
        Ok(())
    }
}

pub async fn run(rounds: &Rounds, accounts: usize, in_flight: usize) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let stage = Stage::new(rounds.store(folder.path()).await?, accounts).await?;
    let accounts = Arc::new(stage.accounts);
    let next = Arc::new(AtomicUsize::new(0));
    let serve = async |log: Arc<dyn EventLog>| {
        let progress = stage.store.progress(log.clone(), Tasks::default());
        stage::serve_role(
            command_server::routes(log.clone(), progress, &CommandSettings::default()),
            command_server::SERVICES,
        )
        .await
    };
    let real = serve(stage.log.clone()).await?;
    let answer =
        CreatePostResponse { consistency_token: "A".repeat(88), post_id: Uuid::now_v7().to_string(), version: 1 };
    let idle = stage::serve_bare(nothing::answering::<CreatePostRequest, _>(PATH, answer)).await?;
    let call = |channels: &[&Serving]| Call {
        clients: channels.iter().map(|serving| CommandServiceClient::new(serving.channel.clone())).collect(),
        accounts: accounts.clone(),
        next: next.clone(),
    };
    let (chirp, idle) = (call(&[&real]), call(&[&idle]));
    let log = Bare { log: stage.log.clone(), accounts: accounts.clone(), next: next.clone() };
    let tables = stage.store.tables_of_log_to_write();
    let statement = BareStatement::start(tables, accounts.clone()).await?;
    let others = if stage.store.is_shared() { SERVERS } else { 0 };
    let mut several = Vec::new();
    for _ in 0..others {
        several.push(serve(stage.store.open_log(Arc::new(SystemClock)).await?).await?);
    }
    let several = call(&several.iter().collect::<Vec<_>>());

    let mut chirps = Figure::new(format!("CreatePost, {in_flight} in flight"), "commands/s");
    let mut idles = Figure::new("a handler that does nothing", "commands/s");
    let mut logs = Figure::new("the log", "appends/s");
    let mut statements = Figure::new("the bare statement", "appends/s");
    let mut together = Figure::new(format!("CreatePost on {SERVERS} servers"), "commands/s");
    for measured in rounds.each("append") {
        chirps.note(measured, load::closed(&chirp, in_flight, rounds.duration).await?);
        idles.note(measured, load::closed(&idle, in_flight, rounds.duration).await?);
        logs.note(measured, load::closed(&log, in_flight, rounds.duration).await?);
        statements.note(measured, load::closed(&statement, in_flight, rounds.duration).await?);
        if others > 0 {
            together.note(measured, load::closed(&several, in_flight, rounds.duration).await?);
        }
    }
    let mut findings = Findings::default();
    findings.compare("to a handler that does nothing", &chirps, &idles, Some(Threshold::AtLeast(WANTED)));
    findings.compare("to the log", &chirps, &logs, None);
    let wanted = stage.store.is_shared().then_some(Threshold::AtLeast(WANTED_OF_STATEMENT));
    findings.compare("of the log to the bare statement", &logs, &statements, wanted);
    if others > 0 {
        findings.compare(
            format!("of {SERVERS} servers to one"),
            &together,
            &chirps,
            Some(Threshold::AtLeast(WANTED_OF_SERVERS)),
        );
    }
    let rate = chirps.median() * LOAD;
    for (name, operation) in [("CreatePost", &chirp), ("a handler that does nothing", &idle)] {
        let histogram = load::open(operation, rate, rounds.duration).await?;
        findings.latencies.push(Latency { name: name.to_owned(), rate, histogram });
    }
    let figures = [chirps, idles, logs, statements, together];
    findings.figures.extend(figures.into_iter().filter(|figure| !figure.values.is_empty()));
    Ok(findings)
}
