//! The log, read without the code that wrote it: the hash chain is checked, and every event goes to the reference.

use std::path::Path;

use anyhow::Context;
use reference::{LogEvent, Model, chain};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{Row, SqlitePool};

use super::Report;

const PAGE: i64 = 10_000;
const SELECT_HEAD: &str = "SELECT position, hash FROM head";
const SELECT_PAGE: &str = "SELECT * FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";

/// A log file that is only read.
pub struct LogReader(SqlitePool);

impl LogReader {
    /// Opens the file.
    ///
    /// # Errors
    /// When there is no such file.
    pub async fn open(file: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        Ok(Self(SqlitePool::connect_with(options).await?))
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn head(&self) -> anyhow::Result<u64> {
        let row = sqlx::query(SELECT_HEAD).fetch_one(&self.0).await?;
        Ok(u64::try_from(row.try_get::<i64, _>("position")?)?)
    }

    /// Folds the events up to a position, noting every broken link and every event that should not be there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn fold(&self, until: u64, report: &mut Report) -> anyhow::Result<Model> {
        let mut model = Model::new();
        let mut previous = [0; 32];
        let mut position = 0;
        loop {
            let rows = sqlx::query(SELECT_PAGE)
                .bind(position)
                .bind(i64::try_from(until)?)
                .bind(PAGE)
                .fetch_all(&self.0)
                .await?;
            let Some(last) = rows.last() else { break };
            position = last.try_get("position")?;
            for row in &rows {
                previous = check_link(row, previous, report)?;
                let payload: String = row.try_get("payload")?;
                let (stream, kind): (String, String) = (row.try_get("stream")?, row.try_get("type")?);
                let event = LogEvent {
                    position: unsigned(row, "position")?,
                    stream: &stream,
                    version: unsigned(row, "version")?,
                    kind: &kind,
                    schema_version: row.try_get("schema_version")?,
                    recorded_at_us: row.try_get("recorded_at")?,
                    payload: payload.as_bytes(),
                };
                report.check(model.apply(&event).err(), || format!("position {}", event.position));
            }
        }
        report.check(model.settled().err(), || "the end of the log".to_owned());
        let is_whole_log = self.head().await? == until;
        if is_whole_log {
            let row = sqlx::query(SELECT_HEAD).fetch_one(&self.0).await?;
            let broken =
                (digest(&row, "hash")? != previous).then(|| "its hash is not that of the last event".to_owned());
            report.check(broken, || "the head".to_owned());
        }
        Ok(model)
    }
}

/// The hash that the event should have, which is also the one before the next.
fn check_link(row: &SqliteRow, previous: [u8; 32], report: &mut Report) -> anyhow::Result<[u8; 32]> {
    let (stream, kind): (String, String) = (row.try_get("stream")?, row.try_get("type")?);
    let (principal, traceparent): (String, Option<String>) = (row.try_get("principal")?, row.try_get("traceparent")?);
    let payload: String = row.try_get("payload")?;
    let header = chain::Header {
        position: unsigned(row, "position")?,
        event_id: id(row, "event_id")?.context("an event without an id")?,
        stream: &stream,
        version: unsigned(row, "version")?,
        kind: &kind,
        schema_version: row.try_get("schema_version")?,
        command_id: id(row, "command_id")?.context("an event without a command")?,
        correlation_id: id(row, "correlation_id")?.context("an event without a correlation id")?,
        causation_id: id(row, "causation_id")?,
        principal: &principal,
        traceparent: traceparent.as_deref(),
        recorded_at_us: row.try_get("recorded_at")?,
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

fn unsigned(row: &SqliteRow, column: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?)?)
}

fn id(row: &SqliteRow, column: &str) -> anyhow::Result<Option<[u8; 16]>> {
    let bytes: Option<Vec<u8>> = row.try_get(column)?;
    let exact = |bytes: Vec<u8>| bytes.try_into().map_err(|_| anyhow::anyhow!("{column} is not 16 bytes long"));
    bytes.map(exact).transpose()
}

fn digest(row: &SqliteRow, column: &str) -> anyhow::Result<[u8; 32]> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| anyhow::anyhow!("{column} is not 32 bytes long"))
}
