//! The hash chain: whoever changes one stored byte breaks every link after it.
//!
//! `hash = SHA-256(previous hash ‖ header ‖ SHA-256(payload))`; the header is each field as a 32-bit big-endian length
//! and its bytes: numbers in decimal, UUIDs as 16 raw bytes, absent fields with length 0. Since the payload enters as
//! its digest, retention may drop a payload and the chain still verifies.

use sha2::{Digest, Sha256};

use super::Recorded;

/// The hash before the first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256 of a payload.
#[must_use]
pub fn digest(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// The link of one event; its own `hash` does not enter.
#[must_use]
pub fn link(previous: [u8; 32], recorded: &Recorded) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    let mut field = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).expect("a header field is far below 4 GiB");
        hasher.update(length.to_be_bytes());
        hasher.update(bytes);
    };
    field(recorded.position.to_string().as_bytes());
    field(recorded.event_id.0.as_bytes());
    field(recorded.stream.as_str().as_bytes());
    field(recorded.version.to_string().as_bytes());
    field(recorded.kind.as_bytes());
    field(recorded.schema_version.to_string().as_bytes());
    field(recorded.cause.command_id.0.as_bytes());
    field(recorded.cause.correlation_id.as_bytes());
    field(recorded.cause.causation_id.as_ref().map_or(&[], |id| id.0.as_bytes().as_slice()));
    field(recorded.cause.principal.as_bytes());
    field(recorded.cause.traceparent.as_deref().unwrap_or_default().as_bytes());
    field(recorded.recorded_at.0.to_string().as_bytes());
    hasher.update(recorded.payload_digest);
    hasher.finalize().into()
}
