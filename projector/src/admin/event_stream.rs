//! The stream of events, for services that keep a view of their own.
//!
//! Always: in order, each event at least once; what cannot be read is passed and told; a consumer that reads slowly makes only its own
//! stream wait; memory is bounded by one page and one queue; a stream ends when the log has lost what it told.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use shared::log::{Anchor, EventLog, Recorded};
use shared::rpc::errors::{ErrorReason, Refused};
use shared::rpc::proto::admin as v1;
use shared::rpc::proto::admin::EventType;
use shared::rpc::proto::admin::stream_events_response::Message;
use shared::rpc::proto::common::{StreamCaughtUp, StreamDraining, StreamHeartbeat, StreamSubscribed};
use shared::rpc::serve::{HEARTBEAT, StreamEnd};
use shared::rpc::tokens::Tokens;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Code, Status};

use super::public_event::translate;

/// What the resume tokens of a stream of events are bound to.
pub const ABOUT: &str = "events";
/// Events that are read in one go.
const PAGE: usize = 512;
/// How long each of the last words of a stream waits for room in the queue.
const LAST_WORDS_MAX: Duration = Duration::from_secs(5);

/// What goes to the consumer.
pub type Sender = mpsc::Sender<Result<v1::StreamEventsResponse, Status>>;

/// One open stream.
pub struct EventStream {
    pub log: Arc<dyn EventLog>,
    pub tokens: Tokens,
    /// Everything that is wanted up to here was sent.
    pub from: Anchor,
    /// The types that are wanted; empty is all.
    pub types: HashSet<EventType>,
    pub messages: Sender,
    pub end: StreamEnd,
    /// When the consumer last heard something.
    pub told_at: Instant,
}

/// Why a stream ends.
enum End {
    /// The consumer has gone away.
    Gone,
    /// The server stops, or the connection has reached its age.
    Draining,
    /// The log cannot be read.
    Failed(Status),
}

impl EventStream {
    /// Sends until the consumer goes away, or the stream is to end.
    pub async fn run(mut self) {
        let Err(end) = self.send_everything().await;
        let last_word = match end {
            End::Gone => return,
            End::Draining => {
                self.say_at_last(Ok(self.message(Message::Draining(StreamDraining {})))).await;
                self.end.status()
            }
            End::Failed(status) => status,
        };
        self.say_at_last(Err(last_word)).await;
    }

    /// Who catches up has a full queue, and reads on; who does not read holds nobody up.
    async fn say_at_last(&self, message: Result<v1::StreamEventsResponse, Status>) {
        // Who has gone away need not know.
        let _ = timeout(LAST_WORDS_MAX, self.messages.send(message)).await;
    }

    async fn send_everything(&mut self) -> Result<Infallible, End> {
        let mut moved = self.log.moved();
        let mut is_caught_up = false;
        self.send(Message::Subscribed(StreamSubscribed {})).await?;
        loop {
            moved.mark_unchanged();
            let page = self.log.read(self.from.position, PAGE).await.map_err(|cause| End::Failed(cause.into()))?;
            // Before what follows is told, since it may follow something else.
            if !page.is_empty() || self.told_at.elapsed() >= HEARTBEAT {
                self.must_be_in_the_log().await.map_err(End::Failed)?;
            }
            for recorded in &page {
                let message = self.wanted(recorded);
                self.from = Anchor::new(recorded.position, &recorded.hash);
                if let Some(message) = message {
                    self.send(message).await?;
                }
            }
            let is_the_end = page.len() < PAGE;
            if is_the_end && !is_caught_up {
                is_caught_up = true;
                self.send(Message::CaughtUp(StreamCaughtUp {})).await?;
            } else if self.told_at.elapsed() >= HEARTBEAT {
                self.send(Message::Heartbeat(StreamHeartbeat {})).await?;
            }
            tokio::select! {
                biased;
                () = self.end.due() => return Err(End::Draining),
                () = self.messages.closed() => return Err(End::Gone),
                () = moved.wait(), if is_the_end => {}
                () = sleep_until(self.told_at + HEARTBEAT), if is_the_end => {}
                () = std::future::ready(()), if !is_the_end => {}
            }
        }
    }

    /// What was told last must still be there.
    async fn must_be_in_the_log(&self) -> Result<(), Status> {
        if self.log.anchor_at(self.from.position).await? == Some(self.from) {
            return Ok(());
        }
        let position = self.from.position;
        let message =
            format!("the log lost events that were sent: it has no such event at position {position} any more");
        let refused = Refused::new(Code::OutOfRange, ErrorReason::TokenFromLostHistory, message);
        Err(refused.with("position", position).into())
    }

    /// The event as others see it, if it is wanted.
    fn wanted(&self, recorded: &Recorded) -> Option<Message> {
        let event = match recorded.event() {
            Ok(event) => event,
            Err(cause) => {
                let (event_id, stored_type) = (recorded.event_id.to_string(), recorded.kind.clone());
                return Some(Message::Skipped(v1::EventSkipped { event_id, stored_type, cause: cause.to_string() }));
            }
        };
        let (kind, details) = translate(&event)?;
        if !self.types.is_empty() && !self.types.contains(&kind) {
            return None;
        }
        Some(Message::Event(v1::Event {
            event_id: recorded.event_id.to_string(),
            recorded_at: Some(recorded.recorded_at.to_proto()),
            correlation_id: recorded.cause.correlation_id.to_string(),
            r#type: kind.into(),
            details: Some(details),
        }))
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            sent = self.messages.send(Ok(self.message(message))) => sent.map_err(|_| End::Gone)?,
            () = self.end.due() => return Err(End::Draining),
        }
        self.told_at = Instant::now();
        Ok(())
    }

    fn message(&self, message: Message) -> v1::StreamEventsResponse {
        let Anchor { position, .. } = self.from;
        let resume_token = self.tokens.seal_resume(ABOUT, position, self.from);
        v1::StreamEventsResponse { position: position.unsigned(), message: Some(message), resume_token }
    }
}
