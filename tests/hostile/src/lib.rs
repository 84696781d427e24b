//! Input that anybody may send: bytes as the messages of every method, as headers, as tokens, and as stored events.
//!
//! Each of these functions takes any bytes, does with them what a server does, and panics on an outcome that must not
//! be: a panic of the server, an INTERNAL or UNKNOWN of its own, a token that is accepted and was never made, an event
//! that changes when it is written again. The fuzzers (`fuzz/`) and a test call them.

mod messages;

use shared::log::StoreIdentity;
use shared::model::event::Event;
use shared::rpc::tokens::Tokens;
use uuid::Uuid;

pub use messages::{command, headers, methods, query};

/// The store of the tokens in the corpora.
pub const IDENTITY: StoreIdentity = StoreIdentity { epoch: Uuid::from_u128(7), token_key: [7; 32] };

/// A function for any bytes.
pub type Target = fn(&[u8]);

/// The targets of the fuzzers, by the names of the corpora.
pub const TARGETS: [(&str, Target); 5] = [
    ("commands", |bytes| _ = command(bytes)),
    ("queries", |bytes| _ = query(bytes)),
    ("headers", |bytes| _ = headers(bytes)),
    ("tokens", token),
    ("events", event),
];

/// Reads bytes as every kind of token. What is accepted must be what would have been made.
pub fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tokens = Tokens::new(IDENTITY);
    let (owner, arguments) = ("ada", ["ListFollowers", "ada", "10"]);
    let same = |made: String| assert_eq!(made, text, "a token was taken that nobody made");
    if let Ok(genuine) = tokens.open(text) {
        same(tokens.seal(genuine.claimed().1));
    }
    if let Ok(genuine) = tokens.open_resume(owner, text) {
        let (position, anchor) = genuine.claimed();
        same(tokens.seal_resume(owner, position, anchor));
    }
    if let Ok(genuine) = tokens.open_page(&arguments, text) {
        let (position, anchor) = genuine.claimed();
        same(tokens.seal_page(&arguments, position, anchor));
    }
}

/// Reads bytes as a stored event: a line with its type, a byte with its schema version, and its payload. What can be
/// read must be the same event once it was written and read again.
pub fn event(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (kind, [_, version, payload @ ..]) = bytes.split_at(end) else { return };
    let (Ok(kind), Ok(payload)) = (std::str::from_utf8(kind), std::str::from_utf8(payload)) else { return };
    let Ok(event) = Event::decode(kind, u32::from(*version), payload) else { return };
    let encoded = event.encode();
    let again = Event::decode(&encoded.kind, encoded.schema_version, &encoded.payload);
    let again = again.expect("what was written can be read");
    assert_eq!(again, event);
    assert_eq!(again.encode().payload, encoded.payload, "written twice, it is the same to the byte");
}
