//! The log as the processes of a simulation see it: others run before a call, it fails now and then, and in the controls it has a defect.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clients::Random;
use shared::log::memory::MemoryLog;
use shared::log::{
    Anchor, Append, AppendError, Appended, EventLog, Hash, Head, LogHead, ReadError, Recorded, StoreIdentity,
    StoredAnswer,
};
use shared::model::ids::{Position, RequestId};
use shared::model::streams::StreamName;
use shared::runtime::wake::Listener;

use super::task::gate;

/// One of so many calls of the log fails.
const FAILS_ONE_IN: i64 = 40;
/// One of so many calls shows the defect.
const DEFECT_ONE_IN: i64 = 10;

/// A reader with gaps never sees one of so many events.
const LEFT_OUT_ONE_IN: i64 = 16;

/// A defect that the checks must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It acknowledges what it does not store, as a log does that does not wait for the disk and loses power.
    AcknowledgesTooEarly,
    /// It does not recognize a request id.
    ForgetsRequests,
    /// It ignores expected versions.
    IgnoresExpectations,
    /// It leaves out events, as a reader does that takes the order of numbers for that of commits.
    ReadsWithGaps,
    /// After a crash, the projector's checkpoint is behind the effects.
    CheckpointApart,
    /// It does not compare a checkpoint's hash.
    ForgetsHashes,
}

/// The faults of a log that may occur at this moment.
pub struct Trouble {
    random: Random,
    fails: bool,
    defect: Option<Defect>,
}

impl Trouble {
    pub fn new(random: Random, defect: Option<Defect>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { random, fails: true, defect }))
    }

    /// From now on there are no faults, but for a defect.
    pub fn end(&mut self) {
        self.fails = false;
    }

    fn fails(&mut self) -> bool {
        self.fails && self.random.one_in(FAILS_ONE_IN)
    }

    fn shows(&mut self, defect: Defect) -> bool {
        self.fails && self.defect == Some(defect) && self.random.one_in(DEFECT_ONE_IN)
    }
}

/// The log of one process.
pub struct SimulatedLog {
    log: MemoryLog,
    trouble: Arc<Mutex<Trouble>>,
}

impl SimulatedLog {
    pub fn new(log: MemoryLog, trouble: Arc<Mutex<Trouble>>) -> Self {
        Self { log, trouble }
    }

    fn trouble<T>(&self, ask: impl FnOnce(&mut Trouble) -> T) -> T {
        ask(&mut self.trouble.lock().expect("nobody panics with it"))
    }

    /// Lets others run; then fails, perhaps.
    async fn reach(&self) -> Result<(), ReadError> {
        gate().await;
        match self.trouble(Trouble::fails) {
            true => Err(ReadError::Unavailable("simulated".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl LogHead for SimulatedLog {
    fn identity(&self) -> StoreIdentity {
        self.log.identity()
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.reach().await?;
        self.log.head().await
    }

    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError> {
        self.reach().await?;
        self.log.hashes_at(positions).await
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        self.log.may_lag().await
    }
}

#[async_trait]
impl EventLog for SimulatedLog {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let unavailable = || AppendError::Unavailable("simulated".to_owned());
        self.reach().await.map_err(|_| unavailable())?;
        if self.trouble(|trouble| trouble.shows(Defect::AcknowledgesTooEarly)) {
            let events = i64::try_from(append.events.len()).expect("they are few");
            let head = self.log.head().await.map_err(|_| unavailable())?.position;
            return Ok(Appended::Now(Anchor { position: Position(head.0 + events), ..Anchor::ORIGIN }));
        }
        if self.trouble(|trouble| trouble.shows(Defect::ForgetsRequests)) {
            append.request = None;
        }
        if self.trouble(|trouble| trouble.shows(Defect::IgnoresExpectations)) {
            append.expected.clear();
        }
        let outcome = self.log.append(append).await;
        // The append may be done although this fails, as with an answer that is lost.
        self.reach().await.map_err(|_| unavailable())?;
        outcome
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        self.reach().await?;
        self.log.find_request(principal, request).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        self.reach().await?;
        let mut events = self.log.read(after, limit).await?;
        if self.trouble(|trouble| trouble.defect == Some(Defect::ReadsWithGaps)) {
            events.retain(|event| event.position.0 % LEFT_OUT_ONE_IN != 0);
        }
        Ok(events)
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        self.reach().await?;
        self.log.read_streams(streams).await
    }

    fn moved(&self) -> Listener<Position> {
        self.log.moved()
    }
}
