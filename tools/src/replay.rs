//! `chirp replay`: real data, sent through the API as any client would.
//!
//! Always: request ids are made of the file's digest and the line, so a replay can be stopped and run again: what was
//! done before is answered from the store; at the end the read tables have everything. Never here: a way around the
//! API.

mod activity;
mod args;
mod command;
mod graph;
mod people;
mod progress;
mod sender;
mod summary;
mod tally;
pub mod text;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use shared::rpc::proto::query::consistency::Requirement;
use shared::rpc::proto::query::get_account_request::Account;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{Consistency, GetAccountRequest};
use shared::runtime::signals::Signals;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request};

pub use self::args::ReplayArgs;
use crate::args::Address;
use crate::client::{self, Failed, explained, retrying};
use activity::Activity;
use graph::Graph;
use people::People;
use sender::Sender;
use summary::{Summary, Tables};
use tally::Tally;

/// How long the read tables may take to catch up at the end.
const CATCH_UP_DEADLINE: Duration = Duration::from_secs(30 * 60);
/// The deadline of each query that waits for them.
const CATCH_UP_ATTEMPT: Duration = Duration::from_secs(20);

/// Replays and prints a summary. The exit code is a failure when anything was refused or left out.
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let script = Script::read(&args)?;
    let stop = CancellationToken::new();
    tokio::spawn(stop_when_asked(Signals::watch()?, stop.clone()));
    let tally = Arc::new(Tally::new(script.commands(&args)));
    let sender = Sender::new(&args.command, args.concurrency, tally.clone(), stop.clone())?;

    let progress = tokio::spawn(progress::show(tally.clone()));
    match &script {
        Script::Graph(graph) => graph::replay(graph, args.both_ways, args.post_each, &sender).await,
        Script::Activity(activity) => activity::replay(activity, args.derive_follows, &sender).await,
    }
    progress.abort();
    progress::clear();

    let sent_in = tally.elapsed();
    let tables = match script.people().numbers().first() {
        Some(&person) if !stop.is_cancelled() => catch_up(&args.query, people::handle(person), stop).await?,
        _ => Tables::NotAwaited,
    };
    let summary = Summary::of(&tally, script.self_follows(&args), sent_in, tables);
    summary.print(args.output.output)?;
    Ok(if summary.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets what was begun be finished, and begins nothing more.
async fn stop_when_asked(mut signals: Signals, stop: CancellationToken) {
    signals.next().await;
    stop.cancel();
}

/// The data to replay, with its source.
enum Script {
    Graph(Graph),
    Activity(Activity),
}

impl Script {
    fn read(args: &ReplayArgs) -> anyhow::Result<Self> {
        let read = |file: &Path| match &args.graph {
            Some(_) => Graph::read(file, args.limit).map(Self::Graph),
            None => Activity::read(file, args.limit).map(Self::Activity),
        };
        let file = args.graph.as_ref().or(args.activity.as_ref()).context("--graph or --activity must name a file")?;
        read(file).with_context(|| file.display().to_string())
    }

    fn people(&self) -> &People {
        match self {
            Self::Graph(graph) => &graph.people,
            Self::Activity(activity) => &activity.people,
        }
    }

    /// How many commands it takes.
    fn commands(&self, args: &ReplayArgs) -> u64 {
        match self {
            Self::Graph(graph) => graph.commands(args.both_ways, args.post_each),
            Self::Activity(activity) => activity.commands(args.derive_follows),
        }
    }

    fn self_follows(&self, args: &ReplayArgs) -> u64 {
        match self {
            Self::Graph(graph) => graph.loops,
            Self::Activity(activity) => {
                if args.derive_follows {
                    activity.loops
                } else {
                    0
                }
            }
        }
    }
}

/// Waits until queries show all that was acknowledged. The tokens of concurrent commands have no order that a client
/// could know, so the query asks for the log's head instead of the newest token.
async fn catch_up(query: &Address, handle: String, stop: CancellationToken) -> anyhow::Result<Tables> {
    let queries = QueryServiceClient::new(client::channel(query)?);
    let request = GetAccountRequest {
        consistency: Some(Consistency { requirement: Some(Requirement::FullyConsistent(true)) }),
        account: Some(Account::Handle(handle)),
        ..GetAccountRequest::default()
    };
    let ask = || {
        let (mut queries, mut request) = (queries.clone(), Request::new(request.clone()));
        request.set_timeout(CATCH_UP_ATTEMPT);
        async move { queries.get_account(request).await }
    };
    let begun = Instant::now();
    let asked = stop.run_until_cancelled(retrying(CATCH_UP_DEADLINE, ask, || {})).await;
    Ok(match asked {
        None => Tables::NotAwaited,
        Some(Ok(_)) => Tables::CaughtUp(begun.elapsed()),
        // An account that was refused does not exist, but the tables were fresh enough to say so.
        Some(Err(Failed { status, .. })) if status.code() == Code::NotFound => Tables::CaughtUp(begun.elapsed()),
        Some(Err(Failed { status, .. })) => Tables::Behind(explained(&status).to_string()),
    })
}
