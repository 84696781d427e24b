//! Owning projections: claiming them, renewing the lease, and releasing them.
//!
//! Always: a projection has one owner, by its term; an owner that is superseded applies nothing more. Never here: what an owner does.

use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::{RunError, Runner, Takeover};
use crate::checkpoints::{self, LEASE};
use crate::running::Running;

/// How often an idle projector renews its leases, and looks for projections that it may take over.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often it does where nobody can take over from a live process, so that only operators look at the heartbeat. Each
/// is a write to the disk.
const HEARTBEAT_SHOWN: Duration = Duration::from_secs(8);

impl Runner {
    /// Claims the projections whose owner may be replaced.
    pub(super) async fn claim_what_is_free(&mut self, takeover: Takeover) -> Result<(), sqlx::Error> {
        if self.running.iter().all(|running| running.claim.is_some()) {
            return Ok(());
        }
        let owners = checkpoints::owners(&self.tables).await?;
        self.forget_ended_rebuilds(&owners);
        for running in self.running.iter_mut().filter(|running| running.claim.is_none()) {
            let name = running.projection.name();
            let owner = owners.get(name).copied().unwrap_or_default();
            if running.other.0 != owner {
                running.other = (owner, Instant::now());
            }
            // A process that holds the file lock need not wait for a lease to end.
            let ownership =
                self.owners.as_mut().and_then(|owners| owners.get_mut(running.projection.tables().projection));
            let mut takeover = takeover;
            if let Some(ownership) = ownership {
                if !ownership.take()? {
                    if !std::mem::replace(&mut running.is_told_to_wait, true) {
                        info!(projection = name, "{} works on {name}; standing by until it ends", ownership.owner());
                    }
                    continue;
                }
                takeover = Takeover::AtOnce;
            }
            running.is_told_to_wait = false;
            let is_free = owner.has_released() || running.other.1.elapsed() >= LEASE || takeover == Takeover::AtOnce;
            if !is_free {
                continue;
            }
            match checkpoints::claim(&self.tables, name, owner, self.clock.now(), self.address.as_deref()).await {
                Ok(Some(claim)) => {
                    running.own(&self.tables, claim).await?;
                    self.rates.begin(&*running.projection, claim.checkpoint);
                    info!(projection = name, term = claim.term, "owns {name} from position {}", claim.checkpoint);
                }
                Ok(None) => {}
                // A lock on the row means that the owner is alive.
                Err(cause) if takeover == Takeover::WhenSilent => debug!(%cause, "{name} is not free: {cause}"),
                Err(cause) => return Err(cause),
            }
        }
        self.take_up_rebuilds(&owners);
        Ok(())
    }

    /// Gives up a projection that another projector has taken over; it may come back.
    pub(super) fn stand_by(&mut self, name: &str) {
        warn!(projection = name, "another projector has taken over {name}");
        self.beat_at = self.beat_at.min(Instant::now() + HEARTBEAT);
        for running in self.running.iter_mut().filter(|running| running.projection.name() == name) {
            running.claim = None;
            running.other.1 = Instant::now();
        }
    }

    /// Releases what is owned, so that others take over at once.
    pub async fn release(&self) -> Result<(), RunError> {
        let mut tx = self.tables.begin_to_write().await?;
        for running in &self.running {
            if let Some(claim) = running.claim {
                checkpoints::release(&mut tx, running.projection.name(), claim).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// What is owned, each with the term of this owner.
    pub(super) fn owned_terms(&self) -> Vec<(&'static str, i64)> {
        let term = |running: &Running| Some((running.projection.name(), running.claim?.term));
        self.running.iter().filter_map(term).collect()
    }

    fn heartbeat(&self) -> Duration {
        let is_owner = self.owners.is_some() && self.running.iter().all(|running| running.claim.is_some());
        if is_owner { HEARTBEAT_SHOWN } else { HEARTBEAT }
    }

    pub(super) async fn beat(&mut self) -> Result<(), RunError> {
        if Instant::now() < self.beat_at {
            return Ok(());
        }
        self.claim_what_is_free(Takeover::WhenSilent).await?;
        self.beat_at = Instant::now() + self.heartbeat();
        let owned = self.owned_terms();
        let stored = checkpoints::beat_alone(&self.tables, &owned, self.clock.now()).await?;
        self.adopt_all(&owned, &stored).await?;
        let measured = self.measure().await;
        if measured.is_err() {
            // The next step tries again at once, so that it does not count as a success.
            self.beat_at = Instant::now();
        }
        measured
    }
}
