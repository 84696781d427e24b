//! Dispatch: what changed is read once for each checkpoint, and each stream hears only of what may concern it.
//!
//! A stream that heard nothing knows that nothing happened to it, so its position moves on without a question to the tables;
//! one that heard something looks ([`super::feed`]) and judges for itself. There is one dispatch for each kind of stream; whom a change
//! concerns, its [`Index`] knows.
//!
//! Always: whatever concerns a stream wakes it; it may be woken for nothing; memory is bounded. Never here: what a change means.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use shared::log::Anchor;
use shared::model::ids::Position;
use shared::rpc::errors::store_unavailable;
use shared::rpc::progress::{Checkpoints, lowest};
use shared::runtime::tasks::Tasks;
use shared::sql::Statement;
use shared::sql::database::{Database, Row};
use tokio::sync::{Notify, watch};
use tonic::Status;
use tracing::warn;

use crate::freshness::Freshness;
use crate::snapshot::{Projections, Value, column, limit};

/// Changes that are read in one go: more than any event makes.
const CHANGES_MAX: usize = 8_192;
/// Changes that are kept for a stream that is about to look: with more, it looks into the tables.
const HEARD_MAX: usize = 64;
/// How long to wait before the changes are read again after that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Whom changes concern, for one kind of stream.
pub trait Index: Send + 'static {
    /// What a stream is about.
    type Topic: Send;
    /// What happened.
    type Change: Clone + Send + Sync;

    /// The projections whose tables tell of changes.
    const READS: Projections;

    /// The changes after $1 up to $2, $3 at most, in the order of the log by their `place`; each with `kept_after`, the place after which all
    /// are kept. One row without a place when there are none.
    fn statement() -> &'static Statement;

    /// A row of it.
    ///
    /// # Errors
    /// When it is not as the schema has it.
    fn read(row: &Row) -> Result<Self::Change, Status>;

    /// A stream begins. Until it is known better, everything concerns it.
    fn add(&mut self, id: StreamId, topic: &Self::Topic);

    /// A stream has ended.
    fn remove(&mut self, id: StreamId, topic: &Self::Topic);

    /// Some changes were missed, so that whatever was learned from them is not known any more.
    fn forget(&mut self) {}

    /// Whether a change says the same as one before it, so that it is enough to know where the two were.
    fn says_the_same(_: &Self::Change, _: &Self::Change) -> bool {
        false
    }

    /// The streams that a change may concern.
    fn affected(&mut self, change: &Self::Change) -> Affected;
}

/// Number of a stream within its dispatch.
pub type StreamId = u64;

/// Whom a change concerns.
pub enum Affected {
    /// These, and it is all that they need to know.
    Plainly(Vec<StreamId>),
    /// These, who must look for themselves.
    These(Vec<StreamId>),
    /// All, who must look for themselves.
    Everybody,
}

/// A change, and where it was heard of first and last.
#[derive(Clone, Copy, Debug)]
pub struct HeardOf<C> {
    pub first: Position,
    pub last: Position,
    pub change: C,
}

/// What a stream hears.
pub enum Heard<C> {
    /// Everything that may concern it, up to a position, of what was read up to an anchor.
    Changes(Vec<HeardOf<C>>, Position, Anchor),
    /// That there is something.
    Something,
}

/// The streams of one kind, and what may concern them.
pub struct Dispatch<I: Index>(Arc<Mutex<Registry<I>>>);

impl<I: Index> Clone for Dispatch<I> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Registry<I: Index> {
    /// Every change up to here was handed on.
    through: Position,
    /// The checkpoint up to which changes were read for that.
    read_at: Anchor,
    streams: HashMap<StreamId, Entry<I>>,
    index: I,
    next: StreamId,
}

struct Entry<I: Index> {
    topic: I::Topic,
    /// What the stream has told.
    told: Position,
    /// The newest change that may concern it.
    touched: Position,
    /// Beyond what it has told, nothing up to here concerns it.
    clear: Position,
    /// What may concern it; nothing when it must look for itself.
    heard: Option<Vec<HeardOf<I::Change>>>,
    wake: Arc<Notify>,
}

impl<I: Index> Entry<I> {
    fn is_pending(&self) -> bool {
        self.touched > self.told
    }

    /// A change of a batch that begins after `before`.
    fn hear(&mut self, before: Position, place: Position, change: Option<&I::Change>) {
        if !self.is_pending() {
            self.clear = before;
            self.heard = Some(Vec::new());
        }
        self.touched = place;
        let (Some(heard), Some(change)) = (&mut self.heard, change) else {
            self.heard = None;
            return;
        };
        let known = heard.iter().rposition(|before| I::says_the_same(&before.change, change));
        match known {
            Some(known) => heard[known].last = place,
            None if heard.len() < HEARD_MAX => {
                heard.push(HeardOf { first: place, last: place, change: change.clone() });
            }
            None => self.heard = None,
        }
    }
}

/// The place of one stream in the dispatch, until it is dropped.
pub struct Subscription<I: Index> {
    dispatch: Dispatch<I>,
    pub(super) id: StreamId,
    wake: Arc<Notify>,
}

impl<I: Index> Drop for Subscription<I> {
    fn drop(&mut self) {
        self.dispatch.lock().remove(self.id);
    }
}

impl<I: Index> Subscription<I> {
    /// Returns when something may concern the stream.
    pub async fn touched(&self) {
        self.wake.notified().await;
    }

    /// What may concern the stream beyond what it has told.
    pub fn heard(&self) -> Heard<I::Change> {
        let mut registry = self.dispatch.lock();
        let (through, read_at) = (registry.through, registry.read_at);
        let Some(entry) = registry.streams.get_mut(&self.id) else { return Heard::Something };
        let heard = if entry.is_pending() { entry.heard.replace(Vec::new()) } else { Some(Vec::new()) };
        match heard {
            // While it looked for itself, it may have told some of them.
            Some(mut changes) => {
                changes.retain(|heard| heard.last > entry.told);
                changes.iter_mut().for_each(|heard| heard.first = heard.first.max(entry.told.next()));
                Heard::Changes(changes, through, read_at)
            }
            None => Heard::Something,
        }
    }

    /// Notes that the stream has told everything up to a position, and gives the one that it has come to: further, where nothing
    /// concerns it. With it, up to where changes were read for this.
    pub fn told(&self, told: Position) -> (Position, Anchor) {
        let mut registry = self.dispatch.lock();
        let (through, read_at) = (registry.through, registry.read_at);
        let Some(entry) = registry.streams.get_mut(&self.id) else { return (told, Anchor::ORIGIN) };
        entry.told = told;
        (told.max(if entry.is_pending() { entry.clear } else { through }), read_at)
    }

    /// Whether history went back, so that nothing that the stream told is sure any more.
    pub fn is_cut_off(&self) -> bool {
        !self.dispatch.lock().streams.contains_key(&self.id)
    }
}

impl<I: Index> Dispatch<I> {
    /// Reads the changes whenever the checkpoints move, until they are not watched any more.
    pub fn start(index: I, freshness: Freshness, tasks: &Tasks) -> Self {
        let dispatch = Self::with(index);
        let (registry, checkpoints) = (Arc::downgrade(&dispatch.0), freshness.changes());
        let running = async move { run(&registry, &freshness, checkpoints).await };
        tasks.spawn_until_drained("dispatch of changes", running);
        dispatch
    }

    pub(super) fn with(index: I) -> Self {
        Self(Arc::new(Mutex::new(Registry {
            through: Position(0),
            read_at: Anchor::ORIGIN,
            streams: HashMap::new(),
            index,
            next: 0,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Registry<I>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a stream that has told everything up to a position, while the tables are at least at `checkpoint`. Until it has
    /// looked for itself, everything concerns it.
    pub fn subscribe(&self, topic: I::Topic, told: Position, checkpoint: Anchor) -> Subscription<I> {
        let mut registry = self.lock();
        if registry.streams.is_empty() && checkpoint.position > registry.through {
            // Nobody was told of what happened while there was nobody.
            (registry.through, registry.read_at) = (checkpoint.position, checkpoint);
        }
        registry.next += 1;
        let (id, wake, through) = (registry.next, Arc::new(Notify::new()), registry.through);
        registry.index.add(id, &topic);
        // It looks once before it waits, so it needs no call for what is there already.
        let entry = Entry { topic, told, touched: through, clear: told, heard: None, wake: wake.clone() };
        registry.streams.insert(id, entry);
        Subscription { dispatch: self.clone(), id, wake }
    }

    /// Changes the index, if nothing was handed on after this position.
    pub fn refine(&self, as_of: Position, refine: impl FnOnce(&mut I)) -> bool {
        let mut registry = self.lock();
        let is_current = as_of >= registry.through;
        if is_current {
            refine(&mut registry.index);
        }
        is_current
    }

    /// Hands on what has changed since the last time, up to a checkpoint. True when there is more.
    async fn hand_on(&self, tables: &Database, anchor: Anchor) -> Result<bool, Status> {
        let checkpoint = anchor.position;
        let before = {
            let registry = self.lock();
            if registry.streams.is_empty() {
                return Ok(false);
            }
            registry.through
        };
        if checkpoint <= before {
            return Ok(false);
        }
        let values = [Value::Number(before.0), Value::Number(checkpoint.0), limit(CHANGES_MAX)];
        let rows = tables.rows(I::statement(), &values).await.map_err(store_unavailable)?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            if before < Position(column(row, "kept_after")?) {
                self.lock().touch_all(anchor);
                return Ok(false);
            }
            if let Some(place) = column(row, "place")? {
                changes.push((Position(place), I::read(row)?));
            }
        }
        let through = match changes.last() {
            // The last place may have more changes than were read.
            Some((last, _)) if changes.len() == CHANGES_MAX => Position(last.0 - 1),
            _ => checkpoint,
        };
        changes.retain(|(place, _)| *place <= through);
        self.hand(through, anchor, changes);
        Ok(through < checkpoint)
    }

    /// Hands on all changes up to a position, of what was read up to an anchor.
    pub(super) fn hand(&self, through: Position, anchor: Anchor, changes: Vec<(Position, I::Change)>) {
        let mut registry = self.lock();
        let before = registry.through;
        for (place, change) in &changes {
            registry.take(before, *place, change);
        }
        registry.reached(before, through, anchor);
    }
}

impl<I: Index> Registry<I> {
    fn remove(&mut self, id: StreamId) {
        if let Some(entry) = self.streams.remove(&id) {
            self.index.remove(id, &entry.topic);
        }
    }

    /// Hands a change on, of a batch that begins after `before`.
    fn take(&mut self, before: Position, place: Position, change: &I::Change) {
        let (ids, said) = match self.index.affected(change) {
            Affected::Plainly(ids) => (ids, Some(change)),
            Affected::These(ids) => (ids, None),
            Affected::Everybody => (self.streams.keys().copied().collect(), None),
        };
        for id in ids {
            if let Some(entry) = self.streams.get_mut(&id) {
                entry.hear(before, place, said);
            }
        }
    }

    /// Everything up to here was handed on; whoever was touched is called.
    fn reached(&mut self, before: Position, through: Position, read_at: Anchor) {
        (self.through, self.read_at) = (through, read_at);
        for entry in self.streams.values().filter(|entry| entry.is_pending() && entry.touched > before) {
            entry.wake.notify_one();
        }
    }

    /// Everybody must look, since nobody knows what happened.
    fn touch_all(&mut self, read_at: Anchor) {
        (self.through, self.read_at) = (read_at.position, read_at);
        self.index.forget();
        for entry in self.streams.values_mut() {
            entry.touched = read_at.position;
            entry.heard = None;
            entry.wake.notify_one();
        }
    }

    /// History went back: nothing that anybody was told is sure any more, so every stream ends.
    fn cut_off_all(&mut self) {
        (self.through, self.read_at) = (Position(0), Anchor::ORIGIN);
        self.index.forget();
        for (id, entry) in std::mem::take(&mut self.streams) {
            self.index.remove(id, &entry.topic);
            entry.wake.notify_one();
        }
    }
}

async fn run<I: Index>(
    registry: &Weak<Mutex<Registry<I>>>,
    freshness: &Freshness,
    mut checkpoints: watch::Receiver<Checkpoints>,
) {
    let mut generation = checkpoints.borrow().generation;
    loop {
        checkpoints.mark_unchanged();
        loop {
            let Some(dispatch) = registry.upgrade().map(Dispatch) else { return };
            let (checkpoint, current) = {
                let seen = checkpoints.borrow();
                (lowest(&seen, I::READS).1, seen.generation)
            };
            if std::mem::replace(&mut generation, current) != current {
                dispatch.lock().cut_off_all();
            }
            match dispatch.hand_on(freshness.tables(), checkpoint).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(status) => {
                    warn!(%status, "the changes could not be read: {status}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        if checkpoints.changed().await.is_err() {
            return;
        }
    }
}
