//! What an operator may tune. The defaults suit most; the names are the keys of the file, the flags and the environment.

use std::path::PathBuf;
use std::time::Duration;

/// How home timelines are stored. It changes how fast they are, never what they show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineSettings {
    /// An author with at least this many followers is not pushed: its posts are pulled when a timeline is read.
    pub celebrity_followers: i64,
    /// How many of its newest rows a timeline keeps.
    pub timeline_cap: i64,
    /// A reader who follows at least this many accounts is served by pull alone.
    pub pull_following: i64,
    /// How many of the followee's newest rows a new follow adds (backfill).
    pub backfill_rows: i64,
    /// How many positions back a stream can resume.
    pub changes_kept: i64,
}

impl Default for TimelineSettings {
    fn default() -> Self {
        Self {
            celebrity_followers: 10_000,
            timeline_cap: 800,
            pull_following: 5_000,
            backfill_rows: 200,
            changes_kept: 100_000,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectorSettings {
    pub timelines: TimelineSettings,
    /// The most events in one batch. A batch is what is there, up to this.
    pub batch_events_max: usize,
    /// The projections to work on; all of them if empty.
    pub only: Vec<String>,
    /// The `host:port` at which operators and other projectors reach this process.
    pub advertised: Option<String>,
}

impl Default for ProjectorSettings {
    fn default() -> Self {
        Self { timelines: TimelineSettings::default(), batch_events_max: 8_192, only: vec![], advertised: None }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandSettings {
    /// The hosts from which media may come, `*.` before one for its subdomains; all of them if empty.
    pub media_hosts: Vec<String>,
}

/// Files in PEM, which are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The certificate, and those that lead from it to one that clients know.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// How long open calls may go on after a request to stop.
    pub grace_period: Duration,
    /// Calls that are worked on at once; one more is refused as overload. Streams that have begun are no calls.
    pub calls_max: usize,
    /// Calls that wait at once for projections or a standby; they do not count for `calls_max`. One address may have half of them.
    pub waiting_max: usize,
    /// The age at which a connection is ended, so that its client connects anew, perhaps to another process.
    pub connection_age: Duration,
    /// Whether reflection is served, so that grpcurl and the like need no files.
    pub reflection: bool,
    /// The origins whose pages may call this server from a browser, as browsers send them; `*` is all.
    pub cors_origins: Vec<String>,
    /// What the server shows of itself, so that its connections are private; without it, they are not.
    pub tls: Option<TlsSettings>,
    /// Where the page about error reasons is published, for the links in refusals.
    pub errors_url: Option<String>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            grace_period: Duration::from_secs(10),
            calls_max: 1_024,
            waiting_max: 8_192,
            connection_age: Duration::from_secs(30 * 60),
            reflection: true,
            cors_origins: vec![],
            tls: None,
            errors_url: None,
        }
    }
}
