//! How fresh an answer must be, and waiting until it is.
//!
//! Always: waiting ends with the deadline, in UNAVAILABLE with the lag.

use std::sync::Arc;

use shared::database::Database;
use shared::errors::ErrorReason;
use shared::ids::Position;
use shared::log::LogHead;
use shared::progress::{Checkpoints, Progress, Unreached, shutting_down};
use shared::proto::query::{Consistency, consistency::Requirement};
use shared::tokens::{CONSISTENCY_TOKEN_HEADER, Tokens, must_be_in_the_log};
use shared::wake::Wake;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::snapshot::{Projections, Snapshot};

/// Takes snapshots that are fresh enough.
#[derive(Clone)]
pub struct Freshness {
    tables: Database,
    log: Arc<dyn LogHead>,
    tokens: Tokens,
    progress: Progress,
}

impl Freshness {
    /// Watches the checkpoints of these tables until `drain` is cancelled or nobody listens.
    pub fn watch(tables: Database, log: Arc<dyn LogHead>, progress: &Wake, drain: CancellationToken) -> Self {
        let progress = Progress::watch(std::future::ready(tables.clone()), progress.listen(), drain);
        Self { tables, tokens: Tokens::new(log.identity()), log, progress }
    }

    /// A snapshot of the tables that these projections fill, as fresh as the question requires.
    pub async fn snapshot(
        &self,
        metadata: &MetadataMap,
        consistency: Option<&Consistency>,
        projections: Projections,
    ) -> Result<Snapshot, Status> {
        let required = self.required(metadata, consistency).await?;
        let snapshot = Snapshot::take(&self.tables, projections).await?;
        if snapshot.checkpoint >= required {
            return Ok(snapshot);
        }
        drop(snapshot);
        self.wait(metadata, projections, required).await?;
        Snapshot::take(&self.tables, projections).await
    }

    /// How far the tables must be. What the question says itself comes before what an interceptor sends along with it.
    async fn required(&self, metadata: &MetadataMap, consistency: Option<&Consistency>) -> Result<Position, Status> {
        let sent_along = || match metadata.get(CONSISTENCY_TOKEN_HEADER) {
            None => Ok(Position(0)),
            Some(token) => self.tokens.open(token.to_str().unwrap_or_default()),
        };
        match consistency.and_then(|consistency| consistency.requirement.as_ref()) {
            None | Some(Requirement::FullyConsistent(false)) => sent_along(),
            Some(Requirement::AtLeastAsFresh(token)) if token.is_empty() => sent_along(),
            Some(Requirement::AtLeastAsFresh(token)) => Ok(self.tokens.open(token)?.max(sent_along()?)),
            Some(Requirement::MinimizeLatency(_)) => Ok(Position(0)),
            Some(Requirement::FullyConsistent(true)) => Ok(self.log.head().await?),
        }
    }

    /// Changes of the checkpoints, for streams.
    pub fn changes(&self) -> watch::Receiver<Checkpoints> {
        self.progress.changes()
    }

    /// The tables themselves.
    pub fn tables(&self) -> &Database {
        &self.tables
    }

    /// A token from the future is from another future.
    pub async fn must_be_in_the_log(&self, position: Position) -> Result<(), Status> {
        must_be_in_the_log(position, self.log.head().await?)
    }

    async fn wait(&self, metadata: &MetadataMap, projections: Projections, required: Position) -> Result<(), Status> {
        self.must_be_in_the_log(required).await?;
        let reached = self.progress.reach(projections, required, metadata).await;
        reached.map_err(|unreached| match unreached {
            Unreached::Behind(behind) => {
                behind.refused(Code::Unavailable, ErrorReason::ProjectionBehind, required).into()
            }
            Unreached::ShuttingDown => shutting_down(),
        })
    }
}
