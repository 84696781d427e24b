//! What an operator may tune. The defaults are good; the names are the keys of the file, the flags and the environment.

use std::time::Duration;

/// How the home timelines are kept. None of it can be observed, except by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineSettings {
    /// An author with at least this many followers is pulled when a timeline is read, not written to each.
    pub celebrity_followers: i64,
    /// How many of its newest rows a timeline keeps.
    pub timeline_cap: i64,
    /// A reader who follows at least this many accounts is served by pull.
    pub pull_following: i64,
    /// How many of the followee's newest rows a new follow brings.
    pub backfill_rows: i64,
    /// How many of the newest positions a stream can resume from.
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

/// How a projector works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectorSettings {
    /// The timelines.
    pub timelines: TimelineSettings,
    /// The most events in one batch. A batch is what is there, up to this.
    pub batch_events_max: usize,
    /// The projections to work on; all of them when there is no name here.
    pub only: Vec<String>,
    /// Where operators and other projectors reach this one, as `host:port`.
    pub advertised: Option<String>,
}

impl Default for ProjectorSettings {
    fn default() -> Self {
        Self { timelines: TimelineSettings::default(), batch_events_max: 8_192, only: vec![], advertised: None }
    }
}

/// How a server starts, works and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// How long open calls may go on after a request to stop.
    pub grace_period: Duration,
    /// Calls that are worked on at once; one more is refused as overload. Streams that have begun are no calls.
    pub calls_max: usize,
    /// Calls that wait at once for projections, or for a standby; they hold no room of those that are worked on. One address may have half.
    pub waiting_max: usize,
    /// How old a connection becomes before its client is sent to another one.
    pub connection_age: Duration,
    /// Answer reflection, so that grpcurl and the like need no files.
    pub reflection: bool,
    /// The origins whose pages may call this server from a browser, as browsers send them; `*` is all.
    pub cors_origins: Vec<String>,
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
        }
    }
}
