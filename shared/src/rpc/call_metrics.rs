//! Metrics of calls: how many began, how they ended and how long they took, by service, method and type.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use metrics::{Label, counter, histogram};
use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use tonic::Code;

use crate::rpc::proto::DESCRIPTORS;

const STARTED: &str = "grpc_server_started_total";
const HANDLED: &str = "grpc_server_handled_total";
const HANDLING: &str = "grpc_server_handling_seconds";

/// The service, the method and its type.
type Labels = [Label; 3];

/// The labels of every method, by path. Nothing else becomes a label: anybody can ask for any path, and a label stays for ever.
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
                // Leaked on purpose: made once, so that counting a call copies no text.
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

/// Whether the contract has a method at this path, on whichever port.
pub fn is_known(path: &str) -> bool {
    METHODS.contains_key(path)
}

/// Whether the method at this path answers with a stream.
pub fn streams(path: &str) -> bool {
    METHODS.get(path).is_some_and(|[_, _, kind]| kind.value().ends_with("stream"))
}

/// Whether the client of the method at this path sends a stream, too.
pub fn takes_a_stream(path: &str) -> bool {
    METHODS.get(path).is_some_and(|[_, _, kind]| matches!(kind.value(), "client_stream" | "bidi_stream"))
}

/// Counts a call, how it ended and how long it took.
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
        // An answer that is dropped before its end was cancelled by the client.
        if let Some(call) = self.call.take() {
            call.end(Code::Cancelled);
        }
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}
