//! Whether the tables are of the history that the log has.
//!
//! A log can lose its newest events: an older copy of its file is put back, or a PostgreSQL standby is promoted that
//! had not received them. Each checkpoint keeps the log's hash at its position, so that this is noticed.
//!
//! Always: a projection that was taken over, and everything that was stored before a failure, is read again and
//! compared with the log before anything is applied; tables of a history that is gone are never applied to: they are
//! set aside, where they stay until an operator releases them, and the projection is filled again from the first event
//! and answers no query before it has reached the head. Never here: damage, which is a hash chain that breaks after an
//! event that the log does have.

use std::collections::HashMap;

use ::metrics::gauge;
use shared::log::{Anchor, Hash, chain};
use shared::model::ids::Position;
use shared::runtime::metrics;
use shared::tables::{aside, shadow};
use tracing::{error, info, warn};

use super::{RunError, Runner, Turn};
use crate::checkpoints::{self, Claim};
use crate::crash::may_crash;
use crate::parking;

impl Runner {
    /// After a failure nothing is known of what is stored: a commit may have happened or not, and the database may be another one.
    pub(super) fn distrust(&mut self) {
        self.is_trusted = false;
    }

    /// Marks projections for comparison when the log's head shows that history went back, also while there is nothing to apply.
    pub(super) fn suspect_history(&mut self, head: Anchor) {
        for running in &mut self.running {
            let Some(Claim { checkpoint, hash: Some(hash), .. }) = running.claim else { continue };
            let is_gone = checkpoint > head.position;
            let is_another = checkpoint == head.position && Anchor::new(checkpoint, &hash) != head;
            running.is_compared &= !(is_gone || is_another);
        }
    }

    /// Goes on from what is stored, where that is not what this process remembers.
    async fn adopt(&mut self, stored: &HashMap<String, Claim>) -> Result<(), RunError> {
        for running in &mut self.running {
            let name = running.projection.name();
            let (Some(known), Some(found)) = (running.claim, stored.get(name)) else { continue };
            if known != *found {
                let (from, to) = (known.checkpoint, found.checkpoint);
                warn!(projection = name, position = to.0, "the tables of {name} are at position {to}, not at {from}");
                running.own(&self.tables, *found).await?;
            }
        }
        Ok(())
    }

    /// As [`Self::adopt`], for an answer that must have every projection that is owned: one that is missing has another owner.
    pub(super) async fn adopt_all(
        &mut self,
        owned: &[(&'static str, i64)],
        stored: &HashMap<String, Claim>,
    ) -> Result<(), RunError> {
        self.adopt(stored).await?;
        match owned.iter().find(|(name, _)| !stored.contains_key(*name)) {
            Some((name, _)) => Err(RunError::Superseded(name)),
            None => Ok(()),
        }
    }

    /// Reads again what is stored of every projection that is owned, and forgets that they were compared.
    async fn read_claims(&mut self) -> Result<(), RunError> {
        for running in &mut self.running {
            running.is_compared = false;
        }
        let owned = self.owned_terms();
        let stored = checkpoints::read(&self.tables, &owned).await?;
        self.adopt_all(&owned, &stored).await?;
        self.is_trusted = true;
        Ok(())
    }

    /// Compares every projection with the log that was not compared yet; sets tables aside that are of a lost history.
    pub(crate) async fn compare_with_log(&mut self) -> Result<(), RunError> {
        if !self.is_trusted {
            self.read_claims().await?;
        }
        let of = |at: &usize| self.running[*at].claim.filter(|_| !self.running[*at].is_compared);
        let uncompared: Vec<(usize, Claim)> = (0..self.running.len()).filter_map(|at| Some((at, of(&at)?))).collect();
        if uncompared.is_empty() {
            return Ok(());
        }
        let positions: Vec<Position> = uncompared.iter().map(|(_, claim)| claim.checkpoint).collect();
        let hashes = self.log.hashes_at(&positions).await?;
        for (member, claim) in uncompared {
            match (claim.hash, hashes.get(&claim.checkpoint)) {
                (Some(kept), Some(found)) if kept == *found => {}
                (None, Some(found)) => self.note_hash(member, claim, found).await?,
                _ => self.set_aside(member, claim).await?,
            }
            self.running[member].is_compared = true;
        }
        Ok(())
    }

    /// Whether a link that seemed broken leads to a history that is gone. If so, the projections are back where they can go on.
    pub(super) async fn has_gone_back(&mut self, turn: &Turn) -> Result<bool, RunError> {
        let claims = |runner: &Self| -> Vec<Option<Claim>> {
            turn.members.iter().map(|member| runner.running[*member].claim).collect()
        };
        let before = claims(self);
        self.distrust();
        self.compare_with_log().await?;
        Ok(claims(self) != before)
    }

    /// Lets projections at the end of the log answer queries, also where history went back once more and the log does
    /// not reach to where they were to be served from.
    pub(super) async fn serve_what_has_come(&mut self, turn: &Turn) -> Result<(), RunError> {
        for member in &turn.members {
            let running = &mut self.running[*member];
            let Some(claim) = running.claim.filter(|claim| claim.served_from > claim.checkpoint) else { continue };
            let name = running.projection.name();
            let mut tx = self.tables.begin_to_write().await?;
            checkpoints::serve(&mut tx, name, claim).await?;
            tx.commit().await?;
            running.claim = Some(Claim { served_from: claim.checkpoint, ..claim });
            info!(projection = name, position = claim.checkpoint.0, "{name} has all that the log has, and is served");
            self.progress.wake();
        }
        Ok(())
    }

    /// Stores the log's hash at a checkpoint that is older than these hashes.
    async fn note_hash(&mut self, member: usize, claim: Claim, hash: &Hash) -> Result<(), RunError> {
        let running = &mut self.running[member];
        let mut tx = self.tables.begin_to_write().await?;
        checkpoints::note_hash(&mut tx, running.projection.name(), claim, hash).await?;
        tx.commit().await?;
        running.claim = Some(Claim { hash: Some(*hash), ..claim });
        Ok(())
    }

    /// Sets the tables of a lost history aside, and fills the projection again from the first event.
    async fn set_aside(&mut self, member: usize, claim: Claim) -> Result<(), RunError> {
        let projection = &self.running[member].projection;
        let (name, tables) = (projection.name(), projection.tables());
        let is_rebuild = projection.is_rebuild();
        let (head, checkpoint) = (self.log.head().await?.position, claim.checkpoint);
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name, claim).await?;
        let begins_at = if is_rebuild {
            // Shadow tables never served, so they are made anew instead of being set aside.
            shadow::make(&mut tx, tables).await?;
            parking::forget(&mut tx, name).await?;
            Position(0)
        } else {
            let lost = aside::Lost { checkpoint, hash: claim.hash, log_head: head, at: self.clock.now() };
            let number = aside::set_aside(&mut tx, tables, &lost).await?;
            parking::take_over(&mut tx, &aside::name(number, name), name).await?;
            error!(
                projection = name,
                position = checkpoint.0,
                head = head.0,
                "events that were acknowledged are lost: {name} had applied position {checkpoint}, which the log, whose head is {head}, \
                 does not have; its tables are set aside, and it is filled again from the log. Compare them with what clients have, and \
                 then release them by `chirp projection release {name}`"
            );
            head
        };
        // First the old tables are moved away, so that those made in their place are empty.
        if !checkpoints::begin_again(&mut tx, name, claim, begins_at).await? {
            return Err(RunError::Superseded(name));
        }
        if !is_rebuild {
            aside::make_anew(&mut tx, tables).await?;
        }
        may_crash("projector::setting_aside");
        tx.commit().await?;
        may_crash("projector::set_aside");
        let claim = Claim { checkpoint: Position(0), hash: Some(chain::GENESIS), served_from: begins_at, ..claim };
        self.running[member].own(&self.tables, claim).await?;
        self.rates.begin(&*self.running[member].projection, Position(0));
        self.count_set_aside().await?;
        Ok(())
    }

    /// Sets the metric on which operators are alerted.
    pub(super) async fn count_set_aside(&self) -> Result<(), sqlx::Error> {
        let counts = aside::counts(&self.tables).await?;
        for running in self.running.iter().filter(|running| !running.projection.is_rebuild()) {
            let name = running.projection.name();
            let count = counts.get(name).copied().unwrap_or(0);
            gauge!(metrics::PROJECTION_SET_ASIDE, "projection" => name).set(f64::from(count));
        }
        Ok(())
    }

    /// Drops the tables that were set aside. Gives how many sets there were.
    pub(super) async fn release_set_aside(&mut self, name: &str) -> Result<u32, RunError> {
        let Some((member, claim)) = self.owned(name)? else { return Ok(0) };
        let tables = self.running[member].projection.tables();
        let name = tables.projection;
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name, claim).await?;
        let numbers = aside::release(&mut tx, tables).await?;
        for number in &numbers {
            parking::forget(&mut tx, &aside::name(*number, name)).await?;
        }
        tx.commit().await?;
        info!(projection = name, sets = numbers.len(), "{name}: what was set aside is released");
        self.count_set_aside().await?;
        Ok(u32::try_from(numbers.len()).unwrap_or(u32::MAX))
    }
}
