//! Requests of Connect as requests of gRPC.
//!
//! Always: the headers are translated before the call is let in, and its message once it has room. What is wrong with either is refused from
//! there, so that it is counted and has an id as every call has.

use std::borrow::Cow;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method as Verb, Request, Uri, Version};
use tokio::time::timeout;
use tonic::{Code, Status};

use super::super::MESSAGE_BYTES_MAX;
use super::super::calls::{FRAMED_BYTES_MAX, MESSAGE_DEADLINE, overdue, too_large};
use super::compression::Compression;
use super::{Call, Codec, events};
use crate::rpc::errors::{ErrorReason, Refused};
use crate::rpc::json::{self, base64};

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");
const TIMEOUT_MS: HeaderName = HeaderName::from_static("connect-timeout-ms");
const STREAM_ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// The protocol allows so many digits.
const TIMEOUT_DIGITS_MAX: usize = 10;
/// Flag and length, which stand before each message, in gRPC as in the streams of Connect.
pub const ENVELOPE_BYTES: usize = 5;
/// The flag of a message that is compressed.
pub const COMPRESSED: u8 = 1;

/// Headers that are of Connect, of the body as it came, or would be taken for those of gRPC.
const TRANSLATED: [HeaderName; 10] = [
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    ACCEPT_ENCODING,
    PROTOCOL_VERSION,
    TIMEOUT_MS,
    STREAM_ENCODING,
    super::compression::CONNECT_ACCEPT,
    GRPC_TIMEOUT,
    GRPC_ENCODING,
    GRPC_ACCEPT_ENCODING,
];

/// A request whose headers are those of gRPC already, and whose message is not.
#[derive(Clone, Debug)]
pub(in super::super) struct Arrived {
    call: Call,
    /// How the message is compressed.
    encoding: Option<String>,
    /// The query of a GET, which has the message.
    query: Option<String>,
    /// The last event that a client of server-sent events has received.
    last_event: Option<String>,
    /// What is wrong with the headers.
    refused: Option<Status>,
}

/// The request of gRPC, but for its message.
pub fn prepared(call: Call, request: Request<Body>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let headers = &mut parts.headers;
    let query = parts.uri.query().filter(|_| call.is_get).map(str::to_owned);
    let grpc_timeout = timeout_of(headers);
    let wrong = version_is_known(headers, query.as_deref()).and(grpc_timeout.clone().map(drop)).err();
    let is_json_unknown = call.codec == Codec::Json && call.method.is_none();
    let refused = wrong.or_else(|| (is_json_unknown && is_known_without_json(parts.uri.path())).then(only_protobuf));
    let named = |header: &HeaderName| Some(headers.get(header)?.to_str().unwrap_or("unreadable").to_owned());
    let encoding = match (&query, call.streams) {
        (Some(query), _) => parameter(query, "compression").map(Cow::into_owned),
        (None, true) => named(&STREAM_ENCODING),
        (None, false) => named(&CONTENT_ENCODING),
    };
    let last_event = named(&events::LAST_EVENT_ID).filter(|_| call.by_events);
    for header in &TRANSLATED {
        headers.remove(header);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if let Ok(Some(allowed)) = grpc_timeout {
        headers.insert(GRPC_TIMEOUT, allowed);
    }
    if query.is_some() {
        parts.method = Verb::POST;
        parts.uri = parts.uri.path().parse::<Uri>().expect("it was the path of one");
    }
    parts.version = Version::HTTP_2;
    parts.extensions.insert(Arrived { call, encoding, query, last_event, refused });
    Request::from_parts(parts, body)
}

impl Arrived {
    /// The request with its message as gRPC has it.
    ///
    /// # Errors
    /// When the message is not one of this method.
    pub async fn into_grpc(self, request: Request<Body>) -> Result<Request<Body>, Status> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let (mut parts, body) = request.into_parts();
        if self.call.streams && self.call.codec == Codec::Proto {
            // Envelopes are those of gRPC.
            let encoding = self.encoding.map(|name| HeaderValue::from_str(&name).expect("it was a header"));
            parts.headers.extend(encoding.map(|name| (GRPC_ENCODING, name)));
            return Ok(Request::from_parts(parts, body));
        }
        let Some(method) = self.call.method else {
            return Ok(Request::from_parts(parts, Body::from(framed(&[]))));
        };
        if self.call.by_events {
            let message = events::request(self.query.as_deref().unwrap_or_default(), self.last_event);
            return Ok(Request::from_parts(parts, Body::from(framed(&message))));
        }
        let compression = Compression::named(self.encoding.as_deref().unwrap_or_default())?;
        let (message, compression) = match &self.query {
            Some(query) => (message_of(query)?, compression),
            None => {
                let body = match timeout(MESSAGE_DEADLINE, to_bytes(body, FRAMED_BYTES_MAX)).await {
                    Ok(Ok(body)) => body,
                    Ok(Err(_)) => return Err(too_large()),
                    Err(_) => return Err(overdue(MESSAGE_DEADLINE)),
                };
                if self.call.streams { only_message(&body, compression)? } else { (body, compression) }
            }
        };
        let message = match compression {
            Some(compression) if !message.is_empty() => compression.inflated(&message)?.into(),
            _ => message,
        };
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(too_large());
        }
        let body = match self.call.codec {
            Codec::Proto => framed(&message),
            Codec::Json => framed(&json::read(method.input, &message).map_err(|cause| malformed(&cause.to_string()))?),
        };
        Ok(Request::from_parts(parts, Body::from(body)))
    }
}

/// INVALID_ARGUMENT: the request is not what it should be.
pub fn malformed(message: &str) -> Status {
    Refused::new(Code::InvalidArgument, ErrorReason::MessageMalformed, message).into()
}

/// A method of this port that JSON cannot call: reflection, which answers tools in protobuf.
fn is_known_without_json(path: &str) -> bool {
    super::is_about_the_server(path) && super::call_metrics::is_known(path)
}

fn only_protobuf() -> Status {
    let message = "this method is called in protobuf, with application/connect+proto or by gRPC";
    Refused::new(Code::Unimplemented, ErrorReason::MethodUnknown, message).into()
}

fn version_is_known(headers: &HeaderMap, query: Option<&str>) -> Result<(), Status> {
    let in_headers = headers.get(PROTOCOL_VERSION).is_none_or(|version| version == "1");
    let in_query = query.and_then(|query| parameter(query, "connect")).is_none_or(|version| version == "v1");
    match in_headers && in_query {
        true => Ok(()),
        false => Err(malformed("this server speaks version 1 of the Connect protocol")),
    }
}

/// The time that the client gives its call, as gRPC writes it.
fn timeout_of(headers: &HeaderMap) -> Result<Option<HeaderValue>, Status> {
    let Some(header) = headers.get(TIMEOUT_MS) else { return Ok(None) };
    let digits = header.as_bytes();
    if digits.is_empty() || digits.len() > TIMEOUT_DIGITS_MAX || !digits.iter().all(u8::is_ascii_digit) {
        return Err(malformed("connect-timeout-ms must be a number of milliseconds of at most 10 digits"));
    }
    Ok(HeaderValue::from_bytes(&[digits, b"m"].concat()).ok())
}

/// The first parameter of this name in a query, decoded.
pub fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The message of a GET.
fn message_of(query: &str) -> Result<Bytes, Status> {
    let message = parameter(query, "message").ok_or_else(|| {
        malformed("a GET has its message in the query, as &message={} or, with &base64=1, in base64url")
    })?;
    match parameter(query, "base64").as_deref() {
        None | Some("0") => Ok(message.into_owned().into_bytes().into()),
        Some("1") => {
            base64(&message).map(Bytes::from).ok_or_else(|| malformed("the message in the query is not base64url"))
        }
        Some(_) => Err(malformed("base64 in the query is 1 or 0")),
    }
}

/// The one message of the requests of a stream.
fn only_message(body: &Bytes, compression: Option<Compression>) -> Result<(Bytes, Option<Compression>), Status> {
    let wrong =
        |what: &str| Err(malformed(&format!("the body must be one message in an envelope of Connect, and {what}")));
    let Some((header, _)) = body.split_first_chunk::<ENVELOPE_BYTES>() else { return wrong("ends before it") };
    let [flags, length @ ..] = *header;
    let end =
        usize::try_from(u32::from_be_bytes(length)).map_or(usize::MAX, |length| length.saturating_add(ENVELOPE_BYTES));
    if end > body.len() {
        return wrong("ends within it");
    }
    if end < body.len() {
        return wrong("goes on after it");
    }
    let message = body.slice(ENVELOPE_BYTES..);
    match (flags, compression) {
        (0, _) => Ok((message, None)),
        (COMPRESSED, Some(compression)) => Ok((message, Some(compression))),
        (COMPRESSED, None) => wrong("is compressed without connect-content-encoding"),
        _ => wrong("has flags that no request has"),
    }
}

/// A message as gRPC has it in a body.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("it is within the limit").to_be_bytes();
    [&[0], &length[..], message].concat()
}
