//! A whole log as JSON lines: `chirp backup` and `restore`, `chirp log export` and `import`.
//!
//! The first line is `{"begin": …}`, then there is a `{"request": …}` for each request that was answered and an `{"event": …}` for each event
//! in the order of the log, and the last line is `{"end": …}` with how much there should be. A payload stands there as it was stored, to the
//! byte, so that the hash chain holds.
//!
//! Always: what is written is the log up to its head when it began, whatever is appended meanwhile; what is read is checked link by link, and
//! goes into a store with an epoch of its own, so that tokens of the old one are refused. Never here: read tables, which a projector
//! fills again.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::log::{Cause, Head, Import, Recorded, StoredAnswer, StoredRequest, WholeLog, chain};
use shared::model::clock::Timestamp;
use shared::model::ids::{CommandId, EventId, Position, RequestId, Version};
use shared::model::streams::StreamName;
use shared::store::Store;
use uuid::Uuid;

use super::args::{BackupArgs, LogExportArgs, LogImportArgs, RestoreArgs};
use super::copy::Requests;
use crate::out;

/// What this code writes and reads.
const FORMAT: u32 = 1;
/// Rows of one transaction.
const PAGE: usize = 4_096;
const PROGRESS: Duration = Duration::from_secs(2);
/// In place of a file.
const STANDARD: &str = "-";

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Begin { format: u32 },
    Request(RequestLine),
    Event(Box<EventLine>),
    End(EndLine),
}

#[derive(Debug, Serialize, Deserialize)]
struct RequestLine {
    principal: String,
    request_id: Uuid,
    position: i64,
    digest: Hex,
    answer: Hex,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventLine {
    position: i64,
    event_id: Uuid,
    stream: String,
    version: i64,
    r#type: String,
    schema_version: u32,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    principal: String,
    traceparent: Option<String>,
    /// Microseconds since 1970.
    recorded_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    /// In place of a payload that is no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_text: Option<String>,
    payload_digest: Hex,
    hash: Hex,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EndLine {
    position: i64,
    hash: Hex,
    recorded_at: i64,
    requests: u64,
}

/// Bytes, written in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Hex(Vec<u8>);

impl From<Hex> for String {
    fn from(Hex(bytes): Hex) -> Self {
        hex::encode(bytes)
    }
}

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        hex::decode(&text).map(Self).map_err(|_| format!("{text:?} is not hexadecimal"))
    }
}

impl Hex {
    fn hash(self) -> anyhow::Result<[u8; 32]> {
        self.0.try_into().map_err(|Vec { .. }: Vec<u8>| anyhow::anyhow!("a hash is not 32 bytes long"))
    }
}

impl From<StoredRequest> for RequestLine {
    fn from(request: StoredRequest) -> Self {
        let StoredRequest { principal, request_id, stored } = request;
        let (digest, answer) = (Hex(stored.digest.to_vec()), Hex(stored.answer));
        Self { principal, request_id: request_id.0, position: stored.position.0, digest, answer }
    }
}

impl RequestLine {
    fn stored(self) -> anyhow::Result<StoredRequest> {
        let position = Position(self.position);
        let stored = StoredAnswer { digest: self.digest.hash()?, position, answer: self.answer.0 };
        Ok(StoredRequest { principal: self.principal, request_id: RequestId(self.request_id), stored })
    }
}

impl From<Recorded> for EventLine {
    fn from(event: Recorded) -> Self {
        let Cause { command_id, correlation_id, causation_id, principal, traceparent } = event.cause;
        let raw = RawValue::from_string(event.payload.clone()).ok();
        let payload = raw.filter(|raw| raw.get() == event.payload && !event.payload.contains('\n'));
        Self {
            position: event.position.0,
            event_id: event.event_id.0,
            stream: event.stream.as_str().to_owned(),
            version: event.version.0,
            r#type: event.kind,
            schema_version: event.schema_version,
            command_id: command_id.0,
            correlation_id,
            causation_id: causation_id.map(|id| id.0),
            principal,
            traceparent,
            recorded_at: event.recorded_at.0,
            payload_text: payload.is_none().then_some(event.payload),
            payload,
            payload_digest: Hex(event.payload_digest.to_vec()),
            hash: Hex(event.hash.to_vec()),
        }
    }
}

impl EventLine {
    fn recorded(self) -> anyhow::Result<Recorded> {
        let payload = self.payload.map(|raw| raw.get().to_owned()).or(self.payload_text);
        Ok(Recorded {
            position: Position(self.position),
            event_id: EventId(self.event_id),
            stream: StreamName::from_text(self.stream),
            version: Version(self.version),
            kind: self.r#type,
            schema_version: self.schema_version,
            cause: Cause {
                command_id: CommandId(self.command_id),
                correlation_id: self.correlation_id,
                causation_id: self.causation_id.map(EventId),
                principal: self.principal,
                traceparent: self.traceparent,
            },
            recorded_at: Timestamp(self.recorded_at),
            payload: payload.context("an event has no payload")?,
            payload_digest: self.payload_digest.hash()?,
            hash: self.hash.hash()?,
        })
    }
}

/// `chirp backup`: a whole log into a file, which is there once it is complete, or to stdout.
///
/// # Errors
/// When the store or the file fails.
pub async fn backup(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let said = |name: &str, end: EndLine| {
        format!("{name} has everything up to position {}, hash {}", end.position, String::from(end.hash))
    };
    if args.to == STANDARD {
        let end = to_stdout(&args.store).await?;
        out::note(&said("the backup", end));
    } else {
        let end = to_file(&args.store, Path::new(&args.to)).await?;
        out::print(&format!("{}\n", said(&args.to, end)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `chirp log export`.
///
/// # Errors
/// When the store or the file fails.
pub async fn export(args: LogExportArgs) -> anyhow::Result<ExitCode> {
    if args.to == STANDARD {
        to_stdout(&args.store).await?;
    } else {
        to_file(&args.store, Path::new(&args.to)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `chirp restore`.
///
/// # Errors
/// When the file is incomplete or damaged, or the store holds something else.
pub async fn restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let end = match args.from == STANDARD {
        true => read_all(&mut io::stdin().lock(), &args.store).await?,
        false => {
            let file = File::open(&args.from).with_context(|| format!("{} cannot be opened", args.from))?;
            read_all(&mut BufReader::new(file), &args.store).await?
        }
    };
    out::print(&format!(
        "{} has everything up to position {}, hash {}\n",
        Store::named(&args.store)?,
        end.position,
        String::from(end.hash)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// `chirp log import`.
///
/// # Errors
/// When the lines are incomplete or damaged, or the store holds something else.
pub async fn import(args: LogImportArgs) -> anyhow::Result<ExitCode> {
    restore(RestoreArgs { from: args.from, store: args.store }).await
}

async fn open(store: &str) -> anyhow::Result<Arc<dyn WholeLog>> {
    Store::existing_at(store)?.open_whole_log().await.context("the log cannot be read")
}

/// Whoever reads it knows by its last line that it is complete.
async fn to_stdout(store: &str) -> anyhow::Result<EndLine> {
    let source = open(store).await?;
    write_all(&*source, &mut BufWriter::new(out::results())).await
}

/// Under another name until it is complete and on disk.
async fn to_file(store: &str, file: &Path) -> anyhow::Result<EndLine> {
    ensure!(!file.exists(), "{} is there already", file.display());
    let source = open(store).await?;
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let out = File::create(&partial).with_context(|| format!("{} cannot be made", partial.display()))?;
    let mut out = BufWriter::new(out);
    let written = write_all(&*source, &mut out).await;
    let end = match written {
        Ok(end) => end,
        Err(cause) => {
            // What is left of it helps nobody.
            let _ = fs::remove_file(&partial);
            return Err(cause.context(format!("{} is not complete", partial.display())));
        }
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let finishing = || -> anyhow::Result<()> {
        out.into_inner()?.sync_all()?;
        fs::rename(&partial, file)?;
        Ok(File::open(folder)?.sync_all()?)
    };
    finishing().with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(end)
}

async fn write_all(source: &dyn WholeLog, out: &mut impl Write) -> anyhow::Result<EndLine> {
    let head = source.head().await?;
    let (mut progress, mut requests) = (Progress::new("backup", head.position), 0);
    write(out, &Line::Begin { format: FORMAT })?;
    let mut pages = Requests::new(source);
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        // Later ones belong to later events.
        for request in page.into_iter().filter(|request| request.stored.position <= head.position) {
            requests += 1;
            write(out, &Line::Request(request.into()))?;
        }
    }
    let (mut position, mut recorded_at) = (Position(0), Timestamp(0));
    while position < head.position {
        let left = usize::try_from(head.position.0 - position.0)?;
        let page = source.read(position, PAGE.min(left)).await?;
        let last = page.last().context("the log ends before its head")?;
        (position, recorded_at) = (last.position, last.recorded_at);
        for event in page {
            write(out, &Line::Event(Box::new(event.into())))?;
        }
        progress.at(position);
    }
    let end =
        EndLine { position: head.position.0, hash: Hex(head.hash.to_vec()), recorded_at: recorded_at.0, requests };
    write(out, &Line::End(end.clone()))?;
    out.flush()?;
    Ok(end)
}

fn write(out: &mut impl Write, line: &Line) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// What is read and not written yet, and how far it is.
struct Restoring {
    target: Arc<dyn WholeLog>,
    /// What was there before; it is compared, and not written again.
    reached: Head,
    hash: [u8; 32],
    position: Position,
    requests: Vec<StoredRequest>,
    requests_read: u64,
    /// The highest position at which one of them was answered.
    requests_up_to: Position,
    events: Vec<Recorded>,
    progress: Progress,
}

async fn read_all(input: &mut impl BufRead, store: &str) -> anyhow::Result<EndLine> {
    let importing = Store::at(store)?.open_log_to_import(&projector::projections::tables()).await?;
    if importing.is_new {
        importing.begin().await?;
    }
    let mut restoring = Restoring {
        target: importing.log.clone(),
        reached: importing.log.head().await?,
        hash: chain::GENESIS,
        position: Position(0),
        requests: vec![],
        requests_read: 0,
        requests_up_to: Position(0),
        events: vec![],
        progress: Progress::new("restore", Position(0)),
    };
    let (mut line, mut number, mut end) = (String::new(), 0, None);
    while end.is_none() {
        line.clear();
        number += 1;
        ensure!(input.read_line(&mut line)? > 0, "line {number} is missing: the end was never written");
        let read: Line = serde_json::from_str(&line).with_context(|| format!("line {number} cannot be read"))?;
        end = restoring.take(number, read).await.with_context(|| format!("line {number}"))?;
    }
    line.clear();
    ensure!(input.read_line(&mut line)? == 0, "line {} comes after the end", number + 1);
    if importing.is_new {
        importing.end().await?;
    }
    end.context("there is an end")
}

impl Restoring {
    async fn take(&mut self, number: usize, line: Line) -> anyhow::Result<Option<EndLine>> {
        match line {
            Line::Begin { format } => {
                ensure!(number == 1, "a second beginning");
                ensure!(format == FORMAT, "its format is {format}; this code reads {FORMAT}");
            }
            _ if number == 1 => bail!("this is no log of Chirp"),
            Line::Request(request) => {
                let request = request.stored()?;
                let at = request.stored.position;
                ensure!(at >= Position(0), "a request was answered at position {at}");
                self.requests_up_to = self.requests_up_to.max(at);
                self.requests.push(request);
                self.requests_read += 1;
                if self.requests.len() == PAGE {
                    self.import().await?;
                }
            }
            Line::Event(event) => {
                let event = event.recorded()?;
                ensure!(event.position == self.position.next(), "position {} is not next", event.position);
                // No stream has more events than the log.
                let versions = Version(1)..=Version(event.position.0);
                ensure!(versions.contains(&event.version), "its version {} is not possible", event.version);
                ensure!(event.recorded_at.is_in_proto(), "it was recorded at no time that a clock can show");
                ensure!(chain::follows(self.hash, &event), "position {}: the hash chain is broken", event.position);
                if event.position == self.reached.position {
                    ensure!(event.hash == self.reached.hash, "the store holds another log");
                }
                (self.position, self.hash) = (event.position, event.hash);
                if event.position > self.reached.position {
                    self.events.push(event);
                }
                if self.events.len() == PAGE {
                    self.import().await?;
                }
            }
            Line::End(end) => {
                ensure!(
                    end.position == self.position.0 && end.hash.0 == self.hash && end.requests == self.requests_read,
                    "it should end with position {} after {} requests, and ends with position {} after {}",
                    end.position,
                    end.requests,
                    self.position,
                    self.requests_read
                );
                ensure!(
                    self.requests_up_to <= self.position,
                    "a request was answered at position {}, which is not there",
                    self.requests_up_to
                );
                ensure!(self.reached.position <= self.position, "the store holds more than that");
                self.import().await?;
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// The requests come before all events: whoever began to append to a log that is there in part would find no request twice.
    async fn import(&mut self) -> anyhow::Result<()> {
        let (events, requests) = (std::mem::take(&mut self.events), std::mem::take(&mut self.requests));
        self.target.import(Import { events, requests }).await?;
        self.progress.at(self.position);
        Ok(())
    }
}

/// Says now and then how far it is.
struct Progress {
    what: &'static str,
    until: Position,
    began: Instant,
    at: Instant,
}

impl Progress {
    fn new(what: &'static str, until: Position) -> Self {
        Self { what, until, began: Instant::now(), at: Instant::now() }
    }

    fn at(&mut self, position: Position) {
        if self.at.elapsed() < PROGRESS {
            return;
        }
        self.at = Instant::now();
        let rate = position.0 as f64 / self.began.elapsed().as_secs_f64();
        let of = if self.until > Position(0) { format!(" of {}", self.until) } else { String::new() };
        out::note(&format!("{}: position {position}{of}, {rate:.0} events/s", self.what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_hexadecimal() {
        assert_eq!(String::from(Hex(vec![0, 255, 16])), "00ff10");
        assert_eq!(Hex::try_from("00ff10".to_owned()), Ok(Hex(vec![0, 255, 16])));
        for wrong in ["0", "zz", "0ö"] {
            assert!(Hex::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
