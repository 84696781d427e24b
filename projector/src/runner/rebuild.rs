//! Rebuilds: a projection is filled again in shadow tables while the old ones serve, and then takes their place.
//!
//! Always: a rebuild has a name, a checkpoint and parked events of its own, and goes on after a crash where it was;
//! queries see the old rows until they see all of the new ones; those that wait for the end are told. Never here: how
//! the tables are swapped (see [`shared::tables::shadow`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fail::fail_point;
use shared::model::event::Event;
use shared::model::ids::Position;
use shared::sql::database::Transaction;
use shared::tables::{Tables, shadow};
use tokio::sync::oneshot;
use tokio::time::{sleep, sleep_until};
use tracing::{debug, info, warn};

use super::{RunError, Runner, Step};
use crate::checkpoints::{self, Owner};
use crate::crash::may_crash;
use crate::parking;
use crate::projection::{Batch, Policy, Projection};
use crate::running::Running;

/// The pause before the tables are swapped again, when a reader holds the old ones; it doubles each time.
const AGAIN: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// The pause between two steps of a rebuild that tools and tests drive, when there is nothing to do.
const IDLE: Duration = Duration::from_millis(10);

/// A projection that writes to its shadow tables.
struct Rebuild(Arc<dyn Projection>);

#[async_trait]
impl Projection for Rebuild {
    fn tables(&self) -> &'static Tables {
        self.0.tables()
    }

    fn name(&self) -> &'static str {
        self.tables().rebuild
    }

    fn aggregates(&self) -> &'static [&'static str] {
        self.0.aggregates()
    }

    fn is_wanted(&self, event: &Event) -> bool {
        self.0.is_wanted(event)
    }

    fn policy(&self) -> Policy {
        self.0.policy()
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        fail_point!("projector::rebuild");
        tx.use_shadow_tables(Some(self.tables().sections()));
        let applied = self.0.apply(tx, batch).await;
        tx.use_shadow_tables(None);
        applied
    }
}

/// How fast rebuilds progress, from which the time left is estimated.
#[derive(Clone, Debug, Default)]
pub struct Rates(Arc<Mutex<HashMap<&'static str, (Instant, Position)>>>);

impl Rates {
    fn all(&self) -> MutexGuard<'_, HashMap<&'static str, (Instant, Position)>> {
        // A poisoned lock is taken all the same: a pair is always whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records where a rebuild begins; other projections are not recorded.
    pub(super) fn begin(&self, projection: &dyn Projection, from: Position) {
        if projection.is_rebuild() {
            self.all().insert(projection.tables().projection, (Instant::now(), from));
        }
    }

    /// The estimated time from a checkpoint to the head; nothing before there was any progress.
    #[must_use]
    pub fn time_left(&self, projection: &str, checkpoint: Position, head: Position) -> Option<Duration> {
        let (began, from) = *self.all().get(projection)?;
        let done = u32::try_from(checkpoint.0 - from.0).ok().filter(|done| *done > 0)?;
        Some(began.elapsed().mul_f64((head.0 - checkpoint.0).max(0) as f64 / f64::from(done)))
    }
}

/// What waits for rebuilds, and for swapping their tables.
#[derive(Default)]
pub(super) struct Rebuilding {
    waiting: HashMap<&'static str, Vec<oneshot::Sender<Result<(), RunError>>>>,
    pub(super) again_at: Option<Instant>,
    /// The last pause before another try, and the reader that was named last.
    waited: Option<(Duration, Option<i64>)>,
}

impl Rebuilding {
    pub(super) fn wait(&mut self, projection: &'static str, done: oneshot::Sender<Result<(), RunError>>) {
        self.waiting.entry(projection).or_default().push(done);
    }

    /// A waiter may have gone away.
    fn tell(&mut self, projection: &str, outcome: impl Fn() -> Result<(), RunError>) {
        for done in self.waiting.remove(projection).unwrap_or_default() {
            let _ = done.send(outcome());
        }
    }
}

impl Runner {
    /// Goes on with rebuilds that another process began and left.
    pub(super) fn take_up_rebuilds(&mut self, owners: &HashMap<String, Owner>) {
        let of = |running: &Running| running.claim.is_some().then(|| running.projection.clone());
        for projection in self.running.iter().filter_map(of).collect::<Vec<_>>() {
            let name = projection.tables().rebuild;
            if owners.contains_key(name) && self.member(name).is_none() {
                info!(projection = projection.name(), "the rebuild of {} goes on", projection.name());
                self.running.push(Running::standing_by(Arc::new(Rebuild(projection))));
            }
        }
    }

    /// Drops rebuilds that another process has finished or cancelled.
    pub(super) fn forget_ended_rebuilds(&mut self, owners: &HashMap<String, Owner>) {
        self.running.retain(|running| {
            let projection = &running.projection;
            !projection.is_rebuild() || running.claim.is_some() || owners.contains_key(projection.name())
        });
    }

    pub(super) fn member(&self, name: &str) -> Option<usize> {
        self.running.iter().position(|running| running.projection.name() == name)
    }

    /// Begins a rebuild in shadow tables. Nothing when there is no such projection.
    pub(super) async fn begin_rebuild(&mut self, name: &str) -> Result<Option<&'static str>, RunError> {
        let Some((member, claim)) = self.owned(name)? else { return Ok(None) };
        let projection = self.running[member].projection.clone();
        let tables = projection.tables();
        let (name, name_anew) = (tables.projection, tables.rebuild);
        if self.member(name_anew).is_some() {
            return Err(RunError::Rebuilding(name));
        }
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name, claim).await?;
        checkpoints::forget(&mut tx, name_anew).await?;
        shadow::make(&mut tx, tables).await?;
        parking::begin_anew(&mut tx, name, name_anew).await?;
        tx.commit().await?;
        may_crash("projector::rebuild_begun");
        let mut anew = Running::standing_by(Arc::new(Rebuild(projection)));
        let claim = checkpoints::claim(&self.tables, name_anew, Owner::default(), self.clock.now(), None).await?;
        anew.own(&self.tables, claim.ok_or(RunError::Superseded(name))?).await?;
        self.rates.begin(&*anew.projection, Position(0));
        self.running.push(anew);
        info!(projection = name, "rebuilding {name} beside what serves");
        Ok(Some(name))
    }

    /// Rebuilds a projection, to its end: for tools and tests.
    pub async fn rebuild(&mut self, name: &str) -> Result<(), RunError> {
        let Some(name) = self.begin_rebuild(name).await? else { return Ok(()) };
        let (done, mut answered) = oneshot::channel();
        self.rebuilding.wait(name, done);
        loop {
            let step = self.step().await?;
            if let Ok(outcome) = answered.try_recv() {
                return outcome;
            }
            match step {
                Step::Done => {}
                Step::Waiting(until) => sleep_until(until.into()).await,
                Step::Idle => sleep(IDLE).await,
            }
        }
    }

    /// Cancels a rebuild; the old tables go on serving. False when there is none.
    pub(super) async fn cancel_rebuild(&mut self, name: &str) -> Result<bool, RunError> {
        let Some((member, claim)) = self.owned(name)? else { return Ok(false) };
        let tables = self.running[member].projection.tables();
        let (name, name_anew) = (tables.projection, tables.rebuild);
        let Some(anew) = self.member(name_anew) else { return Ok(false) };
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name, claim).await?;
        checkpoints::forget(&mut tx, name_anew).await?;
        parking::forget(&mut tx, name_anew).await?;
        shadow::drop(&mut tx, tables).await?;
        tx.commit().await?;
        self.end_rebuild(name, anew, || Err(RunError::Cancelled(name)));
        warn!(projection = name, "the rebuild of {name} was cancelled");
        Ok(true)
    }

    fn end_rebuild(&mut self, name: &'static str, anew: usize, outcome: impl Fn() -> Result<(), RunError>) {
        self.running.remove(anew);
        self.rates.all().remove(name);
        self.rebuilding.tell(name, outcome);
    }

    /// Swaps the tables of a rebuild that has reached the checkpoint of what serves. Whether one was swapped.
    pub(super) async fn let_rebuilt_take_over(&mut self) -> Result<bool, RunError> {
        if self.rebuilding.again_at.is_some_and(|again_at| again_at > Instant::now()) {
            return Ok(false);
        }
        let has_come = |at: &usize| {
            let anew = self.running[*at].checkpoint().filter(|_| self.running[*at].is_compared);
            let old = self.served_by(*at).and_then(|old| self.running[old].claim);
            anew.zip(old).is_some_and(|(anew, old)| anew >= old.checkpoint)
        };
        let Some(anew) = (0..self.running.len()).find(has_come) else { return Ok(false) };
        let Some(old) = self.served_by(anew) else { return Ok(false) };
        match self.take_over(anew, old).await {
            Ok(()) => {
                self.rebuilding.waited = None;
                Ok(true)
            }
            Err(RunError::Tables(cause)) if is_busy(&cause) => {
                self.wait_for_readers(anew, &cause).await?;
                Ok(false)
            }
            Err(cause) => Err(cause),
        }
    }

    /// Sets the time of the next try, and names the reader that holds the old tables once.
    async fn wait_for_readers(&mut self, anew: usize, cause: &sqlx::Error) -> Result<(), RunError> {
        let tables = self.running[anew].projection.tables();
        let name = tables.projection;
        let reader = shadow::reader(&self.tables, tables).await?;
        let (pause, told) = match self.rebuilding.waited {
            Some((pause, told)) => ((pause * 2).min(AGAIN_MAX), told),
            None => (AGAIN, None),
        };
        match reader.filter(|pid| told != Some(*pid)) {
            Some(pid) => info!(
                projection = name,
                pid, "{name} is rebuilt, and waits for process {pid} of the server, which reads the old tables"
            ),
            None => debug!(projection = name, %cause, "readers stay: {cause}"),
        }
        self.rebuilding.again_at = Some(Instant::now() + pause);
        self.rebuilding.waited = Some((pause, reader.or(told)));
        Ok(())
    }

    /// The projection that serves while this rebuild is filled; nothing if this is no rebuild.
    fn served_by(&self, anew: usize) -> Option<usize> {
        let projection = &self.running[anew].projection;
        projection.is_rebuild().then(|| self.member(projection.tables().projection))?
    }

    async fn take_over(&mut self, anew: usize, old: usize) -> Result<(), RunError> {
        let (Some(claim), Some(claim_anew)) = (self.running[old].claim, self.running[anew].claim) else {
            return Ok(());
        };
        let (name, name_anew) = (self.running[old].projection.name(), self.running[anew].projection.name());
        let (from, to) = (claim.checkpoint, claim_anew.checkpoint);
        // Without a hash it was never compared with the log, so it cannot have caught up.
        let Some(hash) = claim_anew.hash else { return Ok(()) };
        let reached = (to, hash);
        let mut tx = self.tables.begin_to_write().await?;
        self.still_ours(&mut tx, name_anew, claim_anew).await?;
        shadow::take_over(&mut tx, self.running[old].projection.tables()).await?;
        self.advance(&mut tx, &[old], from, reached).await?;
        checkpoints::note_failure(&mut tx, name, claim, None).await?;
        checkpoints::forget(&mut tx, name_anew).await?;
        parking::take_over(&mut tx, name, name_anew).await?;
        may_crash("projector::taking_over");
        tx.commit().await?;
        may_crash("projector::taken_over");
        let parked = std::mem::take(&mut self.running[anew].parked);
        let serving = &mut self.running[old];
        serving.advance(reached, 1, self.batch_events_max);
        (serving.parked, serving.failure) = (parked, None);
        self.end_rebuild(name, anew, || Ok(()));
        info!(projection = name, position = to.0, "rebuilt {name} up to position {to}");
        Ok(())
    }
}

/// Whether the swap did not get its locks in time.
fn is_busy(cause: &sqlx::Error) -> bool {
    /// `lock_not_available` and `deadlock_detected`.
    const BUSY: [&str; 2] = ["55P03", "40P01"];
    cause.as_database_error().and_then(|refused| refused.code()).is_some_and(|code| BUSY.contains(&&*code))
}
