//! The arguments of `chirp replay`.

use std::path::PathBuf;

use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{ArgGroup, Args};

use crate::args::{Address, CONCURRENCY_MAX, DEFAULT_COMMAND, DEFAULT_QUERY, OutputChoice};

/// `chirp replay`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("input").required(true).args(["graph", "activity"])))]
pub struct ReplayArgs {
    /// Graph to replay, plain or gzipped: a line `a b` means that person a follows person b
    #[arg(long, env = "CHIRP_GRAPH", value_name = "FILE")]
    pub graph: Option<PathBuf>,
    /// With --graph: let b follow a as well
    #[arg(long, env = "CHIRP_BOTH_WAYS", conflicts_with = "activity", value_parser = BoolishValueParser::new())]
    pub both_ways: bool,
    /// With --graph: let each person write one post, after the follows
    #[arg(long, env = "CHIRP_POST_EACH", conflicts_with = "activity", value_parser = BoolishValueParser::new())]
    pub post_each: bool,
    /// Activity to replay, plain or gzipped: lines `a b unix_seconds MT|RT|RE` in the order of time mean that person a
    /// wrote a post that mentions b, reposted b's newest post, or replied to it
    #[arg(long, env = "CHIRP_ACTIVITY", value_name = "FILE")]
    pub activity: Option<PathBuf>,
    /// With --activity: let a follow b first, if the two interact
    #[arg(long, env = "CHIRP_DERIVE_FOLLOWS", conflicts_with = "graph", value_parser = BoolishValueParser::new())]
    pub derive_follows: bool,
    /// The command server
    #[arg(long, env = "CHIRP_COMMAND", value_name = "ADDR", default_value = DEFAULT_COMMAND)]
    pub command: Address,
    /// The query server
    #[arg(long, env = "CHIRP_QUERY", value_name = "ADDR", default_value = DEFAULT_QUERY)]
    pub query: Address,
    /// Only the first N lines, comments not counted [default: all]
    #[arg(long, env = "CHIRP_LIMIT", value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub limit: Option<usize>,
    /// How many commands are under way at once
    #[arg(long, env = "CHIRP_CONCURRENCY", value_name = "N", default_value_t = 64,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=CONCURRENCY_MAX))]
    pub concurrency: usize,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputChoice,
}
