//! The command line: every command, flag, environment variable and default; and, in files of their own, what the commands do that are no
//! role and no tool.
//!
//! Always: a flag `--some-thing` is also `CHIRP_SOME_THING` and the key `some_thing` of the file; a command's help
//! begins with an example; a number has a range, checked here. Never here: where a value came from (see `config`).

pub mod admin;
mod auth;
pub mod migrate;
pub mod new_epoch;
mod operators;
mod stores;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::auth::{AuthArgs, KeyCommand, TokenArgs, keys, sign};
use clap::builder::{BoolishValueParser, PossibleValuesParser, RangedU64ValueParser};
use clap::{Args, Parser, Subcommand, value_parser};

use ipnet::IpNet;
use shared::rpc::auth::authority::Authority;
use shared::rpc::serve::rates::{RateLimit, RateSettings};
use shared::rpc::serve::{Admission, Certificate};
use shared::runtime::settings::{CommandSettings, ProjectorSettings, ServerSettings, TimelineSettings, TlsSettings};
use shared::sql::postgres::shares::CONNECTIONS_MIN;
use tools::Misuse;
use tools::args::{Address, DEFAULT_COMMAND, DEFAULT_QUERY, store};
use tools::bench::BenchCommand;
use tools::logs::args::{BackupArgs, LogCommand, RestoreArgs};
use tools::replay::ReplayArgs;
use tools::verify::VerifyArgs;
use tracing_subscriber::EnvFilter;

pub use operators::{
    AtArgs, EventsCommand, EventsShowArgs, EventsTailArgs, Moment, ParkedCommand, ParkedDiscardArgs, ParkedListArgs,
    ParkedRetryArgs, ParkedShowArgs, ProjectionCommand, ProjectionListArgs, ProjectionRebuildArgs,
};
pub use stores::{MigrateCommand, StoreCommand};

/// Printed at the end of every help text.
pub const EXIT_CODES: &str = "Exit codes:
  0  done, or stopped when asked to
  1  failed, stopped before the end, or differences found
  2  wrong usage or configuration

Precedence: flag, then environment, then file, then default.";

const DEFAULT_OPS: &str = "127.0.0.1:50053";
/// The longest address that goes out with each refusal, whose headers have a limit.
const URL_BYTES_MAX: usize = 512;
/// Where all services are on one port.
pub const DEFAULT_ALL: &str = "127.0.0.1:50050";

const FOLLOWERS_MAX: i64 = 1_000_000_000_000;
const TIMELINE_ROWS_MAX: i64 = 1_000_000;
const CHANGES_KEPT_MAX: i64 = 1_000_000_000;
const BATCH_EVENTS_MAX: u64 = shared::log::READ_EVENTS_MAX as u64;
const GRACE_PERIOD_MAX: u64 = 3_600;
const CONNECTION_AGE_MAX: u64 = 30 * 24 * 3_600;
const CALLS_MAX_MAX: u64 = 1_000_000;
const CONNECTIONS_DEFAULT: usize = 16;
const CONNECTIONS_MAX: u64 = 1_000;

/// A social feed backend on an event log.
#[derive(Debug, Parser)]
#[command(
    name = "chirp",
    version,
    about,
    before_help = "Example:\n  chirp dev                       everything in one process, with a small demo"
)]
pub struct Cli {
    /// TOML file with settings: the flags' names in snake_case, at the top or in a table named after a command
    #[arg(long, global = true, help_heading = "Everywhere", env = "CHIRP_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to log, on stderr: a level, or more closely, such as `info,projector=debug`
    #[arg(long, global = true, help_heading = "Everywhere", env = "CHIRP_LOG", value_name = "FILTER",
          default_value = "info", value_parser = filter)]
    pub log: String,
    /// Token or API key for calls of servers that authenticate; better by the environment, which other users of a machine do not see
    #[arg(long, global = true, help_heading = "Everywhere", env = "CHIRP_TOKEN", value_name = "TOKEN")]
    pub token: Option<String>,
    /// Call servers by TLS
    #[arg(long, global = true, help_heading = "Everywhere", env = "CHIRP_TLS", value_parser = BoolishValueParser::new())]
    pub tls: bool,
    /// The same, and trust the certificates of this file in PEM, beside those that the machine trusts
    #[arg(long, global = true, help_heading = "Everywhere", env = "CHIRP_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `chirp` can do.
#[derive(Debug, Subcommand)]
#[expect(clippy::enum_variant_names, reason = "the variants are the names of the commands")]
pub enum Command {
    /// Run everything in one process, with a small demo: the quickest way to try it
    #[command(before_help = "Example:\n  chirp dev --data ./chirp-data")]
    Dev(DevArgs),
    /// Run the three roles in one process on one address: all that a small deployment needs
    #[command(before_help = "Example:\n  chirp serve --store ./chirp-data --create --listen 127.0.0.1:50050")]
    Serve(ServeArgs),
    /// Accept commands and append their events to the log
    #[command(before_help = "Example:\n  chirp command-server --store ./chirp-data --create --listen 127.0.0.1:50051")]
    CommandServer(CommandServerArgs),
    /// Answer queries and stream live feeds from the read tables
    #[command(before_help = "Example:\n  chirp query-server --store ./chirp-data --listen 127.0.0.1:50052")]
    QueryServer(QueryServerArgs),
    /// Fold the log into the read tables, and serve operators
    #[command(before_help = "Example:\n  chirp projector --store ./chirp-data --ops-listen 127.0.0.1:50053")]
    Projector(ProjectorArgs),
    /// Send real data through the API; it can be stopped and run again without doubling anything
    #[command(
        before_help = "Example:\n  chirp replay --graph facebook_combined.txt.gz --both-ways --post-each\n  chirp replay --activity higgs-activity_time.txt.gz --derive-follows"
    )]
    Replay(ReplayArgs),
    /// Recompute every answer from the log by an independent path and print the differences
    #[command(before_help = "Example:\n  chirp verify --store ./chirp-data")]
    Verify(VerifyArgs),
    /// Make or upgrade what Chirp needs in a PostgreSQL database, or say what is there
    #[command(subcommand, before_help = "Example:\n  chirp migrate up --store postgres://postgres@localhost/chirp")]
    Migrate(MigrateCommand),
    /// Move a log
    #[command(
        subcommand,
        before_help = "Example:\n  chirp log copy --from ./chirp-data --to postgres://postgres@localhost/chirp"
    )]
    Log(LogCommand),
    /// Measure how fast Chirp is here, each figure beside its yardstick
    #[command(subcommand, before_help = "Example:\n  chirp bench append --in-flight 64")]
    Bench(BenchCommand),
    /// Change what a store is
    #[command(subcommand, before_help = "Example:\n  chirp store new-epoch --store ./copy-of-chirp-data")]
    Store(StoreCommand),
    /// Show how the projections are doing, or rebuild one
    #[command(subcommand, before_help = "Example:\n  chirp projection list")]
    Projection(ProjectionCommand),
    /// Read the log
    #[command(subcommand, before_help = "Example:\n  chirp events tail --follow")]
    Events(EventsCommand),
    /// Write a whole log to a file while it is in use
    #[command(before_help = "Example:\n  chirp backup --store ./chirp-data --to chirp.backup")]
    Backup(BackupArgs),
    /// Make a store from a backup, with an epoch of its own; it can be stopped and run again
    #[command(before_help = "Example:\n  chirp restore --from chirp.backup --store ./chirp-data-2")]
    Restore(RestoreArgs),
    /// Show a stream, an account or a home timeline as it was, folded from the log
    #[command(before_help = "Examples:\n  chirp at 1234 --account 0190…\n  chirp at 2026-11-21T09:00:00Z --home 0190…")]
    At(AtArgs),
    /// Make, list and revoke the API keys of services
    #[command(
        subcommand,
        before_help = "Example:\n  chirp key create --name feed-backend --scope posts:write --store ./chirp-data"
    )]
    Key(KeyCommand),
    /// Sign a token with the development key of a store, to try a server that was started with --development-tokens
    #[command(before_help = "Example:\n  chirp token --account 0190… --store ./chirp-data")]
    Token(TokenArgs),
    /// Look at the events that projections could not apply, and decide what becomes of them
    #[command(subcommand, before_help = "Example:\n  chirp parked list")]
    Parked(ParkedCommand),
}

/// `chirp dev`
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Folder of the store, which is made when it is missing, or postgres://user@host/database
    #[arg(long, visible_alias = "store", env = "CHIRP_DATA", value_name = "STORE", default_value = "./chirp-data",
          value_parser = store)]
    pub data: String,
    /// Where the command server listens; port 0 takes a free one
    #[arg(long, env = "CHIRP_COMMAND_LISTEN", value_name = "ADDR", default_value = DEFAULT_COMMAND)]
    pub command_listen: Address,
    /// Where the query server listens; port 0 takes a free one
    #[arg(long, env = "CHIRP_QUERY_LISTEN", value_name = "ADDR", default_value = DEFAULT_QUERY)]
    pub query_listen: Address,
    /// Where the projector serves operators; port 0 takes a free one
    #[arg(long, env = "CHIRP_OPS_LISTEN", value_name = "ADDR", default_value = DEFAULT_OPS)]
    pub ops_listen: Address,
    /// Where all three are served on one port; port 0 takes a free one [default: 127.0.0.1:50050, unless that is taken]
    #[arg(long, env = "CHIRP_LISTEN", value_name = "ADDR")]
    pub listen: Option<Address>,
    /// Authenticate: tokens of `chirp token` and keys of `chirp key` are taken, and the calls to paste have some; without this, everybody on this machine may do
    /// everything
    #[arg(long, env = "CHIRP_AUTH", value_parser = BoolishValueParser::new())]
    pub auth: bool,
    /// Do not seed the demo
    #[arg(long, env = "CHIRP_NO_DEMO", value_parser = BoolishValueParser::new())]
    pub no_demo: bool,
    #[command(flatten)]
    pub commands: CommandTuning,
    #[command(flatten)]
    pub projector: ProjectorTuning,
    #[command(flatten)]
    pub server: ServerTuning,
}

/// `chirp serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// Make what is missing: the store's folder, or what `chirp migrate up` makes in a database; without this, a folder that is missing is
    /// refused, and a database is waited for
    #[arg(long, env = "CHIRP_CREATE", value_parser = BoolishValueParser::new())]
    pub create: bool,
    /// Where commands, queries and operators are served; port 0 takes a free one
    #[arg(long, env = "CHIRP_LISTEN", value_name = "ADDR", default_value = DEFAULT_ALL)]
    pub listen: Address,
    #[command(flatten)]
    pub commands: CommandTuning,
    #[command(flatten)]
    pub projector: ProjectorTuning,
    #[command(flatten)]
    pub server: ServerTuning,
}

/// `chirp command-server`
#[derive(Debug, Args)]
pub struct CommandServerArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// Make the store's folder when it is missing; without this, a folder that is missing is refused
    #[arg(long, env = "CHIRP_CREATE", value_parser = BoolishValueParser::new())]
    pub create: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "CHIRP_LISTEN", value_name = "ADDR", default_value = DEFAULT_COMMAND)]
    pub listen: Address,
    #[command(flatten)]
    pub commands: CommandTuning,
    #[command(flatten)]
    pub connections: Connections,
    #[command(flatten)]
    pub server: ServerTuning,
}

/// `chirp query-server`
#[derive(Debug, Args)]
pub struct QueryServerArgs {
    /// Folder of the store, or postgres://user@host/database; until a command server has made it, this waits
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "CHIRP_LISTEN", value_name = "ADDR", default_value = DEFAULT_QUERY)]
    pub listen: Address,
    #[command(flatten)]
    pub connections: Connections,
    #[command(flatten)]
    pub server: ServerTuning,
}

/// `chirp projector`
#[derive(Debug, Args)]
pub struct ProjectorArgs {
    /// Folder of the store, or postgres://user@host/database; until a command server has made it, this waits
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// Where to serve operators; port 0 takes a free one
    #[arg(long, env = "CHIRP_OPS_LISTEN", value_name = "ADDR", default_value = DEFAULT_OPS)]
    pub ops_listen: Address,
    /// Where operators and other projectors reach this one [default: where it listens; where that is everywhere, the name of this machine]
    #[arg(long, env = "CHIRP_ADVERTISE", value_name = "ADDR")]
    pub advertise: Option<Address>,
    #[command(flatten)]
    pub projector: ProjectorTuning,
    #[command(flatten)]
    pub connections: Connections,
    #[command(flatten)]
    pub server: ServerTuning,
}

/// How many connections a role takes.
#[derive(Debug, Args)]
pub struct Connections {
    /// On PostgreSQL, how many connections this process opens at most; the one that writes is reserved, and with fewer than six nobody listens
    /// for hints, so that what is new is seen a quarter of a second later
    #[arg(long = "connections", id = "connections", env = "CHIRP_CONNECTIONS", value_name = "N", default_value_t = CONNECTIONS_DEFAULT,
          value_parser = RangedU64ValueParser::<usize>::new().range(CONNECTIONS_MIN as u64..=CONNECTIONS_MAX))]
    pub connections: usize,
}

/// Where the operators' service is.
#[derive(Debug, Args)]
pub struct Ops {
    /// The projector's port for operators
    #[arg(long, env = "CHIRP_OPS", value_name = "ADDR", default_value = DEFAULT_OPS)]
    pub ops: Address,
}

/// What can be tuned on a command server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Commands")]
pub struct CommandTuning {
    /// The hosts from which media of posts and profiles may come: media.example.com, or *.example.com for all below it [default: any]
    #[arg(long, env = "CHIRP_MEDIA_HOSTS", value_name = "HOST", value_delimiter = ',', value_parser = media_host)]
    pub media_hosts: Vec<String>,
}

impl CommandTuning {
    /// The settings of a command server with these flags.
    pub fn settings(&self) -> CommandSettings {
        CommandSettings { media_hosts: self.media_hosts.clone() }
    }
}

/// Parses a host as URLs have it, perhaps with `*.` before it: no scheme, port or path.
fn media_host(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    match host.split('.').all(is_label) {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err("must be a host such as media.example.com or *.example.com, international ones as xn--…".to_owned())
        }
    }
}

/// What can be tuned on a projector. None of it changes an answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Timelines")]
pub struct ProjectorTuning {
    /// An author with at least this many followers is pulled when a timeline is read
    #[arg(long, env = "CHIRP_CELEBRITY_FOLLOWERS", value_name = "N",
          default_value_t = TimelineSettings::default().celebrity_followers,
          value_parser = value_parser!(i64).range(1..=FOLLOWERS_MAX))]
    pub celebrity_followers: i64,
    /// How many of its newest rows a timeline keeps; below them it is pulled
    #[arg(long, env = "CHIRP_TIMELINE_CAP", value_name = "N",
          default_value_t = TimelineSettings::default().timeline_cap,
          value_parser = value_parser!(i64).range(1..=TIMELINE_ROWS_MAX))]
    pub timeline_cap: i64,
    /// A reader who follows at least this many accounts is served by pull
    #[arg(long, env = "CHIRP_PULL_FOLLOWING", value_name = "N",
          default_value_t = TimelineSettings::default().pull_following,
          value_parser = value_parser!(i64).range(1..=FOLLOWERS_MAX))]
    pub pull_following: i64,
    /// How many of the followee's newest rows a new follow brings
    #[arg(long, env = "CHIRP_BACKFILL_ROWS", value_name = "N",
          default_value_t = TimelineSettings::default().backfill_rows,
          value_parser = value_parser!(i64).range(1..=TIMELINE_ROWS_MAX))]
    pub backfill_rows: i64,
    /// How many of the newest positions a stream can resume from
    #[arg(long, env = "CHIRP_CHANGES_KEPT", value_name = "N",
          default_value_t = TimelineSettings::default().changes_kept,
          value_parser = value_parser!(i64).range(1..=CHANGES_KEPT_MAX))]
    pub changes_kept: i64,
    /// The most events that one batch of the projector takes
    #[arg(long, env = "CHIRP_BATCH_EVENTS_MAX", value_name = "N",
          default_value_t = ProjectorSettings::default().batch_events_max,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=BATCH_EVENTS_MAX))]
    pub batch_events_max: usize,
    /// The projections to work on, if not all of them; others may be worked on elsewhere. Of several projectors of one
    /// projection, one works and the others stand by (PostgreSQL)
    #[arg(long, env = "CHIRP_PROJECTIONS", value_name = "NAME", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(projector::projections::names()))]
    pub projections: Vec<String>,
    /// Folder for what is thrown away again, such as the tables of `chirp at` [default: the store's folder; with a server, the system's
    /// own folder for such files]
    #[arg(long, env = "CHIRP_TMP", value_name = "DIR")]
    pub tmp: Option<PathBuf>,
}

impl ProjectorTuning {
    /// The settings of a projector with these flags.
    pub fn settings(&self) -> ProjectorSettings {
        ProjectorSettings {
            timelines: TimelineSettings {
                celebrity_followers: self.celebrity_followers,
                timeline_cap: self.timeline_cap,
                pull_following: self.pull_following,
                backfill_rows: self.backfill_rows,
                changes_kept: self.changes_kept,
            },
            batch_events_max: self.batch_events_max,
            only: self.projections.clone(),
            advertised: None,
        }
    }
}

/// What can be tuned on any server.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerTuning {
    /// How many seconds open calls may go on after a request to stop (SIGTERM or SIGINT)
    #[arg(long, env = "CHIRP_GRACE_PERIOD", value_name = "SECONDS",
          default_value_t = ServerSettings::default().grace_period.as_secs(),
          value_parser = value_parser!(u64).range(0..=GRACE_PERIOD_MAX))]
    pub grace_period: u64,
    /// How many calls are worked on at once; one more is refused at once, as overload (RESOURCE_EXHAUSTED)
    #[arg(long, env = "CHIRP_CALLS_MAX", value_name = "N", default_value_t = ServerSettings::default().calls_max,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=CALLS_MAX_MAX))]
    pub calls_max: usize,
    /// How many calls may wait at once for projections, beside those that are worked on; one address may have half of them
    #[arg(long, env = "CHIRP_WAITING_MAX", value_name = "N", default_value_t = ServerSettings::default().waiting_max,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=CALLS_MAX_MAX))]
    pub waiting_max: usize,
    /// How many seconds old a connection becomes; its streams are then told to go on elsewhere, so that balancers can spread them
    #[arg(long, env = "CHIRP_CONNECTION_AGE", value_name = "SECONDS",
          default_value_t = ServerSettings::default().connection_age.as_secs(),
          value_parser = value_parser!(u64).range(1..=CONNECTION_AGE_MAX))]
    pub connection_age: u64,
    /// Do not answer gRPC reflection; grpcurl and the like then need the files in proto/
    #[arg(long, env = "CHIRP_NO_REFLECTION", value_parser = BoolishValueParser::new())]
    pub no_reflection: bool,
    /// Let pages of these origins call from a browser, by gRPC-Web, Connect or JSON: https://app.example, or * for all
    #[allow(rustdoc::bare_urls, reason = "it is the text of the help, too")]
    #[arg(long, env = "CHIRP_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub cors_origin: Vec<String>,
    /// Where docs/reference/errors.md is published: refusals then link to what their reason means (google.rpc.Help)
    #[arg(long, env = "CHIRP_ERRORS_URL", value_name = "URL", value_parser = page)]
    pub errors_url: Option<String>,
    /// File with the certificate of this server in PEM, and those that lead from it to one that clients know: connections are then TLS; a
    /// file that changes is read again
    #[arg(long, env = "CHIRP_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// File with its private key in PEM
    #[arg(long, env = "CHIRP_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// How much each caller may ask for, such as account.commands=20:100: of a kind (anonymous, by address; account; service) and a group
    /// (commands, reads, streams, operators), how much a second and how much at once, or off. Where callers are authenticated, accounts and
    /// callers without credentials have limits by default
    #[arg(long, env = "CHIRP_RATE_LIMIT", value_name = "LIMIT", value_delimiter = ',')]
    pub rate_limit: Vec<RateLimit>,
    /// A proxy, or a network of proxies, whose `x-forwarded-for` is believed, such as 10.0.0.0/8
    #[arg(long, env = "CHIRP_TRUSTED_PROXY", value_name = "NETWORK", value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,
    /// Let anybody read /metrics and /readyz?verbose, also where callers are authenticated; without this, they are for administrators and for
    /// services with the scope metrics:read
    #[arg(long, env = "CHIRP_OPEN_PAGES", value_parser = BoolishValueParser::new())]
    pub open_pages: bool,
    #[command(flatten)]
    pub auth: AuthArgs,
}

/// Parses a network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from).ok();
    text.parse().ok().or_else(one).ok_or_else(|| "must be an address, or a network such as 10.0.0.0/8".to_owned())
}

/// Parses the address of a page, to which an anchor can be added.
fn page(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_page = rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>".contains(&byte))
    });
    match is_page && text.len() <= URL_BYTES_MAX {
        true => Ok(text.to_owned()),
        false => Err(format!("must be http:// or https:// with a host, in at most {URL_BYTES_MAX} bytes, without a #")),
    }
}

/// Parses an origin as browsers send it: a scheme, a host and perhaps a port, and nothing after that.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_origin =
        host.is_some_and(|host| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
    match is_origin || text == "*" {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("must be http:// or https:// with a host and nothing after it, or *".to_owned()),
    }
}

impl ServerTuning {
    /// Who is let in, and how often.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub fn admission(&self, authority: &Authority) -> anyhow::Result<Admission> {
        if let Some(tls) = self.tls() {
            Certificate::read(&tls).map_err(Misuse)?;
        }
        let mut limits = if authority.is_open() { vec![] } else { RateSettings::of_authenticating() };
        limits.extend(&self.rate_limit);
        let rates = RateSettings { limits, trusted_proxies: self.trusted_proxy.clone() };
        Ok(Admission { authority: authority.clone(), rates, has_open_pages: self.open_pages })
    }

    fn tls(&self) -> Option<TlsSettings> {
        let (certificate, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(TlsSettings { certificate, key })
    }

    /// The settings of a server with these flags.
    pub fn settings(&self) -> ServerSettings {
        ServerSettings {
            grace_period: Duration::from_secs(self.grace_period),
            calls_max: self.calls_max,
            waiting_max: self.waiting_max,
            connection_age: Duration::from_secs(self.connection_age),
            reflection: !self.no_reflection,
            cors_origins: self.cors_origin.clone(),
            tls: self.tls(),
            errors_url: self.errors_url.clone(),
        }
    }
}

/// A log filter, checked but kept as text.
fn filter(text: &str) -> Result<String, tracing_subscriber::filter::ParseError> {
    EnvFilter::try_new(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    /// `chirp help COMMAND` and the like have no flags of their own.
    #[test]
    fn every_flag_has_its_variable_and_its_key_by_its_own_name() {
        fn check(command: &clap::Command, wrong: &mut Vec<String>) {
            let flags = command.get_arguments().filter(|arg| arg.get_long().is_some());
            for flag in flags.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
                let name = flag.get_long().expect("only those that have one").replace('-', "_");
                let variable = flag.get_env().map(|variable| variable.to_string_lossy().into_owned());
                if variable != Some(format!("CHIRP_{}", name.to_uppercase())) || flag.get_id().as_str() != name {
                    wrong.push(format!("{} --{name}: {variable:?}, key {}", command.get_name(), flag.get_id()));
                }
            }
            command.get_subcommands().for_each(|inner| check(inner, wrong));
        }
        let mut wrong = Vec::new();
        check(&Cli::command(), &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
