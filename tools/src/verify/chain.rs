//! The log, byte for byte as its port gives it: the hash chain is checked by code of its own, and every event goes to the reference.

use std::sync::Arc;

use reference::{LogEvent, Model, chain};
use shared::log::{ReadError, Recorded, WholeLog};
use shared::model::ids::Position;
use shared::store::Store;

use super::Report;

const PAGE: usize = 10_000;

/// A log that is only read.
pub struct LogReader(Arc<dyn WholeLog>);

impl LogReader {
    /// Opens the log of a store.
    ///
    /// # Errors
    /// When there is no such log, or it is not whole.
    pub async fn open(store: &Store) -> anyhow::Result<Self> {
        Ok(Self(store.open_whole_log().await?))
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn head(&self) -> anyhow::Result<u64> {
        Ok(self.0.head().await?.position.unsigned())
    }

    /// Folds the events up to a position, noting every broken link, every event that is missing and every one that should not be there.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn fold(&self, until: u64, report: &mut Report) -> anyhow::Result<Model> {
        let mut model = Model::new();
        let mut previous = [0; 32];
        let mut position = Position(0);
        let mut unread = Unread::default();
        loop {
            let page = match self.0.read(position, PAGE).await {
                Err(ReadError::Gap { expected, found }) => {
                    report.check(Some("the event is missing".to_owned()), || format!("position {expected}"));
                    position = Position(found.0 - 1);
                    continue;
                }
                page => page?,
            };
            let page = page.iter().take_while(|event| event.position.unsigned() <= until);
            let before = position;
            for recorded in page {
                position = recorded.position;
                previous = check_link(recorded, previous, report);
                let event = LogEvent {
                    position: recorded.position.unsigned(),
                    stream: recorded.stream.as_str(),
                    version: recorded.version.0.unsigned_abs(),
                    kind: &recorded.kind,
                    schema_version: recorded.schema_version,
                    recorded_at_us: recorded.recorded_at.0,
                    payload: recorded.payload.as_bytes(),
                };
                let wrong = model.apply(&event).err();
                if wrong.is_some() {
                    model.pass(&event);
                }
                let is_behind = wrong.is_some() && unread.is_behind(&event);
                report.check(wrong.filter(|_| !is_behind), || format!("position {}", event.position));
            }
            if position == before {
                break;
            }
        }
        report.check(model.settled().err(), || "the end of the log".to_owned());
        let head = self.0.head().await?;
        let is_whole_log = head.position.unsigned() == until;
        if is_whole_log {
            let broken = (head.hash != previous).then(|| "its hash is not that of the last event".to_owned());
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
fn check_link(recorded: &Recorded, previous: [u8; 32], report: &mut Report) -> [u8; 32] {
    let Recorded { event_id, version, schema_version, cause, recorded_at, .. } = recorded;
    let header = chain::Header {
        position: recorded.position.unsigned(),
        event_id: event_id.0.into_bytes(),
        stream: recorded.stream.as_str(),
        version: version.0.unsigned_abs(),
        kind: &recorded.kind,
        schema_version: *schema_version,
        command_id: cause.command_id.0.into_bytes(),
        correlation_id: cause.correlation_id.into_bytes(),
        causation_id: cause.causation_id.map(|id| id.0.into_bytes()),
        principal: &cause.principal,
        traceparent: cause.traceparent.as_deref(),
        recorded_at_us: recorded_at.0,
    };
    let at = || format!("position {}", recorded.position);
    let wrong_payload = chain::digest(recorded.payload.as_bytes()) != recorded.payload_digest;
    report.check(wrong_payload.then(|| "the payload is not what its digest says".to_owned()), at);
    let broken = chain::link(previous, &header, recorded.payload_digest) != recorded.hash;
    report.check(broken.then(|| "the hash chain is broken here".to_owned()), at);
    // Going on from what is stored shows every damaged event, and not all that follow the first.
    recorded.hash
}
