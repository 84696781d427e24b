//! The hash chain over the log, implemented a second time.
//!
//! Always: `hash = SHA-256(previous hash ‖ header ‖ SHA-256(payload))`, where the header is each of its fields in
//! order as a length (four bytes, big-endian) and that many bytes. Never here: storage, or the payload itself:
//! the chain must verify after a payload was dropped.

use sha2::{Digest as _, Sha256};

/// What the log records about one event, besides its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    pub position: u64,
    pub event_id: [u8; 16],
    pub stream: &'a str,
    /// Place in its log stream.
    pub version: u64,
    /// Such as `post.created`.
    pub kind: &'a str,
    /// Version of the payload's shape.
    pub schema_version: u32,
    /// Id of the command that caused the append.
    pub command_id: [u8; 16],
    /// Shared by everything that one request set in motion.
    pub correlation_id: [u8; 16],
    /// The event that caused this one, if an event did.
    pub causation_id: Option<[u8; 16]>,
    /// On whose authority it was appended.
    pub principal: &'a str,
    /// W3C trace context, if the request carried one.
    pub traceparent: Option<&'a str>,
    /// Microseconds since the Unix epoch.
    pub recorded_at_us: i64,
}

/// SHA-256 over a payload's exact bytes.
#[must_use]
pub fn digest(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// The hash of the chain with this event as its last.
#[must_use]
pub fn link(previous: [u8; 32], header: &Header<'_>, payload_digest: [u8; 32]) -> [u8; 32] {
    let mut bytes = previous.to_vec();
    bytes.extend(header_bytes(header));
    bytes.extend(payload_digest);
    digest(&bytes)
}

fn header_bytes(header: &Header<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, header.position.to_string().as_bytes());
    put(&mut bytes, &header.event_id);
    put(&mut bytes, header.stream.as_bytes());
    put(&mut bytes, header.version.to_string().as_bytes());
    put(&mut bytes, header.kind.as_bytes());
    put(&mut bytes, header.schema_version.to_string().as_bytes());
    put(&mut bytes, &header.command_id);
    put(&mut bytes, &header.correlation_id);
    put(&mut bytes, header.causation_id.as_ref().map_or(&[], |id| id.as_slice()));
    put(&mut bytes, header.principal.as_bytes());
    put(&mut bytes, header.traceparent.unwrap_or_default().as_bytes());
    put(&mut bytes, header.recorded_at_us.to_string().as_bytes());
    bytes
}

fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    let length = u32::try_from(field.len()).expect("a header field is far shorter than 4 GiB");
    bytes.extend(length.to_be_bytes());
    bytes.extend(field);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header<'static> = Header {
        position: 12,
        event_id: [1; 16],
        stream: "post-a",
        version: 3,
        kind: "post.edited",
        schema_version: 1,
        command_id: [2; 16],
        correlation_id: [3; 16],
        causation_id: None,
        principal: "app",
        traceparent: None,
        recorded_at_us: -5,
    };

    /// The header's bytes, spelled out by hand.
    fn check(header: &Header<'_>, fields: &[&[u8]]) {
        let mut expected = Vec::new();
        for field in fields {
            expected.extend([0, 0, 0, u8::try_from(field.len()).expect("short in these tests")]);
            expected.extend(*field);
        }
        assert_eq!(header_bytes(header), expected);
        let whole = [vec![9; 32], expected, digest(b"{}").to_vec()].concat();
        assert_eq!(link([9; 32], header, digest(b"{}")), digest(&whole));
    }

    #[test]
    fn a_header_is_its_fields_in_order_each_after_its_length_and_an_absent_one_is_empty() {
        check(
            &HEADER,
            &[b"12", &[1; 16], b"post-a", b"3", b"post.edited", b"1", &[2; 16], &[3; 16], b"", b"app", b"", b"-5"],
        );
    }

    #[test]
    fn causation_and_trace_context_are_covered_when_present() {
        check(
            &Header { causation_id: Some([4; 16]), traceparent: Some("00-ab"), ..HEADER },
            &[
                b"12",
                &[1; 16],
                b"post-a",
                b"3",
                b"post.edited",
                b"1",
                &[2; 16],
                &[3; 16],
                &[4; 16],
                b"app",
                b"00-ab",
                b"-5",
            ],
        );
    }

    #[test]
    fn a_digest_is_sha_256() {
        let hex: String = digest(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn every_link_depends_on_the_one_before() {
        assert_ne!(link([0; 32], &HEADER, digest(b"{}")), link([1; 32], &HEADER, digest(b"{}")));
        assert_ne!(link([0; 32], &HEADER, digest(b"{}")), link([0; 32], &HEADER, digest(b"[]")));
    }
}
