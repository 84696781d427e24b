//! The runner: it pulls the next events and gives them to the projections.
//!
//! Always: effects and checkpoint are committed together; projections at the same checkpoint share one read and one
//! transaction; those at different ones take turns, and none passes another, so that they meet; a wake-up only ends the
//! sleep. An event that a projection cannot apply is parked or stops it, and is never skipped; one that breaks the hash
//! chain stops all of them.

mod history;
mod measures;
mod orders;
mod owning;
mod rebuild;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::metrics::histogram;
use shared::log::{EventLog, Hash, ReadError, Recorded, chain};
use shared::model::clock::{Clock, Timestamp};
use shared::model::ids::Position;
use shared::runtime::file_locks::Owners;
use shared::runtime::metrics;
use shared::runtime::ready::Readiness;
use shared::runtime::wake::Wake;
use shared::sql::database::{Database, Transaction};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::breaker::Breaker;
use crate::checkpoints;
use crate::crash::may_crash;
use crate::parking::{self, ToPark};
use crate::projection::{Batch, Projection};
use crate::running::{Incoming, Next, Running, Unapplied, unless_in_a_hurry};

pub use self::orders::Retried;
pub(crate) use self::orders::{Done, Order};
pub use self::owning::HEARTBEAT;
pub use self::rebuild::Rates;
use self::rebuild::Rebuilding;

/// The pauses before the log is read again, when what was read does not continue the hash chain.
const REREADING: [Duration; 3] = [Duration::from_millis(10), Duration::from_millis(40), Duration::from_millis(160)];

/// Why the runner cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another projector owns the projection now.
    #[error("another projector has taken over {0}")]
    Superseded(&'static str),
    /// Another projector owns the projection, and must be asked.
    #[error("another projector owns {0}; ask that one")]
    StandingBy(&'static str),
    #[error("{0} is being rebuilt")]
    Rebuilding(&'static str),
    /// An operator cancelled the rebuild; the old tables go on serving.
    #[error("the rebuild of {0} was cancelled")]
    Cancelled(&'static str),
    #[error(transparent)]
    Log(#[from] ReadError),
    #[error("the read tables failed: {0}")]
    Tables(#[from] sqlx::Error),
}

/// When a projector becomes the owner of projections that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// When it starts, since nobody else can be at work: the owner before has ended, or stops.
    AtOnce,
    /// When the owner has released them, or its lease ([`LEASE`](checkpoints::LEASE)) has ended. A projector that loses
    /// a projection stands by.
    WhenSilent,
}

pub(crate) struct Runner {
    log: Arc<dyn EventLog>,
    tables: Database,
    clock: Arc<dyn Clock>,
    running: Vec<Running>,
    takeover: Takeover,
    /// Where operators reach this process.
    address: Option<String>,
    /// The file locks without which nothing is claimed, where processes share a folder.
    owners: Option<Owners>,
    batch_events_max: usize,
    progress: Wake,
    beat_at: Instant,
    breaker: Breaker,
    /// How many turns were taken.
    turns: u64,
    rebuilding: Rebuilding,
    rates: Rates,
    /// Whether what this process remembers of its projections is what is stored.
    is_trusted: bool,
    /// The newest event, and when it was recorded.
    newest: Option<(Position, Timestamp)>,
    /// Whether it was logged that this is in the future.
    clock_is_ahead: bool,
    ready: Option<Readiness>,
}

/// Projections at the same checkpoint, which share a batch.
struct Turn {
    checkpoint: Position,
    members: Vec<usize>,
    events_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more to do at once.
    Done,
    /// What there is to do must wait until then.
    Waiting(Instant),
    /// Nothing is to be done before the next wake-up.
    Idle,
}

impl Runner {
    /// A runner that owns those projections that it may claim now.
    pub async fn claim(
        log: Arc<dyn EventLog>,
        tables: Database,
        clock: Arc<dyn Clock>,
        projections: Vec<Arc<dyn Projection>>,
        (takeover, owners): (Takeover, Option<Owners>),
        (batch_events_max, address): (usize, Option<String>),
        progress: Wake,
    ) -> Result<Self, sqlx::Error> {
        let mut runner = Self {
            log,
            tables,
            clock,
            running: projections.into_iter().map(Running::standing_by).collect(),
            takeover,
            address,
            owners,
            batch_events_max,
            progress,
            beat_at: Instant::now() + HEARTBEAT,
            breaker: Breaker::default(),
            turns: 0,
            rebuilding: Rebuilding::default(),
            rates: Rates::default(),
            is_trusted: true,
            newest: None,
            clock_is_ahead: false,
            ready: None,
        };
        runner.claim_what_is_free(takeover).await?;
        runner.count_set_aside().await?;
        // A heartbeat of the owner before may have come in between.
        while takeover == Takeover::AtOnce && runner.running.iter().any(|running| running.claim.is_none()) {
            runner.claim_what_is_free(takeover).await?;
        }
        Ok(runner)
    }

    /// Projects until drained. With [`Takeover::AtOnce`], also until another projector takes over.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, drain: CancellationToken) -> Result<(), RunError> {
        let mut moved = self.log.moved();
        while !drain.is_cancelled() {
            while let Ok(order) = orders.try_recv() {
                self.obey(order).await;
            }
            let step = self.step().await;
            if let Some(ready) = &self.ready {
                ready.set("tables", step.as_ref().map(drop).map_err(ToString::to_string));
            }
            let until = match step {
                Ok(step) => {
                    if self.breaker.close() {
                        info!("the projector goes on");
                    }
                    match step {
                        Step::Done => continue,
                        Step::Waiting(until) => Some(until),
                        Step::Idle => None,
                    }
                }
                Err(RunError::Superseded(name)) if self.takeover == Takeover::WhenSilent => {
                    self.stand_by(name);
                    None
                }
                Err(superseded @ RunError::Superseded(_)) => return Err(superseded),
                Err(cause) => {
                    self.distrust();
                    let (pause, is_news) = self.breaker.open();
                    match is_news {
                        true => error!(%cause, "the projector pauses: {cause}"),
                        false => debug!(%cause, "the projector pauses still: {cause}"),
                    }
                    tokio::select! {
                        () = sleep(pause) => continue,
                        () = drain.cancelled() => break,
                    }
                }
            };
            let again_at = self.rebuilding.again_at.filter(|again_at| *again_at > Instant::now());
            let until = [until, again_at].into_iter().flatten().fold(self.beat_at, Instant::min);
            tokio::select! {
                () = moved.wait() => {}
                () = sleep_until(until.into()) => {}
                Some(order) = orders.recv() => self.obey(order).await,
                () = drain.cancelled() => {}
            }
        }
        if self.takeover == Takeover::WhenSilent {
            self.release().await?;
        }
        info!("the projector has stopped");
        Ok(())
    }

    /// Reports the outcome of every step to this readiness, as `tables`.
    pub fn tell(&mut self, ready: Readiness) {
        self.ready = Some(ready);
    }

    pub fn rates(&self) -> Rates {
        self.rates.clone()
    }

    /// Gives the next batch to those projections whose turn it is.
    pub async fn step(&mut self) -> Result<Step, RunError> {
        self.beat().await?;
        self.compare_with_log().await?;
        if self.let_rebuilt_take_over().await? {
            self.progress.wake();
            return Ok(Step::Done);
        }
        let mut soonest: Option<Instant> = None;
        for turn in self.next_turns() {
            let again_at = turn.members.iter().filter_map(|member| self.running[*member].again_at()).max();
            if let Some(again_at) = again_at.filter(|again_at| *again_at > Instant::now()) {
                soonest = Some(soonest.map_or(again_at, |soonest| soonest.min(again_at)));
                continue;
            }
            let recorded = self.log.read(turn.checkpoint, turn.events_max).await?;
            if recorded.is_empty() {
                self.serve_what_has_come(&turn).await?;
                continue;
            }
            may_crash("projector::read");
            self.take(turn, recorded).await?;
            self.progress.wake();
            may_crash("projector::published");
            return Ok(Step::Done);
        }
        Ok(soonest.map_or(Step::Idle, Step::Waiting))
    }

    /// Projections by checkpoint, those that have waited longest first.
    fn next_turns(&self) -> Vec<Turn> {
        let mut together: BTreeMap<(Position, Option<usize>), Vec<usize>> = BTreeMap::new();
        for (at, running) in self.running.iter().enumerate() {
            let Some(checkpoint) = running.checkpoint() else { continue };
            together.entry((checkpoint, running.alone().map(|_| at))).or_default().push(at);
        }
        let ahead = |checkpoint: Position| together.keys().map(|(other, _)| *other).find(|other| *other > checkpoint);
        let turn = |((checkpoint, _), members): (&(Position, Option<usize>), &Vec<usize>)| {
            let to_next = ahead(*checkpoint).and_then(|next| usize::try_from(next.0 - checkpoint.0).ok());
            let careful = members.iter().filter_map(|member| self.running[*member].alone()).min();
            let bounds = [Some(self.batch_events_max), to_next, careful];
            let events_max = bounds.into_iter().flatten().min().unwrap_or(self.batch_events_max);
            Turn { checkpoint: *checkpoint, members: members.clone(), events_max }
        };
        let mut turns: Vec<Turn> = together.iter().map(turn).collect();
        turns.sort_by_key(|turn| turn.members.iter().map(|member| self.running[*member].turn).max());
        turns
    }

    /// Gives the events that were read to the projections whose turn it is.
    async fn take(&mut self, mut turn: Turn, recorded: Vec<Recorded>) -> Result<(), RunError> {
        self.turns += 1;
        for member in &turn.members {
            self.running[*member].turn = self.turns;
        }
        let recorded = self.unbroken(&turn, recorded).await?;
        if recorded.is_empty() {
            if self.has_gone_back(&turn).await? {
                return Ok(());
            }
            let failure = format!("position {}: the hash chain is broken", turn.checkpoint.next());
            return self.stop(&turn.members, &failure).await;
        }
        let mut incoming: Vec<Incoming> = recorded.into_iter().map(Incoming::from).collect();
        // The events before one that a projection cannot read are applied first; the next turn begins with that one.
        let unreadable =
            |at: &usize| turn.members.iter().any(|one| self.running[*one].unreadable(&incoming[*at]).is_some());
        if let Some(readable) = (0..incoming.len()).find(unreadable) {
            incoming.truncate(readable.max(1));
        }
        for member in turn.members.clone() {
            if let Some(cause) = self.running[member].unreadable(&incoming[0]) {
                turn.members.retain(|other| *other != member);
                self.stumble(member, &incoming[..1], &cause).await?;
            }
        }
        if turn.members.is_empty() { Ok(()) } else { self.apply(&turn, &incoming).await }
    }

    /// The events that continue the hash chain. A read may have been wrong where the stored events are right, so the
    /// log is read again before it counts as damaged.
    async fn unbroken(&self, turn: &Turn, mut recorded: Vec<Recorded>) -> Result<Vec<Recorded>, RunError> {
        let mut pauses = REREADING.into_iter();
        loop {
            let whole = self.links(turn, &recorded);
            let Some(pause) = pauses.next().filter(|_| whole == 0) else {
                recorded.truncate(whole);
                return Ok(recorded);
            };
            warn!("the link after position {} is broken; the log is read again", turn.checkpoint);
            sleep(unless_in_a_hurry(pause)).await;
            recorded = self.log.read(turn.checkpoint, turn.events_max).await?;
        }
    }

    /// How many of these events continue the hash chain, from the checkpoint on.
    fn links(&self, turn: &Turn, recorded: &[Recorded]) -> usize {
        // Projections at the same checkpoint were compared with the same log.
        let claims = turn.members.iter().filter_map(|member| self.running[*member].claim);
        let mut previous = claims.filter_map(|claim| claim.hash).next().unwrap_or(chain::GENESIS);
        let follows = |event: &&Recorded| {
            let follows = chain::follows(previous, event);
            previous = event.hash;
            follows
        };
        recorded.iter().take_while(follows).count()
    }

    /// One transaction: the effects of the batch on every projection whose turn it is, and their new checkpoint.
    async fn apply(&mut self, turn: &Turn, incoming: &[Incoming]) -> Result<(), RunError> {
        let Some(last) = incoming.last() else { return Ok(()) };
        let (after, to, now) = (turn.checkpoint, last.recorded.position, self.clock.now());
        let reached = (to, last.recorded.hash);
        let started = Instant::now();
        let mut tx = self.tables.begin_to_write().await?;
        self.advance(&mut tx, &turn.members, after, reached).await?;
        may_crash("projector::advanced");
        let mut parked = Vec::new();
        for member in &turn.members {
            let running = &self.running[*member];
            let plan = running.plan(incoming);
            let batch = Batch { facts: plan.facts, after, checkpoint: to };
            match running.apply(&mut tx, &batch).await {
                Ok(()) => {}
                Err(Unapplied::Store(cause)) => return Err(cause.into()),
                Err(Unapplied::Event(cause)) => {
                    // The other projections take their turn without this one.
                    tx.roll_back().await?;
                    return self.stumble(*member, incoming, &cause).await;
                }
            }
            parking::park(&mut tx, running.projection.name(), &plan.to_park, now).await?;
            parked.push(plan.parked);
        }
        may_crash("projector::applied");
        tx.commit().await?;
        may_crash("projector::committed");
        for (member, parked) in turn.members.iter().zip(parked) {
            let running = &mut self.running[*member];
            running.advance(reached, incoming.len(), self.batch_events_max);
            running.parked = parked.unwrap_or_else(|| std::mem::take(&mut running.parked));
        }
        histogram!(metrics::PROJECTION_BATCH_SECONDS).record(started.elapsed());
        debug!(position = to.0, events = incoming.len(), elapsed = ?started.elapsed(), "projected up to {to}");
        Ok(())
    }

    /// Moves the checkpoints of projections from the same position. First in its transaction, since another owner that
    /// wants the same rows waits there, and finds that it is superseded.
    async fn advance(
        &self,
        tx: &mut Transaction,
        members: &[usize],
        from: Position,
        (to, hash): (Position, Hash),
    ) -> Result<(), RunError> {
        let running = members.iter().map(|member| &self.running[*member]);
        let terms: Vec<_> =
            running.filter_map(|running| Some((running.projection.name(), running.claim?.term))).collect();
        match checkpoints::advance(tx, &terms, from, (to, &hash), self.clock.now()).await? {
            Some(name) => Err(RunError::Superseded(name)),
            None => Ok(()),
        }
    }

    /// Decides about a batch that a projection could not apply: bisect, try again, park or stop.
    async fn stumble(&mut self, member: usize, incoming: &[Incoming], cause: &str) -> Result<(), RunError> {
        let running = &mut self.running[member];
        let name = running.projection.name();
        let Some(first) = incoming.first() else { return Ok(()) };
        let position = first.recorded.position;
        match running.stumble(incoming.len()) {
            Next::TryAgain => {
                warn!(projection = name, position = position.0, events = incoming.len(), cause, "{name} tries again");
                Ok(())
            }
            Next::Stop => self.stop(&[member], &format!("position {position}: {cause}")).await,
            Next::Park { attempts } => self.park(member, &first.recorded, cause, attempts).await,
        }
    }

    async fn park(&mut self, member: usize, event: &Recorded, cause: &str, attempts: u32) -> Result<(), RunError> {
        let (position, before) = (event.position, Position(event.position.0 - 1));
        let reached = (position, event.hash);
        let name = self.running[member].projection.name();
        let mut tx = self.tables.begin_to_write().await?;
        self.advance(&mut tx, &[member], before, reached).await?;
        let to_park = [ToPark { recorded: event, behind: None, cause: cause.to_owned(), attempts }];
        parking::park(&mut tx, name, &to_park, self.clock.now()).await?;
        may_crash("projector::parking");
        tx.commit().await?;
        may_crash("projector::parked");
        let running = &mut self.running[member];
        running.parked.hold(position, &event.stream, event.version, None);
        running.advance(reached, 1, self.batch_events_max);
        error!(projection = name, position = position.0, cause, "{name} has parked position {position}: {cause}");
        Ok(())
    }

    async fn stop(&mut self, members: &[usize], failure: &str) -> Result<(), RunError> {
        let mut tx = self.tables.begin_to_write().await?;
        for member in members {
            let running = &mut self.running[*member];
            let (Some(claim), name) = (running.claim, running.projection.name()) else { continue };
            error!(projection = name, failure, "projection {name} has stopped: {failure}");
            checkpoints::note_failure(&mut tx, name, claim, Some(failure)).await?;
            running.failure = Some(failure.to_owned());
        }
        Ok(tx.commit().await?)
    }
}
