//! `chirp bench`: honest figures, each beside its yardstick from the same run.
//!
//! Always: the real parts over real sockets and files; the figure and its yardsticks take turns within each round, so that
//! a noisy neighbour hits all of them; medians of several rounds after a warm-up. Client and server share the process and
//! its cores, for the figure as for the yardstick.

mod append;
mod fanout;
mod load;
mod nothing;
mod read;
mod redis;
mod stage;
mod stats;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::{BenchCommand, BenchRounds, Output};

/// How often and how long something is measured, and where.
pub struct Rounds {
    /// Rounds that count; one more warms up.
    pub count: usize,
    /// How long one measurement takes.
    pub duration: Duration,
    /// Where the throw-away folder is made; nothing is the system's own place.
    pub folder: Option<PathBuf>,
}

impl Rounds {
    fn of(args: &BenchRounds) -> Self {
        Self { count: args.rounds, duration: Duration::from_secs_f64(args.seconds), folder: args.folder.clone() }
    }

    /// Whether each round counts; the first warms up and does not.
    fn each(&self, what: &str) -> impl Iterator<Item = bool> {
        let (what, count) = (what.to_owned(), self.count);
        (0..=count).map(move |round| {
            match round {
                0 => eprintln!("bench: {what}: warming up"),
                round => eprintln!("bench: {what}: round {round} of {count}"),
            }
            round > 0
        })
    }
}

/// Measures what was asked for and prints what was found.
///
/// # Errors
/// When something cannot be started or fails.
pub async fn run(command: BenchCommand) -> anyhow::Result<ExitCode> {
    let (name, rounds, found) = match &command {
        BenchCommand::Append(args) => {
            ("append", &args.rounds, append::run(&Rounds::of(&args.rounds), args.accounts, args.in_flight).await?)
        }
        BenchCommand::Fanout(args) => {
            let graphs: Vec<fanout::Graph> = match (args.accounts, args.followers) {
                (None, None) => vec![GRAPH_WIDE, GRAPH_DENSE],
                (accounts, followers) => vec![fanout::Graph {
                    accounts: accounts.unwrap_or(GRAPH_WIDE.accounts),
                    followers: followers.unwrap_or(GRAPH_WIDE.followers),
                }],
            };
            ("fanout", &args.rounds, fanout::run(&Rounds::of(&args.rounds), &graphs).await?)
        }
        BenchCommand::Read(args) => {
            ("read", &args.rounds, read::run(&Rounds::of(&args.rounds), args.accounts, args.in_flight).await?)
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let text = match rounds.output.output {
        Output::Text => found.text(name, cores, profile),
        Output::Json => format!("{}\n", found.json(name, cores, profile)),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build; its figures say little about a release build");
    }
    Ok(ExitCode::SUCCESS)
}

/// Many accounts with some followers.
const GRAPH_WIDE: fanout::Graph = fanout::Graph { accounts: 50_000, followers: 60 };
/// Fewer accounts with many followers.
const GRAPH_DENSE: fanout::Graph = fanout::Graph { accounts: 5_000, followers: 400 };

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds() -> Rounds {
        Rounds { count: 1, duration: Duration::from_millis(200), folder: None }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn posts_go_through_the_command_server_and_through_both_yardsticks() {
        let found = append::run(&rounds(), 10, 4).await.expect("it is measured");
        assert!(found.figures.iter().all(|figure| figure.median() > 0.0), "{found:?}");
        assert_eq!((found.ratios.len(), found.latencies.len()), (2, 2));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_projector_delivers_the_same_rows_as_the_hand_written_insert() {
        let graph = fanout::Graph { accounts: 50, followers: 7 };
        let found = fanout::run(&rounds(), &[graph]).await.expect("the rows are the same");
        assert!(found.ratios[0].value > 0.0, "{found:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pages_come_whole_from_the_query_server_and_from_the_yardstick() {
        let found = read::run(&rounds(), 50, 4).await.expect("it is measured");
        assert!(found.ratios[0].value > 0.0, "{found:?}");
    }
}
