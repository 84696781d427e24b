//! Executing a command: load, decide, append; again after a conflict.
//!
//! Always: one request id has one effect and one answer, also when the first answer was lost. Never here: what a command means.

use std::sync::Arc;

use ::metrics::counter;
use sha2::{Digest, Sha256};
use shared::log::{Anchor, Append, AppendError, Appended, Cause, EventLog, NewEvent, Request, StoredAnswer};
use shared::model::ids::{CommandId, RequestId};
use shared::rpc::errors::internal;
use shared::runtime::metrics;
use tonic::Status;
use uuid::Uuid;

use crate::commands::{Answer, Command, decide};
use crate::refusals::refuse;
use crate::session::{Failure, Session, Source};
use crate::streams::Streams;

/// How often a command is tried before its conflict is reported. A command of several appends has as many tries for each.
pub const ATTEMPTS_MAX: u32 = 8;

#[derive(Clone, Debug)]
pub struct Call {
    /// On whose authority the command is executed.
    pub principal: String,
    /// What the principal of this caller may have been before callers were told apart, not long ago: its request ids count, too.
    pub formerly: Option<&'static str>,
    /// The idempotency key, if the client gave one.
    pub request_id: Option<RequestId>,
    /// SHA-256 over method and payload, to which the request id is bound.
    pub digest: [u8; 32],
    /// Shared by everything that follows from this call.
    pub correlation_id: Uuid,
    /// The W3C trace context of the call.
    pub traceparent: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The end of the log right after the command.
    pub anchor: Anchor,
    pub answer: Answer,
}

/// What a request id is bound to: the method and the payload.
#[must_use]
pub fn digest(method: &str, payload: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(method).chain_update([0]).chain_update(payload).finalize().into()
}

/// Executes commands on one log, with a cache of log streams.
pub struct Executor {
    log: Arc<dyn EventLog>,
    streams: Streams,
}

enum Attempt {
    Done(Executed),
    /// A refusal or no change, decided on cached log streams that may be older than the log.
    Unsure,
    /// One append of several succeeded: the command is decided again for the rest.
    Halfway,
    /// A conflict or a loss of history, after which another attempt may succeed.
    Lost(AppendError),
}

impl Executor {
    /// With an empty cache.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, streams: Streams::default() }
    }

    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// Tries a command until it is decided, and its events are appended.
    ///
    /// # Errors
    /// As the contract lists them: refusals, a conflict after [`ATTEMPTS_MAX`] tries, a store that does not answer.
    pub async fn execute(&self, call: &Call, command: &Command) -> Result<Executed, Status> {
        if let Some(before) = self.answered_formerly(call).await? {
            return Ok(before);
        }
        let mut source = Source::Cache;
        let mut lost = None;
        let mut attempts = 0;
        while attempts < ATTEMPTS_MAX {
            attempts += 1;
            source = match self.attempt(call, command, source).await? {
                Attempt::Done(executed) => return Ok(executed),
                // Each such append leaves less to do, so this ends.
                Attempt::Halfway => {
                    attempts = 0;
                    Source::Cache
                }
                Attempt::Unsure => Source::Log,
                Attempt::Lost(conflict) => {
                    lost = Some(conflict);
                    Source::Log
                }
            };
        }
        Err(lost.expect("only the first attempt can be unsure").into())
    }

    async fn attempt(&self, call: &Call, command: &Command, source: Source) -> Result<Attempt, Status> {
        let mut session = Session::new(&*self.log, &self.streams, source);
        let decided = decide(&mut session, command).await;
        let changes_nothing = match &decided {
            Ok(decision) => decision.events.is_empty(),
            Err(failure) => matches!(failure, Failure::Refused(_)),
        };
        if changes_nothing && session.is_cached() {
            return Ok(Attempt::Unsure);
        }
        let decision = match decided {
            Ok(decision) => decision,
            Err(Failure::Refused(refusal)) => {
                // The request may have been executed before, and its own effect may be why it is refused now.
                let before = self.answered_before(call).await?;
                return before.map(Attempt::Done).ok_or_else(|| refuse(refusal, &session));
            }
            Err(Failure::Unread(cause)) => return Err(cause.into()),
            Err(Failure::Undecoded(cause)) => return Err(internal(cause)),
        };
        if decision.events.is_empty() && call.request_id.is_none() {
            return Ok(Attempt::Done(Executed { anchor: self.log.head().await?.anchor(), answer: decision.answer }));
        }
        if !decision.is_last
            && let Some(before) = self.answered_before(call).await?
        {
            return Ok(Attempt::Done(before));
        }
        let events: Vec<_> = decision.events.into_iter().map(|event| (event.stream(), event)).collect();
        let append = Append {
            expected: session.expected(),
            rests_on: session.rests_on(),
            events: events.iter().map(|(stream, event)| NewEvent::new(stream.clone(), event.encode())).collect(),
            cause: Cause {
                command_id: CommandId::generate(),
                correlation_id: call.correlation_id,
                causation_id: None,
                principal: call.principal.clone(),
                traceparent: call.traceparent.clone(),
            },
            // The request id belongs to the last append of its command.
            request: call
                .request_id
                .filter(|_| decision.is_last)
                .map(|id| Request { request_id: id, digest: call.digest }),
            answer: serde_json::to_vec(&decision.answer).map_err(internal)?,
        };
        match self.log.append(append).await {
            Ok(Appended::Now(anchor)) => {
                session.appended(&events, anchor);
                if !decision.is_last {
                    return Ok(Attempt::Halfway);
                }
                Ok(Attempt::Done(Executed { anchor, answer: decision.answer }))
            }
            Ok(Appended::Before(stored)) => self.recall(&stored).await.map(Attempt::Done),
            Err(conflict @ AppendError::Conflict(_)) => Ok(Attempt::Lost(conflict)),
            Err(lost @ AppendError::HistoryLost) => {
                session.forget();
                Ok(Attempt::Lost(lost))
            }
            Err(cause) => Err(cause.into()),
        }
    }

    /// The first answer to this request, if it was executed before callers were told apart.
    async fn answered_formerly(&self, call: &Call) -> Result<Option<Executed>, Status> {
        let (Some(formerly), Some(request_id)) = (call.formerly, call.request_id) else { return Ok(None) };
        match self.log.find_request(formerly, request_id).await? {
            // Another request by the same id may be anybody's.
            Some(stored) if stored.digest == call.digest => self.recall(&stored).await.map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// The first answer to this request id, if it was executed before.
    async fn answered_before(&self, call: &Call) -> Result<Option<Executed>, Status> {
        let Some(request_id) = call.request_id else { return Ok(None) };
        match self.log.find_request(&call.principal, request_id).await? {
            Some(stored) if stored.digest != call.digest => Err(AppendError::RequestIdReused.into()),
            Some(stored) => self.recall(&stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// The answer that was stored.
    async fn recall(&self, stored: &StoredAnswer) -> Result<Executed, Status> {
        let answer = serde_json::from_slice(&stored.answer).map_err(internal)?;
        let anchor = self.log.anchor_at(stored.position).await?;
        let anchor =
            anchor.ok_or_else(|| internal(format!("a request was stored, but not position {}", stored.position)))?;
        counter!(metrics::IDEMPOTENT_REPLAYS).increment(1);
        Ok(Executed { anchor, answer })
    }
}
