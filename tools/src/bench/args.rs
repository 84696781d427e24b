//! The arguments of `chirp bench`.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};

use crate::args::{CONCURRENCY_MAX, OutputChoice, server};

const BENCH_ACCOUNTS_MAX: u64 = 10_000_000;
const BENCH_FOLLOWERS_MAX: u64 = 5_000;
const BENCH_STREAMS_MAX: u64 = 10_000;
const BENCH_RATE_MAX: u64 = 100_000;
const BENCH_LIKES_MAX: u64 = 1_000;
const BENCH_ROUNDS_MAX: u64 = 1_000;
const BENCH_SECONDS: (f64, f64) = (0.1, 3_600.0);

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Posts through the command server, and events into the log, each beside its yardstick
    #[command(before_help = "Example:\n  chirp bench append --in-flight 64 -o json")]
    Append(BenchAppendArgs),
    /// A projector that catches up, beside a hand-written INSERT … SELECT, and Redis where it is installed
    #[command(before_help = "Example:\n  chirp bench fanout --accounts 5000 --followers 400")]
    Fanout(BenchFanoutArgs),
    /// How long after its acknowledgement a post is on the open streams, beside what the acknowledgement took
    #[command(before_help = "Example:\n  chirp bench live --streams 1000 --rate 500")]
    Live(BenchLiveArgs),
    /// What a query server gets done when it is asked for more than it can do, beside what it can do
    #[command(before_help = "Example:\n  chirp bench overload --rounds 3")]
    Overload(BenchOverloadArgs),
    /// Home timelines through the query server, beside a handler that answers the same bytes
    #[command(before_help = "Example:\n  chirp bench read --rounds 9")]
    Read(BenchReadArgs),
    /// Pages while many watch one post, beside pages while nobody does; and what one more repost of a post that many have reposted costs
    #[command(before_help = "Example:\n  chirp bench watch --watchers 1000 --likes 20")]
    Watch(BenchWatchArgs),
}

/// `chirp bench append`
#[derive(Debug, Args)]
pub struct BenchAppendArgs {
    /// How many commands are under way at once
    #[arg(long, env = "CHIRP_IN_FLIGHT", value_name = "N", default_value_t = 64,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=CONCURRENCY_MAX))]
    pub in_flight: usize,
    /// How many accounts post
    #[arg(long, env = "CHIRP_ACCOUNTS", value_name = "N", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_ACCOUNTS_MAX))]
    pub accounts: usize,
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// `chirp bench fanout`
#[derive(Debug, Args)]
pub struct BenchFanoutArgs {
    /// How many accounts there are; of several numbers, the last is set beside the first [default: 50000 with 60 followers,
    /// then 5000 with 400]
    #[arg(long, env = "CHIRP_ACCOUNTS", value_name = "N", value_delimiter = ',',
          value_parser = RangedU64ValueParser::<usize>::new().range(2..=BENCH_ACCOUNTS_MAX))]
    pub accounts: Vec<usize>,
    /// How many of them post and are followed [default: all]
    #[arg(long, env = "CHIRP_AUTHORS", value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_ACCOUNTS_MAX))]
    pub authors: Option<usize>,
    /// How many followers each of those has [default: 60]
    #[arg(long, env = "CHIRP_FOLLOWERS", value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_FOLLOWERS_MAX))]
    pub followers: Option<usize>,
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// `chirp bench live`
#[derive(Debug, Args)]
pub struct BenchLiveArgs {
    /// How many accounts there are, each of which posts in its turn and has an open stream
    #[arg(long, env = "CHIRP_STREAMS", value_name = "N", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<usize>::new().range(2..=BENCH_STREAMS_MAX))]
    pub streams: usize,
    /// How many others follow each of them
    #[arg(long, env = "CHIRP_FOLLOWERS", value_name = "N", default_value_t = 10,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_FOLLOWERS_MAX))]
    pub followers: usize,
    /// How many posts arrive in a second
    #[arg(long, env = "CHIRP_RATE", value_name = "N", default_value_t = 500,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_RATE_MAX))]
    pub rate: usize,
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// `chirp bench overload`
#[derive(Debug, Args)]
pub struct BenchOverloadArgs {
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// `chirp bench read`
#[derive(Debug, Args)]
pub struct BenchReadArgs {
    /// How many questions are under way at once
    #[arg(long, env = "CHIRP_IN_FLIGHT", value_name = "N", default_value_t = 64,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=CONCURRENCY_MAX))]
    pub in_flight: usize,
    /// How many accounts there are
    #[arg(long, env = "CHIRP_ACCOUNTS", value_name = "N", default_value_t = 2_000,
          value_parser = RangedU64ValueParser::<usize>::new().range(10..=BENCH_ACCOUNTS_MAX))]
    pub accounts: usize,
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// `chirp bench watch`
#[derive(Debug, Args)]
pub struct BenchWatchArgs {
    /// How many streams of the post are open
    #[arg(long, env = "CHIRP_WATCHERS", value_name = "N", default_value_t = 1_000,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_STREAMS_MAX))]
    pub watchers: usize,
    /// How often it is liked in a second
    #[arg(long, env = "CHIRP_LIKES", value_name = "N", default_value_t = 20,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_LIKES_MAX))]
    pub likes: usize,
    /// How often and where is measured.
    #[command(flatten)]
    pub rounds: BenchRounds,
}

/// How often and where is measured.
#[derive(Debug, Args)]
pub struct BenchRounds {
    /// A PostgreSQL server to measure on: postgres://user@host/database; throw-away databases are made on it and
    /// dropped [default: a throw-away folder]
    #[arg(long, env = "CHIRP_BENCH_SERVER", value_name = "SERVER", value_parser = server)]
    pub bench_server: Option<String>,
    /// Rounds that count; one more warms up
    #[arg(long, env = "CHIRP_ROUNDS", value_name = "N", default_value_t = 5,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BENCH_ROUNDS_MAX))]
    pub rounds: usize,
    /// How long one measurement takes, in seconds; a fan-out takes as long as it takes
    #[arg(long, env = "CHIRP_SECONDS", value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// Where to make the throw-away folder [default: the system's temporary folder]
    #[arg(long, env = "CHIRP_FOLDER", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputChoice,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (BENCH_SECONDS.0..=BENCH_SECONDS.1).contains(&seconds) => Ok(seconds),
        _ => Err(format!("must be a number from {} to {}", BENCH_SECONDS.0, BENCH_SECONDS.1)),
    }
}
