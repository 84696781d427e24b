//! What every call gets: an id, room or none, its deadline, and honest errors.
//!
//! It is one future for each call and not a stack of layers of `axum::middleware::from_fn`: each of those clones and boxes everything inside
//! it again for each call, and eight of them took an eighth of the CPU time of a command server.
//!
//! Always: what is refused here has cost next to nothing; tonic's own refusals leave here with a reason; a deadline that passes is answered
//! with DEADLINE_EXCEEDED and a panic with INTERNAL. Never here: what a call means.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::metrics::counter;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use fail::fail_point;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::{Code, Status};
use tower::ServiceExt as _;
use tracing::{Instrument, debug, info_span};
use uuid::Uuid;

use super::age::caller as caller_address;
use super::connect::Arrived;
use super::rates::{Counted, Left, Rates};
use super::room::Room;
use super::{MESSAGE_BYTES_MAX, REQUEST_ID_HEADER, Services, service_of};
use crate::log::ReadError;
use crate::rpc::auth::authority::Authority;
use crate::rpc::auth::principal::Principal;
use crate::rpc::call_metrics;
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused, internal};
use crate::runtime::deadlines::within;
use crate::runtime::metrics;
use crate::runtime::ready::Readiness;

/// Health and reflection.
const ABOUT_THE_SERVER: &str = "/grpc.";
const REFLECTION: &str = "/grpc.reflection.";
const ACCEPTED_ENCODINGS: &str = "grpc-accept-encoding";
const REQUEST_ID_LENGTH_MAX: usize = 128;
/// How long the message of a call may take to arrive, unless its deadline is sooner.
pub(super) const MESSAGE_DEADLINE: Duration = Duration::from_secs(30);
/// The largest message with what surrounds it, in base64 where a browser's library writes that.
pub(super) const FRAMED_BYTES_MAX: usize = MESSAGE_BYTES_MAX * 4 / 3 + 1_024;
/// How long the message of a call that is refused is waited for, and how much of it is read.
const REFUSED_DEADLINE: Duration = Duration::from_millis(50);
const REFUSED_BYTES_MAX: usize = 16 * 1_024;
/// How long before the deadline the answer is that it passes: tonic's own timer, at the deadline, gives no reason.
const DEADLINE_MARGIN: Duration = Duration::from_millis(10);
/// The same for what does not reach a service in time.
const DEADLINE_MARGIN_MIN: Duration = Duration::from_millis(5);
/// Timers tick once a millisecond, so nothing can be done within so little before the other timer ends.
const DEADLINE_TICK: Duration = Duration::from_millis(2);
/// No call lasts for longer, whatever its client says.
const DEADLINE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

static OVERLOADED: LazyLock<Status> = LazyLock::new(|| {
    let message = "the server has enough to do; try again a little later";
    Refused::new(Code::ResourceExhausted, ErrorReason::Overloaded, message).retry_after(RETRY_DELAY).into()
});

/// What is told when there is no room, to work or to wait.
#[must_use]
pub fn overloaded() -> Status {
    OVERLOADED.clone()
}

/// The time that a client gave its call, from its `grpc-timeout` header; nothing when it says none, or says it in another way than gRPC. More
/// than [`DEADLINE_MAX`] is as good as that.
fn time_allowed(header: Option<&HeaderValue>) -> Option<Duration> {
    let text = header?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // All digits, so that what does not fit is too large.
    let amount: u64 = digits.parse().unwrap_or(u64::MAX);
    let allowed = match unit {
        "H" => Duration::from_secs(amount.saturating_mul(3_600)),
        "M" => Duration::from_secs(amount.saturating_mul(60)),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    };
    Some(allowed.min(DEADLINE_MAX))
}

/// When a call came, and how long its client waits for it.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    arrived_at: Instant,
    allowed: Duration,
}

impl Deadline {
    fn of(request: &Request) -> Option<Self> {
        let allowed = time_allowed(request.headers().get("grpc-timeout"))?;
        Some(Self { arrived_at: Instant::now(), allowed })
    }

    /// So long before the end, but not before half of the time is over.
    fn before(&self, margin: Duration) -> Instant {
        self.arrived_at + self.allowed.saturating_sub(margin.min(self.allowed / 2).max(DEADLINE_TICK))
    }
}

/// The services of a process, with what surrounds each call of them.
pub(super) struct Calls {
    /// Health and reflection.
    pub about_the_server: Router,
    pub services: Services,
    /// The full names of these services.
    pub names: &'static [&'static str],
    pub ready: Readiness,
    pub room: Room,
    pub authority: Authority,
    pub rates: Arc<Rates>,
}

impl Calls {
    /// Answers one call. What surrounds it stands here from the outside to the inside.
    pub async fn answer(&self, request: Request) -> Response {
        // What surrounds a call may panic, too.
        unless_it_panics(watch_the_deadline(request, async |request| {
            // Before anything is done for a call, since what is refused must cost next to nothing.
            shed_load(&self.room, request, async |request| {
                identify(request, async |request| {
                    call_metrics::observe(request, async |request| {
                        keep_the_deadline(request, async |request| {
                            // Here, too, so that the answer is counted as any other.
                            let uri = request.uri().clone();
                            self.blame_the_input(uri.path(), unless_it_panics(self.work(request)).await)
                        })
                        .await
                    })
                    .await
                })
                .await
            })
            .await
        }))
        .await
    }

    async fn work(&self, mut request: Request) -> Response {
        let path = request.uri().path();
        if request.headers().contains_key(ACCEPTED_ENCODINGS)
            && call_metrics::streams(path)
            && !path.starts_with(REFLECTION)
        {
            // tonic compresses all messages of a stream or none, and most are small.
            request.headers_mut().remove(ACCEPTED_ENCODINGS);
        }
        let router = if is_about_the_server(request.uri().path()) {
            Some(&self.about_the_server)
        } else {
            may_panic();
            self.services.get(request.uri().path())
        };
        // Whoever asks whether the server is well need not say who it is.
        let mut left = None;
        if !is_about_the_server(request.uri().path()) {
            match self.admit(&mut request).await {
                Ok(counted) => left = counted,
                Err(refused) => {
                    read_to_refuse(request.into_body()).await;
                    return refused.into_http();
                }
            }
        }
        let Some(router) = router else {
            read_to_refuse(request.into_body()).await;
            return Status::from(ReadError::Unavailable(self.ready.failures())).into_http();
        };
        if let Some(arrived) = request.extensions_mut().remove::<Arrived>() {
            // Boxed, so that calls of gRPC do not carry what they do not need.
            request = match Box::pin(arrived.into_grpc(request)).await {
                Ok(request) => request,
                Err(refused) => return refused.into_http(),
            };
        }
        let mut response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        if let Some(left) = left {
            left.tell(response.headers_mut());
        }
        response
    }

    /// Finds out who calls, and whether it may ask for so much; both travel on with the call.
    async fn admit(&self, request: &mut Request) -> Result<Option<Left>, Status> {
        let peer = caller_address(request.extensions());
        let client = peer.map(|peer| self.rates.client(peer, request.headers()));
        let caller = match self.authority.identify(request.headers()).await {
            Ok(caller) => caller,
            Err(refused) => {
                // Whoever guesses is counted as nobody in particular.
                self.rates.count(request.uri().path(), &Principal::anonymous(), client)?;
                return Err(refused);
            }
        };
        let counted = self.rates.count(request.uri().path(), &caller.principal, client)?;
        let rates = self.rates.clone();
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(Counted { rates, client });
        Ok(counted)
    }

    /// What tonic refuses by itself has no reason, and for a message that it cannot decode it says INTERNAL, which means our
    /// bug. Our own refusals always carry details.
    fn blame_the_input(&self, path: &str, response: Response) -> Response {
        let unexplained = Status::from_header_map(response.headers()).filter(|status| status.details().is_empty());
        let Some(status) = unexplained else { return response };
        match status.code() {
            Code::Unimplemented => Status::from(self.unimplemented(path)).into_http(),
            _ => undecodable(&status).map_or(response, Status::into_http),
        }
    }

    /// Why nothing answers at this path.
    fn unimplemented(&self, path: &str) -> Refused {
        let refused = |message: String| Refused::new(Code::Unimplemented, ErrorReason::MethodUnknown, message);
        let service = service_of(path);
        match call_metrics::is_known(path) {
            false => refused("this server has no such method".to_owned()),
            true if self.names.contains(&service) || is_about_the_server(path) => unknown_encoding(),
            true => {
                let (served, here) = (service.to_owned(), self.names.join(", "));
                refused(format!("{service} is served on another port; this one serves {here}")).with("service", served)
            }
        }
    }
}

/// UNIMPLEMENTED: the message is compressed in another way than the server knows.
pub(super) fn unknown_encoding() -> Refused {
    let message = "this server does not know the encoding of the message; it takes gzip and zstd";
    Refused::new(Code::Unimplemented, ErrorReason::MethodUnknown, message)
}

pub(super) fn is_about_the_server(path: &str) -> bool {
    path.starts_with(ABOUT_THE_SERVER)
}

/// Answers INTERNAL when the work on a call panics. The panic itself is counted and logged where it happens.
async fn unless_it_panics(working: impl Future<Output = Response>) -> Response {
    let answered = AssertUnwindSafe(working).catch_unwind().await;
    answered.unwrap_or_else(|_| internal("the work on a call panicked").into_http())
}

/// Lets a test make the work on a call panic: `shared::call=panic`.
fn may_panic() {
    fail_point!("shared::call");
}

/// Answers DEADLINE_EXCEEDED, before tonic answers without a reason, when a call was not even taken up in time: its message did not come, or
/// its client gave it no time at all.
async fn watch_the_deadline(mut request: Request, inside: impl AsyncFnOnce(Request) -> Response) -> Response {
    let Some(deadline) = Deadline::of(&request) else { return inside(request).await };
    request.extensions_mut().insert(deadline);
    let (path, until) = (request.uri().path().to_owned(), deadline.before(DEADLINE_MARGIN_MIN));
    if until > Instant::now()
        && let Ok(response) = timeout_at(until, inside(request)).await
    {
        return response;
    }
    call_metrics::refused(&path, Code::DeadlineExceeded);
    overdue(deadline.allowed).into_http()
}

/// Gives the call its id and its span, and echoes the id.
async fn identify(mut request: Request, inside: impl AsyncFnOnce(Request) -> Response) -> Response {
    let name = HeaderName::from_static(REQUEST_ID_HEADER);
    let usable = |id: &&HeaderValue| !id.is_empty() && id.len() <= REQUEST_ID_LENGTH_MAX && id.to_str().is_ok();
    let id =
        request.headers().get(&name).filter(usable).cloned().unwrap_or_else(|| {
            HeaderValue::from_str(&Uuid::now_v7().to_string()).expect("a UUID is a legal header value")
        });
    let span = info_span!("call", path = request.uri().path(), request_id = id.to_str().unwrap_or_default());
    request.headers_mut().insert(name.clone(), id.clone());
    async move {
        let mut response = inside(request).await;
        debug!(status = ?response.headers().get("grpc-status"), "answered");
        response.headers_mut().insert(name, id);
        response
    }
    .instrument(span)
    .await
}

/// Refuses at once what there is no room for, so that what was taken is answered in time. Whoever asks whether the server is well is
/// answered always; a stream leaves its room to others once it has begun.
async fn shed_load(room: &Room, request: Request, inside: impl AsyncFnOnce(Request) -> Response) -> Response {
    if is_about_the_server(request.uri().path()) {
        return inside(request).await;
    }
    if room.is_full() {
        return shed(request.into_body()).await;
    }
    // Nobody takes up room before the whole message is there: else a few connections that never end what they ask would take all of it. What
    // a client streams has no end, and its call none that waits for it: the answer begins at once.
    if call_metrics::takes_a_stream(request.uri().path()) {
        let caller = caller_address(request.extensions());
        return match room.work(caller, async || inside(request).await).await {
            Some(response) => response,
            None => shed(Body::empty()).await,
        };
    }
    let (parts, body) = request.into_parts();
    let message = match timeout(MESSAGE_DEADLINE, to_bytes(body, FRAMED_BYTES_MAX)).await {
        Ok(Ok(message)) => message,
        Ok(Err(_)) => return too_large().into_http(),
        Err(_) => return overdue(MESSAGE_DEADLINE).into_http(),
    };
    let caller = caller_address(&parts.extensions);
    let request = Request::from_parts(parts, Body::from(message));
    match room.work(caller, async || inside(request).await).await {
        Some(response) => response,
        None => shed(Body::empty()).await,
    }
}

async fn shed(unread: Body) -> Response {
    counter!(metrics::CALLS_SHED).increment(1);
    read_to_refuse(unread).await;
    overloaded().into_http()
}

/// Reads the message of a call that is refused, which mostly has come with it: HTTP/2 resets a call that is answered before it was read, and a
/// connection with many of those is closed, with all its streams.
async fn read_to_refuse(unread: Body) {
    // Whoever sends more, or slowly, is reset.
    let _ = timeout(REFUSED_DEADLINE, to_bytes(unread, REFUSED_BYTES_MAX)).await;
}

/// Answers DEADLINE_EXCEEDED when the client's deadline passes before there is an answer; tonic, a moment later, would say
/// CANCELLED. A stream that has begun is not bounded: it says by itself that it is alive.
async fn keep_the_deadline(request: Request, inside: impl AsyncFnOnce(Request) -> Response) -> Response {
    let Some(deadline) = request.extensions().get::<Deadline>().copied() else { return inside(request).await };
    let left = deadline.allowed.saturating_sub(deadline.arrived_at.elapsed());
    let answer = timeout_at(deadline.before(DEADLINE_MARGIN), within(left, inside(request))).await;
    answer.unwrap_or_else(|_| overdue(deadline.allowed).into_http())
}

pub(super) fn overdue(allowed: Duration) -> Status {
    let message = "the deadline passed before there was an answer";
    let refused = Refused::new(Code::DeadlineExceeded, ErrorReason::DeadlineExceeded, message);
    refused.with("allowed_ms", allowed.as_millis()).into()
}

/// What the status of a message that tonic could not decode is to its client; nothing for any other status.
#[must_use]
pub fn undecodable(status: &Status) -> Option<Status> {
    match status.code() {
        _ if !status.details().is_empty() => None,
        Code::Internal => {
            let message = "the message is not a valid encoding of the request of this method";
            Some(Refused::new(Code::InvalidArgument, ErrorReason::MessageMalformed, message).into())
        }
        // The message as it came is too large, or what was compressed in it.
        Code::OutOfRange | Code::ResourceExhausted => Some(too_large()),
        _ => None,
    }
}

pub(super) fn too_large() -> Status {
    let message = "the message is larger than this server takes";
    let refused = Refused::new(Code::ResourceExhausted, ErrorReason::MessageTooLarge, message);
    refused.with("limit_bytes", MESSAGE_BYTES_MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_what_grpc_says_and_never_more_than_a_clock_can_hold() {
        let allowed = |text: &str| time_allowed(Some(&HeaderValue::from_str(text).expect("it is a header")));
        assert_eq!(allowed("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(allowed("20m"), Some(Duration::from_millis(20)));
        assert_eq!(allowed("00000001n"), Some(Duration::from_nanos(1)));
        assert_eq!(allowed("0S"), Some(Duration::ZERO));
        for huge in ["18446744073709551615S", "99999999H", "99999999999999999999999999S", "18446744073709551615H"] {
            assert_eq!(allowed(huge), Some(DEADLINE_MAX), "{huge}");
        }
        for none in ["", "S", "1", "+1S", "-1S", "1 S", "1s", "1.5S", "\u{e9}S", "1\u{e9}"] {
            assert_eq!(allowed(none), None, "{none}");
        }
    }
}
