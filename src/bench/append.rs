//! `chirp bench append`: posts through the command server, beside a handler that does nothing and beside the bare log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::ids::{AccountRef, PostId, Version};
use shared::log::{EventLog, StreamName};
use shared::proto::command::command_service_client::CommandServiceClient;
use shared::proto::command::{CreatePostRequest, CreatePostResponse};
use tonic::transport::Channel;
use uuid::Uuid;

use super::load::{self, Operation};
use super::stage::{self, Stage};
use super::stats::{Figure, Findings, Latency};
use super::{Rounds, nothing};
use crate::replay::text;

const PATH: &str = "/chirp.command.v1.CommandService/CreatePost";
/// What the ratio to a handler that does nothing should be at least.
const WANTED: f64 = 0.35;
/// The load under which latency is measured, as a share of what goes through.
const LOAD: f64 = 0.5;

/// Writes posts through gRPC.
#[derive(Clone)]
struct Call {
    client: CommandServiceClient<Channel>,
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
        self.client.create_post(request).await?;
        Ok(())
    }
}

/// Appends the same straight to the log.
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

/// Measures it.
///
/// # Errors
/// When something cannot be started or fails.
pub async fn run(rounds: &Rounds, accounts: usize, in_flight: usize) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let stage = Stage::new(rounds.store(folder.path()).await?, accounts).await?;
    let accounts = Arc::new(stage.accounts);
    let next = Arc::new(AtomicUsize::new(0));
    let real = stage::serve_role(command_server::routes(stage.log.clone()), command_server::SERVICES).await?;
    let answer = CreatePostResponse { consistency_token: "A".repeat(66), post_id: Uuid::now_v7().to_string() };
    let idle = stage::serve_bare(nothing::answering::<CreatePostRequest, _>(PATH, answer)).await?;
    let call = |channel: &Channel| Call {
        client: CommandServiceClient::new(channel.clone()),
        accounts: accounts.clone(),
        next: next.clone(),
    };
    let (chirp, idle) = (call(&real.channel), call(&idle.channel));
    let bare = Bare { log: stage.log.clone(), accounts: accounts.clone(), next: next.clone() };

    let mut findings = Findings::default();
    let mut figures = [
        Figure::new(format!("CreatePost, {in_flight} in flight"), "commands/s"),
        Figure::new("a handler that does nothing", "commands/s"),
        Figure::new("the bare log", "appends/s"),
    ];
    for measured in rounds.each("append") {
        let values = [
            load::closed(&chirp, in_flight, rounds.duration).await?,
            load::closed(&idle, in_flight, rounds.duration).await?,
            load::closed(&bare, in_flight, rounds.duration).await?,
        ];
        if measured {
            figures.iter_mut().zip(values).for_each(|(figure, value)| figure.values.push(value));
        }
    }
    let [chirps, idles, bares] = &figures;
    findings.compare("to a handler that does nothing", chirps, idles, Some(WANTED));
    findings.compare("to the bare log", chirps, bares, None);
    let rate = chirps.median() * LOAD;
    for (name, operation) in [("CreatePost", &chirp), ("a handler that does nothing", &idle)] {
        let histogram = load::open(operation, rate, rounds.duration).await?;
        findings.latencies.push(Latency { name: name.to_owned(), rate, histogram });
    }
    findings.figures.extend(figures);
    Ok(findings)
}
