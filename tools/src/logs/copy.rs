//! `chirp log copy`: a log moves from one store to another, of either kind.
//!
//! Always: events keep their positions, streams, versions, ids, payloads and hashes, and requests their answers; what is there
//! already is not copied again, if it is the same log; at the end both are read whole and have the same digest. The new store
//! has its own epoch, so that a token of the old one is refused and not misread; nobody opens it before it is whole. Never here: read tables, which
//! a projector fills again.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};
use shared::log::{Head, Import, StoredRequest, WholeLog};
use shared::model::ids::Position;
use shared::sql::rows::{Cell, Line};
use shared::store::Store;

use super::args::LogCopyArgs;
use crate::Misuse;
use crate::out;

/// Rows of one transaction.
const PAGE: usize = 4_096;
const PROGRESS: Duration = Duration::from_secs(2);

/// Copies what is missing, and compares.
///
/// # Errors
/// When a store fails, the target holds another log, or the source grows meanwhile.
pub async fn run(args: LogCopyArgs) -> anyhow::Result<ExitCode> {
    if args.from == args.to {
        return Err(Misuse("a log cannot be copied onto itself".to_owned()).into());
    }
    let source = Store::existing_at(&args.from)?.open_whole_log().await.context("the source cannot be read")?;
    let store = Store::at(&args.to)?;
    let importing = store.open_log_to_import(&projector::projections::tables()).await?;
    let (source, target) = (&*source, &*importing.log);

    let (head, reached) = (source.head().await?, target.head().await?);
    if reached.position > Position(0) {
        let same = source.anchor_at(reached.position).await?;
        ensure!(same == Some(reached.anchor()), "{store} holds another log");
        out::note(&format!("copy: going on after position {}", reached.position));
    }
    let is_filled = importing.is_new || reached.position < head.position;
    if is_filled {
        importing.begin().await?;
    }
    // Answers first: whoever began to append to a log that was copied half would find no request twice.
    copy_requests(source, target).await?;
    copy_events(source, target, reached.position, &head).await?;

    out::note("copy: comparing");
    let (from, to) = (digest(source).await?, digest(target).await?);
    if source.head().await? != head {
        bail!("the source has grown meanwhile; stop writing to it and copy again");
    }
    if is_filled && from == to {
        importing.end().await?;
    }
    out::print(&format!("source  {} events, {} requests, SHA-256 {}\n", from.events, from.requests, from.text()))?;
    out::print(&format!("target  {} events, {} requests, SHA-256 {}\n", to.events, to.requests, to.text()))?;
    Ok(if from == to { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn copy_events(source: &dyn WholeLog, target: &dyn WholeLog, after: Position, head: &Head) -> anyhow::Result<()> {
    let (started, mut told_at, mut position) = (Instant::now(), Instant::now(), after);
    while position < head.position {
        let left = usize::try_from(head.position.0 - position.0)?;
        let events = source.read(position, PAGE.min(left)).await?;
        position = events.last().context("the source ends before its head")?.position;
        target.import(Import { events, requests: vec![] }).await?;
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            let rate = (position.0 - after.0) as f64 / started.elapsed().as_secs_f64();
            let left = (head.position.0 - position.0) as f64 / rate;
            out::note(&format!("copy: {position}/{} events, {rate:.0}/s, {left:.0} s left", head.position));
        }
    }
    Ok(())
}

async fn copy_requests(source: &dyn WholeLog, target: &dyn WholeLog) -> anyhow::Result<()> {
    let (mut told_at, mut copied) = (Instant::now(), 0);
    let mut pages = Requests::new(source);
    loop {
        let requests = pages.next().await?;
        if requests.is_empty() {
            return Ok(());
        }
        copied += requests.len();
        target.import(Import { events: vec![], requests }).await?;
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            out::note(&format!("copy: {copied} requests"));
        }
    }
}

/// All requests of a log, page by page.
pub struct Requests<'a> {
    log: &'a dyn WholeLog,
    last: Option<StoredRequest>,
}

impl<'a> Requests<'a> {
    /// From the first.
    pub fn new(log: &'a dyn WholeLog) -> Self {
        Self { log, last: None }
    }

    /// The next page; empty at the end.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&mut self) -> anyhow::Result<Vec<StoredRequest>> {
        let requests = self.log.requests_after(self.last.as_ref(), PAGE).await?;
        self.last = requests.last().cloned().or(self.last.take());
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
        hex::encode(self.digest)
    }
}

async fn digest(log: &dyn WholeLog) -> anyhow::Result<Whole> {
    let (mut hasher, mut events, mut requests, mut position) = (Sha256::new(), 0, 0, Position(0));
    loop {
        let page = log.read(position, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = last.position;
        for event in &page {
            events += 1;
            hash(&mut hasher, event);
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
    let head = log.head().await?;
    hasher.update(head.position.0.to_be_bytes());
    hasher.update(head.hash);
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
