//! `chirp log copy`: a log moves from one store to another, of either kind.
//!
//! Always: events keep their positions, streams, versions, ids, payloads and hashes, and requests their answers; what is there
//! already is not copied again, if it is the same log; at the end both are read whole and have the same digest. The new store
//! has its own epoch, so that a token of the old one is refused and not misread. Never here: read tables, which
//! a projector fills again.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};
use shared::clock::SystemClock;
use shared::database::{Database, Row, Value};
use shared::rows::{Cell, Line, Rows};
use shared::sql::Statement;
use shared::store::Store;
use uuid::Uuid;

use crate::cli::LogCopyArgs;

/// Rows of one transaction.
const PAGE: i64 = 4_096;
const PROGRESS: Duration = Duration::from_secs(2);

static SELECT_HEAD: Statement = Statement::new("SELECT position, hash, recorded_at FROM head");
static SELECT_HASH: Statement = Statement::new("SELECT hash FROM events WHERE position = $1");
static SELECT_EVENTS: Statement = Statement::new("SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2");
static INSERT_EVENTS: Statement = Statement::new(
    "INSERT INTO events SELECT * FROM {rows $1 AS copied: position, event_id id, stream verbatim, version, type verbatim, schema_version, command_id id, correlation_id id, causation_id id, principal verbatim, traceparent verbatim, recorded_at, payload verbatim, payload_digest bytes, hash bytes}",
);
static UPDATE_HEAD: Statement = Statement::new("UPDATE head SET position = $1, hash = $2, recorded_at = $3");
static SELECT_REQUESTS: Statement = Statement::new(
    "SELECT * FROM requests WHERE (principal, request_id) > ($1, $2) ORDER BY principal, request_id LIMIT $3",
);
static INSERT_REQUESTS: Statement = Statement::new(
    "INSERT INTO requests SELECT * FROM {rows $1 AS copied: principal verbatim, request_id id, digest bytes, position, answer bytes}
     WHERE true ON CONFLICT DO NOTHING",
);

/// Copies what is missing, and compares.
///
/// # Errors
/// When a store fails, the target holds another log, or the source grows meanwhile.
pub async fn run(args: LogCopyArgs) -> anyhow::Result<ExitCode> {
    ensure!(args.from != args.to, "a log cannot be copied onto itself");
    let source = Store::existing_at(&args.from)?.open_tables_of_log().await.context("the source cannot be read")?;
    let store = Store::at(&args.to)?;
    if let Store::Server(server) = &store {
        server.migrate().await?;
    }
    // Opening it once makes it.
    drop(store.open_log(Arc::new(SystemClock)).await?);
    let target = store.open_tables_of_log_to_write().await.context("the target cannot be written")?;

    let head = Head::of(&source).await?;
    let reached = Head::of(&target).await?;
    if reached.position > 0 {
        let same = source.rows(&SELECT_HASH, &[Value::Number(reached.position)]).await?;
        let same: Option<Vec<u8>> = same.first().map(|row| row.get("hash")).transpose()?;
        ensure!(same.as_ref() == Some(&reached.hash), "{store} holds another log");
        eprintln!("copy: going on after position {}", reached.position);
    }
    // Answers first: whoever began to append to a log that was copied half would find no request twice.
    copy_requests(&source, &target).await?;
    copy_events(&source, &target, reached.position, &head).await?;

    eprintln!("copy: comparing");
    let (from, to) = (digest(&source).await?, digest(&target).await?);
    if Head::of(&source).await?.position != head.position {
        bail!("the source has grown meanwhile; stop writing to it and copy again");
    }
    println!("source  {} events, {} requests, SHA-256 {}", from.events, from.requests, from.text());
    println!("target  {} events, {} requests, SHA-256 {}", to.events, to.requests, to.text());
    Ok(if from == to { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The end of a log.
struct Head {
    position: i64,
    hash: Vec<u8>,
    recorded_at: i64,
}

impl Head {
    async fn of(log: &Database) -> anyhow::Result<Self> {
        let rows = log.rows(&SELECT_HEAD, &[]).await?;
        let row = rows.first().context("a log without a head")?;
        Ok(Self { position: row.get("position")?, hash: row.get("hash")?, recorded_at: row.get("recorded_at")? })
    }
}

async fn copy_events(source: &Database, target: &Database, after: i64, head: &Head) -> anyhow::Result<()> {
    let (started, mut told_at, mut position) = (Instant::now(), Instant::now(), after);
    while position < head.position {
        let values = [position, PAGE.min(head.position - position)].map(Value::Number);
        let rows = source.rows(&SELECT_EVENTS, &values).await?;
        let events: Vec<Event> = rows.iter().map(Event::read).collect::<Result<_, _>>()?;
        let last = events.last().context("the source ends before its head")?;
        ensure!(last.position == position + i64::try_from(events.len())?, "the source has a gap after {position}");
        let mut tx = target.begin_to_write().await?;
        tx.execute(&INSERT_EVENTS, &[Value::Rows(&events.iter().collect())]).await?;
        // At the end of what was appended at once, the head may be younger than its event.
        let recorded_at = if last.position == head.position { head.recorded_at } else { last.recorded_at };
        let reached = [Value::Number(last.position), Value::Bytes(&last.hash), Value::Number(recorded_at)];
        tx.execute(&UPDATE_HEAD, &reached).await?;
        tx.commit().await?;
        position = last.position;
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            let rate = (position - after) as f64 / started.elapsed().as_secs_f64();
            let left = (head.position - position) as f64 / rate;
            eprintln!("copy: {position}/{} events, {rate:.0}/s, {left:.0} s left", head.position);
        }
    }
    Ok(())
}

async fn copy_requests(source: &Database, target: &Database) -> anyhow::Result<()> {
    let (mut told_at, mut copied) = (Instant::now(), 0);
    let mut pages = Requests::new(source);
    loop {
        let requests = pages.next().await?;
        if requests.is_empty() {
            return Ok(());
        }
        copied += requests.len();
        let mut tx = target.begin_to_write().await?;
        tx.execute(&INSERT_REQUESTS, &[Value::Rows(&requests.iter().collect::<Rows>())]).await?;
        tx.commit().await?;
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            eprintln!("copy: {copied} requests");
        }
    }
}

/// All requests of a log, page by page.
struct Requests<'a> {
    log: &'a Database,
    principal: String,
    request_id: Uuid,
}

impl<'a> Requests<'a> {
    fn new(log: &'a Database) -> Self {
        Self { log, principal: String::new(), request_id: Uuid::nil() }
    }

    async fn next(&mut self) -> anyhow::Result<Vec<Request>> {
        let values = [Value::Text(&self.principal), Value::Id(self.request_id), Value::Number(PAGE)];
        let rows = self.log.rows(&SELECT_REQUESTS, &values).await?;
        let requests: Vec<Request> = rows.iter().map(Request::read).collect::<Result<_, _>>()?;
        if let Some(last) = requests.last() {
            self.principal.clone_from(&last.principal);
            self.request_id = last.request_id;
        }
        Ok(requests)
    }
}

/// What a whole log comes to.
#[derive(PartialEq, Eq)]
struct Whole {
    events: u64,
    requests: u64,
    digest: [u8; 32],
}

impl Whole {
    fn text(&self) -> String {
        self.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

async fn digest(log: &Database) -> anyhow::Result<Whole> {
    let (mut hasher, mut events, mut requests, mut position) = (Sha256::new(), 0, 0, 0);
    loop {
        let rows = log.rows(&SELECT_EVENTS, &[Value::Number(position), Value::Number(PAGE)]).await?;
        for row in &rows {
            let event = Event::read(row)?;
            position = event.position;
            events += 1;
            hash(&mut hasher, &event);
        }
        if rows.is_empty() {
            break;
        }
    }
    let mut pages = Requests::new(log);
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        for request in &page {
            requests += 1;
            hash(&mut hasher, request);
        }
    }
    let head = Head::of(log).await?;
    hasher.update(head.position.to_be_bytes());
    hasher.update(&head.hash);
    hasher.update(head.recorded_at.to_be_bytes());
    Ok(Whole { events, requests, digest: hasher.finalize().into() })
}

/// Every value with its length, so that no two rows look the same.
fn hash(hasher: &mut Sha256, line: &impl Line) {
    line.each(&mut |cell| {
        let mut field = |bytes: &[u8]| {
            hasher.update(bytes.len().to_be_bytes());
            hasher.update(bytes);
        };
        match cell {
            Cell::Number(Some(number)) => field(&number.to_be_bytes()),
            Cell::Text(Some(text)) => field(text.as_bytes()),
            Cell::Id(Some(id)) => field(id.as_bytes()),
            Cell::Bytes(bytes) => field(bytes),
            Cell::Flag(Some(flag)) => field(&[u8::from(flag)]),
            Cell::Number(None) | Cell::Text(None) | Cell::Id(None) | Cell::Flag(None) => field(b"absent"),
        }
    });
}

/// An event as it is stored.
struct Event {
    position: i64,
    event_id: Uuid,
    stream: String,
    version: i64,
    kind: String,
    schema_version: i64,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    principal: String,
    traceparent: Option<String>,
    recorded_at: i64,
    payload: String,
    payload_digest: Vec<u8>,
    hash: Vec<u8>,
}

impl Event {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.get("position")?,
            event_id: row.get("event_id")?,
            stream: row.get("stream")?,
            version: row.get("version")?,
            kind: row.get("type")?,
            schema_version: row.get("schema_version")?,
            command_id: row.get("command_id")?,
            correlation_id: row.get("correlation_id")?,
            causation_id: row.get("causation_id")?,
            principal: row.get("principal")?,
            traceparent: row.get("traceparent")?,
            recorded_at: row.get("recorded_at")?,
            payload: row.get("payload")?,
            payload_digest: row.get("payload_digest")?,
            hash: row.get("hash")?,
        })
    }
}

impl Line for Event {
    fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
        take(Cell::Number(Some(self.position)));
        take(Cell::Id(Some(self.event_id)));
        take(Cell::Text(Some(&self.stream)));
        take(Cell::Number(Some(self.version)));
        take(Cell::Text(Some(&self.kind)));
        take(Cell::Number(Some(self.schema_version)));
        take(Cell::Id(Some(self.command_id)));
        take(Cell::Id(Some(self.correlation_id)));
        take(Cell::Id(self.causation_id));
        take(Cell::Text(Some(&self.principal)));
        take(Cell::Text(self.traceparent.as_deref()));
        take(Cell::Number(Some(self.recorded_at)));
        take(Cell::Text(Some(&self.payload)));
        take(Cell::Bytes(&self.payload_digest));
        take(Cell::Bytes(&self.hash));
    }
}

/// A request as it is stored.
struct Request {
    principal: String,
    request_id: Uuid,
    digest: Vec<u8>,
    position: i64,
    answer: Vec<u8>,
}

impl Request {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            principal: row.get("principal")?,
            request_id: row.get("request_id")?,
            digest: row.get("digest")?,
            position: row.get("position")?,
            answer: row.get("answer")?,
        })
    }
}

impl Line for Request {
    fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
        take(Cell::Text(Some(&self.principal)));
        take(Cell::Id(Some(self.request_id)));
        take(Cell::Bytes(&self.digest));
        take(Cell::Number(Some(self.position)));
        take(Cell::Bytes(&self.answer));
    }
}
