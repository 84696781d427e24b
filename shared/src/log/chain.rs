//! The hash chain: whoever changes one stored byte breaks every link after it.
//!
//! `hash = SHA-256(previous hash ‖ header ‖ SHA-256(payload))`; the header is each field as a 32-bit big-endian length
//! and its bytes: numbers in decimal, UUIDs as 16 raw bytes, absent fields with length 0. Since the payload enters as
//! its digest, retention may drop a payload and the chain still verifies.

use sha2::{Digest, Sha256};

use super::{Cause, Recorded};
use crate::model::ids::EventId;
use crate::model::streams::StreamName;

/// The hash before the first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256 of a payload.
#[must_use]
pub fn digest(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// Those fields of a header that are known before the event has its place, as they enter the hash: what comes before
/// the version, and what comes between the version and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFields {
    /// Without the position: event id and stream.
    pub before_version: Vec<u8>,
    /// Type, schema version, and the cause.
    pub after_version: Vec<u8>,
}

impl KnownFields {
    /// Those of an event.
    #[must_use]
    pub fn of(event_id: EventId, stream: &StreamName, kind: &str, schema_version: u32, cause: &Cause) -> Self {
        let Cause { command_id, correlation_id, causation_id, principal, traceparent } = cause;
        Self {
            before_version: fields(&[event_id.0.as_bytes(), stream.as_str().as_bytes()]),
            after_version: fields(&[
                kind.as_bytes(),
                schema_version.to_string().as_bytes(),
                command_id.0.as_bytes(),
                correlation_id.as_bytes(),
                causation_id.as_ref().map_or(&[], |id| id.0.as_bytes().as_slice()),
                principal.as_bytes(),
                traceparent.as_deref().unwrap_or_default().as_bytes(),
            ]),
        }
    }
}

/// The link of one event; its own `hash` does not enter.
#[must_use]
pub fn link(previous: [u8; 32], recorded: &Recorded) -> [u8; 32] {
    let Recorded { event_id, stream, kind, schema_version, cause, .. } = recorded;
    let known = KnownFields::of(*event_id, stream, kind, *schema_version, cause);
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(fields(&[recorded.position.to_string().as_bytes()]));
    hasher.update(known.before_version);
    hasher.update(fields(&[recorded.version.to_string().as_bytes()]));
    hasher.update(known.after_version);
    hasher.update(fields(&[recorded.recorded_at.0.to_string().as_bytes()]));
    hasher.update(recorded.payload_digest);
    hasher.finalize().into()
}

/// Whether an event is what was once appended after the one with this hash.
#[must_use]
pub fn follows(previous: [u8; 32], recorded: &Recorded) -> bool {
    digest(recorded.payload.as_bytes()) == recorded.payload_digest && link(previous, recorded) == recorded.hash
}

/// Each with its length before it.
fn fields(all: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(all.iter().map(|field| size_of::<u32>() + field.len()).sum());
    for field in all {
        let length = u32::try_from(field.len()).expect("a header field is far below 4 GiB");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}
