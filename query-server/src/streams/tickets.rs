//! Tickets: what cannot send a message of its own, such as the `EventSource` of a browser, calls `Subscribe` with a ticket in its address that
//! another call has made.
//!
//! Always: a ticket is sealed by the store, holds the whole request and who made it, is good for 30 seconds, and at each server once; every
//! subscription in it may be made by whoever made it. Never here: credentials.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prost::Message as _;
use shared::model::clock::{Clock as _, SystemClock, Timestamp};
use shared::rpc::auth::access::subscribes;
use shared::rpc::auth::authority::Authority;
use shared::rpc::auth::principal::Caller;
use shared::rpc::errors::{ErrorReason, Refused, internal};
use shared::rpc::proto::query as v1;
use shared::rpc::serve::overloaded;
use shared::rpc::tokens::{SUBSCRIPTIONS_MAX, Tokens};
use tonic::{Code, Status};
use uuid::Uuid;

use super::together::SUBSCRIPTION_ID_BYTES_MAX;
use crate::asking::Asking;
use crate::questions::{Answer, account};

/// How long a ticket is good for.
const GOOD_FOR: Duration = Duration::from_secs(30);
/// The largest request in a ticket, which must fit into an address.
const REQUEST_BYTES_MAX: usize = 4 * 1_024;
/// Tickets that were used and are still good, of which a server must know.
const USED_MAX: usize = 65_536;
const MICROS_BYTES: usize = size_of::<i64>();
const ID_BYTES: usize = 16;
const LENGTH_BYTES: usize = size_of::<u16>();

/// The tickets that were used at this server, and until when they would be good.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<Uuid, Timestamp>>);

impl Tickets {
    /// The request that a ticket was made for, and who made it, once.
    pub fn redeem(
        &self,
        tokens: &Tokens,
        ticket: &str,
        authority: Authority,
    ) -> Result<(Caller, v1::SubscribeRequest), Status> {
        let content = tokens.open_ticket(ticket)?;
        let unreadable = || internal("a ticket of this store cannot be read");
        let (good_until, rest) = content.split_first_chunk::<MICROS_BYTES>().ok_or_else(unreadable)?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>().ok_or_else(unreadable)?;
        let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or_else(unreadable)?;
        let (caller, request) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(unreadable)?;
        let now = SystemClock.now();
        let caller = Caller::from_bytes(caller, now, authority).ok_or_else(unreadable)?;
        let request = v1::SubscribeRequest::decode(request).map_err(internal)?;
        self.use_up(Uuid::from_bytes(*id), Timestamp(i64::from_be_bytes(*good_until)), now)?;
        Ok((caller, request))
    }

    fn use_up(&self, id: Uuid, good_until: Timestamp, now: Timestamp) -> Result<(), Status> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= USED_MAX {
            used.retain(|_, good_until| *good_until >= now);
        }
        if good_until < now || used.contains_key(&id) {
            let message = "the ticket was used before, or is too old; make another one";
            return Err(Refused::new(Code::InvalidArgument, ErrorReason::TicketSpent, message).into());
        }
        if used.len() >= USED_MAX {
            return Err(overloaded());
        }
        used.insert(id, good_until);
        Ok(())
    }
}

/// What a ticket holds: until when it is good, its own name, who made it, and the request.
fn content(good_until: Timestamp, caller: &[u8], request: &v1::SubscribeRequest) -> Result<Vec<u8>, Status> {
    let mut content = good_until.0.to_be_bytes().to_vec();
    content.extend_from_slice(Uuid::new_v4().as_bytes());
    content.extend_from_slice(&u16::try_from(caller.len()).map_err(internal)?.to_be_bytes());
    content.extend_from_slice(caller);
    content.extend_from_slice(&request.encode_to_vec());
    Ok(content)
}

impl Answer for v1::CreateSubscribeTicketRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let wanted = request.subscriptions.len();
        if wanted == 0 || wanted > SUBSCRIPTIONS_MAX {
            let rule = format!("must have 1–{SUBSCRIPTIONS_MAX} subscriptions, has {wanted}");
            asking.violations.add("subscriptions", ErrorReason::BatchSizeInvalid, rule);
        }
        let mut names = HashSet::new();
        for (index, subscription) in request.subscriptions.iter().take(SUBSCRIPTIONS_MAX).enumerate() {
            let id = &subscription.subscription_id;
            let rule = match id.len() {
                1..=SUBSCRIPTION_ID_BYTES_MAX if !names.insert(id) => "must be of no other subscription".to_owned(),
                1..=SUBSCRIPTION_ID_BYTES_MAX => String::new(),
                length => format!("must have 1–{SUBSCRIPTION_ID_BYTES_MAX} bytes, has {length}"),
            };
            if !rule.is_empty() {
                let field = format!("subscriptions[{index}].subscription_id");
                asking.violations.add(&field, ErrorReason::FieldInvalid, rule);
            }
            if subscription.topic.is_none() {
                let field = format!("subscriptions[{index}].topic");
                asking.violations.add(&field, ErrorReason::FieldInvalid, "must be set to one that this server knows");
            }
        }
        let subscribe = v1::SubscribeRequest {
            consistency: request.consistency.clone(),
            viewer_account_id: request.viewer_account_id.clone(),
            resume_token: request.resume_token.clone(),
            subscriptions: request.subscriptions.clone(),
            ticket: String::new(),
        };
        let length = subscribe.encoded_len();
        if length > REQUEST_BYTES_MAX {
            let rule = format!("must fit into {REQUEST_BYTES_MAX} bytes with the other fields, have {length}");
            asking.violations.add("subscriptions", ErrorReason::BatchSizeInvalid, rule);
        }
        let extensions = asking.extensions();
        for subscription in &request.subscriptions {
            let viewer = match subscription.viewer_account_id.as_str() {
                "" => &request.viewer_account_id,
                viewer => viewer,
            };
            subscribes::<Self>(extensions, viewer)?;
        }
        let now = SystemClock.now();
        let caller = extensions.get::<Caller>().map(|caller| caller.to_bytes(now)).unwrap_or_default();
        let (snapshot, _) = asking.snapshot(account::READS).await?;
        let good_until = Timestamp(now.0 + i64::try_from(GOOD_FOR.as_micros()).map_err(internal)?);
        Ok(v1::CreateSubscribeTicketResponse {
            ticket: queries.tokens.seal_ticket(&content(good_until, &caller, &subscribe)?, snapshot.anchor),
            expires_at: Some(good_until.to_proto()),
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_for_a_while() {
        let (tickets, one, other) = (Tickets::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(tickets.use_up(one, Timestamp(10), Timestamp(10)).is_ok());
        assert!(tickets.use_up(one, Timestamp(10), Timestamp(10)).is_err(), "it was used");
        assert!(tickets.use_up(other, Timestamp(10), Timestamp(11)).is_err(), "it is too old");
        assert!(tickets.use_up(other, Timestamp(11), Timestamp(11)).is_ok());
    }
}
