//! The event stream, for services that keep a view of their own.
//!
//! Always: in the order of the log, each event at least once; an event that cannot be read is skipped with a message
//! that says so; a slow consumer makes only its own stream wait (back-pressure); memory is bounded by one page and one
//! queue; a stream ends when the log has lost what it sent.

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

use super::public_event::{empty_of_content, translate};

/// What the resume tokens of event streams are bound to.
pub const ABOUT: &str = "events";
/// Events per read of the log.
const PAGE: usize = 512;
/// How long the last messages of a stream may wait for room in the queue, each.
const LAST_WORDS_MAX: Duration = Duration::from_secs(5);

pub type Sender = mpsc::Sender<Result<v1::StreamEventsResponse, Status>>;

pub struct EventStream {
    pub log: Arc<dyn EventLog>,
    pub tokens: Tokens,
    /// Everything up to here was sent, as far as it is wanted.
    pub from: Anchor,
    /// Whether what people wrote is left out.
    pub without_content: bool,
    /// Empty for all types.
    pub types: HashSet<EventType>,
    pub messages: Sender,
    pub end: StreamEnd,
    /// When the last message was sent.
    pub told_at: Instant,
}

enum End {
    /// The consumer has cancelled.
    Gone,
    /// The server drains, or the connection has reached its age.
    Draining,
    /// The log cannot be read, or has lost what was sent.
    Failed(Status),
}

impl EventStream {
    /// Sends until the consumer cancels, or the stream must end.
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

    /// A consumer that catches up has a full queue and reads on; one that does not read delays the end by [`LAST_WORDS_MAX`] only.
    async fn say_at_last(&self, message: Result<v1::StreamEventsResponse, Status>) {
        // The consumer may have cancelled.
        let _ = timeout(LAST_WORDS_MAX, self.messages.send(message)).await;
    }

    async fn send_everything(&mut self) -> Result<Infallible, End> {
        let mut moved = self.log.moved();
        let mut is_caught_up = false;
        self.send(Message::Subscribed(StreamSubscribed {})).await?;
        loop {
            moved.mark_unchanged();
            let page = self.log.read(self.from.position, PAGE).await.map_err(|cause| End::Failed(cause.into()))?;
            // Checked before anything is sent that might follow something else.
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

    /// Refuses to go on when the log has lost what was sent last.
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

    /// The public form of the event, if it is wanted.
    fn wanted(&self, recorded: &Recorded) -> Option<Message> {
        let event = match recorded.event() {
            Ok(event) => event,
            Err(cause) => {
                let (event_id, stored_type) = (recorded.event_id.to_string(), recorded.kind.clone());
                return Some(Message::Skipped(v1::EventSkipped { event_id, stored_type, cause: cause.to_string() }));
            }
        };
        let (kind, mut details) = translate(&event)?;
        if self.without_content {
            empty_of_content(&mut details);
        }
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
