//! How fresh an answer must be, and waiting until it is.
//!
//! Always: one task watches the checkpoints, and every waiting question hears of a new one through it; waiting ends with
//! the deadline, in UNAVAILABLE with the lag.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::database::Database;
use shared::errors::{ErrorReason, RETRY_DELAY, Refused};
use shared::ids::Position;
use shared::log::LogHead;
use shared::patience::time_to_answer;
use shared::proto::query::{Consistency, consistency::Requirement};
use shared::serve::time_allowed;
use shared::sql::statements;
use shared::tokens::{Tokens, must_be_in_the_log};
use shared::wake::{Listener, Wake};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tracing::warn;

use crate::snapshot::{Projections, Snapshot};

/// How long a question waits when its client set no deadline.
const WAIT_DEFAULT: Duration = Duration::from_secs(10);
/// How long to wait before the checkpoints are read again after that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

statements! {
    static SELECT_CHECKPOINTS = "SELECT name, checkpoint FROM projections";
}

/// How far each projection is, as last seen.
type Checkpoints = Arc<HashMap<String, Seen>>;

/// The checkpoint of one projection.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    position: Position,
    /// When it got there, as far as this server saw.
    since: Instant,
}

/// Takes snapshots that are fresh enough.
#[derive(Clone)]
pub struct Freshness {
    tables: Database,
    log: Arc<dyn LogHead>,
    tokens: Tokens,
    checkpoints: watch::Receiver<Checkpoints>,
}

impl Freshness {
    /// Watches the checkpoints of these tables until `drain` is cancelled or nobody listens.
    pub fn watch(tables: Database, log: Arc<dyn LogHead>, progress: &Wake, drain: CancellationToken) -> Self {
        let (seen, checkpoints) = watch::channel(Checkpoints::default());
        tokio::spawn(watch_checkpoints(tables.clone(), progress.listen(), seen, drain));
        Self { tables, tokens: Tokens::new(log.identity()), log, checkpoints }
    }

    /// A snapshot of the tables that these projections fill, as fresh as the question requires.
    pub async fn snapshot(
        &self,
        metadata: &MetadataMap,
        consistency: Option<&Consistency>,
        projections: Projections,
    ) -> Result<Snapshot, Status> {
        let required = match consistency.and_then(|consistency| consistency.requirement.as_ref()) {
            None | Some(Requirement::MinimizeLatency(_) | Requirement::FullyConsistent(false)) => Position(0),
            Some(Requirement::AtLeastAsFresh(token)) if token.is_empty() => Position(0),
            Some(Requirement::AtLeastAsFresh(token)) => self.tokens.open(token)?,
            Some(Requirement::FullyConsistent(true)) => self.log.head().await?,
        };
        let snapshot = Snapshot::take(&self.tables, projections).await?;
        if snapshot.checkpoint >= required {
            return Ok(snapshot);
        }
        let behind = snapshot.checkpoint;
        drop(snapshot);
        self.wait(metadata, projections, behind, required).await?;
        Snapshot::take(&self.tables, projections).await
    }

    /// Changes of the checkpoints, for streams.
    pub fn changes(&self) -> watch::Receiver<Checkpoints> {
        self.checkpoints.clone()
    }

    /// The tables themselves.
    pub fn tables(&self) -> &Database {
        &self.tables
    }

    /// A token from the future is from another future.
    pub async fn must_be_in_the_log(&self, position: Position) -> Result<(), Status> {
        must_be_in_the_log(position, self.log.head().await?)
    }

    async fn wait(
        &self,
        metadata: &MetadataMap,
        projections: Projections,
        behind: Position,
        required: Position,
    ) -> Result<(), Status> {
        self.must_be_in_the_log(required).await?;
        let reached = |seen: &Checkpoints| lowest(seen, projections).1 >= required;
        let allowed = time_allowed(metadata.as_ref().get("grpc-timeout")).unwrap_or(WAIT_DEFAULT).min(WAIT_DEFAULT);
        let allowed = time_to_answer(allowed);
        let mut checkpoints = self.checkpoints.clone();
        match timeout(allowed, checkpoints.wait_for(reached)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(_)) => return Err(shutting_down()),
            Err(_) => {}
        }
        let (projection, checkpoint) = lowest(&self.checkpoints.borrow(), projections);
        let since = self.checkpoints.borrow().get(projection).map(|seen| seen.since);
        let lag_seconds = since.map_or(0, |since| since.elapsed().as_secs());
        let lag = required.0 - checkpoint.max(behind).0;
        let message =
            format!("projection {projection} is {lag} events behind what was asked for, and moved {lag_seconds} s ago");
        let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionBehind, message);
        let refused = refused.with("projection", projection).with("lag_events", lag).with("lag_seconds", lag_seconds);
        Err(refused.with("checkpoint", checkpoint).with("required", required).retry_after(RETRY_DELAY).into())
    }
}

/// What is told when the checkpoints are not watched any more, which is when the server drains.
pub fn shutting_down() -> Status {
    let refused = Refused::new(Code::Unavailable, ErrorReason::ShuttingDown, "the server is shutting down");
    refused.retry_after(RETRY_DELAY).into()
}

/// The projection that is furthest behind, and where it is.
fn lowest(seen: &Checkpoints, projections: Projections) -> (&'static str, Position) {
    let all = projections.iter().map(|name| (*name, seen.get(*name).map(|seen| seen.position).unwrap_or_default()));
    all.min_by_key(|(_, checkpoint)| *checkpoint).unwrap_or_default()
}

async fn watch_checkpoints(
    tables: Database,
    mut progress: Listener,
    seen: watch::Sender<Checkpoints>,
    drain: CancellationToken,
) {
    while !drain.is_cancelled() && !seen.is_closed() {
        match read_checkpoints(&tables).await {
            Ok(checkpoints) => {
                seen.send_if_modified(|last| note(last, checkpoints));
            }
            Err(cause) => {
                warn!(%cause, "the checkpoints could not be read: {cause}");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        progress.wait().await;
    }
}

/// True when something has moved.
fn note(last: &mut Checkpoints, checkpoints: HashMap<String, Position>) -> bool {
    let position_of = |name: &String| last.get(name).map(|seen| seen.position);
    if checkpoints.iter().all(|(name, position)| position_of(name) == Some(*position)) {
        return false;
    }
    let now = Instant::now();
    let seen = |(name, position): (String, Position)| {
        let unmoved = last.get(&name).filter(|seen| seen.position == position).copied();
        (name, unmoved.unwrap_or(Seen { position, since: now }))
    };
    *last = Arc::new(checkpoints.into_iter().map(seen).collect());
    true
}

async fn read_checkpoints(tables: &Database) -> Result<HashMap<String, Position>, sqlx::Error> {
    let rows = tables.rows(&SELECT_CHECKPOINTS, &[]).await?;
    rows.iter().map(|row| Ok((row.get("name")?, Position(row.get("checkpoint")?)))).collect()
}
