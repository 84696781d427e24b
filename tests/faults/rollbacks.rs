//! A storm of rollbacks on PostgreSQL: transactions that had taken positions and roll back, and appends whose connection is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use shared::log::{EventLog, postgres as postgres_log};
use shared::model::ids::Position;
use shared::sql::postgres::Server;
use sqlx::{Connection, PgConnection};

use crate::api::Api;
use crate::number;
use crate::process::{Role, folder, verified_at};
use crate::writers::{Writers, Written, check, log_of};

/// How many transactions are rolled back; `CHIRP_STORM=n` sets another number.
const ROLLBACKS: u64 = 200;
/// For each of so many rollbacks, at least one connection is cut.
const ROLLBACKS_OF_CUT: u64 = 20;
const SERVERS: usize = 4;
const CLIENTS_OF_SERVER: usize = 4;
/// How many transactions roll back at once.
const ROLLING_BACK: usize = 2;
const PAGE: usize = 500;
const PAUSE: Duration = Duration::from_millis(2);
/// The pause between two cuts, in which an append that is retried can succeed.
const CUT_EVERY: Duration = Duration::from_millis(50);

/// An append as a command server makes it, which lingers and rolls back.
const APPEND_AND_ROLL_BACK: &str = "
    BEGIN;
    SELECT chirp_log.append_batch(1, 0, 0, '', '{}', '{}', ARRAY[ROW(
        1, gen_random_uuid(), 'rolled-back', 'post.created', 1, gen_random_uuid(), gen_random_uuid(), NULL, '', NULL, '{}', '', '', ''
    )::chirp_log.new_event]);
    SELECT pg_sleep(0.005 * random());
    ROLLBACK;
";
/// Ends a connection of a command server in the middle of an append.
const CUT: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT * FROM append_batch%'
    ORDER BY random() LIMIT 1
";

/// The state that the storm and the reader share.
#[derive(Default)]
struct Storm {
    is_over: AtomicBool,
    rolled_back: AtomicU64,
    cut: AtomicU64,
}

impl Storm {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn has_made(&self, rollbacks: u64) -> bool {
        self.rolled_back.load(Ordering::SeqCst) >= rollbacks
            && self.cut.load(Ordering::SeqCst) >= rollbacks / ROLLBACKS_OF_CUT
    }
}

async fn roll_back(mut connection: PgConnection, storm: Arc<Storm>) {
    while !storm.is_over() {
        sqlx::raw_sql(APPEND_AND_ROLL_BACK).execute(&mut connection).await.expect("it is rolled back");
        storm.rolled_back.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn cut(mut connection: PgConnection, storm: Arc<Storm>) {
    while !storm.is_over() {
        let cut = sqlx::raw_sql(CUT).execute(&mut connection).await.expect("it is ended").rows_affected();
        storm.cut.fetch_add(cut, Ordering::SeqCst);
        tokio::time::sleep(CUT_EVERY).await;
    }
}

/// Reads as a projection does: every event must follow the one before.
async fn read(log: impl EventLog, storm: Arc<Storm>) -> Position {
    let mut reached = Position(0);
    loop {
        let was_over = storm.is_over();
        let page = log.read(reached, PAGE).await.expect("there is no gap");
        if page.is_empty() {
            if was_over {
                return reached;
            }
            tokio::time::sleep(PAUSE).await;
        }
        for event in page {
            assert_eq!(event.position, reached.next(), "what comes next");
            assert_ne!(event.stream.as_str(), "rolled-back", "position {reached} was given back");
            reached = event.position;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_rollbacks_leaves_no_gap_and_loses_nothing() {
    let rollbacks = number("CHIRP_STORM").unwrap_or(ROLLBACKS);
    let (folder, server) = (folder(), Server::for_a_test().await);
    server.migrate(&projector::projections::tables()).await.expect("the schemas can be made");
    let store = server.address();
    let projector = Role::start_at("projector", "--ops-listen", &store, &[]).await;
    let storm = Arc::new(Storm::default());
    let log = postgres_log::open_to_read(&server).await.expect("it opens");
    let reading = tokio::spawn(read(log, storm.clone()));
    let mut servers = vec![];
    let mut writers = vec![];
    for number in 0..SERVERS {
        let commands = Role::start_at("command-server", "--listen", &store, &[]).await;
        let api = || Api::new(&commands.address, &projector.address, &projector.address);
        writers.push(Writers::start(&format!("w{number}"), CLIENTS_OF_SERVER, api).await);
        servers.push(commands);
    }
    let connect = async || PgConnection::connect(&store).await.expect("it connects");
    let mut raging = vec![tokio::spawn(cut(connect().await, storm.clone()))];
    for _ in 0..ROLLING_BACK {
        raging.push(tokio::spawn(roll_back(connect().await, storm.clone())));
    }

    // A reader that has seen a gap has ended.
    while !storm.has_made(rollbacks) && !reading.is_finished() {
        for writers in &writers {
            writers.progress(CLIENTS_OF_SERVER).await;
        }
    }
    let mut written = Written::default();
    for writers in writers {
        written.add(writers.stop().await);
    }
    storm.is_over.store(true, Ordering::SeqCst);
    for raging in raging {
        raging.await.expect("it raged to the end");
    }
    let reached = reading.await.expect("the reader saw no gap");
    let [rolled_back, cut] = [&storm.rolled_back, &storm.cut].map(|count| count.load(Ordering::SeqCst));
    println!(
        "{} events read, {} acknowledged, {} asked again, {rolled_back} rolled back by hand, {cut} cut in the middle",
        reached.0,
        written.acknowledged.len(),
        written.repeated
    );
    assert!(written.repeated > 0, "a connection that is cut fails somebody's command");
    let log = log_of(&store, folder.path()).await;
    assert_eq!(log.len() as u64, reached.unsigned(), "the reader missed nothing");
    check(&log, &written.acknowledged).expect("every promise is kept");
    verified_at(&store).await;
}
