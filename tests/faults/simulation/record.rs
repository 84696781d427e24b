//! What the clients of a simulation saw, compared with the log: what was acknowledged is there, once, and in an order
//! that agrees with what was known when it was sent; and the log is one that the domain allows.

use std::collections::HashMap;

use command_server::execute::{Call, Executed};
use reference::{LogEvent, Model, chain};
use shared::log::{EventLog, Recorded};
use shared::model::ids::{CommandId, Position};
use tonic::{Code, Status};
use uuid::Uuid;

/// What a client saw of one request.
struct Seen {
    call: Call,
    /// The head of the log before the first call.
    head: Position,
    answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Acknowledged(Executed),
    Refused,
    /// A status that no correct server gives.
    Wrong(Code),
}

/// Every request of every client.
#[derive(Default)]
pub struct Record {
    requests: HashMap<Uuid, Seen>,
    /// Answers to a request that differ from its first one.
    contradictions: Vec<String>,
    /// The newest position that was answered: every later request comes after it.
    acknowledged: Position,
}

impl Record {
    pub fn begun(&mut self, call: &Call, head: Position) {
        let head = head.max(self.acknowledged);
        self.requests.insert(call.correlation_id, Seen { call: call.clone(), head, answer: None });
    }

    /// Records an answer. Whether the command was executed just now, as far as the client can tell.
    pub fn acknowledged(&mut self, call: &Call, executed: Executed) -> bool {
        self.acknowledged = self.acknowledged.max(executed.anchor.position);
        self.note(call, Answer::Acknowledged(executed))
    }

    /// The log has lost everything after a position: what was acknowledged there is not promised any more.
    pub fn history_went_back(&mut self, to: Position) {
        self.acknowledged = self.acknowledged.min(to);
        for seen in self.requests.values_mut() {
            seen.head = seen.head.min(to);
            let is_lost =
                |answer: &Answer| matches!(answer, Answer::Acknowledged(executed) if executed.anchor.position > to);
            seen.answer = seen.answer.filter(|answer| !is_lost(answer));
        }
    }

    pub fn refused(&mut self, call: &Call, status: &Status) {
        let is_failure = matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss);
        self.note(call, if is_failure { Answer::Wrong(status.code()) } else { Answer::Refused });
    }

    fn note(&mut self, call: &Call, answer: Answer) -> bool {
        let Some(seen) = self.requests.get_mut(&call.correlation_id) else { return false };
        match seen.answer.replace(answer) {
            None => true,
            Some(first) if first == answer => false,
            Some(first) => {
                self.contradictions
                    .push(format!("P2: {} was answered {first:?}, then {answer:?}", call.correlation_id));
                false
            }
        }
    }

    /// # Errors
    /// Which promise is broken.
    pub async fn check(&self, log: &dyn EventLog, events: &[Recorded]) -> Result<(), String> {
        if let Some(contradiction) = self.contradictions.first() {
            return Err(contradiction.clone());
        }
        let head = log.head().await.expect("it is in memory").position;
        let mut effects: HashMap<Uuid, Vec<(CommandId, Position)>> = HashMap::new();
        for event in events {
            let effect = (event.cause.command_id, event.position);
            effects.entry(event.cause.correlation_id).or_default().push(effect);
        }
        for (id, seen) in &self.requests {
            let effects = effects.get(id).map_or(&[][..], Vec::as_slice);
            if effects.iter().any(|(command, _)| *command != effects[0].0) {
                return Err(format!("P2: {id} has more than one effect: {effects:?}"));
            }
            if effects.iter().any(|(_, position)| *position <= seen.head) {
                return Err(format!("P1: {id} was begun at {} and is in the log before: {effects:?}", seen.head));
            }
            let request = seen.call.request_id.expect("every request has an id");
            let stored = log.find_request(&seen.call.principal, request).await.expect("it is in memory");
            match (&seen.answer, stored) {
                (Some(Answer::Acknowledged(executed)), Some(stored)) => {
                    let last = effects.last().map_or(executed.anchor.position, |(_, position)| *position);
                    if stored.position != executed.anchor.position || last != executed.anchor.position || last > head {
                        return Err(format!(
                            "P1: {id} was answered {executed:?}; stored are {stored:?} and {effects:?}"
                        ));
                    }
                }
                (Some(Answer::Acknowledged(executed)), None) => {
                    return Err(format!("P1: {id} was answered {executed:?}, and nobody knows it"));
                }
                (Some(Answer::Refused), _) if !effects.is_empty() => {
                    return Err(format!("P2: {id} was refused, and has an effect: {effects:?}"));
                }
                (Some(Answer::Wrong(code)), _) => return Err(format!("P6: {id} was answered {code}")),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The naive fold of the log, which also checks it: versions are 1 to n, the chain holds, and no event is there that the domain forbids.
///
/// # Errors
/// Names the event that must not be there.
pub fn fold(events: &[Recorded]) -> Result<Model, String> {
    let mut model = Model::new();
    let mut previous = [0; 32];
    for event in events {
        let (position, version) = (event.position.unsigned(), event.version.unsigned());
        let cause = &event.cause;
        let header = chain::Header {
            position,
            event_id: event.event_id.0.into_bytes(),
            stream: event.stream.as_str(),
            version,
            kind: &event.kind,
            schema_version: event.schema_version,
            command_id: cause.command_id.0.into_bytes(),
            correlation_id: cause.correlation_id.into_bytes(),
            causation_id: cause.causation_id.map(|id| id.0.into_bytes()),
            principal: &cause.principal,
            traceparent: cause.traceparent.as_deref(),
            recorded_at_us: event.recorded_at.0,
        };
        previous = chain::link(previous, &header, chain::digest(event.payload.as_bytes()));
        if previous != event.hash {
            return Err(format!("P3: the chain is broken at {position}"));
        }
        let event = LogEvent {
            position,
            stream: event.stream.as_str(),
            version,
            kind: &event.kind,
            schema_version: event.schema_version,
            recorded_at_us: event.recorded_at.0,
            payload: event.payload.as_bytes(),
        };
        model.apply(&event).map_err(|wrong| format!("P3: position {position}: {wrong}"))?;
    }
    model.settled().map_err(|wrong| format!("P3: the end of the log: {wrong}"))?;
    Ok(model)
}
