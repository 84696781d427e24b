//! How far the projections are, and waiting until they have reached a position.
//!
//! Always: one task reads the checkpoints; a waiter is woken once, when its position is reached, and no other waiter is
//! woken for that; a process that drains wakes all waiters. A checkpoint counts only while the log has the event that
//! it names: after a start, a takeover, a step back and any failure it is compared with the log. Never here: writing
//! checkpoints.

#![warn(missing_docs)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant as Deadline, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::warn;

use crate::log::{Anchor, FINGERPRINT_BYTES, LogHead, ReadError};
use crate::model::ids::Position;
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use crate::rpc::serve::{Crowded, wait_outside};
use crate::runtime::deadlines::{self, after, time_to_answer};
use crate::runtime::tasks::Tasks;
use crate::runtime::wake::Listener;
use crate::sql::database::{Database, Reader};
use crate::sql::statements;
use crate::tables::VOCABULARY;
use crate::tables::checkpoint::Checkpoint;

/// The longest wait of a call, and that of a call without a deadline.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// The pause before the checkpoints are read again after a failure.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

statements! { "progress.sql" with VOCABULARY: SELECT_CHECKPOINTS }

/// Names of projections. An empty list stands for all projections.
pub type Names = &'static [&'static str];

/// How far each projection is, as last read.
pub type Checkpoints = Arc<AllSeen>;

/// The checkpoints of all projections, as last read.
#[derive(Debug, Default)]
pub struct AllSeen {
    by_name: HashMap<String, Seen>,
    /// Whether the checkpoints were read at least once.
    are_read: bool,
    /// Grows whenever a checkpoint went back or the log lost an event: what was sent before may be of a history that is gone.
    pub generation: u64,
}

/// The checkpoint of one projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    stored: Checkpoint,
    /// Whether the log has the event at the checkpoint.
    is_in_log: bool,
    /// When it reached this position, as far as this process saw.
    since: Instant,
}

impl Seen {
    /// Whether its tables answer queries: they show the history that the log has, and have caught up with it since it went back.
    fn is_served(&self) -> bool {
        self.is_in_log && self.stored.is_served()
    }

    /// The checkpoint as an anchor for tokens; the origin while the tables do not answer queries.
    fn anchor(&self) -> Anchor {
        let Checkpoint { position, hash, .. } = self.stored;
        match hash {
            _ if !self.is_served() => Anchor::ORIGIN,
            Some(hash) => Anchor::new(position, &hash),
            // The owner has not written the hash yet; no token that is made of this is ever accepted.
            None => Anchor { position, fingerprint: [0; FINGERPRINT_BYTES] },
        }
    }
}

/// The checkpoints of a store as they move, and the queue of those who wait for them.
#[derive(Clone)]
pub struct Progress {
    checkpoints: watch::Receiver<Checkpoints>,
    waiting: Arc<Waiting>,
}

/// Progress that is watched from its first use on.
pub type ProgressOnDemand = LazyLock<Progress, Box<dyn FnOnce() -> Progress + Send>>;

/// Why waiting for a position failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The deadline passed first.
    Behind(Behind),
    /// The process drains.
    ShuttingDown,
    /// More calls wait than `waiting_max` allows.
    Crowded,
}

/// The projection that is furthest behind, of those that were waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Empty when no checkpoint was read yet.
    pub projection: String,
    /// Its checkpoint; 0 while its tables do not answer queries.
    pub checkpoint: Position,
    /// How long it has been at this checkpoint, as far as this process saw.
    pub since: Duration,
}

impl Progress {
    /// Watches the checkpoints of these tables, which project this log, once they are open, until the process drains or nobody listens.
    pub fn watch(
        tables: impl Future<Output = Database> + Send + 'static,
        log: Arc<dyn LogHead>,
        wake: Listener,
        tasks: &Tasks,
    ) -> Self {
        let (seen, checkpoints) = watch::channel(Checkpoints::default());
        let waiting = Arc::new(Waiting::default());
        tasks.spawn_vital("watch of the checkpoints", {
            let (waiting, drain) = (waiting.clone(), tasks.draining().clone());
            async move {
                let Some(tables) = drain.run_until_cancelled(tables).await else { return waiting.close() };
                watch_checkpoints((&tables, &*log), wake, &seen, &waiting, &drain).await;
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

    /// The checkpoints as last read.
    #[must_use]
    pub fn seen(&self) -> Checkpoints {
        self.checkpoints.borrow().clone()
    }

    /// Waits until all of these projections have reached a position, within what is left of the call's deadline.
    pub async fn reach(&self, names: Names, position: Position) -> Result<(), Unreached> {
        // Queued before looking, so that a checkpoint in between is not missed.
        let place = self.waiting.queue(names, position);
        if lowest(&self.checkpoints.borrow(), names).1.position >= position {
            return Ok(());
        }
        match wait_outside(timeout_at(answer_by(), place.told)).await {
            Err(Crowded) => Err(Unreached::Crowded),
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(_))) => Err(Unreached::ShuttingDown),
            Ok(Err(_)) => {
                let seen = self.checkpoints.borrow();
                let (projection, anchor) = lowest(&seen, names);
                let since = seen.by_name.get(&projection).map(|seen| seen.since.elapsed()).unwrap_or_default();
                Err(Unreached::Behind(Behind { projection, checkpoint: anchor.position, since }))
            }
        }
    }
}

impl Behind {
    /// The refusal of a call that waited for a position in vain.
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

/// Until when the current call can wait and still be answered before its deadline.
#[must_use]
pub fn answer_by() -> Deadline {
    let longest = after(time_to_answer(WAIT_MAX));
    deadlines::answer_by().map_or(longest, |answer_by| answer_by.min(longest))
}

/// UNAVAILABLE: the process drains.
#[must_use]
pub fn shutting_down() -> Status {
    let refused = Refused::new(Code::Unavailable, ErrorReason::ShuttingDown, "the server is shutting down");
    refused.retry_after(RETRY_DELAY).into()
}

/// The projection that is furthest behind of these, or of all when the list is empty, and its anchor.
#[must_use]
pub fn lowest(seen: &AllSeen, names: Names) -> (String, Anchor) {
    let seen = &seen.by_name;
    let anchor_of = |name: &str| seen.get(name).map_or(Anchor::ORIGIN, Seen::anchor);
    let furthest = match names {
        [] => seen.iter().map(|(name, seen)| (name.as_str(), seen.anchor())).min_by_key(|(_, anchor)| anchor.position),
        names => names.iter().map(|name| (*name, anchor_of(name))).min_by_key(|(_, anchor)| anchor.position),
    };
    furthest.map_or((String::new(), Anchor::ORIGIN), |(name, anchor)| (name.to_owned(), anchor))
}

/// Whether the tables of these projections are known to answer queries. A projection that never ran does not count against it.
#[must_use]
pub fn are_served(seen: &AllSeen, names: Names) -> bool {
    seen.are_read && names.iter().all(|name| seen.by_name.get(*name).is_none_or(Seen::is_served))
}

/// Waiters, by the projections and the position that they wait for.
#[derive(Default)]
struct Waiting(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    by_names: HashMap<Names, BTreeMap<(Position, u64), oneshot::Sender<()>>>,
    /// Makes keys of waiters for the same position unique.
    next: u64,
    is_closed: bool,
}

/// A place in the queue of waiters; dropping it leaves the queue.
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

    /// Wakes the waiters whose position was reached.
    fn tell(&self, seen: &Checkpoints) {
        for (names, queue) in &mut self.lock().by_names {
            let (_, reached) = lowest(seen, names);
            let still_waiting = queue.split_off(&(reached.position.next(), 0));
            for (_, tell) in std::mem::replace(queue, still_waiting) {
                // A waiter may have gone away.
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
    (tables, log): (&Database, &dyn LogHead),
    mut wake: Listener,
    seen: &watch::Sender<Checkpoints>,
    waiting: &Waiting,
    drain: &CancellationToken,
) {
    // After a failure, the database may be another one that is further behind.
    let (mut is_trusted, mut reader) = (false, None);
    while !drain.is_cancelled() && !seen.is_closed() {
        let last = seen.borrow().clone();
        match read_checkpoints(tables, &mut reader, log, &last, is_trusted).await {
            Ok(checkpoints) => {
                is_trusted = true;
                if seen.send_if_modified(|last| note(last, checkpoints)) {
                    waiting.tell(&seen.borrow());
                }
            }
            Err(cause) => {
                is_trusted = false;
                warn!(%cause, "the checkpoints could not be read: {cause}");
                reader = None;
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        tokio::select! {
            () = wake.wait() => {}
            () = drain.cancelled() => return,
            () = seen.closed() => return,
        }
    }
}

/// Checkpoints as they were read.
struct Read {
    by_name: HashMap<String, (Checkpoint, bool)>,
    /// A checkpoint that was seen before was of events that the log has lost.
    has_gone_back: bool,
}

/// Takes over what was read. True when anything has changed.
fn note(last: &mut Checkpoints, read: Read) -> bool {
    let is_known = |(name, (stored, is_in_log)): (&String, &(Checkpoint, bool))| {
        last.by_name.get(name).is_some_and(|seen| seen.stored == *stored && seen.is_in_log == *is_in_log)
    };
    let is_complete = last.are_read && last.by_name.len() == read.by_name.len();
    if is_complete && !read.has_gone_back && read.by_name.iter().all(is_known) {
        return false;
    }
    let now = Instant::now();
    let seen = |(name, (stored, is_in_log)): (String, (Checkpoint, bool))| {
        let unmoved = last.by_name.get(&name).filter(|seen| seen.stored.position == stored.position);
        let since = unmoved.map_or(now, |seen| seen.since);
        (name, Seen { stored, is_in_log, since })
    };
    let generation = last.generation + u64::from(read.has_gone_back);
    let by_name = read.by_name.into_iter().map(seen).collect();
    *last = Arc::new(AllSeen { by_name, are_read: true, generation });
    true
}

async fn read_checkpoints(
    tables: &Database,
    reader: &mut Option<Reader>,
    log: &dyn LogHead,
    last: &AllSeen,
    is_trusted: bool,
) -> Result<Read, ReadError> {
    let reader = match reader {
        Some(reader) => reader,
        None => reader.insert(tables.reader().await?),
    };
    let mut rows: HashMap<String, Checkpoint> = HashMap::new();
    for row in &reader.rows(&SELECT_CHECKPOINTS, &[]).await? {
        rows.insert(row.get("name")?, Checkpoint::from_row(row)?);
    }
    let is_suspect = |name: &str, stored: &Checkpoint| match last.by_name.get(name) {
        Some(seen) => {
            !is_trusted || !seen.is_in_log || seen.stored.term != stored.term || stored.position < seen.stored.position
        }
        None => true,
    };
    let suspects: Vec<Checkpoint> =
        rows.iter().filter(|(name, stored)| is_suspect(name, stored)).map(|(_, stored)| *stored).collect();
    // What was seen before a failure, so that streams know whether what they sent still holds.
    let known = last.by_name.values().filter(|seen| !is_trusted && seen.is_in_log).map(|seen| seen.stored);
    let known: Vec<Checkpoint> = known.collect();
    let positions: Vec<Position> = suspects.iter().chain(&known).map(|stored| stored.position).collect();
    let hashes = if positions.is_empty() { HashMap::new() } else { log.hashes_at(&positions).await? };
    let is_in_log = |stored: &Checkpoint| stored.is_in(&hashes);
    let went_back = |(name, stored): (&String, &Checkpoint)| {
        last.by_name.get(name).is_some_and(|seen| stored.position < seen.stored.position)
    };
    let has_gone_back = rows.iter().any(went_back) || !known.iter().all(is_in_log);
    let judged = |(name, stored): (String, Checkpoint)| {
        let is_in_log = !is_suspect(&name, &stored) || is_in_log(&stored);
        (name, (stored, is_in_log))
    };
    Ok(Read { by_name: rows.into_iter().map(judged).collect(), has_gone_back })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(all: &[(&str, i64)]) -> Checkpoints {
        let since = Instant::now();
        let seen = |position| {
            let stored = Checkpoint { position: Position(position), hash: None, term: 1, served_from: Position(0) };
            Seen { stored, is_in_log: true, since }
        };
        let by_name = all.iter().map(|(name, position)| ((*name).to_owned(), seen(*position))).collect();
        Arc::new(AllSeen { by_name, are_read: true, generation: 0 })
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
