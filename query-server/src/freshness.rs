//! How fresh an answer must be, and waiting until the tables are.
//!
//! Always: waiting ends before the deadline of the call; the refusal names the projection that is behind and its lag,
//! or says that its tables are being filled again, that too many calls wait, or that the process drains.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::log::{Anchor, LogHead};
use shared::model::ids::Position;
use shared::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use shared::rpc::progress::{Checkpoints, Progress, Unreached, answer_by, are_served, shutting_down};
use shared::rpc::proto::query::{Consistency, consistency::Requirement};
use shared::rpc::serve::{Crowded, overloaded, wait_outside};
use shared::rpc::standby::wait_or_end;
use shared::rpc::tokens::{CONSISTENCY_TOKEN_HEADER, Genuine, Tokens};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::database::Database;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::snapshot::{Projections, Snapshot, being_filled};

/// How long a query waits for tables that are being filled again: short, so that not many queries wait at once.
const FILLED_WITHIN: Duration = Duration::from_secs(1);

/// Takes snapshots that are fresh enough.
#[derive(Clone)]
pub struct Freshness {
    tables: Database,
    log: Arc<dyn LogHead>,
    tokens: Tokens,
    progress: Progress,
}

impl Freshness {
    /// Watches the checkpoints of these tables until the process drains or nobody listens.
    pub fn watch(tables: Database, log: Arc<dyn LogHead>, progress: &Wake, tasks: &Tasks) -> Self {
        let progress = Progress::watch(std::future::ready(tables.clone()), log.clone(), progress.listen(), tasks);
        Self { tables, tokens: Tokens::new(log.identity()), log, progress }
    }

    /// A snapshot of the tables of these projections, as fresh as the query requires.
    pub async fn snapshot(
        &self,
        metadata: &MetadataMap,
        consistency: Option<&Consistency>,
        projections: Projections,
    ) -> Result<Snapshot, Status> {
        let required = self.required(metadata, consistency).await?;
        if !are_served(&self.progress.seen(), projections) {
            self.wait_for_history(projections).await?;
        }
        let snapshot = Snapshot::take(&self.tables, projections).await?;
        if snapshot.checkpoint >= required {
            return Ok(snapshot);
        }
        drop(snapshot);
        self.wait(projections, required).await?;
        Snapshot::take(&self.tables, projections).await
    }

    /// Waits until it is known that the tables are of the history that the log has. Those of a small store are soon filled again.
    async fn wait_for_history(&self, projections: Projections) -> Result<(), Status> {
        let mut changes = self.progress.changes();
        let known = async { changes.wait_for(|seen| are_served(seen, projections)).await.map(drop) };
        match wait_outside(timeout_at(answer_by().min(Instant::now() + FILLED_WITHIN), known)).await {
            Err(Crowded) => Err(overloaded()),
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(_))) => Err(shutting_down()),
            Ok(Err(_)) => Err(being_filled(projections)),
        }
    }

    /// The position that the tables must have reached. What the request itself asks for comes before the token in its metadata.
    async fn required(&self, metadata: &MetadataMap, consistency: Option<&Consistency>) -> Result<Position, Status> {
        let sent_along = async || match metadata.get(CONSISTENCY_TOKEN_HEADER) {
            None => Ok(Position(0)),
            Some(token) => self.compared(self.tokens.open(token.to_str().unwrap_or_default())?).await,
        };
        match consistency.and_then(|consistency| consistency.requirement.as_ref()) {
            None | Some(Requirement::FullyConsistent(false)) => sent_along().await,
            Some(Requirement::AtLeastAsFresh(token)) if token.is_empty() => sent_along().await,
            Some(Requirement::AtLeastAsFresh(token)) => {
                let asked = self.compared(self.tokens.open(token)?).await?;
                Ok(asked.max(sent_along().await?))
            }
            Some(Requirement::MinimizeLatency(_)) => Ok(Position(0)),
            Some(Requirement::FullyConsistent(true)) => self.primary_head().await,
        }
    }

    /// The end of the log. A PostgreSQL standby learns it only from its primary, so it waits until it has replayed all
    /// that it has heard of.
    async fn primary_head(&self) -> Result<Position, Status> {
        let until = answer_by();
        loop {
            if let Some(head) = self.log.primary_head().await? {
                return Ok(head);
            }
            if let Some(head) = wait_or_end(&*self.log, until).await? {
                let message = format!("this standby has received the log up to {head}, and its primary may have more");
                let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionBehind, message);
                return Err(refused.with("head", head).retry_after(RETRY_DELAY).into());
            }
        }
    }

    /// The position of a token, if the log has the history in which it was made.
    pub async fn compared(&self, token: Genuine) -> Result<Position, Status> {
        token.compared_with(&*self.log, answer_by()).await
    }

    /// The events at these positions as anchors, for ids that hold them; those that the log does not have are left out.
    pub async fn anchors(&self, positions: &[Position]) -> Result<HashMap<Position, Anchor>, Status> {
        let hashes = self.log.hashes_at(positions).await?;
        Ok(hashes.iter().map(|(position, hash)| (*position, Anchor::new(*position, hash))).collect())
    }

    /// The checkpoints as they change, for streams.
    pub fn changes(&self) -> watch::Receiver<Checkpoints> {
        self.progress.changes()
    }

    pub fn tables(&self) -> &Database {
        &self.tables
    }

    async fn wait(&self, projections: Projections, required: Position) -> Result<(), Status> {
        let reached = self.progress.reach(projections, required).await;
        reached.map_err(|unreached| match unreached {
            Unreached::Behind(behind) => {
                behind.refused(Code::Unavailable, ErrorReason::ProjectionBehind, required).into()
            }
            Unreached::ShuttingDown => shutting_down(),
            Unreached::Crowded => overloaded(),
        })
    }
}
