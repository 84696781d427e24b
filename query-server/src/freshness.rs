//! How fresh an answer must be, and waiting until it is.
//!
//! Always: one task watches the checkpoints, and every waiting question hears of a new one through it; waiting ends with
//! the deadline, in UNAVAILABLE with the lag.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::errors::{ErrorReason, RETRY_DELAY, Refused};
use shared::ids::Position;
use shared::log::LogHead;
use shared::proto::query::{Consistency, consistency::Requirement};
use shared::serve::time_allowed;
use shared::tokens::Tokens;
use shared::wake::{Listener, Wake};
use sqlx::{Row, SqlitePool};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tracing::warn;

use crate::snapshot::{Projections, Snapshot};

/// How long a question waits when its client set no deadline.
const WAIT_DEFAULT: Duration = Duration::from_secs(10);
/// What is left of a deadline for sending the refusal.
const ANSWER_MARGIN: Duration = Duration::from_millis(50);

const SELECT_CHECKPOINTS: &str = "SELECT name, checkpoint FROM projections";

/// How far each projection is, as last seen.
type Checkpoints = Arc<HashMap<String, Position>>;

/// Takes snapshots that are fresh enough.
#[derive(Clone)]
pub struct Freshness {
    tables: SqlitePool,
    log: Arc<dyn LogHead>,
    tokens: Tokens,
    checkpoints: watch::Receiver<Checkpoints>,
}

impl Freshness {
    /// Watches the checkpoints of these tables until `drain` is cancelled or nobody listens.
    pub fn watch(tables: SqlitePool, log: Arc<dyn LogHead>, progress: &Wake, drain: CancellationToken) -> Self {
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
            None | Some(Requirement::MinimizeLatency(_)) => Position(0),
            Some(Requirement::AtLeastAsFresh(token)) => self.tokens.open(token)?,
            Some(Requirement::FullyConsistent(_)) => self.log.head().await?,
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
    pub fn tables(&self) -> &SqlitePool {
        &self.tables
    }

    async fn wait(
        &self,
        metadata: &MetadataMap,
        projections: Projections,
        behind: Position,
        required: Position,
    ) -> Result<(), Status> {
        let head = self.log.head().await?;
        if required > head {
            let refused = Refused::new(
                Code::OutOfRange,
                ErrorReason::PositionBeyondHead,
                format!("the token is at position {required}, the log ends at {head}"),
            );
            return Err(refused.with("position", required).with("head", head).into());
        }
        let reached = |seen: &Checkpoints| lowest(seen, projections).1 >= required;
        let allowed = time_allowed(metadata).unwrap_or(WAIT_DEFAULT).min(WAIT_DEFAULT).saturating_sub(ANSWER_MARGIN);
        let mut checkpoints = self.checkpoints.clone();
        if timeout(allowed, checkpoints.wait_for(reached)).await.is_ok_and(|seen| seen.is_ok()) {
            return Ok(());
        }
        let (projection, checkpoint) = lowest(&self.checkpoints.borrow(), projections);
        let lag = required.0 - checkpoint.max(behind).0;
        let message = format!("projection {projection} is {lag} events behind what was asked for");
        let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionBehind, message);
        let refused = refused.with("projection", projection).with("lag_events", lag).retry_after(RETRY_DELAY);
        Err(refused.with("checkpoint", checkpoint).with("required", required).into())
    }
}

/// The projection that is furthest behind, and where it is.
fn lowest(seen: &Checkpoints, projections: Projections) -> (&'static str, Position) {
    let all = projections.iter().map(|name| (*name, seen.get(*name).copied().unwrap_or_default()));
    all.min_by_key(|(_, checkpoint)| *checkpoint).unwrap_or_default()
}

async fn watch_checkpoints(
    tables: SqlitePool,
    mut progress: Listener,
    seen: watch::Sender<Checkpoints>,
    drain: CancellationToken,
) {
    while !drain.is_cancelled() && !seen.is_closed() {
        match read_checkpoints(&tables).await {
            Ok(checkpoints) => {
                seen.send_if_modified(|last| {
                    let moved = **last != checkpoints;
                    *last = Arc::new(checkpoints);
                    moved
                });
            }
            Err(cause) => warn!(%cause, "the checkpoints could not be read: {cause}"),
        }
        progress.wait().await;
    }
}

async fn read_checkpoints(tables: &SqlitePool) -> Result<HashMap<String, Position>, sqlx::Error> {
    let rows = sqlx::query(SELECT_CHECKPOINTS).fetch_all(tables).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, Position(row.try_get(1)?)))).collect()
}
