//! `chirp bench`: honest figures, each beside its yardstick from the same run.
//!
//! Always: the real parts over real sockets and files; the figure and its yardsticks take turns within each round, so that
//! a noisy neighbour hits all of them; medians of several rounds after a warm-up. Client and server share the process and
//! its cores, for the figure as for the yardstick.

mod append;
pub mod args;
mod bare;
mod fanout;
mod live;
mod load;
mod nothing;
mod overload;
mod query_process;
mod read;
mod redis;
mod stage;
mod stats;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use shared::sql::postgres::Server;
use shared::store::Store;

pub use self::args::BenchCommand;
use self::args::{BenchFanoutArgs, BenchRounds};
use crate::args::Output;
use crate::out;

/// How often, for how long and where something is measured.
pub struct Rounds {
    /// Rounds that count; one more is the warm-up.
    pub count: usize,
    /// How long one measurement takes.
    pub duration: Duration,
    /// The parent of the throw-away folder; by default the system's folder for temporary files.
    pub folder: Option<PathBuf>,
    /// The server on which throw-away databases are made; without one, stores are folders.
    pub server: Option<Server>,
    /// The databases that were made, to be dropped.
    made: Mutex<Vec<Server>>,
}

impl Rounds {
    fn of(args: &BenchRounds) -> anyhow::Result<Self> {
        let named = |address: &String| {
            let server = Server::named(address).context("the server is not postgres://user@host/database")?;
            server.context("the server is not the address of a database")
        };
        Ok(Self {
            count: args.rounds,
            duration: Duration::from_secs_f64(args.seconds),
            folder: args.folder.clone(),
            server: args.bench_server.as_ref().map(named).transpose()?,
            made: Mutex::default(),
        })
    }

    /// An empty store: in the folder, or in a database of its own.
    async fn store(&self, folder: &Path) -> anyhow::Result<Store> {
        let Some(server) = &self.server else { return Ok(Store::in_folder(folder)?) };
        let made = server.new_database("chirp_bench").await.context("a throw-away database cannot be made")?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made.clone());
        made.migrate(&projector::projections::tables()).await?;
        Ok(Store::Server(made))
    }

    /// Drops the databases that were made.
    async fn clean_up(&self) -> anyhow::Result<()> {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(server) = &self.server {
            for database in &made {
                server.drop_database(database).await.with_context(|| format!("{database} cannot be dropped"))?;
            }
        }
        Ok(())
    }

    /// The rounds; false for the warm-up, which does not count.
    fn each(&self, what: &str) -> impl Iterator<Item = bool> {
        let (what, count) = (what.to_owned(), self.count);
        (0..=count).map(move |round| {
            match round {
                0 => out::note(&format!("bench: {what}: warming up")),
                round => out::note(&format!("bench: {what}: round {round} of {count}")),
            }
            round > 0
        })
    }
}

/// Runs one benchmark and prints its findings.
pub async fn run(command: BenchCommand) -> anyhow::Result<ExitCode> {
    let (name, args) = match &command {
        BenchCommand::Append(args) => ("append", &args.rounds),
        BenchCommand::Fanout(args) => ("fanout", &args.rounds),
        BenchCommand::Live(args) => ("live", &args.rounds),
        BenchCommand::Overload(args) => ("overload", &args.rounds),
        BenchCommand::Read(args) => ("read", &args.rounds),
        BenchCommand::Watch(args) => ("watch", &args.rounds),
    };
    let rounds = Rounds::of(args)?;
    let found = match &command {
        BenchCommand::Append(args) => append::run(&rounds, args.accounts, args.in_flight).await,
        BenchCommand::Fanout(args) => fanout::run(&rounds, &graphs(args)).await,
        BenchCommand::Live(args) => {
            let followers = args.followers.min(args.streams - 1);
            let play = live::Play { streams: args.streams, followers, rate: args.rate };
            live::run(&rounds, play).await
        }
        BenchCommand::Overload(_) => overload::run(&rounds).await,
        BenchCommand::Read(args) => read::run(&rounds, args.accounts, args.in_flight).await,
        BenchCommand::Watch(args) => {
            watch::run(&rounds, watch::Play { watchers: args.watchers, likes: args.likes }).await
        }
    };
    // Whether it succeeded or not, the databases that were made are dropped.
    rounds.clean_up().await?;
    let found = found?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let text = match args.output.output {
        Output::Text => found.text(name, cores, profile),
        Output::Json => format!("{}\n", found.json(name, cores, profile)),
    };
    out::print(&text)?;
    if cfg!(debug_assertions) {
        out::note("bench: this is a debug build; its figures say little about a release build");
    }
    Ok(ExitCode::SUCCESS)
}

/// The graphs that the arguments ask for, or the default ones.
fn graphs(args: &BenchFanoutArgs) -> Vec<fanout::Graph> {
    let graph = |accounts: usize, followers: usize| fanout::Graph {
        accounts,
        authors: args.authors.unwrap_or(accounts).min(accounts),
        followers: followers.min(accounts.saturating_sub(1)),
    };
    let (wide, dense) = (GRAPH_WIDE, GRAPH_DENSE);
    match (&args.accounts[..], args.followers) {
        ([], None) => vec![graph(wide.0, wide.1), graph(dense.0, dense.1)],
        ([], Some(followers)) => vec![graph(wide.0, followers)],
        (all, followers) => all.iter().map(|accounts| graph(*accounts, followers.unwrap_or(wide.1))).collect(),
    }
}

/// Accounts, and followers of each: many accounts with some followers.
const GRAPH_WIDE: (usize, usize) = (50_000, 60);
/// Accounts, and followers of each: fewer accounts with many followers.
const GRAPH_DENSE: (usize, usize) = (5_000, 400);

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds() -> Rounds {
        Rounds { count: 1, duration: Duration::from_millis(200), folder: None, server: None, made: Mutex::default() }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn posts_go_through_the_command_server_and_through_both_yardsticks() {
        let found = append::run(&rounds(), 10, 4).await.expect("it is measured");
        assert!(found.figures.iter().all(|figure| figure.median() > 0.0), "{found:?}");
        assert_eq!((found.ratios.len(), found.latencies.len()), (3, 2));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_projector_delivers_the_same_rows_as_the_hand_written_insert() {
        let graph = fanout::Graph { accounts: 50, authors: 50, followers: 7 };
        let found = fanout::run(&rounds(), &[graph]).await.expect("the rows are the same");
        assert!(found.ratios[0].value > 0.0, "{found:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_post_reaches_the_streams_of_the_author_and_of_all_followers() {
        let found = live::run(&rounds(), live::Play { streams: 10, followers: 3, rate: 50 }).await.expect("all came");
        let counted: Vec<u64> = found.latencies.iter().map(|latency| latency.histogram.len()).collect();
        assert_eq!(counted, [10, 40], "ten posts in 200 ms, each for four");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pages_come_whole_from_the_query_server_and_from_the_yardstick() {
        let found = read::run(&rounds(), 50, 4).await.expect("it is measured");
        assert!(found.ratios[0].value > 0.0, "{found:?}");
    }
}
