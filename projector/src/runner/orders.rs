//! Orders of operators to a running projector: rebuilds, parked events, tables that were set aside.
//!
//! Always: carried out between two steps, by the owner of the projection; each event that is retried has a transaction of its own.

use shared::model::ids::Position;
use shared::sql::database::Transaction;
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::{RunError, Runner};
use crate::checkpoints::{self, Claim};
use crate::crash::may_crash;
use crate::parking::{self, Parked};
use crate::projection::Batch;
use crate::running::{Incoming, Unapplied};

/// Where the outcome of an order goes.
pub(crate) type Done<T> = oneshot::Sender<Result<T, RunError>>;

pub(crate) enum Order {
    /// Begin a rebuild; the outcome is sent when it ends.
    Rebuild(String, Done<()>),
    /// Cancel a rebuild. The outcome says whether there was one.
    CancelRebuild(String, Done<bool>),
    /// Drop the tables that were set aside. The outcome is how many sets there were.
    Release(String, Done<u32>),
    /// Retry parked events: these, or all if there are none.
    Retry(String, Vec<Position>, Done<Retried>),
    /// Discard a parked event, for this reason. The outcome is empty when it is not parked.
    Discard(String, Position, String, Done<Option<Retried>>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// How many events were applied.
    pub applied: usize,
    /// How many events of the projection are parked now.
    pub remaining: usize,
}

impl Runner {
    /// Carries out an order. The operator may have gone away; what was done stays.
    pub(super) async fn obey(&mut self, order: Order) {
        match order {
            Order::Rebuild(name, done) => match self.begin_rebuild(&name).await {
                Ok(Some(name)) => self.rebuilding.wait(name, done),
                Ok(None) => drop(done.send(Ok(()))),
                Err(cause) => drop(done.send(Err(cause))),
            },
            Order::CancelRebuild(name, done) => drop(done.send(self.cancel_rebuild(&name).await)),
            Order::Release(name, done) => drop(done.send(self.release_set_aside(&name).await)),
            Order::Retry(name, positions, done) => drop(done.send(self.retry(&name, &positions).await)),
            Order::Discard(name, position, reason, done) => {
                drop(done.send(self.discard(&name, position, &reason).await));
            }
        }
        self.progress.wake();
    }

    /// The projection of this name; nothing when there is none, an error when another projector owns it.
    pub(super) fn owned(&self, name: &str) -> Result<Option<(usize, Claim)>, RunError> {
        let Some(member) = self.member(name) else { return Ok(None) };
        let running = &self.running[member];
        Ok(Some((member, running.claim.ok_or(RunError::StandingBy(running.projection.name()))?)))
    }

    /// Retries parked events, in the order of the log: all, or those at these positions, with what waits behind them.
    pub async fn retry(&mut self, name: &str, positions: &[Position]) -> Result<Retried, RunError> {
        let Some((member, claim)) = self.owned(name)? else { return Ok(Retried::default()) };
        let parked = self.running[member].parked.clone();
        // What stays parked, so far.
        let mut staying = parked.only_discarded();
        let mut applied = 0;
        for position in parked.positions() {
            let Some(incoming) = self.log.at(position).await?.map(Incoming::from) else { continue };
            let Incoming { recorded, fact } = &incoming;
            let event = fact.as_ref().ok().map(|fact| &fact.event);
            let is_wanted = positions.is_empty() || positions.contains(&position) || !parked.is_first(position);
            let is_free = is_wanted && staying.in_front_of(recorded, event).is_none();
            if is_free && self.retry_one(member, claim, &incoming).await? {
                applied += 1;
            } else {
                staying.hold(position, &recorded.stream, recorded.version, None);
            }
        }
        let running = &mut self.running[member];
        running.parked = Parked::load(&self.tables, name).await?;
        let remaining = running.parked.len();
        info!(projection = name, applied, remaining, "{name} has applied {applied} parked events, {remaining} remain");
        Ok(Retried { applied, remaining })
    }

    /// Whether the event could be applied now.
    async fn retry_one(&self, member: usize, claim: Claim, incoming: &Incoming) -> Result<bool, RunError> {
        let (running, position) = (&self.running[member], incoming.recorded.position);
        let name = running.projection.name();
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name, claim).await?;
        let applied = match &incoming.fact {
            Ok(fact) => {
                let batch = Batch { facts: vec![fact], after: claim.checkpoint, checkpoint: claim.checkpoint };
                running.apply(&mut tx, &batch).await
            }
            Err(cause) => Err(Unapplied::Event(cause.to_string())),
        };
        match applied {
            Ok(()) => {
                parking::unpark(&mut tx, name, position).await?;
                may_crash("projector::retried");
                tx.commit().await?;
                Ok(true)
            }
            Err(Unapplied::Event(cause)) => {
                tx.roll_back().await?;
                warn!(projection = name, position = position.0, cause, "position {position} stays parked: {cause}");
                let mut tx = self.tables.begin_to_write().await?;
                parking::count_attempt(&mut tx, name, position, &cause).await?;
                tx.commit().await?;
                Ok(false)
            }
            Err(Unapplied::Store(cause)) => Err(cause.into()),
        }
    }

    pub(super) async fn still_ours(
        &self,
        tx: &mut Transaction,
        name: &'static str,
        claim: Claim,
    ) -> Result<(), RunError> {
        match checkpoints::beat(tx, &[(name, claim.term)], self.clock.now()).await?.contains_key(name) {
            true => Ok(()),
            false => Err(RunError::Superseded(name)),
        }
    }

    /// Discards a parked event, and applies what waits behind it. Nothing when it is not parked.
    pub async fn discard(&mut self, name: &str, position: Position, reason: &str) -> Result<Option<Retried>, RunError> {
        let Some((member, claim)) = self.owned(name)? else { return Ok(None) };
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, self.running[member].projection.name(), claim).await?;
        let is_discarded = parking::discard(&mut tx, name, position, self.clock.now(), reason).await?;
        tx.commit().await?;
        if !is_discarded {
            return Ok(None);
        }
        warn!(projection = name, position = position.0, reason, "{name} goes on without position {position}: {reason}");
        self.running[member].parked = Parked::load(&self.tables, name).await?;
        // Only what waited behind this event is retried.
        Ok(Some(self.retry(name, &[position]).await?))
    }
}
