//! The Connect protocol and plain JSON over HTTP: each call is turned into one of gRPC, and its answer is turned back.
//!
//! Always: what surrounds a call of gRPC surrounds these, too, since they go through the same [`Calls`]: the same room, deadlines, ids, metrics
//! and reasons; a request that takes none of the ways in is refused by HTTP alone, before it counts as a call. Never here: what a method does,
//! and how JSON is read and written (`rpc::json`).
//!
//! The protocol is that of <https://connectrpc.com/docs/protocol>, version 1: unary calls by POST and, where a method has no side effects, by
//! GET; streams of answers. Plain JSON is its unary call without the headers that Connect's clients add.

mod answers;
mod compression;
mod errors;
mod events;
mod requests;

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method as Verb, Request, StatusCode, Version};
use axum::response::{IntoResponse as _, Response};

use self::compression::Compression;
pub(super) use self::errors::CODES;
pub(super) use self::requests::Arrived;
use super::calls::{Calls, is_about_the_server};
use super::service_of;
use crate::rpc::call_metrics;
use crate::rpc::json::{self, Method};

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// What a POST may bring.
const ACCEPTED_POSTS: &str = "application/json, application/proto, application/connect+json, application/connect+proto, \
                              application/grpc, application/grpc-web, application/grpc-web-text";

/// How the messages of a call are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Json,
    Proto,
}

/// A call that is made in Connect's way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    codec: Codec,
    /// Whether its messages come in envelopes, and its answers, too.
    streams: bool,
    is_get: bool,
    /// Whether its answers are server-sent events, in place of envelopes.
    by_events: bool,
    /// None if this port has no such method, or has it for protobuf alone.
    method: Option<&'static Method>,
    /// How the answer may be compressed.
    accepted: Option<Compression>,
}

/// The way in that a request takes.
pub(super) enum Way {
    /// gRPC or gRPC-Web.
    Grpc,
    Connect(Call),
    Refused(Response),
}

/// Which way in a request takes at a port with these services. `about` says what the port is.
pub(super) fn way_in(request: &Request<Body>, names: &[&str], about: impl Fn() -> String) -> Way {
    let (path, headers) = (request.uri().path(), request.headers());
    let kind = kind_of(headers);
    // gRPC needs HTTP/2, gRPC-Web does not.
    if kind.starts_with("application/grpc-web")
        || (request.version() >= Version::HTTP_2 && kind.starts_with("application/grpc"))
    {
        return Way::Grpc;
    }
    let method = json::method(path);
    let here = method.filter(|_| is_here(path, names));
    let accepted = Compression::accepted(headers, &compression::ACCEPT);
    match *request.method() {
        Verb::POST => {
            let Some((codec, streams)) = codec_of(&kind) else { return unsupported(about()) };
            let needs_both_ways = call_metrics::takes_a_stream(path) && !is_about_the_server(path);
            if needs_both_ways && (codec == Codec::Json || request.version() < Version::HTTP_2) {
                return unsupported(format!(
                    "{path} takes a stream of messages, so it is called by gRPC, or with application/connect+proto over HTTP/2; \
                     Subscribe takes one message\n"
                ));
            }
            if call_metrics::is_known(path) && call_metrics::streams(path) != streams {
                return unsupported(match streams {
                    true => format!("{path} answers one message, so it is called with application/json\n"),
                    false => format!("{path} answers a stream, so it is called with application/connect+json\n"),
                });
            }
            let accepted =
                if streams { Compression::accepted(headers, &compression::CONNECT_ACCEPT) } else { accepted };
            Way::Connect(Call { codec, streams, is_get: false, by_events: false, method: here, accepted })
        }
        Verb::GET if path == events::PATH => match events::has_ticket(request.uri().query().unwrap_or_default()) {
            true => {
                let codec = Codec::Json;
                Way::Connect(Call { codec, streams: true, is_get: true, by_events: true, method: here, accepted: None })
            }
            false => {
                let why = "a GET of Subscribe is with ?ticket=, which CreateSubscribeTicket makes\n";
                Way::Refused((StatusCode::BAD_REQUEST, why).into_response())
            }
        },
        Verb::GET if method.is_some_and(|method| method.reads && !method.server_streaming) => {
            match codec_of_query(request.uri().query().unwrap_or_default()) {
                Some(codec) => {
                    Way::Connect(Call { codec, streams: false, is_get: true, by_events: false, method: here, accepted })
                }
                None => unsupported("a GET is with ?encoding=json or ?encoding=proto, and with &message=\n".to_owned()),
            }
        }
        _ if call_metrics::is_known(path) => {
            let may_get = method.is_some_and(|method| method.reads && !method.server_streaming);
            let allowed = HeaderValue::from_static(if may_get { "GET, POST" } else { "POST" });
            let why = format!("{path} is not called by {}\n", request.method());
            Way::Refused((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)], why).into_response())
        }
        _ => Way::Refused((StatusCode::NOT_FOUND, about()).into_response()),
    }
}

impl Call {
    /// Answers the call.
    pub async fn answer(self, calls: &Calls, request: Request<Body>) -> Response {
        let response = calls.answer(requests::prepared(self, request)).await;
        match (self.by_events, self.streams) {
            (true, _) => events::stream(self, response),
            (false, true) => answers::stream(self, response),
            (false, false) => answers::unary(self, response).await,
        }
    }
}

/// Whether the service of this path is on a port with these services.
fn is_here(path: &str, names: &[&str]) -> bool {
    is_about_the_server(path) || names.is_empty() || names.contains(&service_of(path))
}

/// The media type of a request in lower case, without a charset that is the only one.
fn kind_of(headers: &HeaderMap) -> Cow<'_, str> {
    let text = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if text.bytes().all(|byte| byte.is_ascii_lowercase() || b"/+-".contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let text = text.to_ascii_lowercase();
    match text.split_once(';') {
        Some((kind, parameter)) if parameter.trim().replace('"', "") == "charset=utf-8" => {
            Cow::Owned(kind.trim_end().to_owned())
        }
        _ => Cow::Owned(text),
    }
}

/// How the messages of this media type are written, and whether they come in envelopes.
fn codec_of(kind: &str) -> Option<(Codec, bool)> {
    match kind {
        "application/json" => Some((Codec::Json, false)),
        "application/proto" => Some((Codec::Proto, false)),
        "application/connect+json" => Some((Codec::Json, true)),
        "application/connect+proto" => Some((Codec::Proto, true)),
        _ => None,
    }
}

fn codec_of_query(query: &str) -> Option<Codec> {
    match &*requests::parameter(query, "encoding")? {
        "json" => Some(Codec::Json),
        "proto" => Some(Codec::Proto),
        _ => None,
    }
}

fn unsupported(why: String) -> Way {
    let accepted = [(ACCEPT_POST, HeaderValue::from_static(ACCEPTED_POSTS))];
    Way::Refused((StatusCode::UNSUPPORTED_MEDIA_TYPE, accepted, why).into_response())
}
