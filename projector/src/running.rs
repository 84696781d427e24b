//! One projection as its owner runs it: how far it is, what it has parked, and how it bisects after a failure.
//!
//! Always: a batch that cannot be applied is bisected, down to a single event, which is tried [`ATTEMPTS_MAX`] times
//! before it is parked; a failure of the store is told apart from one of the event, and parks nothing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fail::fail_point;
use futures_util::FutureExt as _;
use shared::log::{Hash, Recorded};
use shared::model::event::{self, DecodeError};
use shared::model::ids::Position;
use shared::runtime::tasks::panic_message;
use shared::sql::database::{Database, Transaction, is_about_values};

use crate::checkpoints::{Claim, Owner};
use crate::parking::{Parked, ToPark};
use crate::projection::{Batch, Fact, Policy, Projection};

/// How often a single event is tried before it is parked.
pub const ATTEMPTS_MAX: u32 = 4;
/// The pause before the second attempt; each further one is [`PAUSE_GROWS`] times as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const PAUSE_GROWS: u32 = 4;

/// An event of the log with what it says, if this code can decode it.
#[derive(Debug)]
pub struct Incoming {
    pub recorded: Recorded,
    pub fact: Result<Fact, DecodeError>,
}

impl From<Recorded> for Incoming {
    fn from(recorded: Recorded) -> Self {
        Self { fact: Fact::try_from(&recorded), recorded }
    }
}

#[derive(Debug)]
pub enum Unapplied {
    /// One of its events cannot be applied.
    Event(String),
    Store(sqlx::Error),
}

impl From<sqlx::Error> for Unapplied {
    fn from(cause: sqlx::Error) -> Self {
        match is_about_values(&cause) {
            true => Self::Event(cause.to_string()),
            false => Self::Store(cause),
        }
    }
}

/// The bisection after a failure: the projection takes turns alone, with small batches.
#[derive(Clone, Copy, Debug)]
struct Bisection {
    events_max: usize,
    attempts: u32,
    again_at: Instant,
}

/// What to do about a batch that could not be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again, perhaps with fewer events.
    TryAgain,
    Park {
        attempts: u32,
    },
    /// Stop in front of the event.
    Stop,
}

pub struct Running {
    pub projection: Arc<dyn Projection>,
    /// Nothing while another projector owns it.
    pub claim: Option<Claim>,
    /// Whether the log has the event at the checkpoint; not known after a takeover and after any failure.
    pub is_compared: bool,
    /// The other owner as last seen, and since when it has not changed: by this machine's clock, since clocks differ.
    pub other: (Owner, Instant),
    /// Whether it was logged that another process of this machine works on it.
    pub is_told_to_wait: bool,
    /// Why it stopped, if it did.
    pub failure: Option<String>,
    pub parked: Parked,
    bisection: Option<Bisection>,
    /// The number of its last turn, so that others come first.
    pub turn: u64,
}

/// What one projection does with a batch.
#[derive(Debug)]
pub struct Plan<'a> {
    /// To be applied.
    pub facts: Vec<&'a Fact>,
    /// To be parked, behind what is parked already.
    pub to_park: Vec<ToPark<'a>>,
    /// What is parked afterwards, if this changes it.
    pub parked: Option<Parked>,
}

impl Running {
    /// A projection that this process does not own.
    pub fn standing_by(projection: Arc<dyn Projection>) -> Self {
        Self {
            projection,
            claim: None,
            is_compared: false,
            other: (Owner::default(), Instant::now()),
            is_told_to_wait: false,
            failure: None,
            parked: Parked::default(),
            bisection: None,
            turn: 0,
        }
    }

    /// Takes the projection over from what is stored of it.
    pub async fn own(&mut self, tables: &Database, claim: Claim) -> Result<(), sqlx::Error> {
        self.parked = Parked::load(tables, self.projection.name()).await?;
        (self.claim, self.is_compared, self.failure, self.bisection) = (Some(claim), false, None, None);
        Ok(())
    }

    /// Nothing if another projector owns it, or it has stopped.
    pub fn checkpoint(&self) -> Option<Position> {
        self.claim.filter(|_| self.failure.is_none()).map(|claim| claim.checkpoint)
    }

    /// The size of its next batch, if it takes turns alone.
    pub fn alone(&self) -> Option<usize> {
        self.bisection.map(|bisection| bisection.events_max)
    }

    /// The earliest time of its next attempt.
    pub fn again_at(&self) -> Option<Instant> {
        self.bisection.map(|bisection| bisection.again_at)
    }

    /// Whether it may want this event, by the aggregate alone. An event of an unknown aggregate may be meant for any projection; but what a
    /// critical projection needs, it knows.
    fn may_want(&self, recorded: &Recorded) -> bool {
        let aggregate = recorded.kind.split('.').next().unwrap_or_default();
        let is_unknown = event::AGGREGATES.iter().all(|known| known.name != aggregate);
        let may_be_new = is_unknown && self.projection.policy() == Policy::BestEffort;
        may_be_new || self.projection.aggregates().contains(&aggregate)
    }

    /// Why it cannot decode an event that it wants and that need not wait, if so.
    pub fn unreadable(&self, incoming: &Incoming) -> Option<String> {
        let Incoming { recorded, fact } = incoming;
        let cause = fact.as_ref().err()?;
        let is_next = self.may_want(recorded)
            && !self.parked.is_discarded(recorded.position)
            && self.parked.in_front_of(recorded, None).is_none();
        is_next.then(|| cause.to_string())
    }

    /// What it does with a batch in which it can decode everything that it must.
    pub fn plan<'a>(&self, batch: &'a [Incoming]) -> Plan<'a> {
        let mut plan = Plan { facts: Vec::with_capacity(batch.len()), to_park: vec![], parked: None };
        for Incoming { recorded, fact } in batch {
            let parked = plan.parked.as_ref().unwrap_or(&self.parked);
            if !self.may_want(recorded) || parked.is_discarded(recorded.position) {
                continue;
            }
            let event = fact.as_ref().ok().map(|fact| &fact.event);
            if let Some(behind) = parked.in_front_of(recorded, event) {
                let cause = format!("waits for what is parked at position {behind}");
                plan.to_park.push(ToPark { recorded, behind: Some(behind), cause, attempts: 0 });
                let parked = plan.parked.get_or_insert_with(|| self.parked.clone());
                parked.hold(recorded.position, &recorded.stream, recorded.version, Some(behind));
            } else if let Ok(fact) = fact {
                plan.facts.push(fact);
            }
        }
        plan
    }

    /// Applies those of the facts that the projection wants; a panic of the projection counts as a failure of an event.
    pub async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), Unapplied> {
        let applying = async {
            poison(self.projection.name(), batch);
            let wanted = batch.facts.iter().filter(|fact| self.projection.is_wanted(&fact.event));
            let batch = Batch { facts: wanted.copied().collect(), ..*batch };
            self.projection.apply(tx, &batch).await
        };
        match AssertUnwindSafe(applying).catch_unwind().await {
            Ok(applied) => Ok(applied?),
            Err(panic) => Err(Unapplied::Event(format!(
                "the projection panicked: {}",
                panic_message(&*panic).unwrap_or("without words")
            ))),
        }
    }

    /// Halves the batch after a failure or, for a single event, counts the attempt. Says what to do next.
    pub fn stumble(&mut self, events: usize) -> Next {
        let attempts =
            self.bisection.filter(|_| events == 1).map_or(0, |bisection| bisection.attempts) + u32::from(events == 1);
        if attempts >= ATTEMPTS_MAX {
            return match self.projection.policy() {
                Policy::Critical => Next::Stop,
                Policy::BestEffort => Next::Park { attempts },
            };
        }
        let pause =
            if attempts == 0 { Duration::ZERO } else { unless_in_a_hurry(FIRST_PAUSE) * PAUSE_GROWS.pow(attempts - 1) };
        self.bisection =
            Some(Bisection { events_max: (events / 2).max(1), attempts, again_at: Instant::now() + pause });
        Next::TryAgain
    }

    /// Moves past a batch of so many events, to a position with its hash. The bisection grows its batches and ends at `usual`.
    pub fn advance(&mut self, (to, hash): (Position, Hash), events: usize, usual: usize) {
        self.claim = self.claim.map(|claim| Claim { checkpoint: to, hash: Some(hash), ..claim });
        let more = self.bisection.map(|bisection| Bisection {
            events_max: bisection.events_max.max(events) * 2,
            attempts: 0,
            ..bisection
        });
        self.bisection = more.filter(|bisection| bisection.events_max < usual);
    }
}

/// Lets a test choose an event that a projection cannot apply: `projector::apply=return(posts_1@13)`.
fn poison(projection: &str, batch: &Batch<'_>) {
    let Some(wanted) = asked_for() else { return };
    let is_poison = |fact: &&Fact| wanted.split('+').any(|one| one == format!("{projection}@{}", fact.position));
    if let Some(fact) = batch.facts.iter().copied().find(is_poison) {
        panic!("position {} is poison for {projection}", fact.position);
    }
}

/// The pause, or none in tests that are in a hurry.
pub fn unless_in_a_hurry(pause: Duration) -> Duration {
    fail_point!("projector::hurry", |_| Duration::ZERO);
    pause
}

fn asked_for() -> Option<String> {
    fail_point!("projector::apply", |argument| argument);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projections::graph::Graph;
    use crate::projections::hashtags::Hashtags;

    const HASH: Hash = [1; 32];

    #[test]
    fn what_fails_is_halved_until_it_is_alone_then_tried_again_and_parked() {
        let mut running = Running::standing_by(Arc::new(Hashtags));
        running.claim = Some(Claim { checkpoint: Position(10), hash: None, term: 1, served_from: Position(0) });
        assert_eq!(running.stumble(8), Next::TryAgain);
        assert_eq!(running.alone(), Some(4));
        assert_eq!(running.stumble(4), Next::TryAgain);
        assert_eq!(running.stumble(2), Next::TryAgain);
        assert_eq!(running.alone(), Some(1));
        let began = Instant::now();
        for attempt in 1..ATTEMPTS_MAX {
            assert_eq!(running.stumble(1), Next::TryAgain);
            let pause = running.again_at().expect("it waits") - began;
            assert!(pause >= FIRST_PAUSE * PAUSE_GROWS.pow(attempt - 1), "attempt {attempt} after {pause:?}");
        }
        assert_eq!(running.stumble(1), Next::Park { attempts: ATTEMPTS_MAX });
        running.advance((Position(11), HASH), 1, 8);
        assert_eq!(running.alone(), Some(2), "it goes on with care");
        running.advance((Position(13), HASH), 2, 8);
        running.advance((Position(17), HASH), 4, 8);
        assert_eq!(running.alone(), None, "and then as before");
        assert_eq!(running.checkpoint(), Some(Position(17)));
    }

    #[test]
    fn a_critical_projection_stops() {
        let mut running = Running::standing_by(Arc::new(Graph));
        let nexts: Vec<Next> = (0..ATTEMPTS_MAX).map(|_| running.stumble(1)).collect();
        assert_eq!(nexts.last(), Some(&Next::Stop));
        assert_eq!(nexts.iter().filter(|next| **next == Next::TryAgain).count(), 3);
    }
}
