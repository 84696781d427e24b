//! Executing a command: read, decide, append; again when somebody was faster.
//!
//! Always: one request id has one effect and one answer, also when the first answer was lost. Never here: what a command
//! means.

use std::sync::Arc;

use ::metrics::counter;
use sha2::{Digest, Sha256};
use shared::errors::internal;
use shared::ids::{CommandId, Position, RequestId};
use shared::log::{Append, AppendError, Appended, Cause, EventLog, Request, StoredAnswer};
use shared::metrics;
use tonic::Status;
use uuid::Uuid;

use crate::command::{Answer, Command, decide};
use crate::domain::stream_of;
use crate::refusals::refuse;
use crate::session::{Failure, Session};

/// How often a command is decided again after it lost a race.
pub const ATTEMPTS_MAX: u32 = 8;

/// The context of one call.
#[derive(Clone, Debug)]
pub struct Call {
    /// On whose authority.
    pub principal: String,
    /// The id that makes a retry safe, if the client gave one.
    pub request_id: Option<RequestId>,
    /// SHA-256 over method and payload.
    pub digest: [u8; 32],
    /// What everything that follows from this call shares.
    pub correlation_id: Uuid,
    /// The W3C trace context.
    pub traceparent: Option<String>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Where the log stood right after it.
    pub position: Position,
    /// What the caller hears.
    pub answer: Answer,
}

/// What a request id is bound to.
#[must_use]
pub fn digest(method: &str, payload: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(method).chain_update([0]).chain_update(payload).finalize().into()
}

/// Executes a command.
///
/// # Errors
/// As the contract lists them: refusals, a lost race, a store that does not answer.
pub async fn execute(log: &Arc<dyn EventLog>, call: &Call, command: &Command) -> Result<Executed, Status> {
    if let Some(executed) = answered_before(log, call).await? {
        return Ok(executed);
    }
    let mut lost = None;
    for _ in 0..ATTEMPTS_MAX {
        match attempt(log, call, command).await? {
            Ok(executed) => return Ok(executed),
            Err(conflict) => lost = Some(conflict),
        }
    }
    Err(lost.expect("there was at least one attempt").into())
}

/// One try. The inner error is a lost race, which is worth another try.
async fn attempt(
    log: &Arc<dyn EventLog>,
    call: &Call,
    command: &Command,
) -> Result<Result<Executed, AppendError>, Status> {
    let mut session = Session::new(&**log);
    let decision = match decide(&mut session, command).await {
        Ok(decision) => decision,
        Err(Failure::Refused(refusal)) => {
            // The same request may have come in twice at once, and its twin may be why this one is refused.
            return answered_before(log, call).await?.map(Ok).ok_or_else(|| refuse(refusal, &session));
        }
        Err(Failure::Unread(cause)) => return Err(cause.into()),
        Err(Failure::Undecoded(cause)) => return Err(internal(cause)),
    };
    if decision.events.is_empty() && call.request_id.is_none() {
        return Ok(Ok(Executed { position: log.head().await?, answer: decision.answer }));
    }
    let append = Append {
        expected: session.expected(),
        events: decision.events.into_iter().map(|event| (stream_of(&event), event)).collect(),
        cause: Cause {
            command_id: CommandId::generate(),
            correlation_id: call.correlation_id,
            causation_id: None,
            principal: call.principal.clone(),
            traceparent: call.traceparent.clone(),
        },
        request: call.request_id.map(|request_id| Request { request_id, digest: call.digest }),
        answer: serde_json::to_vec(&decision.answer).map_err(internal)?,
    };
    match log.append(append).await {
        Ok(Appended::Now(position)) => Ok(Ok(Executed { position, answer: decision.answer })),
        Ok(Appended::Before(stored)) => recall(&stored).map(Ok),
        Err(conflict @ AppendError::Conflict(_)) => Ok(Err(conflict)),
        Err(cause) => Err(cause.into()),
    }
}

/// The first answer to this request id, if it was executed before.
async fn answered_before(log: &Arc<dyn EventLog>, call: &Call) -> Result<Option<Executed>, Status> {
    let Some(request_id) = call.request_id else { return Ok(None) };
    match log.find_request(&call.principal, request_id).await? {
        Some(stored) if stored.digest != call.digest => Err(AppendError::RequestIdReused.into()),
        Some(stored) => recall(&stored).map(Some),
        None => Ok(None),
    }
}

fn recall(stored: &StoredAnswer) -> Result<Executed, Status> {
    let answer = serde_json::from_slice(&stored.answer).map_err(internal)?;
    counter!(metrics::IDEMPOTENT_REPLAYS).increment(1);
    Ok(Executed { position: stored.position, answer })
}
