//! A deterministic simulation: clients, command servers and projectors over the log in memory and the real statements on SQLite in memory.
//!
//! One thread runs everything. Every call of the log waits at a gate, and a scheduler with a seed chooses who runs,
//! what fails, what crashes and what the clock says. So the same seed is the same history, event by event, and a
//! failure can be repeated (`CHIRP_FAULT_SEED=n`).

mod log;
mod record;
mod task;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use clients::Random;
use command_server::commands::{AccountCommand, Command};
use command_server::execute::{Call, Executed, Executor, digest};
use fail::FailScenario;
use projector::runner::{RunError, Takeover};
use projector::{CRASH_POINTS, Projector, ReadTables};
use query_server::{Queries, StreamLimits};
use shared::log::memory::MemoryStore;
use shared::log::{EventLog, LogHead};
use shared::model::clock::{Clock, ManualClock, Timestamp};
use shared::model::ids::{Position, RequestId};
use shared::runtime::settings::ProjectorSettings;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::Statement;
use shared::sql::database::{Database, Value};
use shared::tables;
use tonic::{Code, Status};
use tools::verify::{Manner, Report, compare};

use self::log::{Defect, SimulatedLog, Trouble};
use self::record::Record;
use self::task::{Reached, Task};
use crate::history::History;
use crate::seeds;
use crate::world::tiny_limits;

/// Simulations of each of the two tests.
const SIMULATIONS: u64 = 256;
/// In how many simulations a defect must be found.
const SIMULATIONS_OF_A_DEFECT: u64 = 1_000;
const CLIENTS: usize = 4;
const SERVERS: usize = 2;
const PROJECTORS: usize = 2;
/// How many turns a simulation has before everything that has begun is brought to an end.
const TURNS: usize = 700;
/// A client forgets one of so many answers, and sends the command again.
const ASKS_AGAIN_ONE_IN: i64 = 6;
/// A client gives up one of so many calls without an answer.
const GIVES_UP_ONE_IN: i64 = 12;
/// The most events that are lost when history goes back.
const LOST_EVENTS_MAX: i64 = 12;
/// By how much the clock jumps at most, either way: an hour.
const JUMP_MICROS_MAX: i64 = 3_600_000_000;
const BEGINNING: Timestamp = Timestamp(1_700_000_000_000_000);

static SET_CHECKPOINTS_BACK: Statement = Statement::new(
    "UPDATE projections SET checkpoint = checkpoint - 1, hash = NULL WHERE checkpoint > 0 AND name = $1",
);
static FORGET_HASHES: Statement = Statement::new("UPDATE projections SET hash = NULL");
static COUNT_SET_ASIDE: Statement = Statement::new("SELECT COUNT(*) AS sets FROM set_aside");
static SELECT_CHECKPOINTS: Statement = Statement::new("SELECT name, checkpoint, failure FROM projections");

/// How often what happened, so that a simulation in which nothing goes wrong is noticed.
type Tally = BTreeMap<&'static str, u64>;

/// What all simulations together must have gone through.
const MUST_HAPPEN: [&str; 14] = [
    "acknowledged",
    "answered as before",
    "refused",
    "given up",
    "an answer lost",
    "a command server crashed",
    "a projector crashed at a gate",
    "a projector crashed at a point",
    "a projector was superseded",
    "a projection was rebuilt",
    "the log failed",
    "the clock jumped",
    "history went back",
    "tables were set aside",
];

/// A command without an answer so far.
struct Open {
    command: Command,
    call: Call,
}

/// Sends one command after the other, each until it is answered.
#[derive(Default)]
struct Client {
    open: Option<Open>,
    /// The call in flight, and its server.
    calling: Option<(usize, Task<Result<Executed, Status>>)>,
}

/// A projector's process.
enum Worker {
    Down,
    Idle(Box<Projector>),
    Busy(Task<(Box<Projector>, Result<(), RunError>)>),
}

struct Simulation {
    random: Random,
    clock: Arc<ManualClock>,
    store: MemoryStore,
    trouble: Arc<Mutex<Trouble>>,
    defect: Option<Defect>,
    tables: Database,
    settings: ProjectorSettings,
    servers: Vec<Arc<Executor>>,
    clients: Vec<Client>,
    workers: Vec<Worker>,
    history: History,
    record: Record,
    tally: Tally,
}

impl Simulation {
    async fn new(seed: u64, defect: Option<Defect>) -> Self {
        let mut random = Random::new(seed);
        let clock = Arc::new(ManualClock::default());
        clock.set(BEGINNING);
        let store = MemoryStore::new(clock.clone());
        let log: Arc<dyn EventLog> = Arc::new(store.open());
        let tables = tables::open_in_memory(log.identity().epoch, &projector::projections::tables())
            .await
            .expect("there is room");
        let timelines = tiny_limits(&mut random);
        let batch_events_max = *random.pick(&[1, 2, 7, 1_000]);
        let trouble = Trouble::new(Random::new(random.between(0, i64::MAX - 1).unsigned_abs()), defect);
        let mut simulation = Self {
            random,
            clock,
            store,
            trouble,
            defect,
            tables,
            settings: ProjectorSettings { timelines, batch_events_max, ..ProjectorSettings::default() },
            servers: vec![],
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
            workers: (0..PROJECTORS).map(|_| Worker::Down).collect(),
            history: History::new(log),
            record: Record::default(),
            tally: Tally::default(),
        };
        simulation.servers = (0..SERVERS).map(|_| simulation.command_server()).collect();
        simulation
    }

    fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(SimulatedLog::new(self.store.open(), self.trouble.clone()))
    }

    fn command_server(&self) -> Arc<Executor> {
        Arc::new(Executor::new(self.log()))
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// One turn of a process or client, or one fault.
    async fn turn(&mut self) {
        self.time_passes();
        match self.random.between(1, 100) {
            1..=60 => {
                let client = self.random.below(CLIENTS);
                self.client_goes_on(client).await;
            }
            61..=92 => {
                let worker = self.random.below(PROJECTORS);
                self.worker_goes_on(worker).await;
            }
            93..=94 => {
                let client = self.random.below(CLIENTS);
                if self.clients[client].calling.take().is_some() {
                    self.count("an answer lost");
                }
            }
            95..=96 => self.a_server_crashes(),
            97..=98 => {
                let worker = self.random.below(PROJECTORS);
                if !matches!(self.workers[worker], Worker::Down) {
                    self.workers[worker] = Worker::Down;
                    self.count("a projector crashed at a gate");
                    self.after_a_crash().await;
                }
            }
            _ if self.random.one_in(3) => self.history_goes_back().await,
            _ => {
                let jump = self.random.between(-JUMP_MICROS_MAX, JUMP_MICROS_MAX);
                self.clock.set(Timestamp(self.clock.now().0 + jump));
                self.count("the clock jumped");
            }
        }
    }

    fn time_passes(&mut self) {
        let now = self.clock.now().0 + self.random.between(0, 5_000);
        self.clock.set(Timestamp(now));
    }

    fn a_server_crashes(&mut self) {
        let server = self.random.below(SERVERS);
        self.servers[server] = self.command_server();
        for client in &mut self.clients {
            if client.calling.as_ref().is_some_and(|(at, _)| *at == server) {
                client.calling = None;
            }
        }
        self.count("a command server crashed");
    }

    /// The newest events are lost, and every connection with them; but a projector goes on with what it has read.
    async fn history_goes_back(&mut self) {
        let head = self.store.open().head().await.expect("it is in memory").position;
        let to = self.store.go_back(Position(head.0 - self.random.between(0, LOST_EVENTS_MAX.min(head.0))));
        self.record.history_went_back(to);
        self.history.reached = self.history.reached.min(to);
        for client in &mut self.clients {
            client.calling = None;
            // The id of a notification that is lost is refused before there is a command, so it is not sent.
            let is_lost = |open: &Open| matches!(open.command, Command::Account(AccountCommand::MarkNotificationsSeen { up_to, .. }) if up_to > to);
            client.open = client.open.take().filter(|open| !is_lost(open));
        }
        if self.defect == Some(Defect::ForgetsHashes) {
            let mut tx = self.tables.begin_to_write().await.expect("they are in memory");
            tx.execute(&FORGET_HASHES, &[]).await.expect("they are in memory");
            tx.commit().await.expect("they are in memory");
        }
        if to < head {
            self.count("history went back");
        }
    }

    async fn client_goes_on(&mut self, at: usize) {
        if self.clients[at].calling.is_none() {
            self.client_calls(at).await;
        }
        let Some((_, task)) = &mut self.clients[at].calling else { return };
        let Reached::End(answer) = task.go_on(None).await else { return };
        self.clients[at].calling = None;
        self.answered(at, answer);
    }

    /// The same call again, as long as there was no answer.
    async fn client_calls(&mut self, at: usize) {
        if self.clients[at].open.is_some() && self.random.one_in(GIVES_UP_ONE_IN) {
            self.clients[at].open = None;
            self.count("given up");
        }
        if self.clients[at].open.is_none() {
            let command = self.history.next(&mut self.random);
            let id = self.random.uuid();
            let call = Call {
                formerly: None,
                principal: format!("client-{at}"),
                request_id: Some(RequestId(id)),
                digest: digest("simulation", id.as_bytes()),
                correlation_id: id,
                traceparent: None,
            };
            let head = self.store.open().head().await.expect("it is in memory").position;
            self.record.begun(&call, head);
            self.clients[at].open = Some(Open { command, call });
        }
        let Some(Open { command, call }) = &self.clients[at].open else { return };
        let (command, call, server) = (command.clone(), call.clone(), self.random.below(SERVERS));
        let executor = self.servers[server].clone();
        let task = Task::new(async move { executor.execute(&call, &command).await });
        self.clients[at].calling = Some((server, task));
    }

    fn answered(&mut self, at: usize, answer: Result<Executed, Status>) {
        match answer {
            Ok(executed) => {
                let Some(open) = self.clients[at].open.take() else { return };
                let is_first = self.record.acknowledged(&open.call, executed);
                self.count(if is_first { "acknowledged" } else { "answered as before" });
                if is_first {
                    self.history.remember(&open.command, executed);
                }
                if self.random.one_in(ASKS_AGAIN_ONE_IN) {
                    self.clients[at].open = Some(open);
                }
            }
            // The outcome is unknown, or there was a conflict: the client sends it again.
            Err(status) if matches!(status.code(), Code::Unavailable | Code::Aborted) => self.count("the log failed"),
            Err(status) => {
                let Some(Open { call, .. }) = self.clients[at].open.take() else { return };
                self.record.refused(&call, &status);
                self.count("refused");
            }
        }
    }

    async fn worker_goes_on(&mut self, at: usize) {
        let worker = std::mem::replace(&mut self.workers[at], Worker::Down);
        let mut task = match worker {
            Worker::Down => {
                self.workers[at] = Worker::Idle(Box::new(self.projector().await));
                return;
            }
            Worker::Idle(projector) => self.work(projector),
            Worker::Busy(task) => task,
        };
        let end = self.random.one_in(15).then(|| *self.random.pick(&CRASH_POINTS));
        self.workers[at] = match task.go_on(end).await {
            Reached::Gate => Worker::Busy(task),
            Reached::End((projector, Ok(()))) => Worker::Idle(projector),
            Reached::End((_, Err(RunError::Superseded(_)))) => {
                self.count("a projector was superseded");
                Worker::Down
            }
            // It goes on as it is once the breaker has closed.
            Reached::End((projector, Err(_))) => Worker::Idle(projector),
            Reached::Crash => {
                drop(task);
                self.count("a projector crashed at a point");
                self.after_a_crash().await;
                Worker::Down
            }
        };
    }

    async fn projector(&self) -> Projector {
        let tables = ReadTables {
            writer: self.tables.clone(),
            reader: self.tables.clone(),
            takeover: Takeover::AtOnce,
            owners: None,
        };
        let (settings, clock) = (self.settings.clone(), self.clock.clone());
        Projector::on(tables, self.log(), settings, clock, Wake::default()).await.expect("they are in memory")
    }

    fn work(&mut self, mut projector: Box<Projector>) -> Task<(Box<Projector>, Result<(), RunError>)> {
        if self.random.one_in(12) {
            let name = *self.random.pick(&projector::projections::names());
            self.count("a projection was rebuilt");
            return Task::new(async move {
                let outcome = projector.rebuild(name).await;
                (projector, outcome)
            });
        }
        Task::new(async move {
            let outcome = projector.catch_up().await;
            (projector, outcome)
        })
    }

    async fn after_a_crash(&mut self) {
        if self.defect != Some(Defect::CheckpointApart) {
            return;
        }
        let name = *self.random.pick(&projector::projections::names());
        let mut tx = self.tables.begin_to_write().await.expect("they are in memory");
        tx.execute(&SET_CHECKPOINTS_BACK, &[Value::Text(name)]).await.expect("they are in memory");
        tx.commit().await.expect("they are in memory");
    }

    /// Without faults from here on: every client gets its answer, and every projector catches up.
    async fn end(&mut self) -> Result<(), String> {
        self.trouble.lock().expect("nobody panics with it").end();
        for at in 0..CLIENTS {
            while self.clients[at].open.is_some() || self.clients[at].calling.is_some() {
                if self.clients[at].open.is_none() {
                    self.clients[at].calling = None;
                    break;
                }
                self.client_goes_on(at).await;
            }
        }
        for worker in &mut self.workers {
            *worker = Worker::Down;
        }
        let mut projector = self.projector().await;
        projector.catch_up().await.map_err(|cause| format!("P7: a projector that nobody disturbs fails: {cause}"))
    }

    /// The promises: the record of the clients against the log, and every answer against the fold of the log.
    async fn check(&mut self) -> Result<(), String> {
        let log = self.store.open();
        let events = log.read(Position(0), usize::MAX).await.expect("it is in memory");
        self.record.check(&log, &events).await?;
        let model = record::fold(&events)?;
        let head = log.head().await.expect("it is in memory").position;
        let rows = self.tables.rows(&SELECT_CHECKPOINTS, &[]).await.expect("they are in memory");
        for row in &rows {
            let name: String = row.get("name").expect("it is text");
            let (checkpoint, failure): (i64, Option<String>) =
                (row.get("checkpoint").expect("it is a number"), row.get("failure").expect("it is text"));
            let is_left_over = name.starts_with("next_");
            if !is_left_over && (checkpoint != head.0 || failure.is_some()) {
                return Err(format!("P4: {name} is at {checkpoint} of {head}: {failure:?}"));
            }
        }
        let sets = self.tables.rows(&COUNT_SET_ASIDE, &[]).await.expect("they are in memory");
        let sets: i64 = sets[0].get("sets").expect("it is a number");
        if sets > 0 {
            self.count("tables were set aside");
        }
        let tasks = Tasks::default();
        let queries =
            Queries::new(self.tables.clone(), Arc::new(log), &Wake::default(), StreamLimits::default(), tasks.clone());
        let mut report = Report::default();
        let manner = Manner { page_size: 100, salt: self.random.below(100) };
        let compared = compare(&queries, &model, manner, &mut report).await;
        tasks.drain();
        compared.map_err(|cause| format!("P4: a question fails: {cause}"))?;
        match report.differences {
            0 => Ok(()),
            differences => Err(format!("P4: {differences} differences: {}", report.shown.join("; "))),
        }
    }
}

/// The outcome of a simulation, and its log in short, or which promise was broken.
fn simulate(seed: u64, defect: Option<Defect>) -> Result<(Tally, String), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let mut simulation = Simulation::new(seed, defect).await;
        for _ in 0..TURNS {
            simulation.turn().await;
        }
        simulation.end().await?;
        simulation.check().await?;
        let events = simulation.store.open().read(Position(0), usize::MAX).await.expect("it reads");
        let mut log = String::new();
        for event in events {
            let (stream, at) = (event.stream, event.recorded_at.0);
            writeln!(log, "{} {stream} {} {at} {}", event.position, event.kind, event.payload).expect("a string grows");
        }
        Ok((simulation.tally, log))
    })
}

/// Failpoints belong to the process, so one test at a time.
fn scenario() -> FailScenario<'static> {
    let scenario = FailScenario::setup();
    task::watch_points(&CRASH_POINTS);
    scenario
}

fn check_half(half: u64) {
    let _scenario = scenario();
    let mut tally = Tally::new();
    let seeds = seeds("CHIRP_SIMULATIONS", SIMULATIONS);
    let is_named = seeds.end - seeds.start == 1;
    for index in seeds.clone() {
        let seed = if is_named { index } else { index * 2 + half };
        match simulate(seed, None) {
            Ok((happened, _)) => {
                for (what, often) in happened {
                    *tally.entry(what).or_default() += often;
                }
            }
            Err(broken) => panic!("seed {seed}: {broken}"),
        }
    }
    println!("{} simulations: {tally:?}", seeds.end - seeds.start);
    let missing: Vec<_> = MUST_HAPPEN.iter().filter(|what| !tally.contains_key(**what)).collect();
    assert!(is_named || missing.is_empty(), "it never happened: {missing:?}");
}

#[test]
fn no_simulation_of_the_first_half_breaks_a_promise() {
    check_half(0);
}

#[test]
fn no_simulation_of_the_second_half_breaks_a_promise() {
    check_half(1);
}

#[test]
fn a_seed_is_one_history() {
    let _scenario = scenario();
    for seed in 0..5 {
        let (first, second) = (simulate(seed, None), simulate(seed, None));
        assert!(first == second, "seed {seed} was another history when it was run again: {first:?} and {second:?}");
    }
}

#[test]
fn every_defect_is_found() {
    let _scenario = scenario();
    let defects = [
        (Defect::AcknowledgesTooEarly, "P1"),
        (Defect::ForgetsRequests, "P2"),
        (Defect::IgnoresExpectations, "P3"),
        (Defect::ReadsWithGaps, "P4"),
        (Defect::CheckpointApart, "P4"),
        (Defect::ForgetsHashes, "P4"),
    ];
    for (defect, promise) in defects {
        let found = (0..SIMULATIONS_OF_A_DEFECT).find_map(|seed| {
            let broken = simulate(seed, Some(defect)).err()?;
            broken.starts_with(promise).then_some((seed, broken))
        });
        let (seed, broken) = found.unwrap_or_else(|| panic!("{defect:?} was not found to break {promise}"));
        println!("{defect:?} was found with seed {seed}: {}", broken.chars().take(200).collect::<String>());
    }
}
