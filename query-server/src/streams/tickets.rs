//! Tickets: what cannot send a message of its own, such as the `EventSource` of a browser, calls `Subscribe` with a ticket in its address that
//! another call has made.
//!
//! Always: a ticket is sealed by the store, holds the whole request, is good for 30 seconds, and at each server once. Never here: credentials;
//! a ticket is made for whoever may make the request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prost::Message as _;
use shared::model::clock::{Clock as _, SystemClock, Timestamp};
use shared::rpc::errors::{ErrorReason, Refused, internal};
use shared::rpc::proto::query as v1;
use shared::rpc::serve::overloaded;
use shared::rpc::tokens::{SUBSCRIPTIONS_MAX, Tokens};
use tonic::{Code, Status};
use uuid::Uuid;

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

/// The tickets that were used at this server, and until when they would be good.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<Uuid, Timestamp>>);

impl Tickets {
    /// The request that a ticket was made for, once.
    pub fn redeem(&self, tokens: &Tokens, ticket: &str) -> Result<v1::SubscribeRequest, Status> {
        let content = tokens.open_ticket(ticket)?;
        let unreadable = || internal("a ticket of this store cannot be read");
        let (good_until, rest) = content.split_first_chunk::<MICROS_BYTES>().ok_or_else(unreadable)?;
        let (id, request) = rest.split_first_chunk::<ID_BYTES>().ok_or_else(unreadable)?;
        let request = v1::SubscribeRequest::decode(request).map_err(internal)?;
        self.use_up(Uuid::from_bytes(*id), Timestamp(i64::from_be_bytes(*good_until)), SystemClock.now())?;
        Ok(request)
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

/// What a ticket holds: until when it is good, its own name, and the request.
fn content(good_until: Timestamp, request: &v1::SubscribeRequest) -> Vec<u8> {
    let mut content = good_until.0.to_be_bytes().to_vec();
    content.extend_from_slice(Uuid::new_v4().as_bytes());
    content.extend_from_slice(&request.encode_to_vec());
    content
}

impl Answer for v1::CreateSubscribeTicketRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let wanted = request.subscriptions.len();
        if wanted == 0 || wanted > SUBSCRIPTIONS_MAX {
            let rule = format!("must have 1–{SUBSCRIPTIONS_MAX} subscriptions, has {wanted}");
            asking.violations.add("subscriptions", ErrorReason::BatchSizeInvalid, rule);
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
        let (snapshot, _) = asking.snapshot(account::READS).await?;
        let good_until = Timestamp(SystemClock.now().0 + i64::try_from(GOOD_FOR.as_micros()).map_err(internal)?);
        Ok(v1::CreateSubscribeTicketResponse {
            ticket: queries.tokens.seal_ticket(&content(good_until, &subscribe), snapshot.anchor),
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
