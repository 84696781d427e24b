//! The event log in memory: for simulations and tests, which run thousands of logs and need each of them to do the same again.
//!
//! Always: all of the contract but that anything outlives the store; nothing is random but the store's identity, and nothing waits. Never
//! here: any store that somebody relies on.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::numbering::{Numbering, RequestKey, request_key};
use super::{
    APPEND_EVENTS_MAX, Anchor, Append, AppendError, Appended, EventLog, Hash, Head, Import, ImportError, LogHead,
    NewEvent, READ_EVENTS_MAX, ReadError, Recorded, StoreIdentity, StoredAnswer, StoredRequest, WholeLog, chain,
};
use crate::model::clock::{Clock, Timestamp};
use crate::model::ids::{EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;
use crate::runtime::wake::Listener;

/// A store that is there for as long as somebody holds it.
#[derive(Clone)]
pub struct MemoryStore {
    stored: Arc<Mutex<Stored>>,
    identity: StoreIdentity,
    clock: Arc<dyn Clock>,
    moved: Arc<watch::Sender<Position>>,
}

/// A log in memory, as one process has it.
pub struct MemoryLog {
    store: MemoryStore,
    may_append: bool,
}

#[derive(Default)]
struct Stored {
    events: Vec<Recorded>,
    /// Where in `events` those of a stream are.
    streams: HashMap<StreamName, Vec<usize>>,
    requests: BTreeMap<RequestKey, StoredAnswer>,
}

impl MemoryStore {
    /// A new and empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (epoch, key) = (Uuid::now_v7(), [Uuid::now_v7(), Uuid::now_v7()]);
        let identity = StoreIdentity { epoch, token_key: chain::digest(&key.map(Uuid::into_bytes).concat()) };
        Self { stored: Arc::default(), identity, clock, moved: Arc::new(watch::channel(Position(0)).0) }
    }

    /// Opens the log, as another process would.
    #[must_use]
    pub fn open(&self) -> MemoryLog {
        MemoryLog { store: self.clone(), may_append: true }
    }

    /// The same, without the possibility to append.
    #[must_use]
    pub fn open_to_read(&self) -> MemoryLog {
        MemoryLog { store: self.clone(), may_append: false }
    }

    /// Loses everything after a position, as a store does that is put back or that fails over: whole appends, so it may lose a little more.
    /// Gives the position of the last event that is left.
    pub fn go_back(&self, to: Position) -> Position {
        let mut stored = self.stored();
        let mut kept = stored.events.iter().take_while(|event| event.position <= to).count();
        let command = |index: usize| stored.events.get(index).map(|event| event.cause.command_id);
        while kept > 0 && command(kept - 1) == command(kept) {
            kept -= 1;
        }
        let to = Position(i64::try_from(kept).expect("a log fits in memory"));
        stored.events.truncate(kept);
        stored.streams.values_mut().for_each(|places| places.retain(|place| *place < kept));
        stored.requests.retain(|_, answer| answer.position <= to);
        to
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().expect("nobody panics while it is held")
    }
}

impl Stored {
    fn has(&self, anchor: Anchor) -> bool {
        let at = |index: usize| {
            self.events.get(index).is_some_and(|event| Anchor::new(event.position, &event.hash) == anchor)
        };
        anchor == Anchor::ORIGIN || usize::try_from(anchor.position.0 - 1).is_ok_and(at)
    }

    fn head(&self) -> Head {
        self.events.last().map_or(Head::ORIGIN, |last| Head { position: last.position, hash: last.hash })
    }

    fn keep(&mut self, events: Vec<Recorded>, requests: Vec<StoredRequest>) {
        for event in events {
            self.streams.entry(event.stream.clone()).or_default().push(self.events.len());
            self.events.push(event);
        }
        for StoredRequest { principal, request_id, stored } in requests {
            self.requests.entry((principal, request_id)).or_insert(stored);
        }
    }

    fn append(&mut self, append: &Append, now: Timestamp) -> Result<Appended, AppendError> {
        if !self.has(append.rests_on) {
            return Err(AppendError::HistoryLost);
        }
        let named = append.expected.keys().chain(append.events.iter().map(|NewEvent { stream, .. }| stream));
        let version = |stream: &StreamName| {
            let length = self.streams.get(stream).map_or(0, Vec::len);
            (stream.clone(), Version(i64::try_from(length).expect("a stream fits in memory")))
        };
        let versions = named.map(version).collect();
        let key = append.request.as_ref().map(|request| request_key(append, request));
        let known =
            key.and_then(|key| self.requests.get_key_value(&key)).map(|(key, stored)| (key.clone(), stored.clone()));
        let mut batch = Numbering::new(self.head(), now, versions, known.into_iter().collect(), event_id);
        let appended = batch.take(append)?;
        let numbered = batch.numbered();
        self.keep(numbered.events, numbered.requests);
        Ok(appended)
    }
}

/// The same in each run, and no other event's of the store.
fn event_id(position: Position) -> EventId {
    EventId(Uuid::from_u64_pair(0, position.unsigned()))
}

#[async_trait]
impl LogHead for MemoryLog {
    fn identity(&self) -> StoreIdentity {
        self.store.identity
    }

    async fn head(&self) -> Result<Head, ReadError> {
        Ok(self.store.stored().head())
    }

    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError> {
        let stored = self.store.stored();
        let hash = |position: &Position| match usize::try_from(position.0).ok()?.checked_sub(1) {
            None => Some((*position, chain::GENESIS)),
            Some(index) => stored.events.get(index).map(|event| (*position, event.hash)),
        };
        Ok(positions.iter().filter_map(hash).collect())
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        Ok(false)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if !self.may_append {
            return Err(AppendError::Unavailable("this log was opened to read".to_owned()));
        }
        if append.events.len() > APPEND_EVENTS_MAX {
            return Err(AppendError::TooManyEvents);
        }
        let mut stored = self.store.stored();
        let appended = stored.append(&append, self.store.clock.now())?;
        self.store.moved.send_replace(stored.head().position);
        Ok(appended)
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        Ok(self.store.stored().requests.get(&(principal.to_owned(), request)).cloned())
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let stored = self.store.stored();
        let before = usize::try_from(after.0).unwrap_or(0);
        Ok(stored.events.iter().skip(before).take(limit.min(READ_EVENTS_MAX)).cloned().collect())
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let stored = self.store.stored();
        let events = |stream: &StreamName| match stored.streams.get(stream) {
            Some(places) => places.iter().map(|place| stored.events[*place].clone()).collect(),
            None => vec![],
        };
        Ok(streams.iter().map(events).collect())
    }

    fn moved(&self) -> Listener<Position> {
        Listener::to(self.store.moved.subscribe())
    }
}

#[async_trait]
impl WholeLog for MemoryLog {
    async fn requests_after(
        &self,
        after: Option<&StoredRequest>,
        limit: usize,
    ) -> Result<Vec<StoredRequest>, ReadError> {
        let after = after.map(|last| (last.principal.clone(), last.request_id));
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let stored = self.store.stored();
        let later = stored.requests.range((begin, Bound::Unbounded));
        let request = |((principal, request_id), stored): (&RequestKey, &StoredAnswer)| StoredRequest {
            principal: principal.clone(),
            request_id: *request_id,
            stored: stored.clone(),
        };
        Ok(later.take(limit.min(READ_EVENTS_MAX)).map(request).collect())
    }

    async fn import(&self, import: Import) -> Result<(), ImportError> {
        if !self.may_append {
            return Err(ImportError::NotOpened);
        }
        let mut stored = self.store.stored();
        let head = import.head_after(stored.head())?;
        stored.keep(import.events, import.requests);
        self.store.moved.send_replace(head.position);
        Ok(())
    }
}
