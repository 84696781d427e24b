//! Tokens: opaque, URL-safe strings that say where in the log something is.
//!
//! Always: a token is `base64url(version ‖ epoch ‖ purpose ‖ binding ‖ positions ‖ MAC)`, so a changed byte, another purpose,
//! other arguments and another store are told apart, in this order: not a token, of another store, of another query.
//! Never here: what a position in a token means; the caller says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use tonic::{Code, Status};

use crate::errors::{ErrorReason, Refused, Violations};
use crate::ids::Position;
use crate::log::StoreIdentity;

/// The metadata that carries consistency tokens: the newest one that a client has seen with a query, and with every answer the
/// one that is in it. So one interceptor of a client reads its own writes everywhere.
pub const CONSISTENCY_TOKEN_HEADER: &str = "x-chirp-consistency-token";

const FORMAT: u8 = 1;
const EPOCH_BYTES: usize = 16;
const BINDING_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + EPOCH_BYTES + 1 + BINDING_BYTES;
const CONSISTENCY: u8 = b'c';
const RESUME: u8 = b'r';
const PAGE: u8 = b'p';
const NOTIFICATION: u8 = b'n';

/// What a token may be wrong in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    NotAToken,
    AnotherStore,
    AnotherUse,
}

/// Makes and reads the tokens of one store.
#[derive(Clone, Debug)]
pub struct Tokens(StoreIdentity);

impl Tokens {
    /// The tokens of this store.
    #[must_use]
    pub fn new(identity: StoreIdentity) -> Self {
        Self(identity)
    }

    /// A consistency token: what was written at `position` is in it.
    #[must_use]
    pub fn seal(&self, position: Position) -> String {
        self.write(CONSISTENCY, [0; BINDING_BYTES], position)
    }

    /// The position of a consistency token.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open(&self, token: &str) -> Result<Position, Status> {
        self.read(CONSISTENCY, [0; BINDING_BYTES], token).map_err(|flaw| refuse_token(flaw, "consistency"))
    }

    /// A resume token of a stream that belongs to `owner`.
    #[must_use]
    pub fn seal_resume(&self, owner: &str, position: Position) -> String {
        self.write(RESUME, binding(&[owner]), position)
    }

    /// The position of a resume token of a stream that belongs to `owner`.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_resume(&self, owner: &str, token: &str) -> Result<Position, Status> {
        self.read(RESUME, binding(&[owner]), token).map_err(|flaw| refuse_token(flaw, "resume_token"))
    }

    /// The id of the notification of `owner` whose newest cause is at `position`.
    #[must_use]
    pub fn seal_notification(&self, owner: &str, position: Position) -> String {
        self.write(NOTIFICATION, binding(&[owner]), position)
    }

    /// The position of the newest cause of a notification of `owner`; what is wrong with the id is noted.
    pub fn open_notification(&self, owner: &str, field: &str, id: &str, violations: &mut Violations) -> Position {
        self.read(NOTIFICATION, binding(&[owner]), id).unwrap_or_else(|flaw| {
            let (reason, rule) = match flaw {
                Flaw::NotAToken | Flaw::AnotherUse => {
                    (ErrorReason::TokenInvalid, "must be the id of a notification of this account")
                }
                Flaw::AnotherStore => (ErrorReason::TokenFromAnotherStore, "must not be from another store"),
            };
            violations.add(field, reason, rule);
            Position(0)
        })
    }

    /// A page token: the next page of the query with these arguments starts below `position`.
    #[must_use]
    pub fn seal_page(&self, arguments: &[&str], position: Position) -> String {
        self.write(PAGE, binding(arguments), position)
    }

    /// The position of a page token of the query with these arguments.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID`, `PAGE_TOKEN_MISMATCH` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_page(&self, arguments: &[&str], token: &str) -> Result<Position, Status> {
        self.read(PAGE, binding(arguments), token).map_err(|flaw| {
            let (reason, message) = match flaw {
                Flaw::NotAToken => (ErrorReason::PageTokenInvalid, "the page token is not one that this service made"),
                Flaw::AnotherStore => (ErrorReason::TokenFromAnotherStore, "the page token is from another store"),
                Flaw::AnotherUse => {
                    (ErrorReason::PageTokenMismatch, "the page token belongs to another query or other arguments")
                }
            };
            Refused::new(Code::InvalidArgument, reason, message).with("field", "page_token").into()
        })
    }

    fn write(&self, purpose: u8, binding: [u8; BINDING_BYTES], position: Position) -> String {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + size_of::<i64>() + MAC_BYTES);
        bytes.push(FORMAT);
        bytes.extend_from_slice(self.0.epoch.as_bytes());
        bytes.push(purpose);
        bytes.extend_from_slice(&binding);
        bytes.extend_from_slice(&position.0.to_be_bytes());
        let mac = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(&self, purpose: u8, binding: [u8; BINDING_BYTES], token: &str) -> Result<Position, Flaw> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Flaw::NotAToken)?;
        let (signed, mac) = bytes.split_at_checked(HEADER_BYTES + size_of::<i64>()).ok_or(Flaw::NotAToken)?;
        if mac.len() != MAC_BYTES || signed[0] != FORMAT {
            return Err(Flaw::NotAToken);
        }
        if signed[1..=EPOCH_BYTES] != *self.0.epoch.as_bytes() {
            return Err(Flaw::AnotherStore);
        }
        self.mac(signed).verify_truncated_left(mac).map_err(|_| Flaw::NotAToken)?;
        if signed[1 + EPOCH_BYTES] != purpose || signed[2 + EPOCH_BYTES..HEADER_BYTES] != binding {
            return Err(Flaw::AnotherUse);
        }
        let position = signed[HEADER_BYTES..].try_into().map_err(|_| Flaw::NotAToken)?;
        Ok(Position(i64::from_be_bytes(position)))
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0.token_key).expect("HMAC takes a key of any length");
        mac.update(bytes);
        mac
    }
}

/// A short digest of what the token may be used for.
fn binding(arguments: &[&str]) -> [u8; BINDING_BYTES] {
    let mut hasher = Sha256::new();
    for argument in arguments {
        hasher.update((argument.len() as u64).to_be_bytes());
        hasher.update(argument.as_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    *digest.first_chunk().expect("a digest is longer than its beginning")
}

/// A token from the future is from another future.
///
/// # Errors
/// `POSITION_BEYOND_HEAD`.
pub fn must_be_in_the_log(position: Position, head: Position) -> Result<(), Status> {
    if position <= head {
        return Ok(());
    }
    let message = format!("position {position} is beyond the end of the log, which is at {head}");
    let refused = Refused::new(Code::OutOfRange, ErrorReason::PositionBeyondHead, message);
    Err(refused.with("position", position).with("head", head).into())
}

fn refuse_token(flaw: Flaw, field: &str) -> Status {
    let (reason, message) = match flaw {
        Flaw::NotAToken | Flaw::AnotherUse => {
            (ErrorReason::TokenInvalid, format!("the {field} token is not one that this service made for this use"))
        }
        Flaw::AnotherStore => (ErrorReason::TokenFromAnotherStore, format!("the {field} token is from another store")),
    };
    Refused::new(Code::InvalidArgument, reason, message).with("field", field).into()
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;
    use uuid::Uuid;

    use super::*;

    fn tokens(epoch: u128) -> Tokens {
        Tokens::new(StoreIdentity { epoch: Uuid::from_u128(epoch), token_key: [7; 32] })
    }

    fn reason(status: &Status) -> String {
        status.get_details_error_info().expect("an ErrorInfo").reason
    }

    #[test]
    fn a_token_gives_back_its_position() {
        let tokens = tokens(1);
        assert_eq!(tokens.open(&tokens.seal(Position(42))).expect("its own token"), Position(42));
        let page = tokens.seal_page(&["home", "a"], Position(7));
        assert_eq!(tokens.open_page(&["home", "a"], &page).expect("its own token"), Position(7));
    }

    #[test]
    fn any_changed_character_is_found() {
        let tokens = tokens(1);
        let token = tokens.seal(Position(42));
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("still ASCII");
            assert!(tokens.open(&changed).is_err(), "character {index}");
        }
        for nonsense in ["", "x", "💥", "AAAA", &token[1..], &format!("{token}A")] {
            assert_eq!(reason(&tokens.open(nonsense).expect_err("nonsense")), "TOKEN_INVALID");
        }
    }

    #[test]
    fn another_store_another_query_and_other_arguments_are_told_apart() {
        let page = tokens(1).seal_page(&["home", "a"], Position(7));
        let refusal =
            |tokens: Tokens, arguments: &[&str]| reason(&tokens.open_page(arguments, &page).expect_err("wrong"));
        assert_eq!(refusal(tokens(2), &["home", "a"]), "TOKEN_FROM_ANOTHER_STORE");
        assert_eq!(refusal(tokens(1), &["home", "b"]), "PAGE_TOKEN_MISMATCH");
        assert_eq!(refusal(tokens(1), &["homea"]), "PAGE_TOKEN_MISMATCH");
        assert_eq!(reason(&tokens(1).open(&page).expect_err("a page token is no consistency token")), "TOKEN_INVALID");
    }
}
