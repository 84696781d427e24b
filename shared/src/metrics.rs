//! Metrics in the Prometheus text format, at `/metrics` of every server.
//!
//! Always: base units with the unit in the name; low cardinality, never an id in a label. Names of gRPC metrics are those
//! of the go-grpc-prometheus convention, so that existing dashboards work.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use metrics::{Label, counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tonic::Code;

/// The position of the newest event that this process has appended.
pub const LOG_HEAD_POSITION: &str = "chirp_log_head_position";
/// Appends that one transaction took.
pub const APPEND_BATCH_SIZE: &str = "chirp_append_batch_size";
/// Appends that lost a race.
pub const APPEND_CONFLICTS: &str = "chirp_append_conflicts_total";
/// Requests that were answered from the store because their id was known.
pub const IDEMPOTENT_REPLAYS: &str = "chirp_idempotent_replays_total";
/// The checkpoint of a projection.
pub const PROJECTION_POSITION: &str = "chirp_projection_position";
/// Events that a projection has still to apply.
pub const PROJECTION_LAG_EVENTS: &str = "chirp_projection_lag_events";
/// The age of the oldest event that a projection has still to apply.
pub const PROJECTION_LAG_SECONDS: &str = "chirp_projection_lag_seconds";
/// Events that a projection could not apply, or that wait behind one of those.
pub const PROJECTION_PARKED_EVENTS: &str = "chirp_projection_parked_events";
/// How long a batch took, effects and commit.
pub const PROJECTION_BATCH_SECONDS: &str = "chirp_projection_batch_duration_seconds";
/// Rows that were delivered to timelines on write.
pub const DELIVERIES: &str = "chirp_deliveries_total";
/// Calls that were refused because the server had enough to do.
pub const CALLS_SHED: &str = "chirp_calls_shed_total";
/// Streams that are open now.
pub const STREAMS_OPEN: &str = "chirp_streams_open";
/// Streams that have ended, by reason.
pub const STREAMS_CLOSED: &str = "chirp_streams_closed_total";

const STARTED: &str = "grpc_server_started_total";
const HANDLED: &str = "grpc_server_handled_total";
const HANDLING: &str = "grpc_server_handling_seconds";
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
const SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];
/// The only methods whose answers go on.
const STREAMING_PREFIXES: [&str; 2] = ["Stream", "Watch"];

/// The process's metrics as text.
#[must_use]
pub fn render() -> String {
    handle().map(PrometheusHandle::render).unwrap_or_default()
}

/// Starts collecting, once per process. Nothing when somebody else collects already.
fn handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let start = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(APPEND_BATCH_SIZE.to_owned()), &SIZES))
            .and_then(PrometheusBuilder::install_recorder)
            .ok()
    };
    HANDLE.get_or_init(start).as_ref()
}

/// Starts collecting before there is anything to collect.
pub fn start() {
    handle();
}

/// Counts a call and how it ended.
pub async fn observe(request: Request, next: Next) -> Response {
    let Some(call) = Call::begin(request.uri().path()) else { return next.run(request).await };
    let response = next.run(request).await;
    let (parts, body) = response.into_parts();
    // A refusal may come as headers alone, without a body.
    let mut call = Some(call);
    if let (Some(code), Some(observed)) = (code_of(&parts.headers), call.take_if(|_| body.is_end_stream())) {
        observed.end(code);
    }
    Response::from_parts(parts, Body::new(Observed { body, call }))
}

/// A call that has begun and has not ended yet.
struct Call {
    service: String,
    method: String,
    began: Instant,
}

impl Call {
    /// Nothing when it is no gRPC call.
    fn begin(path: &str) -> Option<Self> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        // Anybody can ask for any path: only names of the contract become labels.
        let is_ours = service.starts_with("chirp.") || service.starts_with("grpc.");
        if !is_ours || !method.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let call = Self { service: service.to_owned(), method: method.to_owned(), began: Instant::now() };
        counter!(STARTED, call.labels()).increment(1);
        Some(call)
    }

    fn end(self, code: Code) {
        let mut labels = self.labels();
        histogram!(HANDLING, labels.clone()).record(self.began.elapsed());
        labels.push(Label::new("grpc_code", format!("{code:?}")));
        counter!(HANDLED, labels).increment(1);
    }

    fn labels(&self) -> Vec<Label> {
        let is_stream = STREAMING_PREFIXES.iter().any(|prefix| self.method.starts_with(prefix));
        let kind = if is_stream { "server_stream" } else { "unary" };
        vec![
            Label::new("grpc_service", self.service.clone()),
            Label::new("grpc_method", self.method.clone()),
            Label::new("grpc_type", kind),
        ]
    }
}

/// A body that notices its trailers, where gRPC says how a call ended.
struct Observed {
    body: Body,
    call: Option<Call>,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let trailers = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::trailers_ref);
        if let Some(code) = trailers.and_then(code_of)
            && let Some(call) = self.call.take()
        {
            call.end(code);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        // Whoever drops an answer before its end has gone away.
        if let Some(call) = self.call.take() {
            call.end(Code::Cancelled);
        }
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}
