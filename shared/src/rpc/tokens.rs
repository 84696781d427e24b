//! Tokens: opaque, URL-safe strings that say where in the log something is.
//!
//! Always: a token is `base64url(version ‖ epoch ‖ purpose ‖ binding ‖ position ‖ anchor ‖ state ‖ MAC)`, where only those of pages and of
//! calls of several subscriptions have a state, so a changed byte,
//! another purpose, other arguments and another store are told apart, in this order: not a token, of another store, of
//! another query. The anchor is the position up to which the maker of the token had seen the log, with a part of the
//! hash there: a token of a stretch of the log that is gone is refused, also after other events have taken the
//! positions of those that were lost. So what a token says is known only after it was compared with the log
//! ([`Genuine`]). Never here: what a position in a token means; the caller says.

#![warn(missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::log::{Anchor, FINGERPRINT_BYTES, LogHead, StoreIdentity};
use crate::model::ids::Position;
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused, Violations};
use crate::rpc::standby::wait_or_end;

/// The metadata that carries consistency tokens: in a query the newest one that a client has seen, in every answer that
/// of the answer. So one interceptor in a client gives it read-your-writes everywhere.
pub const CONSISTENCY_TOKEN_HEADER: &str = "x-chirp-consistency-token";

const FORMAT: u8 = 2;
const EPOCH_BYTES: usize = 16;
const BINDING_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + EPOCH_BYTES + 1 + BINDING_BYTES;
const POSITION_BYTES: usize = size_of::<i64>();
const SIGNED_BYTES: usize = HEADER_BYTES + 2 * POSITION_BYTES + FINGERPRINT_BYTES;
const CONSISTENCY: u8 = b'c';
const RESUME: u8 = b'r';
const PAGE: u8 = b'p';
const NOTIFICATION: u8 = b'n';
const CALL: u8 = b'm';
const TICKET: u8 = b't';
/// What a call of several subscriptions may hold, so that its token stays within 2 KiB: see [`CallState`].
pub const TOPICS_MAX: usize = 8;
/// The most subscriptions of a call.
pub const SUBSCRIPTIONS_MAX: usize = 64;

/// What can be wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    NotAToken,
    AnotherStore,
    AnotherUse,
}

/// Makes and reads the tokens of one store.
#[derive(Clone, Debug)]
pub struct Tokens(StoreIdentity);

/// A token of this store with a valid MAC, before it is known whether the log still has the history in which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a token means nothing before it was compared with the log"]
pub struct Genuine {
    position: Position,
    anchor: Anchor,
    field: &'static str,
}

impl Genuine {
    /// The position, if the log has the history of the token. If this is a standby that has not received that much yet,
    /// waits for it up to `until`.
    ///
    /// # Errors
    /// `TOKEN_FROM_LOST_HISTORY`, or `PROJECTION_BEHIND` when the standby is too late.
    pub async fn compared_with(self, log: &dyn LogHead, until: Instant) -> Result<Position, Status> {
        let Anchor { position, fingerprint } = self.anchor;
        loop {
            match log.anchor_at(position).await? {
                Some(found) if found.fingerprint == fingerprint => return Ok(self.position),
                None if log.may_lag().await? => {}
                Some(_) | None => return Err(self.is_lost()),
            }
            if let Some(head) = wait_or_end(log, until).await? {
                return Err(self.is_ahead_of(head));
            }
        }
    }

    /// The position and the anchor that the token claims, for tests of tokens alone: they may be of a history that is gone.
    #[must_use]
    pub fn claimed(self) -> (Position, Anchor) {
        (self.position, self.anchor)
    }

    fn is_lost(&self) -> Status {
        let position = self.anchor.position;
        let message = format!(
            "the {} is of a history that the log lost: it has no such event at position {position}",
            self.name()
        );
        let refused = Refused::new(Code::OutOfRange, ErrorReason::TokenFromLostHistory, message);
        refused.with("field", self.field).with("position", position).into()
    }

    fn is_ahead_of(&self, head: Position) -> Status {
        let position = self.anchor.position;
        let message =
            format!("the {} names position {position}, and this standby has received {head} so far", self.name());
        let refused = Refused::new(Code::Unavailable, ErrorReason::ProjectionBehind, message);
        refused.with("required", position).with("head", head).retry_after(RETRY_DELAY).into()
    }

    fn name(&self) -> String {
        self.field.replace('_', " ")
    }
}

/// Where a call of several subscriptions stands, as its resume token has it: for each kind of topic the position up to which everything was
/// sent, and which subscriptions there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallState {
    /// By the number of the kind.
    pub positions: BTreeMap<u8, Position>,
    /// Each by the kind of its topic and a digest of what it is about.
    pub subscriptions: BTreeSet<(u8, SubscriptionDigest)>,
}

/// Stands for what a subscription is about.
pub type SubscriptionDigest = [u8; BINDING_BYTES];

/// The digest of what a subscription is about.
#[must_use]
pub fn digest_of_subscription(about: &str) -> SubscriptionDigest {
    binding(&[about])
}

impl CallState {
    /// Where a subscription was left; nothing if the call did not have it.
    #[must_use]
    pub fn position_of(&self, topic: u8, digest: SubscriptionDigest) -> Option<Position> {
        let is_known = self.subscriptions.contains(&(topic, digest));
        self.positions.get(&topic).copied().filter(|_| is_known)
    }

    /// `number ‖ (topic ‖ position)… ‖ (topic ‖ digest)…`.
    fn write(&self) -> Vec<u8> {
        let number = u8::try_from(self.positions.len()).expect("there are few kinds of topics");
        let mut bytes = vec![number];
        for (topic, position) in &self.positions {
            bytes.push(*topic);
            bytes.extend_from_slice(&position.0.to_be_bytes());
        }
        for (topic, digest) in &self.subscriptions {
            bytes.push(*topic);
            bytes.extend_from_slice(digest);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, mut rest) = bytes.split_first()?;
        let mut state = Self::default();
        for _ in 0..*number {
            let (topic, after) = rest.split_first()?;
            let (position, after) = after.split_first_chunk()?;
            state.positions.insert(*topic, Position(i64::from_be_bytes(*position)));
            rest = after;
        }
        while let Some((topic, after)) = rest.split_first() {
            let (digest, after) = after.split_first_chunk()?;
            state.subscriptions.insert((*topic, *digest));
            rest = after;
        }
        Some(state)
    }
}

impl Tokens {
    /// For the store with this identity.
    #[must_use]
    pub fn new(identity: StoreIdentity) -> Self {
        Self(identity)
    }

    /// A consistency token: a read with it sees everything up to this anchor.
    #[must_use]
    pub fn seal(&self, anchor: Anchor) -> String {
        self.write(CONSISTENCY, [0; BINDING_BYTES], anchor.position, anchor)
    }

    /// Reads a consistency token.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open(&self, token: &str) -> Result<Genuine, Status> {
        let read = self.read(CONSISTENCY, [0; BINDING_BYTES], "consistency_token", token);
        read.map_err(|flaw| refuse_token(flaw, "consistency"))
    }

    /// A resume token of a stream of `owner`, which has sent everything up to `position` of what was read up to `anchor`.
    #[must_use]
    pub fn seal_resume(&self, owner: &str, position: Position, anchor: Anchor) -> String {
        self.write(RESUME, binding(&[owner]), position, anchor)
    }

    /// Reads a resume token of a stream of `owner`.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_resume(&self, owner: &str, token: &str) -> Result<Genuine, Status> {
        let read = self.read(RESUME, binding(&[owner]), "resume_token", token);
        read.map_err(|flaw| refuse_token(flaw, "resume_token"))
    }

    /// A resume token of a call of several subscriptions, of what was read up to `anchor`. At most 2 KiB for [`SUBSCRIPTIONS_MAX`] of them.
    #[must_use]
    pub fn seal_call(&self, state: &CallState, anchor: Anchor) -> String {
        let mut bytes = self.signed_part(CALL, [0; BINDING_BYTES], anchor.position, anchor);
        bytes.extend_from_slice(&state.write());
        self.sign(bytes)
    }

    /// Reads a resume token of a call of several subscriptions. Its position is where the token was made.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_call(&self, token: &str) -> Result<(Genuine, CallState), Status> {
        let field = "resume_token";
        let read = self
            .read_with(CALL, [0; BINDING_BYTES], field, token)
            .and_then(|(genuine, state)| Ok((genuine, CallState::read(&state).ok_or(Flaw::NotAToken)?)));
        read.map_err(|flaw| refuse_token(flaw, field))
    }

    /// A ticket for a call with this content, of what was read at `anchor`.
    #[must_use]
    pub fn seal_ticket(&self, content: &[u8], anchor: Anchor) -> String {
        let mut bytes = self.signed_part(TICKET, [0; BINDING_BYTES], anchor.position, anchor);
        bytes.extend_from_slice(content);
        self.sign(bytes)
    }

    /// Reads a ticket.
    ///
    /// # Errors
    /// `TOKEN_INVALID` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_ticket(&self, ticket: &str) -> Result<Vec<u8>, Status> {
        let read = self.read_with(TICKET, [0; BINDING_BYTES], "ticket", ticket);
        read.map(|(_, content)| content).map_err(|flaw| refuse_token(flaw, "ticket"))
    }

    /// The id of the notification of `owner` whose newest cause is this event. It is the same whoever reads it, and whenever.
    #[must_use]
    pub fn seal_notification(&self, owner: &str, cause: Anchor) -> String {
        self.write(NOTIFICATION, binding(&[owner]), cause.position, cause)
    }

    /// Reads the id of a notification of `owner`; adds a violation if it is none.
    pub fn open_notification(
        &self,
        owner: &str,
        field: &'static str,
        id: &str,
        violations: &mut Violations,
    ) -> Option<Genuine> {
        match self.read(NOTIFICATION, binding(&[owner]), field, id) {
            Ok(genuine) => Some(genuine),
            Err(flaw) => {
                let (reason, rule) = match flaw {
                    Flaw::NotAToken | Flaw::AnotherUse => {
                        (ErrorReason::TokenInvalid, "must be the id of a notification of this account")
                    }
                    Flaw::AnotherStore => (ErrorReason::TokenFromAnotherStore, "must not be from another store"),
                };
                violations.add(field, reason, rule);
                None
            }
        }
    }

    /// A page token: the next page of the query with these arguments starts below `position`; this page was read at `anchor`.
    #[must_use]
    pub fn seal_page(&self, arguments: &[&str], position: Position, anchor: Anchor) -> String {
        self.seal_page_with(arguments, position, &[], anchor)
    }

    /// The same with what the next page needs to know besides.
    #[must_use]
    pub fn seal_page_with(&self, arguments: &[&str], position: Position, state: &[u8], anchor: Anchor) -> String {
        let mut bytes = self.signed_part(PAGE, binding(arguments), position, anchor);
        bytes.extend_from_slice(state);
        self.sign(bytes)
    }

    /// Reads a page token of the query with these arguments.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID`, `PAGE_TOKEN_MISMATCH` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_page(&self, arguments: &[&str], token: &str) -> Result<Genuine, Status> {
        self.open_page_with(arguments, token).map(|(genuine, _)| genuine)
    }

    /// The same, with what the page before has left for this one.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID`, `PAGE_TOKEN_MISMATCH` or `TOKEN_FROM_ANOTHER_STORE`.
    pub fn open_page_with(&self, arguments: &[&str], token: &str) -> Result<(Genuine, Vec<u8>), Status> {
        self.read_with(PAGE, binding(arguments), "page_token", token).map_err(|flaw| {
            let (reason, message) = match flaw {
                Flaw::NotAToken => return page_token_invalid(),
                Flaw::AnotherStore => (ErrorReason::TokenFromAnotherStore, "the page token is from another store"),
                Flaw::AnotherUse => {
                    (ErrorReason::PageTokenMismatch, "the page token belongs to another query or other arguments")
                }
            };
            Refused::new(Code::InvalidArgument, reason, message).with("field", "page_token").into()
        })
    }

    fn write(&self, purpose: u8, binding: [u8; BINDING_BYTES], position: Position, anchor: Anchor) -> String {
        self.sign(self.signed_part(purpose, binding, position, anchor))
    }

    fn signed_part(&self, purpose: u8, binding: [u8; BINDING_BYTES], position: Position, anchor: Anchor) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIGNED_BYTES + MAC_BYTES);
        bytes.push(FORMAT);
        bytes.extend_from_slice(self.0.epoch.as_bytes());
        bytes.push(purpose);
        bytes.extend_from_slice(&binding);
        bytes.extend_from_slice(&position.0.to_be_bytes());
        bytes.extend_from_slice(&anchor.position.0.to_be_bytes());
        bytes.extend_from_slice(&anchor.fingerprint);
        bytes
    }

    fn sign(&self, mut bytes: Vec<u8>) -> String {
        let mac = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(
        &self,
        purpose: u8,
        binding: [u8; BINDING_BYTES],
        field: &'static str,
        token: &str,
    ) -> Result<Genuine, Flaw> {
        let (genuine, state) = self.read_with(purpose, binding, field, token)?;
        if state.is_empty() { Ok(genuine) } else { Err(Flaw::NotAToken) }
    }

    /// A token that was made for this use, and its state: what it has besides.
    fn read_with(
        &self,
        purpose: u8,
        binding: [u8; BINDING_BYTES],
        field: &'static str,
        token: &str,
    ) -> Result<(Genuine, Vec<u8>), Flaw> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Flaw::NotAToken)?;
        let signed = bytes.len().checked_sub(MAC_BYTES).filter(|length| *length >= SIGNED_BYTES);
        let mac = bytes.split_off(signed.ok_or(Flaw::NotAToken)?);
        if bytes[0] != FORMAT {
            return Err(Flaw::NotAToken);
        }
        if bytes[1..=EPOCH_BYTES] != *self.0.epoch.as_bytes() {
            return Err(Flaw::AnotherStore);
        }
        self.mac(&bytes).verify_truncated_left(&mac).map_err(|_| Flaw::NotAToken)?;
        let state = bytes.split_off(SIGNED_BYTES);
        if bytes[1 + EPOCH_BYTES] != purpose || bytes[2 + EPOCH_BYTES..HEADER_BYTES] != binding {
            return Err(Flaw::AnotherUse);
        }
        let (position, anchor) = bytes[HEADER_BYTES..].split_first_chunk().ok_or(Flaw::NotAToken)?;
        let (anchor, fingerprint) = anchor.split_first_chunk().ok_or(Flaw::NotAToken)?;
        let fingerprint = fingerprint.try_into().map_err(|_| Flaw::NotAToken)?;
        let anchor = Anchor { position: Position(i64::from_be_bytes(*anchor)), fingerprint };
        Ok((Genuine { position: Position(i64::from_be_bytes(*position)), anchor, field }, state))
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0.token_key).expect("HMAC takes a key of any length");
        mac.update(bytes);
        mac
    }
}

/// Refuses a page token that is not one, or whose state cannot be read.
#[must_use]
pub fn page_token_invalid() -> Status {
    let message = "the page token is not one that this service made";
    Refused::new(Code::InvalidArgument, ErrorReason::PageTokenInvalid, message).with("field", "page_token").into()
}

/// A short digest of the arguments to which the token is bound.
fn binding(arguments: &[&str]) -> [u8; BINDING_BYTES] {
    let mut hasher = Sha256::new();
    for argument in arguments {
        hasher.update((argument.len() as u64).to_be_bytes());
        hasher.update(argument.as_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    *digest.first_chunk().expect("a digest is longer than its beginning")
}

/// Refuses a position that a person typed when it is beyond the end of the log.
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

    fn anchor(position: i64) -> Anchor {
        Anchor { position: Position(position), fingerprint: [9; FINGERPRINT_BYTES] }
    }

    fn reason(status: &Status) -> String {
        status.get_details_error_info().expect("an ErrorInfo").reason
    }

    #[test]
    fn a_token_gives_back_its_position() {
        let tokens = tokens(1);
        let genuine = tokens.open(&tokens.seal(anchor(42))).expect("its own token");
        assert_eq!((genuine.position, genuine.anchor), (Position(42), anchor(42)));
        for state in [&[][..], &[1, 2, 3]] {
            let page = tokens.seal_page_with(&["home", "a"], Position(7), state, anchor(42));
            let (genuine, left) = tokens.open_page_with(&["home", "a"], &page).expect("its own token");
            assert_eq!((genuine.position, genuine.anchor, &left[..]), (Position(7), anchor(42), state));
        }
    }

    #[test]
    fn any_changed_character_is_found() {
        let tokens = tokens(1);
        let token = tokens.seal(anchor(42));
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
    fn the_token_of_a_call_knows_its_subscriptions_and_fits_into_two_kilobytes() {
        let tokens = tokens(1);
        let digest = |number: usize| digest_of_subscription(&number.to_string());
        let topic = |number: usize| u8::try_from(number % TOPICS_MAX).expect("it is small");
        let state = CallState {
            positions: (0..TOPICS_MAX).map(|number| (topic(number), Position(i64::MAX))).collect(),
            subscriptions: (0..SUBSCRIPTIONS_MAX).map(|number| (topic(number), digest(number))).collect(),
        };
        let token = tokens.seal_call(&state, anchor(42));
        assert!(token.len() <= 2_048, "{}", token.len());
        let (genuine, read) = tokens.open_call(&token).expect("its own token");
        assert_eq!((genuine.anchor, &read), (anchor(42), &state));
        assert_eq!(read.position_of(topic(3), digest(3)), Some(Position(i64::MAX)));
        assert_eq!(read.position_of(topic(4), digest(3)), None, "it is of another kind");
        let none = CallState::default();
        assert_eq!(tokens.open_call(&tokens.seal_call(&none, anchor(1))).expect("its own token").1, none);
        for cut in [&token[..token.len() - 1], &token[..100], &token[4..]] {
            assert!(tokens.open_call(cut).is_err(), "{cut}");
        }
        assert_eq!(reason(&tokens.open(&token).expect_err("it is of a call")), "TOKEN_INVALID");
        assert_eq!(reason(&tokens.open_call(&tokens.seal(anchor(1))).expect_err("it is of a read")), "TOKEN_INVALID");
    }

    #[test]
    fn another_store_another_query_and_other_arguments_are_told_apart() {
        let page = tokens(1).seal_page(&["home", "a"], Position(7), anchor(42));
        let refusal =
            |tokens: Tokens, arguments: &[&str]| reason(&tokens.open_page(arguments, &page).expect_err("wrong"));
        assert_eq!(refusal(tokens(2), &["home", "a"]), "TOKEN_FROM_ANOTHER_STORE");
        assert_eq!(refusal(tokens(1), &["home", "b"]), "PAGE_TOKEN_MISMATCH");
        assert_eq!(refusal(tokens(1), &["homea"]), "PAGE_TOKEN_MISMATCH");
        assert_eq!(reason(&tokens(1).open(&page).expect_err("a page token is no consistency token")), "TOKEN_INVALID");
    }
}
