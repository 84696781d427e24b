//! What every call gets: an id, room or none, its deadline, and honest errors.
//!
//! Always: what is refused here has cost next to nothing; tonic's own refusals leave here with a reason. Never here: what a call means.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::metrics::counter;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tonic::{Code, Status};
use tracing::{Instrument, debug, info_span};
use uuid::Uuid;

use super::{MESSAGE_BYTES_MAX, REQUEST_ID_HEADER};
use crate::errors::{ErrorReason, RETRY_DELAY, Refused};
use crate::metrics;
use crate::patience::within;

/// Health and reflection.
const ABOUT_THE_SERVER: &str = "/grpc.";
const REQUEST_ID_LENGTH_MAX: usize = 128;
/// How long the message of a call may take to arrive, unless its deadline is sooner.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(30);
/// The largest message with what surrounds it, in base64 where a browser's library writes that.
const FRAMED_BYTES_MAX: usize = MESSAGE_BYTES_MAX * 4 / 3 + 1_024;
/// How long before tonic's own timer ours ends.
const DEADLINE_MARGIN: Duration = Duration::from_millis(10);

static OVERLOADED: LazyLock<Status> = LazyLock::new(|| {
    let message = "the server has enough to do; try again a little later";
    Refused::new(Code::ResourceExhausted, ErrorReason::Overloaded, message).retry_after(RETRY_DELAY).into()
});

/// The time that a client gave its call, from its `grpc-timeout` header.
#[must_use]
pub fn time_allowed(header: Option<&HeaderValue>) -> Option<Duration> {
    let text = header?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount.saturating_mul(3_600))),
        "M" => Some(Duration::from_secs(amount.saturating_mul(60))),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// Gives the call its id and its span, and echoes the id.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let name = HeaderName::from_static(REQUEST_ID_HEADER);
    let usable = |id: &&HeaderValue| !id.is_empty() && id.len() <= REQUEST_ID_LENGTH_MAX && id.to_str().is_ok();
    let id =
        request.headers().get(&name).filter(usable).cloned().unwrap_or_else(|| {
            HeaderValue::from_str(&Uuid::now_v7().to_string()).expect("a UUID is a legal header value")
        });
    let span = info_span!("call", path = request.uri().path(), request_id = id.to_str().unwrap_or_default());
    request.headers_mut().insert(name.clone(), id.clone());
    async move {
        let mut response = next.run(request).await;
        debug!(status = ?response.headers().get("grpc-status"), "answered");
        response.headers_mut().insert(name, id);
        response
    }
    .instrument(span)
    .await
}

/// Refuses at once what there is no room for, so that what was taken is answered in time. Whoever asks whether the server is well is
/// answered always; a stream leaves its room to others once it has begun.
pub(super) async fn shed_load(room: Arc<Semaphore>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(ABOUT_THE_SERVER) {
        return next.run(request).await;
    }
    if room.available_permits() == 0 {
        return shed();
    }
    // Nobody takes up room before the whole message is there: else a few connections that never end what they ask would take all of it.
    let (parts, body) = request.into_parts();
    let allowed = time_allowed(parts.headers.get("grpc-timeout")).unwrap_or(MESSAGE_PATIENCE).min(MESSAGE_PATIENCE);
    let message = match timeout(allowed, to_bytes(body, FRAMED_BYTES_MAX)).await {
        Ok(Ok(message)) => message,
        Ok(Err(_)) => return too_large().into_http(),
        Err(_) => return overdue(allowed).into_http(),
    };
    let Ok(_room) = room.try_acquire() else { return shed() };
    next.run(Request::from_parts(parts, Body::from(message))).await
}

fn shed() -> Response {
    counter!(metrics::CALLS_SHED).increment(1);
    OVERLOADED.clone().into_http()
}

/// Answers DEADLINE_EXCEEDED when the client's deadline passes before there is an answer; tonic, a moment later, would say
/// CANCELLED. A stream that has begun is not bounded: it says by itself that it is alive.
pub(super) async fn keep_the_deadline(request: Request, next: Next) -> Response {
    let Some(allowed) = time_allowed(request.headers().get("grpc-timeout")) else { return next.run(request).await };
    let answer = timeout(allowed.saturating_sub(DEADLINE_MARGIN), within(allowed, next.run(request))).await;
    answer.unwrap_or_else(|_| overdue(allowed).into_http())
}

fn overdue(allowed: Duration) -> Status {
    let message = "the deadline passed before there was an answer";
    let refused = Refused::new(Code::DeadlineExceeded, ErrorReason::DeadlineExceeded, message);
    refused.with("allowed_ms", allowed.as_millis()).into()
}

/// What tonic refuses by itself has no reason, and for a message that it cannot decode it says INTERNAL, which means our
/// bug. Our own refusals always carry details.
pub(super) async fn blame_the_input(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(status) = Status::from_header_map(response.headers()).filter(|status| status.details().is_empty()) else {
        return response;
    };
    let (code, reason, message) = match status.code() {
        Code::Internal => (
            Code::InvalidArgument,
            ErrorReason::MessageMalformed,
            "the message is not a valid encoding of the request of this method",
        ),
        Code::OutOfRange => return too_large().into_http(),
        Code::Unimplemented => {
            (Code::Unimplemented, ErrorReason::MethodUnknown, "this server has no such method or encoding")
        }
        _ => return response,
    };
    Status::from(Refused::new(code, reason, message)).into_http()
}

fn too_large() -> Status {
    let message = "the message is larger than this server takes";
    let refused = Refused::new(Code::ResourceExhausted, ErrorReason::MessageTooLarge, message);
    refused.with("limit_bytes", MESSAGE_BYTES_MAX).into()
}
