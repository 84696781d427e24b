//! How far the projections are, and waiting until they are further.
//!
//! Always: one task reads the checkpoints, whoever waits is told once, when what it waits for is there, and nobody else is
//! woken for that; a process that drains tells all who wait. Never here: the checkpoints' writing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tracing::warn;

use crate::database::Database;
use crate::errors::{ErrorReason, RETRY_DELAY, Refused};
use crate::ids::Position;
use crate::patience::time_to_answer;
use crate::serve::time_allowed;
use crate::sql::statements;
use crate::wake::Listener;

/// How long a call waits at most, and when its client set no deadline.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How long to wait before the checkpoints are read again after that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

statements! {
    /// Nobody asks those that are still being filled.
    static SELECT_CHECKPOINTS = "SELECT name, checkpoint FROM projections WHERE substr(name, 1, 5) <> 'next_'";
}

/// Names of projections; none stands for all there are.
pub type Names = &'static [&'static str];

/// How far each projection is, as last seen.
pub type Checkpoints = Arc<HashMap<String, Seen>>;

/// The checkpoint of one projection.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    position: Position,
    /// When it got there, as far as this process saw.
    since: Instant,
}

/// The checkpoints of a store, as they move.
#[derive(Clone)]
pub struct Progress {
    checkpoints: watch::Receiver<Checkpoints>,
    waiting: Arc<Waiting>,
}

/// Progress that is watched from the first time that somebody asks for it.
pub type ProgressOnDemand = LazyLock<Progress, Box<dyn FnOnce() -> Progress + Send>>;

/// Why somebody waited in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The time ran out.
    Behind(Behind),
    /// The process drains.
    ShuttingDown,
}

/// The projection that is furthest behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Its name; empty when none was seen yet.
    pub projection: String,
    /// Where it is.
    pub checkpoint: Position,
    /// How long it has been there, as far as this process saw.
    pub since: Duration,
}

impl Progress {
    /// Watches the checkpoints of these tables, once they are open, until `drain` is cancelled or nobody listens.
    pub fn watch(
        tables: impl Future<Output = Database> + Send + 'static,
        wake: Listener,
        drain: CancellationToken,
    ) -> Self {
        let (seen, checkpoints) = watch::channel(Checkpoints::default());
        let waiting = Arc::new(Waiting::default());
        tokio::spawn({
            let waiting = waiting.clone();
            async move {
                let Some(tables) = drain.run_until_cancelled(tables).await else { return waiting.close() };
                watch_checkpoints(&tables, wake, &seen, &waiting, &drain).await;
                waiting.close();
            }
        });
        Self { checkpoints, waiting }
    }

    /// The checkpoints as they change; closed when the process drains.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Checkpoints> {
        self.checkpoints.clone()
    }

    /// Returns when all of these projections have reached a position, in time for the deadline of the call with this metadata.
    ///
    /// # Errors
    /// When they have not, or the process drains.
    pub async fn reach(&self, names: Names, position: Position, metadata: &MetadataMap) -> Result<(), Unreached> {
        let allowed = time_allowed(metadata.as_ref().get("grpc-timeout")).unwrap_or(WAIT_MAX).min(WAIT_MAX);
        // First in the queue and then looked, so that a checkpoint in between is not missed.
        let place = self.waiting.queue(names, position);
        if lowest(&self.checkpoints.borrow(), names).1 >= position {
            return Ok(());
        }
        match timeout(time_to_answer(allowed), place.told).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unreached::ShuttingDown),
            Err(_) => {
                let seen = self.checkpoints.borrow();
                let (projection, checkpoint) = lowest(&seen, names);
                let since = seen.get(&projection).map(|seen| seen.since.elapsed()).unwrap_or_default();
                Err(Unreached::Behind(Behind { projection, checkpoint, since }))
            }
        }
    }
}

impl Behind {
    /// The refusal of whoever waited for a position in vain.
    #[must_use]
    pub fn refused(&self, code: Code, reason: ErrorReason, required: Position) -> Refused {
        let Self { projection, checkpoint, since } = self;
        let (lag, seconds) = (required.0 - checkpoint.0, since.as_secs());
        let message =
            format!("projection {projection} is {lag} events behind what was asked for, and moved {seconds} s ago");
        let refused = Refused::new(code, reason, message);
        let refused = refused.with("projection", projection).with("checkpoint", checkpoint);
        refused.with("required", required).with("lag_events", lag).with("lag_seconds", seconds).retry_after(RETRY_DELAY)
    }
}

/// What is told when the process drains.
#[must_use]
pub fn shutting_down() -> Status {
    let refused = Refused::new(Code::Unavailable, ErrorReason::ShuttingDown, "the server is shutting down");
    refused.retry_after(RETRY_DELAY).into()
}

/// The projection that is furthest behind of these, or of all when none is named, and where it is.
#[must_use]
pub fn lowest(seen: &Checkpoints, names: Names) -> (String, Position) {
    let position_of = |name: &str| seen.get(name).map(|seen| seen.position).unwrap_or_default();
    let furthest = match names {
        [] => seen.iter().map(|(name, seen)| (name.as_str(), seen.position)).min_by_key(|(_, checkpoint)| *checkpoint),
        names => names.iter().map(|name| (*name, position_of(name))).min_by_key(|(_, checkpoint)| *checkpoint),
    };
    furthest.map(|(name, checkpoint)| (name.to_owned(), checkpoint)).unwrap_or_default()
}

/// Those who wait, by what they wait for.
#[derive(Default)]
struct Waiting(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    by_names: HashMap<Names, BTreeMap<(Position, u64), oneshot::Sender<()>>>,
    /// Tells apart those who wait for the same.
    next: u64,
    is_closed: bool,
}

/// One who waits; whoever stops waiting leaves the queue.
struct Place {
    told: oneshot::Receiver<()>,
    _leaves: Leaves,
}

struct Leaves {
    waiting: Arc<Waiting>,
    names: Names,
    key: (Position, u64),
}

impl Drop for Leaves {
    fn drop(&mut self) {
        if let Some(queue) = self.waiting.lock().by_names.get_mut(self.names) {
            queue.remove(&self.key);
        }
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(self: &Arc<Self>, names: Names, position: Position) -> Place {
        let (tell, told) = oneshot::channel();
        let mut queues = self.lock();
        queues.next += 1;
        let key = (position, queues.next);
        if !queues.is_closed {
            queues.by_names.entry(names).or_default().insert(key, tell);
        }
        Place { told, _leaves: Leaves { waiting: self.clone(), names, key } }
    }

    /// Tells those whose position was reached, and only those.
    fn tell(&self, seen: &Checkpoints) {
        for (names, queue) in &mut self.lock().by_names {
            let (_, reached) = lowest(seen, names);
            let still_waiting = queue.split_off(&(reached.next(), 0));
            for (_, tell) in std::mem::replace(queue, still_waiting) {
                // Whoever has gone away need not know.
                let _ = tell.send(());
            }
        }
    }

    fn close(&self) {
        let mut queues = self.lock();
        queues.is_closed = true;
        queues.by_names.clear();
    }
}

async fn watch_checkpoints(
    tables: &Database,
    mut wake: Listener,
    seen: &watch::Sender<Checkpoints>,
    waiting: &Waiting,
    drain: &CancellationToken,
) {
    while !drain.is_cancelled() && !seen.is_closed() {
        match read_checkpoints(tables).await {
            Ok(checkpoints) => {
                if seen.send_if_modified(|last| note(last, checkpoints)) {
                    waiting.tell(&seen.borrow());
                }
            }
            Err(cause) => {
                warn!(%cause, "the checkpoints could not be read: {cause}");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        wake.wait().await;
    }
}

/// True when something has moved.
fn note(last: &mut Checkpoints, checkpoints: HashMap<String, Position>) -> bool {
    let position_of = |name: &String| last.get(name).map(|seen| seen.position);
    if checkpoints.iter().all(|(name, position)| position_of(name) == Some(*position)) {
        return false;
    }
    let now = Instant::now();
    let seen = |(name, position): (String, Position)| {
        let unmoved = last.get(&name).filter(|seen| seen.position == position).copied();
        (name, unmoved.unwrap_or(Seen { position, since: now }))
    };
    *last = Arc::new(checkpoints.into_iter().map(seen).collect());
    true
}

async fn read_checkpoints(tables: &Database) -> Result<HashMap<String, Position>, sqlx::Error> {
    let rows = tables.rows(&SELECT_CHECKPOINTS, &[]).await?;
    rows.iter().map(|row| Ok((row.get("name")?, Position(row.get("checkpoint")?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(all: &[(&str, i64)]) -> Checkpoints {
        let since = Instant::now();
        let seen = |position| Seen { position: Position(position), since };
        Arc::new(all.iter().map(|(name, position)| ((*name).to_owned(), seen(*position))).collect())
    }

    #[test]
    fn who_waits_is_told_once_its_projections_are_there_and_nobody_else_is() {
        let waiting = Arc::new(Waiting::default());
        let mut places: Vec<Place> = (1..=10_000).map(|position| waiting.queue(&["a"], Position(position))).collect();
        let mut of_both = waiting.queue(&["a", "b"], Position(1));
        let mut of_all = waiting.queue(&[], Position(1));
        waiting.tell(&seen(&[("a", 3), ("b", 0)]));
        let told = places.iter_mut().filter_map(|place| place.told.try_recv().ok()).count();
        assert_eq!(told, 3);
        assert!(of_both.told.try_recv().is_err() && of_all.told.try_recv().is_err());
        waiting.tell(&seen(&[("a", 3), ("b", 2)]));
        assert!(of_both.told.try_recv().is_ok() && of_all.told.try_recv().is_ok());
        assert_eq!(waiting.lock().by_names[&["a"][..]].len(), 9_997);
        drop(places);
        assert!(waiting.lock().by_names.values().all(BTreeMap::is_empty), "whoever stops waiting leaves");
    }

    #[test]
    fn who_waits_when_the_process_drains_is_told() {
        let waiting = Arc::new(Waiting::default());
        let (mut before, _) = (waiting.queue(&["a"], Position(1)), waiting.close());
        let mut after = waiting.queue(&["a"], Position(1));
        for place in [&mut before, &mut after] {
            assert_eq!(place.told.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        }
    }
}
