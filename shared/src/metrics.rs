//! Metrics in the Prometheus text format, at `/metrics` of every server.
//!
//! Always: base units with the unit in the name; low cardinality, never an id in a label. Names of gRPC metrics are those
//! of the go-grpc-prometheus convention, so that existing dashboards work.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{LazyLock, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use metrics::{Label, counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use tonic::Code;

use crate::proto::DESCRIPTORS;

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
/// Sets of tables of a projection that are of a history which the log lost. Above 0, acknowledged events are gone: an operator must look.
pub const PROJECTION_SET_ASIDE: &str = "chirp_projection_set_aside";
/// How much later than now, by this machine's clock, the newest event was recorded. Far above 0, some clock is or was wrong.
pub const LOG_CLOCK_AHEAD_SECONDS: &str = "chirp_log_clock_ahead_seconds";
/// How long a batch took, effects and commit.
pub const PROJECTION_BATCH_SECONDS: &str = "chirp_projection_batch_duration_seconds";
/// Rows that were delivered to timelines on write.
pub const DELIVERIES: &str = "chirp_deliveries_total";
/// Calls that were refused because the server had enough to do.
pub const CALLS_SHED: &str = "chirp_calls_shed_total";
/// Calls that wait for projections or for a standby, beside those that are worked on.
pub const CALLS_WAITING: &str = "chirp_calls_waiting";
/// Whether a check of a role passes: 1, or 0. A role is ready when all of its checks do.
pub const READY: &str = "chirp_ready";
/// Connections to a server of databases that were closed because they could not be relied on, by reason.
pub const CONNECTIONS_CLOSED: &str = "chirp_store_connections_closed_total";
/// Streams that are open now.
pub const STREAMS_OPEN: &str = "chirp_streams_open";
/// Streams that have ended, by reason.
pub const STREAMS_CLOSED: &str = "chirp_streams_closed_total";
/// Reads of the tables that were shared by all streams that asked at the same time, by what was read.
pub const STREAM_READS: &str = "chirp_stream_shared_reads_total";

/// Panics of any task, whoever caught them.
pub const PANICS: &str = "chirp_panics_total";

const STARTED: &str = "grpc_server_started_total";
const HANDLED: &str = "grpc_server_handled_total";
const HANDLING: &str = "grpc_server_handling_seconds";
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
const SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// What a call is counted under: the service, the method and its type.
type Labels = [Label; 3];

/// The methods that there are, by their paths. Nothing else becomes a label: anybody can ask for any path, and a label stays for ever.
static METHODS: LazyLock<HashMap<String, Labels>> = LazyLock::new(|| {
    let described = [
        DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut methods = HashMap::new();
    for set in described {
        for file in FileDescriptorSet::decode(set).expect("a build describes itself well").file {
            for service in &file.service {
                // Made once and kept for ever, so that a call copies no text.
                let name = &*format!("{}.{}", file.package(), service.name()).leak();
                let labelled = |method: &MethodDescriptorProto| {
                    let path = format!("/{name}/{}", method.name());
                    (path, labels(name, method.name().to_owned().leak(), kind(method)))
                };
                methods.extend(service.method.iter().map(labelled));
            }
        }
    }
    methods
});
static UNKNOWN: LazyLock<Labels> = LazyLock::new(|| labels("unknown", "unknown", "unknown"));

fn labels(service: &'static str, method: &'static str, kind: &'static str) -> Labels {
    [Label::new("grpc_service", service), Label::new("grpc_method", method), Label::new("grpc_type", kind)]
}

fn kind(method: &MethodDescriptorProto) -> &'static str {
    match (method.client_streaming(), method.server_streaming()) {
        (false, false) => "unary",
        (false, true) => "server_stream",
        (true, false) => "client_stream",
        (true, true) => "bidi_stream",
    }
}

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
    // A series that is not there looks like one that was never asked for.
    counter!(PANICS).increment(0);
}

/// Counts a call and how it ended.
pub async fn observe(request: Request, inside: impl AsyncFnOnce(Request) -> Response) -> Response {
    let call = Call::begin(request.uri().path());
    let response = inside(request).await;
    let (parts, body) = response.into_parts();
    // A refusal may come as headers alone, without a body.
    let mut call = Some(call);
    if let (Some(code), Some(observed)) = (code_of(&parts.headers), call.take_if(|_| body.is_end_stream())) {
        observed.end(code);
    }
    Response::from_parts(parts, Body::new(Observed { body, call }))
}

/// Counts a call that was refused before it came to [`observe`].
pub fn refused(path: &str, code: Code) {
    Call::begin(path).end(code);
}

/// A call that has begun and has not ended yet.
struct Call {
    labels: &'static Labels,
    began: Instant,
}

impl Call {
    fn begin(path: &str) -> Self {
        let labels = METHODS.get(path).unwrap_or(&UNKNOWN);
        counter!(STARTED, labels.to_vec()).increment(1);
        Self { labels, began: Instant::now() }
    }

    fn end(self, code: Code) {
        histogram!(HANDLING, self.labels.to_vec()).record(self.began.elapsed());
        let mut labels = self.labels.to_vec();
        labels.push(Label::new("grpc_code", format!("{code:?}")));
        counter!(HANDLED, labels).increment(1);
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
