//! What the contract asks of a damaged SQLite file.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use super::*;
use crate::log::ReadError;

/// One change of each column of the second event that enters the chain.
const CHANGES: [&str; 14] = [
    "UPDATE events SET event_id = randomblob(16) WHERE position = 2",
    "UPDATE events SET stream = 'B' WHERE position = 2",
    "UPDATE events SET version = 7 WHERE position = 2",
    "UPDATE events SET type = 'handle.released' WHERE position = 2",
    "UPDATE events SET schema_version = 2 WHERE position = 2",
    "UPDATE events SET command_id = randomblob(16) WHERE position = 2",
    "UPDATE events SET correlation_id = randomblob(16) WHERE position = 2",
    "UPDATE events SET causation_id = randomblob(16) WHERE position = 2",
    "UPDATE events SET principal = 'account:bob' WHERE position = 2",
    "UPDATE events SET traceparent = '00' WHERE position = 2",
    "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2",
    "UPDATE events SET payload = payload || ' ' WHERE position = 2",
    "UPDATE events SET payload_digest = randomblob(32) WHERE position = 2",
    "UPDATE events SET hash = randomblob(32) WHERE position = 2",
];
const FLIP_PAYLOAD_BYTE: &str = "
UPDATE events SET payload = substr(payload, 1, $1) ||
char(unicode(substr(payload, $1 + 1, 1)) + 1 - 2 * (unicode(substr(payload, $1 + 1, 1)) & 1)) ||
substr(payload, $1 + 2)
WHERE position = 2";
const KEEP: &str = "CREATE TABLE kept AS SELECT * FROM events";
const RESTORE: &str = "DELETE FROM events; INSERT INTO events SELECT * FROM kept";
const BREAK_REQUESTS: &str = "
CREATE TRIGGER broken BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'broken by the test'); END";
const HEAL_REQUESTS: &str = "DROP TRIGGER broken";

/// Three events, the store they are in, and a way around the port.
async fn three_events() -> (SqliteStore, Log, SqliteConnection) {
    let store = SqliteStore::create().await;
    let log = store.open().await;
    check(&*log, append(&[], &[&stream("a"), &stream("b"), &stream("c")]), now(3)).await;
    let around = SqliteConnectOptions::new().filename(store.file()).connect().await.expect("the file is there");
    (store, log, around)
}

async fn run(around: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(around).await.expect("the test's SQL is valid");
}

#[tokio::test]
async fn every_changed_column_breaks_the_chain() {
    let (_store, log, mut around) = three_events().await;
    run(&mut around, KEEP).await;
    for change in CHANGES {
        run(&mut around, change).await;
        assert_eq!(first_broken_link(&whole_log(&*log).await), Some(Position(2)), "{change}");
        run(&mut around, RESTORE).await;
        assert_eq!(first_broken_link(&whole_log(&*log).await), None);
    }
}

#[tokio::test]
async fn every_flipped_byte_of_a_payload_breaks_the_chain() {
    let (_store, log, mut around) = three_events().await;
    run(&mut around, KEEP).await;
    let length = i64::try_from(event().encode().payload.len()).expect("it is short");
    for index in 0..length {
        sqlx::query(FLIP_PAYLOAD_BYTE).bind(index).execute(&mut around).await.expect("the test's SQL is valid");
        assert_eq!(first_broken_link(&whole_log(&*log).await), Some(Position(2)), "byte {index}");
        run(&mut around, RESTORE).await;
    }
    assert_eq!(first_broken_link(&whole_log(&*log).await), None);
}

#[tokio::test]
async fn a_removed_event_is_a_gap_and_a_removed_end_is_behind_the_head() {
    let (_store, log, mut around) = three_events().await;
    run(&mut around, "DELETE FROM events WHERE position = 3").await;
    assert!(last_position(&whole_log(&*log).await) < head(&*log).await);
    run(&mut around, "DELETE FROM events WHERE position = 1").await;
    let gap = ReadError::Gap { expected: Position(1), found: Position(2) };
    assert_eq!(log.read(Position(0), 10).await, Err(gap));
}

#[tokio::test]
async fn the_head_keeps_the_hash_of_the_last_event() {
    let (_store, log, mut around) = three_events().await;
    let hash: Vec<u8> = sqlx::query_scalar("SELECT hash FROM head").fetch_one(&mut around).await.expect("a head");
    assert_eq!(hash, whole_log(&*log).await[2].hash);
}

#[tokio::test]
async fn a_batch_that_fails_half_way_leaves_nothing_and_the_log_recovers() {
    let (_store, log, mut around) = three_events().await;
    let request = request();
    let command = asked(&request, b"answer", write(&stream("d"), 0));
    run(&mut around, BREAK_REQUESTS).await;
    let outcome = log.append(command.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unstorable(_))), "{outcome:?}");
    assert_eq!((head(&*log).await, whole_log(&*log).await.len()), (Position(3), 3));

    run(&mut around, HEAL_REQUESTS).await;
    check(&*log, command, now(4)).await;
    assert_eq!(first_broken_link(&whole_log(&*log).await), None);
}

#[tokio::test]
async fn opening_waits_for_another_process_that_is_making_the_store() {
    let store = SqliteStore::create().await;
    let maker = SqliteConnectOptions::new().filename(store.file()).create_if_missing(true).connect().await;
    let mut maker = maker.expect("the directory is there");
    run(&mut maker, "BEGIN IMMEDIATE").await;
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        run(&mut maker, "COMMIT").await;
    };
    let (log, ()) = tokio::join!(store.open(), release);
    check(&*log, write(&stream("a"), 0), now(1)).await;
}

#[tokio::test]
async fn a_writer_that_waits_for_another_process_refuses_more_than_it_can_hold() {
    let (_store, log, mut around) = three_events().await;
    run(&mut around, "BEGIN IMMEDIATE").await;
    let flood = append_at_once(std::slice::from_ref(&log), vec![append(&[], &[&stream("d")]); 10_000]);
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        run(&mut around, "COMMIT").await;
    };
    let (outcomes, ()) = tokio::join!(flood, release);

    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(AppendError::Overloaded)).count();
    assert!(refused > 0 && stored + refused == outcomes.len(), "{stored} stored, {refused} refused");
    assert_eq!(whole_log(&*log).await.len(), 3 + stored);
}
