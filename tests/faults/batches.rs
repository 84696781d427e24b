//! Batches that are repeated, out of order or with holes: a projector does not take them for the log, and reads again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clients::Random;
use fail::FailScenario;
use shared::log::{
    Append, AppendError, Appended, EventLog, Hash, Head, LogHead, ReadError, Recorded, StoreIdentity, StoredAnswer,
};
use shared::model::ids::{Position, RequestId};
use shared::model::streams::StreamName;
use shared::runtime::wake::Listener;

use crate::history::History;
use crate::seeds;
use crate::world::{BATCH_SIZES, Engine, World};

const HISTORIES: u64 = 24;
const COMMANDS: usize = 100;

/// A log whose reads go wrong every now and then.
struct Mangled {
    log: Arc<dyn EventLog>,
    random: Mutex<Random>,
    /// Where reads went wrong once: a projector takes what is wrong again and again for damage.
    was_wrong: Mutex<HashSet<Position>>,
    mangled: Arc<AtomicUsize>,
}

impl Mangled {
    /// The fault of the next read, if it has one.
    fn fault(&self, after: Position) -> Option<usize> {
        let mut random = self.random.lock().expect("nobody panics with it");
        let is_wrong = random.one_in(2) && self.was_wrong.lock().expect("nobody panics with it").insert(after);
        is_wrong.then(|| random.below(6))
    }
}

#[async_trait]
impl LogHead for Mangled {
    fn identity(&self) -> StoreIdentity {
        self.log.identity()
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.log.head().await
    }

    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError> {
        self.log.hashes_at(positions).await
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        self.log.may_lag().await
    }
}

#[async_trait]
impl EventLog for Mangled {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        self.log.find_request(principal, request).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let right = self.log.read(after, limit).await?;
        let Some(fault) = self.fault(after).filter(|_| !right.is_empty()) else { return Ok(right) };
        let mut wrong = right.clone();
        let middle = wrong.len() / 2;
        match fault {
            0 => wrong.insert(middle, right[middle].clone()),
            1 => wrong.reverse(),
            2 => wrong.extend(right.iter().cloned()),
            3 if wrong.len() > 1 => drop(wrong.remove(middle)),
            4 if after.0 > 0 => wrong = self.log.read(Position(after.0 / 2), limit).await?,
            _ => wrong[0].payload.push(' '),
        }
        if wrong != right {
            self.mangled.fetch_add(1, Ordering::Relaxed);
        }
        Ok(wrong)
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        self.log.read_streams(streams).await
    }

    fn moved(&self) -> Listener<Position> {
        self.log.moved()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_are_doubled_reordered_or_replayed_change_nothing() {
    // Failpoints belong to the process, so one test at a time.
    let _failing = tokio::task::block_in_place(FailScenario::setup);
    fail::cfg("projector::hurry", "return").expect("it is a point");
    let seeds = seeds("CHIRP_BATCH_HISTORIES", HISTORIES);
    let (mangled, histories) = (Arc::new(AtomicUsize::new(0)), seeds.end - seeds.start);
    for seed in seeds {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let reader = Mutex::new(Random::new(seed + 1));
        let counted = mangled.clone();
        let through = |log| -> Arc<dyn EventLog> {
            Arc::new(Mangled { log, random: reader, was_wrong: Mutex::default(), mangled: counted })
        };
        let mut world = World::reading(Engine::Sqlite, &mut random, through).await;
        let mut history = History::new(world.log());
        for _ in 0..COMMANDS {
            history.step(&mut random, seed).await;
        }
        for batch_size in BATCH_SIZES {
            world.catch_up(batch_size, &mut random).await;
            world.check_answers(batch_size, &mut random, &format!("seed {seed}, through mangled reads")).await;
        }
        world.check_tables_are_equal(&format!("seed {seed}, through mangled reads")).await;
    }
    let mangled = mangled.load(Ordering::Relaxed);
    println!("{mangled} batches were mangled in {histories} histories");
    assert!(mangled as u64 > histories * 10, "{mangled} batches were mangled in {histories} histories");
}
