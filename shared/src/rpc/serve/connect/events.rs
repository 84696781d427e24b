//! Server-sent events: what the `EventSource` of a browser, or `curl`, receives of a call of several subscriptions.
//!
//! Always: each message is one event, whose data is its JSON and whose id is its resume token; a stream that ends with an error says so by an
//! event of the type `error`, with the error as Connect has it; a call that is refused at once is refused by HTTP, so that an `EventSource` does
//! not try again with a ticket that is spent. Never here: tickets, which the service makes and redeems.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use prost::Message as _;
use tonic::Status;

use super::answers::{Rewritten, Written, refusal, without_grpc};
use super::requests::parameter;
use super::{Call, errors};
use crate::rpc::errors::internal;
use crate::rpc::json::{self, Named};
use crate::rpc::proto::query as v1;

/// The method that can be called so.
pub const PATH: &str = "/chirp.query.v1.QueryService/Subscribe";
/// In which a client says what it received last.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const TICKET: &str = "ticket";
const CONTENT: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Whether an address has a ticket.
pub fn has_ticket(query: &str) -> bool {
    parameter(query, TICKET).is_some_and(|ticket| !ticket.is_empty())
}

/// The request that an address stands for.
pub fn request(query: &str, last_event: Option<String>) -> Vec<u8> {
    let ticket = parameter(query, TICKET).unwrap_or_default().into_owned();
    let resume_token = last_event.unwrap_or_default();
    v1::SubscribeRequest { ticket, resume_token, ..v1::SubscribeRequest::default() }.encode_to_vec()
}

/// The answer as events.
pub fn stream(call: Call, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let refused = Status::from_header_map(&parts.headers);
    let mut answer = match (refused, call.method) {
        (Some(status), _) => refusal(call, &status),
        (None, None) => refusal(call, &internal("a method that is not here has answered")),
        (None, Some(method)) => {
            let mut answer = Response::new(Body::new(Rewritten::of(body, AsEvents(method.output))));
            answer.headers_mut().insert(CONTENT_TYPE, CONTENT);
            answer
        }
    };
    for (name, value) in &without_grpc(parts.headers) {
        answer.headers_mut().append(name, value.clone());
    }
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    answer
}

/// Messages of this kind as events.
struct AsEvents(&'static Named);

impl Written for AsEvents {
    fn message(&self, encoded: Bytes) -> Result<Bytes, Status> {
        let id = v1::StreamResponse::decode(encoded.clone()).map_err(internal)?.resume_token;
        let data = json::write(self.0, &encoded).map_err(internal)?;
        // JSON has no line breaks in its texts, so that it is one line.
        Ok([b"id: ", id.as_bytes(), b"\ndata: ", data.as_ref(), b"\n\n"].concat().into())
    }

    fn end(&self, status: &Status) -> Bytes {
        format!("event: error\ndata: {}\n\n", errors::described(status)).into()
    }
}
