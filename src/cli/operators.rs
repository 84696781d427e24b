//! The commands that call a running projector: projections, parked events, the log, and time travel.

use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{ArgGroup, Args, Subcommand, value_parser};

use super::Ops;
use tools::args::OutputChoice;

/// What can be done with parked events.
#[derive(Debug, Subcommand)]
pub enum ParkedCommand {
    /// List what is parked, lowest position first
    #[command(before_help = "Example:\n  chirp parked list --projection posts_1")]
    List(ParkedListArgs),
    /// Print one parked event whole, with what the log has of it
    #[command(before_help = "Example:\n  chirp parked show posts_1 1234")]
    Show(ParkedShowArgs),
    /// Apply parked events after all, once the cause is mended
    #[command(before_help = "Example:\n  chirp parked retry posts_1")]
    Retry(ParkedRetryArgs),
    /// Give a parked event up, for a reason that is kept, and apply what waited for it
    #[command(before_help = "Example:\n  chirp parked discard posts_1 1234 --reason 'written by a broken build'")]
    Discard(ParkedDiscardArgs),
}

/// What can be done with projections.
#[derive(Debug, Subcommand)]
pub enum ProjectionCommand {
    /// List the projections with their state and lag
    #[command(before_help = "Example:\n  chirp projection list -o json")]
    List(ProjectionListArgs),
    /// Fill a projection anew from the log while the old rows go on to serve, and wait until it has
    #[command(before_help = "Example:\n  chirp projection rebuild timelines_1")]
    Rebuild(ProjectionRebuildArgs),
    /// End the rebuild of a projection; the old rows go on to serve
    #[command(before_help = "Example:\n  chirp projection cancel-rebuild timelines_1")]
    CancelRebuild(ProjectionRebuildArgs),
    /// Drop the tables of a projection that were set aside because the log lost the events in them
    #[command(before_help = "Example:\n  chirp projection release timelines_1")]
    Release(ProjectionRebuildArgs),
}

/// What can be done with events.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Print events, one a line, in the order of the log
    #[command(before_help = "Example:\n  chirp events tail --after 0 --type post.created --follow")]
    Tail(EventsTailArgs),
    /// Print one event whole
    #[command(before_help = "Example:\n  chirp events show 42 -o json")]
    Show(EventsShowArgs),
}

/// `chirp projection list`
#[derive(Debug, Args)]
pub struct ProjectionListArgs {
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp projection rebuild`, `cancel-rebuild` and `release`
#[derive(Debug, Args)]
pub struct ProjectionRebuildArgs {
    /// Name of the projection, as `chirp projection list` prints it
    pub name: String,
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp at`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("subject").required(true))]
pub struct AtArgs {
    /// After the event at this position, or before the first that was recorded later than this time (RFC 3339)
    #[arg(value_name = "POSITION|TIME", value_parser = Moment::read)]
    pub moment: Moment,
    /// Name of a stream, such as post-0190…
    #[arg(long, env = "CHIRP_STREAM", value_name = "NAME", group = "subject")]
    pub stream: Option<String>,
    /// Id of an account
    #[arg(long, env = "CHIRP_ACCOUNT", value_name = "ID", group = "subject")]
    pub account: Option<String>,
    /// Id of the account whose home timeline is wanted
    #[arg(long, env = "CHIRP_HOME", value_name = "ID", group = "subject")]
    pub home: Option<String>,
    /// How many entries of a stream or a timeline
    #[arg(long, env = "CHIRP_LIMIT", value_name = "N", default_value_t = 20,
          value_parser = value_parser!(i32).range(1..=800))]
    pub limit: i32,
    #[command(flatten)]
    pub ops: Ops,
}

/// A moment of a log.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// After the event here.
    Position(u64),
    /// After the last event by then.
    Time(prost_types::Timestamp),
}

impl Moment {
    fn read(text: &str) -> Result<Self, String> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        text.parse()
            .map(Self::Time)
            .map_err(|_| "is neither a position nor a time such as 2026-11-21T09:00:00Z".to_owned())
    }
}

/// `chirp parked list`
#[derive(Debug, Args)]
pub struct ParkedListArgs {
    /// Only what this projection has parked
    #[arg(long, env = "CHIRP_PROJECTION", value_name = "NAME")]
    pub projection: Option<String>,
    /// Also what was discarded, with the reason
    #[arg(long, env = "CHIRP_DISCARDED", value_parser = BoolishValueParser::new())]
    pub discarded: bool,
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp parked show`
#[derive(Debug, Args)]
pub struct ParkedShowArgs {
    /// Name of the projection, as `chirp parked list` prints it
    pub projection: String,
    /// Position of the event
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub position: u64,
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp parked retry`
#[derive(Debug, Args)]
pub struct ParkedRetryArgs {
    /// Name of the projection, as `chirp parked list` prints it
    pub projection: String,
    /// Positions of the events to try, with what waits for them [default: all]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub positions: Vec<u64>,
    #[command(flatten)]
    pub ops: Ops,
}

/// `chirp parked discard`
#[derive(Debug, Args)]
pub struct ParkedDiscardArgs {
    /// Name of the projection, as `chirp parked list` prints it
    pub projection: String,
    /// Position of the event
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub position: u64,
    /// Why, for whoever asks later
    #[arg(long, env = "CHIRP_REASON", value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub ops: Ops,
}

/// `chirp events tail`
#[derive(Debug, Args)]
pub struct EventsTailArgs {
    /// Only events after this position; 0 begins with the first
    #[arg(long, env = "CHIRP_AFTER", value_name = "POSITION", default_value_t = 0)]
    pub after: u64,
    /// Go on with new events as they come
    #[arg(long, env = "CHIRP_FOLLOW", value_parser = BoolishValueParser::new())]
    pub follow: bool,
    /// Stop after N events [default: no limit]
    #[arg(long, env = "CHIRP_LIMIT", value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub limit: Option<usize>,
    /// Only events of this stream, such as `account-` followed by an id [default: all]
    #[arg(long, env = "CHIRP_STREAM", value_name = "STREAM")]
    pub stream: Option<String>,
    /// Only events of this type, such as `post.created` [default: all]
    #[arg(long = "type", id = "type", env = "CHIRP_TYPE", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only events with this correlation id [default: all]
    #[arg(long, env = "CHIRP_CORRELATION_ID", value_name = "ID")]
    pub correlation_id: Option<String>,
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp events show`
#[derive(Debug, Args)]
pub struct EventsShowArgs {
    /// Place of the event in the log
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub position: u64,
    #[command(flatten)]
    pub ops: Ops,
    #[command(flatten)]
    pub output: OutputChoice,
}
