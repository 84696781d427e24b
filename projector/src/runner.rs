//! The runner: it pulls the next events and gives them to the projections.
//!
//! Always: effects and checkpoint commit together; projections at the same checkpoint share one read and one
//! transaction; the one that is furthest behind goes first; a wake-up only ends the sleep. An event that cannot be read
//! stops the projections in front of it, with the position and the cause, and is never skipped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::metrics::{gauge, histogram};
use shared::clock::Clock;
use shared::database::Database;
use shared::event::DecodeError;
use shared::ids::Position;
use shared::log::{EventLog, ReadError};
use shared::metrics;
use shared::postgres::TABLES_CHANNEL;
use shared::wake::{Wake, changed_or_polled};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::checkpoints::{self, Claim, LEASE, Owner};
use crate::projection::{Fact, Projection};

/// How often an idle projector says that it is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// A rebuild says how far it is about this often.
const PROGRESS: Duration = Duration::from_secs(5);

/// Why the runner cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another projector owns the tables now.
    #[error("another projector has taken over {0}")]
    Superseded(&'static str),
    /// Another projector owns the projection, and must be asked.
    #[error("another projector owns {0}; ask that one")]
    StandingBy(&'static str),
    /// The process is asked to stop; the old rows stay.
    #[error("the projector is stopping")]
    Stopping,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The log holds an event that this code does not know.
    #[error(transparent)]
    Undecoded(#[from] DecodeError),
    /// The read tables failed.
    #[error("the read tables failed: {0}")]
    Tables(#[from] sqlx::Error),
}

/// A request to fill a projection again, and where the answer goes.
pub(crate) struct Rebuild {
    pub name: String,
    pub done: oneshot::Sender<Result<(), String>>,
}

/// When a projector becomes the owner of projections that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// When it starts: on one machine, whoever comes last is meant. The one before stops.
    AtOnce,
    /// When the owner has said that it stops, or has said nothing for [`LEASE`]. Whoever loses a projection stands by.
    WhenSilent,
}

/// A projection, and how far it is.
struct Running {
    projection: Arc<dyn Projection>,
    /// Nothing while another projector owns it.
    claim: Option<Claim>,
    /// The other owner as last seen, and since when it has not changed: by this machine's clock, since clocks differ.
    other: (Owner, Instant),
    /// Why it stopped, if it did.
    failure: Option<String>,
}

/// The loop that projects.
pub(crate) struct Runner {
    log: Arc<dyn EventLog>,
    tables: Database,
    clock: Arc<dyn Clock>,
    running: Vec<Running>,
    takeover: Takeover,
    batch_events_max: usize,
    progress: Wake,
    beaten_at: Instant,
}

impl Runner {
    /// Becomes the owner of those projections that it may have now.
    pub async fn claim(
        log: Arc<dyn EventLog>,
        tables: Database,
        clock: Arc<dyn Clock>,
        projections: Vec<Arc<dyn Projection>>,
        takeover: Takeover,
        batch_events_max: usize,
        progress: Wake,
    ) -> Result<Self, sqlx::Error> {
        let now = Instant::now();
        let stands_by = |projection| Running { projection, claim: None, other: (Owner::default(), now), failure: None };
        let running = projections.into_iter().map(stands_by).collect();
        let mut runner = Self { log, tables, clock, running, takeover, batch_events_max, progress, beaten_at: now };
        runner.claim_what_is_free(takeover).await?;
        // Somebody's heartbeat may come in between.
        while takeover == Takeover::AtOnce && runner.running.iter().any(|running| running.claim.is_none()) {
            runner.claim_what_is_free(takeover).await?;
        }
        Ok(runner)
    }

    /// Becomes the owner of the projections whose owner may be replaced.
    async fn claim_what_is_free(&mut self, takeover: Takeover) -> Result<(), sqlx::Error> {
        if self.running.iter().all(|running| running.claim.is_some()) {
            return Ok(());
        }
        let owners = checkpoints::owners(&self.tables).await?;
        for running in self.running.iter_mut().filter(|running| running.claim.is_none()) {
            let name = running.projection.name();
            let owner = owners.get(name).copied().unwrap_or_default();
            if running.other.0 != owner {
                running.other = (owner, Instant::now());
            }
            let is_free = owner.has_released() || running.other.1.elapsed() >= LEASE || takeover == Takeover::AtOnce;
            if !is_free {
                continue;
            }
            match checkpoints::claim(&self.tables, name, owner, self.clock.now()).await {
                Ok(claim) => running.claim = claim,
                // Whoever works on it at this moment is alive.
                Err(cause) if takeover == Takeover::WhenSilent => debug!(%cause, "{name} is not free: {cause}"),
                Err(cause) => return Err(cause),
            }
            if let Some(claim) = running.claim {
                running.failure = None;
                info!(projection = name, term = claim.term, "owns {name} from position {}", claim.checkpoint);
            }
        }
        Ok(())
    }

    /// Projects until drained, or until another projector takes over.
    pub async fn run(
        mut self,
        mut rebuilds: mpsc::Receiver<Rebuild>,
        drain: CancellationToken,
    ) -> Result<(), RunError> {
        let mut moved = self.log.moved();
        while !drain.is_cancelled() {
            while let Ok(rebuild) = rebuilds.try_recv() {
                self.answer_rebuild(rebuild, &drain).await;
            }
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(RunError::Superseded(name)) if self.takeover == Takeover::WhenSilent => self.stand_by(name),
                Err(superseded @ RunError::Superseded(_)) => return Err(superseded),
                Err(cause) => {
                    error!(%cause, "the projector pauses: {cause}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
            tokio::select! {
                () = changed_or_polled(&mut moved) => {}
                () = drain.cancelled() => {}
            }
        }
        if self.takeover == Takeover::WhenSilent {
            self.release().await?;
        }
        info!("the projector has stopped");
        Ok(())
    }

    /// Another projector has taken this one over; it may come back.
    fn stand_by(&mut self, name: &str) {
        warn!(projection = name, "another projector has taken over {name}");
        for running in self.running.iter_mut().filter(|running| running.projection.name() == name) {
            running.claim = None;
            running.other.1 = Instant::now();
        }
    }

    /// Lets others go on at once.
    pub async fn release(&self) -> Result<(), RunError> {
        let mut tx = self.tables.begin_to_write().await?;
        for running in &self.running {
            if let Some(claim) = running.claim {
                checkpoints::release(&mut tx, running.projection.name(), claim).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Gives the next batch to the projections that are furthest behind. False when there is nothing to do.
    pub async fn step(&mut self) -> Result<bool, RunError> {
        self.beat().await?;
        let Some(checkpoint) = self.lowest_checkpoint() else { return Ok(false) };
        let recorded = self.log.read(checkpoint, self.batch_events_max).await?;
        if recorded.is_empty() {
            return Ok(false);
        }
        let mut batch = Vec::with_capacity(recorded.len());
        for recorded in &recorded {
            match Fact::try_from(recorded) {
                Ok(fact) => batch.push(fact),
                // What came before it goes on; the next step meets it first.
                Err(_) if !batch.is_empty() => break,
                Err(cause) => {
                    self.stop_before(checkpoint, &format!("position {}: {cause}", recorded.position)).await?;
                    return Ok(true);
                }
            }
        }
        self.apply(checkpoint, &batch).await?;
        self.progress.wake();
        Ok(true)
    }

    fn lowest_checkpoint(&self) -> Option<Position> {
        let going = self.running.iter().filter(|running| running.failure.is_none());
        going.filter_map(|running| Some(running.claim?.checkpoint)).min()
    }

    /// One transaction: the effects of the batch on every projection at this checkpoint, and their new checkpoint.
    async fn apply(&mut self, checkpoint: Position, batch: &[Fact]) -> Result<(), RunError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let (to, now) = (last.position, self.clock.now());
        let started = Instant::now();
        let mut tx = self.tables.begin_to_write().await?;
        let is_next = |running: &&mut Running| {
            running.failure.is_none() && running.claim.is_some_and(|claim| claim.checkpoint == checkpoint)
        };
        // First of all, since whoever else wants the same rows waits here, and finds that it is late.
        let next = self.running.iter_mut().filter(is_next);
        let terms: Vec<_> = next.filter_map(|running| Some((running.projection.name(), running.claim?.term))).collect();
        if let Some(name) = checkpoints::advance(&mut tx, &terms, checkpoint, to, now).await? {
            return Err(RunError::Superseded(name));
        }
        for running in self.running.iter_mut().filter(is_next) {
            running.projection.apply(&mut tx, batch).await?;
        }
        tx.notify(TABLES_CHANNEL).await?;
        tx.commit().await?;
        for running in self.running.iter_mut().filter(is_next) {
            running.claim = running.claim.map(|claim| Claim { checkpoint: to, ..claim });
        }
        histogram!(metrics::PROJECTION_BATCH_SECONDS).record(started.elapsed());
        debug!(position = to.0, events = batch.len(), elapsed = ?started.elapsed(), "projected up to {to}");
        Ok(())
    }

    /// What the metrics say: how far each projection is, and how long its next event has been waiting.
    async fn measure(&self) -> Result<(), RunError> {
        let head = self.log.head().await?;
        for running in &self.running {
            let Some(Claim { checkpoint, .. }) = running.claim else { continue };
            let name = running.projection.name();
            let next = if checkpoint < head { self.log.read(checkpoint, 1).await? } else { vec![] };
            let waiting = next.first().map_or(0, |event| (self.clock.now().0 - event.recorded_at.0).max(0));
            gauge!(metrics::PROJECTION_POSITION, "projection" => name).set(checkpoint.0 as f64);
            gauge!(metrics::PROJECTION_LAG_EVENTS, "projection" => name).set((head.0 - checkpoint.0).max(0) as f64);
            gauge!(metrics::PROJECTION_LAG_SECONDS, "projection" => name).set(waiting as f64 / 1e6);
        }
        Ok(())
    }

    async fn stop_before(&mut self, checkpoint: Position, failure: &str) -> Result<(), RunError> {
        let mut tx = self.tables.begin_to_write().await?;
        for running in &mut self.running {
            let Some(claim) = running.claim.filter(|claim| claim.checkpoint == checkpoint) else { continue };
            let name = running.projection.name();
            error!(projection = name, failure, "projection {name} has stopped: {failure}");
            checkpoints::note_failure(&mut tx, name, claim, Some(failure)).await?;
            running.failure = Some(failure.to_owned());
        }
        Ok(tx.commit().await?)
    }

    async fn beat(&mut self) -> Result<(), RunError> {
        if self.beaten_at.elapsed() < HEARTBEAT {
            return Ok(());
        }
        self.beaten_at = Instant::now();
        self.claim_what_is_free(Takeover::WhenSilent).await?;
        let mut tx = self.tables.begin_to_write().await?;
        let owned = self.running.iter().filter_map(|running| Some((running.projection.name(), running.claim?.term)));
        if let Some(name) = checkpoints::beat(&mut tx, &owned.collect::<Vec<_>>(), self.clock.now()).await? {
            return Err(RunError::Superseded(name));
        }
        tx.commit().await?;
        self.measure().await
    }

    async fn answer_rebuild(&mut self, rebuild: Rebuild, drain: &CancellationToken) {
        let outcome = self.rebuild(&rebuild.name, drain).await.map_err(|cause| cause.to_string());
        if let Err(cause) = &outcome {
            warn!(projection = rebuild.name, %cause, "projection {} was not rebuilt: {cause}", rebuild.name);
        }
        self.progress.wake();
        // Whoever asked may have gone away; the rebuilt tables stay.
        let _ = rebuild.done.send(outcome);
    }

    /// Empties a projection and fills it again, in one transaction: readers see the old rows until the new ones are
    /// complete, and a crash on the way leaves the old ones.
    pub async fn rebuild(&mut self, name: &str, drain: &CancellationToken) -> Result<(), RunError> {
        let Some(running) = self.running.iter_mut().find(|running| running.projection.name() == name) else {
            return Ok(());
        };
        let projection = running.projection.clone();
        let claim = running.claim.ok_or(RunError::StandingBy(projection.name()))?;
        info!(projection = name, "rebuilding {name}");
        let mut tx = self.tables.begin_to_write().await?;
        let terms = [(projection.name(), claim.term)];
        if let Some(name) = checkpoints::beat(&mut tx, &terms, self.clock.now()).await? {
            return Err(RunError::Superseded(name));
        }
        tx.script(projection.reset()).await?;
        let (mut reached, mut told_at) = (Position(0), Instant::now());
        loop {
            let recorded = self.log.read(reached, self.batch_events_max).await?;
            let Some(last) = recorded.last() else { break };
            if drain.is_cancelled() {
                return Err(RunError::Stopping);
            }
            let facts = recorded.iter().map(Fact::try_from).collect::<Result<Vec<_>, _>>()?;
            projection.apply(&mut tx, &facts).await?;
            reached = last.position;
            if told_at.elapsed() >= PROGRESS {
                told_at = Instant::now();
                info!(projection = name, position = reached.0, "rebuilding {name}: at position {reached}");
            }
        }
        if let Some(name) = checkpoints::advance(&mut tx, &terms, claim.checkpoint, reached, self.clock.now()).await? {
            return Err(RunError::Superseded(name));
        }
        checkpoints::note_failure(&mut tx, projection.name(), claim, None).await?;
        tx.commit().await?;
        running.claim = Some(Claim { checkpoint: reached, ..claim });
        running.failure = None;
        info!(projection = name, position = reached.0, "rebuilt {name} up to position {reached}");
        Ok(())
    }
}
