//! Numbering: what each append of a batch becomes, given what is there and what came before it in the batch.
//!
//! Always: an append takes its place only if every expectation still holds and its request is new; the next one sees what this one did.
//! Never here: where what is there comes from, or where the outcome goes.

use std::collections::HashMap;

use super::queue::Outcome;
use super::{
    Anchor, Append, AppendError, Appended, Head, NewEvent, Recorded, Request, StoredAnswer, StoredRequest, chain,
};
use crate::model::clock::Timestamp;
use crate::model::ids::{EventId, Position, RequestId, Version};
use crate::model::streams::StreamName;

/// A principal, and an id that it gave a request.
pub(super) type RequestKey = (String, RequestId);

/// A batch while it is being numbered.
pub(super) struct Numbering {
    versions: HashMap<StreamName, Version>,
    known: HashMap<RequestKey, StoredAnswer>,
    event_id: fn(Position) -> EventId,
    now: Timestamp,
    numbered: Numbered,
}

/// What is to be stored.
pub(super) struct Numbered {
    /// The head once all of it is.
    pub head: Head,
    pub events: Vec<Recorded>,
    pub requests: Vec<StoredRequest>,
}

impl Numbering {
    /// A batch on top of this head. `versions` and `known` have every stream and every request that is already there and that an append
    /// of the batch names.
    pub fn new(
        head: Head,
        now: Timestamp,
        versions: HashMap<StreamName, Version>,
        known: HashMap<RequestKey, StoredAnswer>,
        event_id: fn(Position) -> EventId,
    ) -> Self {
        Self { versions, known, event_id, now, numbered: Numbered { head, events: vec![], requests: vec![] } }
    }

    /// Numbers and chains one append, or says why not.
    pub fn take(&mut self, append: &Append) -> Outcome {
        if let Some(request) = &append.request
            && let Some(stored) = self.known.get(&request_key(append, request))
        {
            return match stored.digest == request.digest {
                true => Ok(Appended::Before(stored.clone())),
                false => Err(AppendError::RequestIdReused),
            };
        }
        for (stream, expected) in &append.expected {
            if self.version(stream) != *expected {
                return Err(AppendError::Conflict(stream.clone()));
            }
        }
        for NewEvent { stream, kind, schema_version, payload, payload_digest } in &append.events {
            let version = self.version(stream).next();
            self.versions.insert(stream.clone(), version);
            let head = &mut self.numbered.head;
            let position = head.position.next();
            let mut recorded = Recorded {
                position,
                event_id: (self.event_id)(position),
                stream: stream.clone(),
                version,
                kind: kind.clone(),
                schema_version: *schema_version,
                cause: append.cause.clone(),
                recorded_at: self.now,
                payload: payload.clone(),
                payload_digest: *payload_digest,
                hash: chain::GENESIS,
            };
            recorded.hash = chain::link(head.hash, &recorded);
            *head = Head { position, hash: recorded.hash };
            self.numbered.events.push(recorded);
        }
        let Head { position, hash } = self.numbered.head;
        if let Some(request) = &append.request {
            let stored = StoredAnswer { digest: request.digest, position, answer: append.answer.clone() };
            let (principal, request_id) = request_key(append, request);
            self.known.insert((principal.clone(), request_id), stored.clone());
            self.numbered.requests.push(StoredRequest { principal, request_id, stored });
        }
        Ok(Appended::Now(Anchor::new(position, &hash)))
    }

    /// What is to be stored of all that was taken.
    pub fn numbered(self) -> Numbered {
        self.numbered
    }

    fn version(&self, stream: &StreamName) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }
}

pub(super) fn request_key(append: &Append, request: &Request) -> RequestKey {
    (append.cause.principal.clone(), request.request_id)
}
