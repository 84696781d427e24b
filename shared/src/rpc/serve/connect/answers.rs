//! Answers of gRPC as answers of Connect.
//!
//! Always: an error keeps its code, message, details and metadata; a stream ends with an envelope that says how, as long as its connection
//! lasts; what is small is not compressed.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use http_body::Frame;
use prost::bytes::{Buf as _, BytesMut};
use serde_json::{Map, Value, json};
use tonic::{Code, Status};

use super::super::{COMPRESSED_FROM_BYTES, REQUEST_ID_HEADER};
use super::compression::Compression;
use super::requests::{COMPRESSED, ENVELOPE_BYTES};
use super::{Call, Codec, errors};
use crate::rpc::errors::internal;
use crate::rpc::json::{self, Named};

const STREAM_ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");
/// Stands before the names of trailers in the headers of an answer of one message.
const TRAILER: &str = "trailer-";
/// The flag of the envelope that ends a stream.
const END_OF_STREAM: u8 = 2;

/// Whether a header or trailer is of gRPC or of the body, and so does not go out with an answer of Connect.
fn is_of_grpc(name: &HeaderName) -> bool {
    name.as_str().starts_with("grpc-") || [CONTENT_TYPE, CONTENT_LENGTH, TE].contains(name)
}

pub fn without_grpc(headers: HeaderMap) -> HeaderMap {
    let mut name_before = None;
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        // A header with several values has its name with the first only.
        name_before = name.or(name_before);
        if let Some(name) = name_before.as_ref().filter(|name| !is_of_grpc(name)) {
            kept.append(name, value);
        }
    }
    kept
}

/// The answer of one message.
pub async fn unary(call: Call, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let mut answer = match answered(call, &parts.headers, body).await {
        Ok((message, trailers)) => message_as_body(call, message, trailers),
        Err(status) => refusal(call, &status),
    };
    for (name, value) in &without_grpc(parts.headers) {
        answer.headers_mut().append(name, value.clone());
    }
    if call.is_get {
        // What an account sees is for that account, and a moment later it may be something else.
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    answer
}

/// The message of an answer, as the client wants it, with the trailers.
async fn answered(call: Call, headers: &HeaderMap, body: Body) -> Result<(Bytes, HeaderMap), Status> {
    if let Some(status) = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let (mut frame, trailers) = collected(body).await.map_err(internal)?;
    if let Some(status) = Status::from_header_map(&trailers).filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    if frame.len() < ENVELOPE_BYTES {
        return Err(internal("a call was answered without a message"));
    }
    frame.advance(ENVELOPE_BYTES);
    Ok((translated(call.codec, call.method.map(|method| method.output), frame)?, trailers))
}

fn message_as_body(call: Call, message: Bytes, trailers: HeaderMap) -> Response {
    let compressed = compressed(call.accepted, &message);
    let mut answer = Response::new(Body::from(compressed.as_ref().map_or(message, |(_, bytes)| bytes.clone())));
    let kind = match call.codec {
        Codec::Json => "application/json",
        Codec::Proto => "application/proto",
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some((compression, _)) = compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(compression.name()));
    }
    for (name, value) in &without_grpc(trailers) {
        if let Ok(name) = HeaderName::try_from(format!("{TRAILER}{name}")) {
            headers.append(name, value.clone());
        }
    }
    answer
}

/// An error of one message. Its metadata is in the headers, where every client can see it.
pub fn refusal(call: Call, status: &Status) -> Response {
    let mut answer = Response::new(Body::from(errors::described(status).to_string()));
    *answer.status_mut() = match (call.method, status.code()) {
        // There is nothing at this path, which HTTP has a word for.
        (None, Code::Unimplemented) => StatusCode::NOT_FOUND,
        (_, code) => errors::translated(code).1,
    };
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A message in the form that the client wants.
fn translated(codec: Codec, message: Option<&'static Named>, encoded: Bytes) -> Result<Bytes, Status> {
    match (codec, message) {
        (Codec::Proto, _) => Ok(encoded),
        (Codec::Json, Some(message)) => json::write(message, &encoded).map(Bytes::from).map_err(internal),
        (Codec::Json, None) => Err(internal("a method without JSON was called in JSON")),
    }
}

/// The bytes in the compression that the client takes, if that pays.
fn compressed(accepted: Option<Compression>, bytes: &[u8]) -> Option<(Compression, Bytes)> {
    let compression = accepted.filter(|_| bytes.len() >= COMPRESSED_FROM_BYTES)?;
    // It fails for want of memory alone, and then the bytes go out as they are.
    Some((compression, compression.deflated(bytes).ok()?.into()))
}

/// Everything of a body, and its trailers.
async fn collected(mut body: Body) -> Result<(Bytes, HeaderMap), axum::Error> {
    let (mut first, mut rest, mut trailers) = (Bytes::new(), BytesMut::new(), HeaderMap::new());
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame?.into_data() {
            // Most answers are one frame, which is not copied.
            Ok(data) if first.is_empty() => first = data,
            Ok(data) => {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok((if rest.is_empty() { first } else { rest.freeze() }, trailers))
}

/// The answer of a stream, which is a success of HTTP whatever becomes of it.
pub fn stream(call: Call, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = match Status::from_header_map(&parts.headers) {
        Some(status) => Body::from(envelope(END_OF_STREAM, &end_of_stream(&status))),
        None => Body::new(Rewritten::of(body, InEnvelopes(call))),
    };
    let has_ended_at_once = parts.headers.contains_key(Status::GRPC_STATUS);
    let mut answer = Response::new(body);
    let kind = match call.codec {
        Codec::Json => "application/connect+json",
        Codec::Proto => "application/connect+proto",
    };
    for (name, value) in &without_grpc(parts.headers) {
        // The metadata of an error is in the envelope.
        if !has_ended_at_once || name == REQUEST_ID_HEADER {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(compression) = call.accepted {
        answer.headers_mut().insert(STREAM_ENCODING, HeaderValue::from_static(compression.name()));
    }
    answer
}

/// How a stream has ended, as JSON whatever its messages are.
fn end_of_stream(status: &Status) -> Vec<u8> {
    let mut end = Map::new();
    if status.code() != Code::Ok {
        end.insert("error".to_owned(), errors::described(status));
    }
    let mut metadata = Map::new();
    for (name, value) in &without_grpc(status.metadata().clone().into_headers()) {
        let values = metadata.entry(name.as_str()).or_insert_with(|| json!([]));
        if let (Value::Array(values), Ok(value)) = (values, value.to_str()) {
            values.push(value.into());
        }
    }
    if !metadata.is_empty() {
        end.insert("metadata".to_owned(), metadata.into());
    }
    Value::Object(end).to_string().into_bytes()
}

fn envelope(flags: u8, message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("no message has four gigabytes").to_be_bytes();
    [&[flags], &length[..], message].concat().into()
}

/// How a stream writes its messages and its end.
pub trait Written: Unpin + Send + 'static {
    /// A message.
    ///
    /// # Errors
    /// When it is not one of the method.
    fn message(&self, encoded: Bytes) -> Result<Bytes, Status>;

    /// How the stream ended, after its last message.
    fn end(&self, status: &Status) -> Bytes;
}

/// In envelopes of Connect.
struct InEnvelopes(Call);

impl Written for InEnvelopes {
    fn message(&self, encoded: Bytes) -> Result<Bytes, Status> {
        let Self(call) = self;
        let message = translated(call.codec, call.method.map(|method| method.output), encoded)?;
        Ok(match compressed(call.accepted, &message) {
            Some((_, bytes)) => envelope(COMPRESSED, &bytes),
            None => envelope(0, &message),
        })
    }

    fn end(&self, status: &Status) -> Bytes {
        envelope(END_OF_STREAM, &end_of_stream(status))
    }
}

/// The messages of a stream of gRPC, written in another way.
pub struct Rewritten<W> {
    written: W,
    body: Body,
    /// What has come of messages that are not complete.
    unsent: BytesMut,
    has_ended: bool,
}

impl<W: Written> Rewritten<W> {
    pub fn of(body: Body, written: W) -> Self {
        Self { written, body, unsent: BytesMut::new(), has_ended: false }
    }

    /// The next message that has come, if it has come completely.
    fn next_message(&mut self) -> Option<Bytes> {
        let (header, rest) = self.unsent.split_first_chunk::<ENVELOPE_BYTES>()?;
        let [_, length @ ..] = *header;
        let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| rest.len() >= *length)?;
        self.unsent.advance(ENVELOPE_BYTES);
        Some(self.unsent.split_to(length).freeze())
    }

    fn sent(&mut self, message: Bytes) -> Bytes {
        self.written.message(message).unwrap_or_else(|status| self.end(&status))
    }

    fn end(&mut self, status: &Status) -> Bytes {
        self.has_ended = true;
        self.written.end(status)
    }
}

impl<W: Written> HttpBody for Rewritten<W> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if self.has_ended {
                return Poll::Ready(None);
            }
            if let Some(message) = self.next_message() {
                let sent = self.sent(message);
                return Poll::Ready(Some(Ok(Frame::data(sent))));
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(cause)) => {
                    self.has_ended = true;
                    return Poll::Ready(Some(Err(cause)));
                }
                None => {
                    let end = self.end(&internal("a stream ended without saying how"));
                    return Poll::Ready(Some(Ok(Frame::data(end))));
                }
            };
            match frame.into_data() {
                Ok(data) => self.unsent.extend_from_slice(&data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    let status = Status::from_header_map(&trailers)
                        .unwrap_or_else(|| internal("a stream ended without a status"));
                    let end = self.end(&status);
                    return Poll::Ready(Some(Ok(Frame::data(end))));
                }
            }
        }
    }
}
