//! The control: a log whose positions come from a sequence, as most would write it, and which the contract must catch.
//!
//! A sequence gives its numbers when rows are inserted, and rows are seen when they are committed: a reader that has passed a
//! position never sees what commits below it later.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Row};
use std::str::FromStr;

use super::*;
use crate::log::{LogHead, ReadError, StoreIdentity};
use crate::runtime::wake::Listener;
use crate::sql::postgres::Server;

const SCHEMA: &str = "CREATE TABLE naive (position BIGSERIAL PRIMARY KEY, stream TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO naive (stream) SELECT * FROM UNNEST($1::TEXT[]) RETURNING position";
/// Between its numbers and its commit a transaction may take as long as it likes; these take up to 10 ms.
const LINGER: &str = "SELECT pg_sleep(0.01 * random())";
const SELECT: &str = "SELECT position, stream FROM naive WHERE position > $1 ORDER BY position LIMIT $2";
const SELECT_HEAD: &str = "SELECT COALESCE(MAX(position), 0) AS position FROM naive";

const ROUNDS_MAX: usize = 50;

struct NaiveLog(PgPool);

#[async_trait::async_trait]
impl LogHead for NaiveLog {
    fn identity(&self) -> StoreIdentity {
        StoreIdentity { epoch: Uuid::nil(), token_key: [0; 32] }
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let row = sqlx::query(SELECT_HEAD).fetch_one(&self.0).await.expect("it is selected");
        Ok(Head { position: Position(row.get("position")), ..Head::ORIGIN })
    }

    async fn hashes_at(&self, _: &[Position]) -> Result<HashMap<Position, [u8; 32]>, ReadError> {
        Ok(HashMap::new())
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        Ok(false)
    }
}

#[async_trait::async_trait]
impl EventLog for NaiveLog {
    async fn append(&self, append: Append) -> Outcome {
        let streams: Vec<&str> = append.events.iter().map(|event| event.stream.as_str()).collect();
        let mut tx = self.0.begin().await.expect("it begins");
        let rows = sqlx::query(INSERT).bind(streams).fetch_all(&mut *tx).await.expect("it is inserted");
        sqlx::query(LINGER).execute(&mut *tx).await.expect("it sleeps");
        tx.commit().await.expect("it is committed");
        let position = Position(rows.last().map_or(0, |row| row.get("position")));
        Ok(Appended::Now(Anchor { position, ..Anchor::ORIGIN }))
    }

    async fn find_request(&self, _: &str, _: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        Ok(None)
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let limit = i64::try_from(limit).expect("it is small");
        let rows = sqlx::query(SELECT).bind(after.0).bind(limit).fetch_all(&self.0).await.expect("it is selected");
        let recorded = |row: &sqlx::postgres::PgRow| Recorded {
            position: Position(row.get("position")),
            event_id: EventId(Uuid::nil()),
            stream: StreamName::from_text(row.get("stream")),
            version: Version(0),
            kind: String::new(),
            schema_version: 1,
            cause: cause(ALICE),
            recorded_at: Timestamp(0),
            payload: String::new(),
            payload_digest: [0; 32],
            hash: [0; 32],
        };
        Ok(rows.iter().map(recorded).collect())
    }

    async fn read_streams(&self, _: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        Ok(vec![])
    }

    fn moved(&self) -> Listener<Position> {
        Listener::to(tokio::sync::watch::channel(Position(0)).1)
    }
}

struct NaiveStore(PgPool);

impl StoreUnderTest for NaiveStore {
    async fn create() -> Self {
        let options = PgConnectOptions::from_str(&Server::for_a_test().await.address()).expect("it is an address");
        let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(30));
        let pool = pool.connect_with(options).await.expect("the server answers");
        sqlx::raw_sql(SCHEMA).execute(&pool).await.expect("the table can be made");
        Self(pool)
    }

    async fn open(&self) -> Log {
        Arc::new(NaiveLog(self.0.clone()))
    }

    async fn open_read_only(&self) -> Log {
        self.open().await
    }

    fn clock(&self) -> &ManualClock {
        unreachable!("it has no clock")
    }
}

/// Whether the reader comes in between is chance, on a busy machine more than elsewhere: of many rounds one must catch it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_catches_a_reader_that_trusts_a_sequence() {
    for _ in 0..ROUNDS_MAX {
        let check = a_reader_that_polls_while_others_append_never_sees_a_gap(NaiveStore::create().await);
        // Its events are no events, so that the check fails at the end if it did not before.
        let caught = tokio::spawn(check).await.expect_err("it must fail").into_panic();
        if caught.downcast_ref::<String>().is_some_and(|said| said.contains("the reader saw no gap")) {
            return;
        }
    }
    panic!("of {ROUNDS_MAX} rounds none caught it");
}

/// Two appends in flight, of which the first commits last, and a reader in between: the sequence loses the first for the reader.
#[tokio::test]
async fn a_reader_between_two_commits_loses_an_event_of_a_sequence() {
    let store = NaiveStore::create().await;
    let log = store.open().await;
    let mut first = store.0.begin().await.expect("it begins");
    sqlx::query(INSERT).bind(vec!["first"]).fetch_all(&mut *first).await.expect("it is inserted");
    log.append(append(&[], &[&stream("second")])).await.expect("it is stored");
    let mut seen = log.read(Position(0), 10).await.expect("it reads");
    first.commit().await.expect("it is committed");
    seen.extend(log.read(last_position(&seen), 10).await.expect("it reads"));
    let seen: Vec<String> = seen.iter().map(|event| event.stream.to_string()).collect();
    assert_eq!(seen, ["second"], "a sequence is expected to lie");
}

/// The same with the log: the second append waits for the first, and the reader sees neither until it may see both.
#[tokio::test]
async fn a_reader_between_two_commits_loses_nothing_of_the_log() {
    const LOCK: &str = "SELECT position FROM chirp_log.head FOR UPDATE";
    const APPEND_BY_HAND: &str = "
WITH inserted AS (
    INSERT INTO chirp_log.events
    SELECT position + 1, gen_random_uuid(), 'first', 1, 'handle.claimed', 1, gen_random_uuid(), gen_random_uuid(), NULL, 'x', NULL,
           0, '{}', hash, hash
    FROM chirp_log.head
)
UPDATE chirp_log.head SET position = position + 1";
    let store = PostgresStore::create().await;
    let log = store.open().await;
    let mut around = PgConnection::connect(&store.server.address()).await.expect("the server answers");
    let mut first = around.begin().await.expect("it begins");
    sqlx::query(LOCK).execute(&mut *first).await.expect("it is locked");
    sqlx::query(APPEND_BY_HAND).execute(&mut *first).await.expect("it is inserted");
    let second = tokio::spawn({
        let log = log.clone();
        async move { log.append(append(&[], &[&stream("second")])).await }
    });
    // The second append has come as far as it can when it waits for the lock.
    const WAITING: &str =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%append_batch(%'
                           AND datname = current_database()";
    let mut watching = PgConnection::connect(&store.server.address()).await.expect("the server answers");
    let waits = async {
        while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(&mut watching).await.expect("it is selected") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waits).await.expect("the second append waits for the lock");
    let mut seen = log.read(Position(0), 10).await.expect("it reads");
    assert_eq!(seen.len(), 0);
    first.commit().await.expect("it is committed");
    assert_eq!(by_position(second.await.expect("it ends")), now(2));
    seen.extend(log.read(last_position(&seen), 10).await.expect("it reads"));
    let seen: Vec<String> = seen.iter().map(|event| event.stream.to_string()).collect();
    assert_eq!(seen, ["first", "second"]);
}
