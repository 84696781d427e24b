//! The log, read without the code that wrote it: the hash chain is checked, and every event goes to the reference.

use anyhow::Context;
use reference::{LogEvent, Model, chain};
use shared::sql::database::{Database, Row, Value};
use shared::sql::statements;
use shared::store::Store;
use uuid::Uuid;

use super::Report;

const PAGE: i64 = 10_000;
statements! {
    static SELECT_HEAD = "SELECT position, hash FROM head";
    static SELECT_PAGE = "SELECT * FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";
}

/// A log that is only read.
pub struct LogReader(Database);

impl LogReader {
    /// Opens the tables of the log, without the code that knows what they mean.
    ///
    /// # Errors
    /// When there is no such log.
    pub async fn open(store: &Store) -> anyhow::Result<Self> {
        Ok(Self(store.open_tables_of_log().await?))
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn head(&self) -> anyhow::Result<u64> {
        unsigned(&self.select_head().await?, "position")
    }

    async fn select_head(&self) -> anyhow::Result<Row> {
        self.0.rows(&SELECT_HEAD, &[]).await?.pop().context("a log without a head")
    }

    /// Folds the events up to a position, noting every broken link and every event that should not be there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn fold(&self, until: u64, report: &mut Report) -> anyhow::Result<Model> {
        let mut model = Model::new();
        let mut previous = [0; 32];
        let mut position = 0;
        let mut unread = Unread::default();
        loop {
            let values = [position, i64::try_from(until)?, PAGE].map(Value::Number);
            let rows = self.0.rows(&SELECT_PAGE, &values).await?;
            let Some(last) = rows.last() else { break };
            position = last.get("position")?;
            for row in &rows {
                previous = check_link(row, previous, report)?;
                let payload: String = row.get("payload")?;
                let (stream, kind): (String, String) = (row.get("stream")?, row.get("type")?);
                let event = LogEvent {
                    position: unsigned(row, "position")?,
                    stream: &stream,
                    version: unsigned(row, "version")?,
                    kind: &kind,
                    schema_version: u32::try_from(row.get::<i64>("schema_version")?)?,
                    recorded_at_us: row.get("recorded_at")?,
                    payload: payload.as_bytes(),
                };
                let wrong = model.apply(&event).err();
                if wrong.is_some() {
                    model.pass(&event);
                }
                let is_behind = wrong.is_some() && unread.is_behind(&event);
                report.check(wrong.filter(|_| !is_behind), || format!("position {}", event.position));
            }
        }
        report.check(model.settled().err(), || "the end of the log".to_owned());
        let is_whole_log = self.head().await? == until;
        if is_whole_log {
            let row = self.select_head().await?;
            let broken =
                (digest(&row, "hash")? != previous).then(|| "its hash is not that of the last event".to_owned());
            report.check(broken, || "the head".to_owned());
        }
        Ok(model)
    }
}

/// The ids of what events are about that cannot be read. What rests on them cannot be judged, and projections keep it behind them; so it is
/// told of the first one only.
#[derive(Default)]
struct Unread(Vec<String>);

impl Unread {
    const ID_LENGTH: usize = 36;

    /// Whether an event that was not applied only rests on one that cannot be read.
    fn is_behind(&mut self, event: &LogEvent<'_>) -> bool {
        let names = |id: &String| {
            event.stream.contains(id.as_str()) || String::from_utf8_lossy(event.payload).contains(id.as_str())
        };
        let is_behind = self.0.iter().any(names);
        if is_behind || Model::can_read(event).is_err() {
            let id = event.stream.len().checked_sub(Self::ID_LENGTH).and_then(|at| event.stream.get(at..));
            self.0.extend(id.map(str::to_owned));
        }
        is_behind
    }
}

/// The hash that the event should have, which is also the one before the next.
fn check_link(row: &Row, previous: [u8; 32], report: &mut Report) -> anyhow::Result<[u8; 32]> {
    let (stream, kind): (String, String) = (row.get("stream")?, row.get("type")?);
    let (principal, traceparent): (String, Option<String>) = (row.get("principal")?, row.get("traceparent")?);
    let payload: String = row.get("payload")?;
    let header = chain::Header {
        position: unsigned(row, "position")?,
        event_id: id(row, "event_id")?.context("an event without an id")?,
        stream: &stream,
        version: unsigned(row, "version")?,
        kind: &kind,
        schema_version: u32::try_from(row.get::<i64>("schema_version")?)?,
        command_id: id(row, "command_id")?.context("an event without a command")?,
        correlation_id: id(row, "correlation_id")?.context("an event without a correlation id")?,
        causation_id: id(row, "causation_id")?,
        principal: &principal,
        traceparent: traceparent.as_deref(),
        recorded_at_us: row.get("recorded_at")?,
    };
    let found_digest = digest(row, "payload_digest")?;
    let wrong_payload = chain::digest(payload.as_bytes()) != found_digest;
    report.check(wrong_payload.then(|| "the payload is not what its digest says".to_owned()), || {
        format!("position {}", header.position)
    });
    let expected = chain::link(previous, &header, found_digest);
    let found = digest(row, "hash")?;
    let broken = expected != found;
    report
        .check(broken.then(|| "the hash chain is broken here".to_owned()), || format!("position {}", header.position));
    // Going on from what is stored shows every damaged event, and not all that follow the first.
    Ok(found)
}

fn unsigned(row: &Row, column: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.get::<i64>(column)?)?)
}

fn id(row: &Row, column: &str) -> anyhow::Result<Option<[u8; 16]>> {
    let id: Option<Uuid> = row.get(column)?;
    Ok(id.map(Uuid::into_bytes))
}

fn digest(row: &Row, column: &str) -> anyhow::Result<[u8; 32]> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_| anyhow::anyhow!("{column} is not 32 bytes long"))
}
