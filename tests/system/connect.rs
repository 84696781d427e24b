//! The Connect protocol and plain JSON: each case of the protocol, beside what gRPC answers to the same call.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::{Value, json};
use shared::rpc::proto::DESCRIPTORS;
use shared::rpc::proto::query::{
    GetAccountRequest, GetAccountResponse, StreamHomeTimelineRequest, StreamHomeTimelineResponse,
};

use crate::api::{channel, up_to_date};
use crate::bad_input::by_id;
use crate::process::{DEADLINE, Dev, folder};
use crate::raw;
use crate::web::{Answer, Live, envelope, post, send};

const REGISTER: &str = "/chirp.command.v1.CommandService/RegisterAccount";
const CREATE_POST: &str = "/chirp.command.v1.CommandService/CreatePost";
const GET_ACCOUNT: &str = "/chirp.query.v1.QueryService/GetAccount";
const GET_POST: &str = "/chirp.query.v1.QueryService/GetPost";
const AUTHOR_TIMELINE: &str = "/chirp.query.v1.QueryService/GetAuthorTimeline";
const STREAM: &str = "/chirp.query.v1.QueryService/StreamHomeTimeline";
const JSON: (&str, &str) = ("content-type", "application/json");
const PROTO: (&str, &str) = ("content-type", "application/proto");
const STREAM_JSON: (&str, &str) = ("content-type", "application/connect+json");
const STREAM_PROTO: (&str, &str) = ("content-type", "application/connect+proto");
/// The largest message, by the contract.
const MESSAGE_BYTES_MAX: usize = 256 * 1_024;
const NOBODY: &str = "01920000-0000-7000-8000-000000000001";

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("it fits");
    encoder.finish().expect("it ends")
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut inflated).expect("it is gzip");
    inflated
}

/// Asserts that an answer is a refusal with this status and reason, and gives its message.
fn refused(what: &str, answer: &Answer, (status, code, reason): (u16, &str, &str)) -> String {
    let told = answer.json();
    let seen = (answer.status, told["code"].as_str(), answer.header("x-chirp-error-reason"));
    assert_eq!(seen, (status, Some(code), Some(reason)), "{what}: {told}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    // What is refused before it was let in has no id, as by gRPC.
    let is_let_in = !["DEADLINE_EXCEEDED", "MESSAGE_TOO_LARGE"].contains(&reason);
    assert!(answer.header("x-request-id").is_some() || !is_let_in, "{what}: {answer:?}");
    let info = &told["details"][0];
    assert_eq!((&info["type"], &info["debug"]["reason"]), (&json!("google.rpc.ErrorInfo"), &json!(reason)), "{told}");
    told["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn a_call_is_answered_in_json_and_in_protobuf_over_either_version_of_http() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let made = post(&dev.command, REGISTER, r#"{"handle": "ada", "display_name": "Ada", "kind": "ACCOUNT_KIND_USER"}"#);
    let made = made.await;
    assert_eq!((made.status, made.header("content-type")), (200, Some("application/json")), "{}", made.text());
    let (id, token) = (made.json()["accountId"].clone(), made.json()["consistencyToken"].clone());
    assert_eq!(made.header("x-chirp-consistency-token"), token.as_str());
    assert!(made.header("grpc-status").is_none() && made.header("trailer-grpc-status").is_none(), "{made:?}");

    // The token in the metadata is waited for, and the id of the request is echoed.
    let token = token.as_str().expect("a token");
    let metadata = [JSON, ("x-chirp-consistency-token", token), ("x-request-id", "mine")];
    let by_handle = br#"{"handle": "ada"}"#;
    let got = send(&dev.query, "POST", GET_ACCOUNT, &metadata, by_handle).await;
    assert_eq!((got.status, got.header("x-request-id")), (200, Some("mine")), "{}", got.text());
    assert_eq!((&got.json()["account"]["accountId"], &got.json()["account"]["handle"]), (&id, &json!("ada")));
    assert!(got.json()["account"].get("protected").is_none(), "defaults are left out");

    let request =
        GetAccountRequest { account: by_id(id.as_str().expect("an id")), ..Default::default() }.encode_to_vec();
    let connect = [PROTO, ("connect-protocol-version", "1"), ("connect-timeout-ms", "60000")];
    let got = send(&dev.query, "POST", GET_ACCOUNT, &connect, &request).await;
    assert_eq!((got.status, got.header("content-type")), (200, Some("application/proto")));
    let account = GetAccountResponse::decode(&*got.body).expect("it is one").account.expect("always set");
    assert_eq!(account.handle, "ada");

    let channel = channel(&dev.query);
    for (kind, body, expected) in
        [("application/json", by_handle.to_vec(), &b"{\"account\":"[..]), ("application/proto", request, b"\x0a")]
    {
        let (headers, body) = raw::exchange(&channel, GET_ACCOUNT, &[("content-type", kind)], body).await;
        assert_eq!(headers.get("content-type").expect("it has one"), kind);
        assert!(body.starts_with(expected), "{kind}: {body:?}");
    }
    let health = post(&dev.query, "/grpc.health.v1.Health/Check", "{}").await;
    assert_eq!((health.status, health.json()), (200, json!({ "status": "SERVING" })));
}

#[tokio::test]
async fn every_refusal_has_its_status_of_http_its_reason_and_its_details() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let of_ada = dev.api.post(&ada, "mine").await.id;
    let large = format!(r#"{{"handle": "{}"}}"#, "a".repeat(MESSAGE_BYTES_MAX));
    let larger = format!(r#"{{"handle": "{}"}}"#, "a".repeat(MESSAGE_BYTES_MAX * 2));
    let taken = r#"{"handle": "ada", "displayName": "x", "kind": "ACCOUNT_KIND_USER"}"#;
    let foreign = json!({ "authorId": bob, "postId": of_ada }).to_string();
    let nothing = "/chirp.query.v1.QueryService/Nothing";
    let delete = "/chirp.command.v1.CommandService/DeletePost";
    for (path, headers, body, expected) in [
        (GET_ACCOUNT, &[JSON][..], "{}", (400, "invalid_argument", "ID_MALFORMED")),
        (GET_ACCOUNT, &[JSON], r#"{"handle": "nobody"}"#, (404, "not_found", "ACCOUNT_NOT_FOUND")),
        (REGISTER, &[JSON], taken, (409, "already_exists", "HANDLE_TAKEN")),
        (delete, &[JSON], &foreign, (403, "permission_denied", "NOT_AUTHOR")),
        (GET_ACCOUNT, &[JSON], &large, (429, "resource_exhausted", "MESSAGE_TOO_LARGE")),
        (GET_ACCOUNT, &[JSON], &larger, (429, "resource_exhausted", "MESSAGE_TOO_LARGE")),
        (GET_ACCOUNT, &[JSON, ("connect-timeout-ms", "0")], "{}", (504, "deadline_exceeded", "DEADLINE_EXCEEDED")),
        (GET_ACCOUNT, &[JSON, ("content-encoding", "br")], "{}", (501, "unimplemented", "METHOD_UNKNOWN")),
        (nothing, &[JSON], "{}", (404, "unimplemented", "METHOD_UNKNOWN")),
        (nothing, &[PROTO], "", (404, "unimplemented", "METHOD_UNKNOWN")),
        // What is wrong with the request itself.
        (GET_ACCOUNT, &[JSON, ("connect-timeout-ms", "1s")], "{}", (400, "invalid_argument", "MESSAGE_MALFORMED")),
        (
            GET_ACCOUNT,
            &[JSON, ("connect-timeout-ms", "12345678901")],
            "{}",
            (400, "invalid_argument", "MESSAGE_MALFORMED"),
        ),
        (GET_ACCOUNT, &[JSON, ("connect-protocol-version", "2")], "{}", (400, "invalid_argument", "MESSAGE_MALFORMED")),
        (GET_ACCOUNT, &[JSON, ("content-encoding", "gzip")], "{}", (400, "invalid_argument", "MESSAGE_MALFORMED")),
        (GET_ACCOUNT, &[PROTO], "\x0a\x7fshort", (400, "invalid_argument", "MESSAGE_MALFORMED")),
    ] {
        refused(
            &format!("{path} {headers:?} {:.80}", body),
            &send(&dev.all, "POST", path, headers, body.as_bytes()).await,
            expected,
        );
    }
    // The details are those of gRPC, to the byte, and can be read without a library.
    let answer = post(&dev.all, REGISTER, taken).await.json();
    let details = answer["details"].as_array().expect("a list");
    assert_eq!(details.len(), 2, "{answer}");
    assert_eq!(
        details[0]["debug"],
        json!({ "reason": "HANDLE_TAKEN", "domain": "chirp", "metadata": { "handle": "ada" } })
    );
    let value = STANDARD_NO_PAD.decode(details[1]["value"].as_str().expect("a text")).expect("base64");
    let resource = tonic_types::pb::ResourceInfo::decode(&*value).expect("it is one");
    assert_eq!(
        (details[1]["type"].as_str(), resource.resource_name.as_str()),
        (Some("google.rpc.ResourceInfo"), "ada")
    );
    // A service that lives on another port is named.
    let told =
        refused("another port", &post(&dev.command, GET_ACCOUNT, "{").await, (404, "unimplemented", "METHOD_UNKNOWN"));
    assert!(told.contains("is served on another port") && told.contains("chirp.query.v1.QueryService"), "{told}");
}

#[tokio::test]
async fn json_that_is_not_exactly_the_request_is_refused_by_the_name_of_what_is_wrong() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let head = dev.api.head().await;
    let deep = format!(r#"{{"handle": {}"a"{}}}"#, "[".repeat(32), "]".repeat(32));
    for (body, named) in [
        (&br#"{"handle": "a", "handle": "b"}"#[..], "handle is given twice"),
        (br#"{"displayName": "a", "display_name": "b"}"#, "displayName is given twice"),
        (br#"{"handel": "a"}"#, "unknown key handel"),
        (br#"{"handle": 1}"#, "handle"),
        (br#"{"kind": "NO_KIND"}"#, "kind"),
        (br#"{"handle": "a"} x"#, "trailing characters"),
        (br#"{"handle": "a""#, "EOF"),
        (b"{\"handle\": \"\xff\"}", "UTF-8"),
        (deep.as_bytes(), "deeper than 32"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"", "the JSON of an empty message is {}"),
    ] {
        let answer = send(&dev.command, "POST", REGISTER, &[JSON], body).await;
        let what = String::from_utf8_lossy(body);
        let told = refused(&what, &answer, (400, "invalid_argument", "MESSAGE_MALFORMED"));
        assert!(told.contains(named), "{what}: {told}");
    }
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn what_has_no_side_effects_is_read_by_get() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    dev.api.account(&ada.id, up_to_date()).await.expect("she is there");
    let message = GetAccountRequest { account: by_id(&ada.id), ..Default::default() }.encode_to_vec();
    let text = br#"{"handle":"ada"}"#;
    let in_json = "%7B%22handle%22%3A%22ada%22%7D";
    for query in [
        format!("connect=v1&encoding=json&message={in_json}"),
        format!("message={in_json}&encoding=json"),
        format!("encoding=json&base64=1&message={}", URL_SAFE_NO_PAD.encode(text)),
        format!("encoding=json&base64=1&message={}", URL_SAFE.encode(text).replace('=', "%3D")),
        format!("encoding=json&base64=1&compression=gzip&message={}", URL_SAFE_NO_PAD.encode(gzipped(text))),
        format!("encoding=proto&base64=1&connect=v1&message={}", URL_SAFE_NO_PAD.encode(&message)),
    ] {
        let got = send(&dev.query, "GET", &format!("{GET_ACCOUNT}?{query}"), &[], b"").await;
        assert_eq!(
            (got.status, got.header("cache-control")),
            (200, Some("private, no-store")),
            "{query}: {}",
            got.text()
        );
        let handle = match query.contains("encoding=json") {
            true => got.json()["account"]["handle"].as_str().expect("a text").to_owned(),
            false => GetAccountResponse::decode(&*got.body).expect("it is one").account.expect("always set").handle,
        };
        assert_eq!(handle, "ada", "{query}");
    }
    let malformed = (400, "invalid_argument", "MESSAGE_MALFORMED");
    for (query, named, expected) in [
        ("encoding=json".to_owned(), "&message=", malformed),
        ("encoding=json&base64=1&message=%21%21".to_owned(), "base64url", malformed),
        ("encoding=json&base64=2&message=e30".to_owned(), "1 or 0", malformed),
        ("encoding=json&connect=v2&message=%7B%7D".to_owned(), "version 1", malformed),
        ("encoding=json&message=%7B%22x%22%3A1%7D".to_owned(), "unknown key x", malformed),
        (
            "encoding=json&compression=br&message=%7B%7D".to_owned(),
            "gzip and zstd",
            (501, "unimplemented", "METHOD_UNKNOWN"),
        ),
        (
            "encoding=json&message=%7B%22handle%22%3A%22no%22%7D".to_owned(),
            "no",
            (404, "not_found", "ACCOUNT_NOT_FOUND"),
        ),
    ] {
        let got = send(&dev.query, "GET", &format!("{GET_ACCOUNT}?{query}"), &[], b"").await;
        let told = refused(&query, &got, expected);
        assert!(told.contains(named), "{query}: {told}");
        assert_eq!(got.header("cache-control"), Some("private, no-store"), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_by_http_with_what_would_be_one() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let get_account = format!("{GET_ACCOUNT}?encoding=yaml&message=x");
    for (verb, path, headers, status, told) in [
        ("POST", GET_ACCOUNT, &[("content-type", "text/plain")][..], 415, "application/json"),
        ("POST", GET_ACCOUNT, &[("content-type", "application/x-www-form-urlencoded")], 415, "application/json"),
        ("POST", GET_ACCOUNT, &[], 415, "application/json"),
        ("POST", GET_ACCOUNT, &[("content-type", "application/json; charset=latin1")], 415, "application/json"),
        ("POST", GET_ACCOUNT, &[("content-type", "application/grpc")], 415, "gRPC (over HTTP/2)"),
        ("POST", GET_ACCOUNT, &[STREAM_JSON], 415, "answers one message"),
        ("POST", STREAM, &[JSON], 415, "answers a stream"),
        ("GET", &*get_account, &[], 415, "encoding=json"),
        ("GET", GET_ACCOUNT, &[], 415, "encoding=json"),
        ("GET", CREATE_POST, &[], 405, "is not called by GET"),
        ("GET", STREAM, &[], 405, "is not called by GET"),
        ("PUT", GET_ACCOUNT, &[JSON], 405, "is not called by PUT"),
        ("DELETE", GET_ACCOUNT, &[], 405, "is not called by DELETE"),
        ("GET", "/nothing", &[], 404, "plain JSON"),
        ("HEAD", GET_ACCOUNT, &[], 405, ""),
    ] {
        let answer = send(&dev.query, verb, path, headers, b"").await;
        let what = format!("{verb} {path} {headers:?}");
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        // A service of another port is described, too, since all ports know the contract.
        assert!(answer.text().contains(told), "{what}: {}", answer.text());
        let allow = match (status, path) {
            (405, GET_ACCOUNT) => Some("GET, POST"),
            (405, _) => Some("POST"),
            _ => None,
        };
        assert_eq!(answer.header("allow"), allow, "{what}");
        let names_kinds = answer.header("accept-post").is_some_and(|kinds| kinds.contains("application/connect+json"));
        assert_eq!(names_kinds, status == 415, "{what}");
    }
    let with_charset = [("content-type", "Application/JSON; charset=UTF-8")];
    let answer = send(&dev.query, "POST", GET_ACCOUNT, &with_charset, br#"{"handle": "no"}"#).await;
    refused("a charset", &answer, (404, "not_found", "ACCOUNT_NOT_FOUND"));
}

#[tokio::test]
async fn a_stream_is_told_in_envelopes_and_says_how_it_ends() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.home(&ada, up_to_date()).await;
    let request = json!({ "accountId": ada }).to_string();
    let mut stream = Live::open(&dev.query, "POST", STREAM, &[STREAM_JSON], &envelope(0, request.as_bytes())).await;
    let kind = stream.headers.get("content-type").expect("it has one");
    assert_eq!((stream.status, kind.as_bytes()), (200, &b"application/connect+json"[..]));
    let (flags, first) = stream.message().await;
    assert_eq!((flags, &first["subscribed"]), (0, &json!({})), "{first}");
    assert!(first["resumeToken"].is_string(), "{first}");
    let (_, second) = stream.message().await;
    assert_eq!(second["caughtUp"], json!({}), "{second}");
    dev.api.post(&ada, "live, in JSON").await;
    let (_, item) = stream.message().await;
    assert_eq!(item["item"]["item"]["post"]["text"], "live, in JSON", "{item}");

    let request = StreamHomeTimelineRequest { account_id: ada.clone(), ..Default::default() }.encode_to_vec();
    let mut other = Live::open(&dev.query, "POST", STREAM, &[STREAM_PROTO], &envelope(0, &request)).await;
    let (flags, message) = other.envelope().await;
    StreamHomeTimelineResponse::decode(&*message).expect("it is one");
    assert_eq!(flags, 0);

    dev.process.signal("TERM");
    let (flags, draining) = stream.message().await;
    assert_eq!((flags, &draining["draining"]), (0, &json!({})), "{draining}");
    let (flags, end) = stream.message().await;
    assert_eq!((flags, &end["error"]["code"]), (2, &json!("unavailable")), "{end}");
    assert_eq!(end["metadata"]["x-chirp-error-reason"], json!(["SHUTTING_DOWN"]), "{end}");
    dev.process.ended().await;
}

#[tokio::test]
async fn a_stream_that_is_refused_says_so_in_its_only_envelope() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let nobody = json!({ "accountId": NOBODY }).to_string();
    let by = |text: &str| envelope(0, text.as_bytes());
    let missing = StreamHomeTimelineRequest { account_id: NOBODY.to_owned(), ..Default::default() }.encode_to_vec();
    let malformed = ("invalid_argument", "MESSAGE_MALFORMED");
    for (what, headers, body, (code, reason)) in [
        ("nobody", &[STREAM_JSON][..], by(&nobody), ("not_found", "ACCOUNT_NOT_FOUND")),
        ("nobody, in protobuf", &[STREAM_PROTO], envelope(0, &missing), ("not_found", "ACCOUNT_NOT_FOUND")),
        ("an unknown key", &[STREAM_JSON], by(r#"{"x": 1}"#), malformed),
        ("no envelope", &[STREAM_JSON], b"{}".to_vec(), malformed),
        ("an envelope that ends early", &[STREAM_JSON], b"\0\0\0\0\x05{}".to_vec(), malformed),
        ("two messages", &[STREAM_JSON], [by(&nobody), by(&nobody)].concat(), malformed),
        ("an end of the request", &[STREAM_JSON], envelope(2, b"{}"), malformed),
        ("compressed with nothing", &[STREAM_JSON], envelope(1, &gzipped(nobody.as_bytes())), malformed),
        (
            "compressed",
            &[STREAM_JSON, ("connect-content-encoding", "gzip")],
            envelope(1, &gzipped(nobody.as_bytes())),
            ("not_found", "ACCOUNT_NOT_FOUND"),
        ),
        (
            "compressed, in protobuf",
            &[STREAM_PROTO, ("connect-content-encoding", "gzip")],
            envelope(1, &gzipped(&missing)),
            ("not_found", "ACCOUNT_NOT_FOUND"),
        ),
        (
            "compressed in another way",
            &[STREAM_JSON, ("connect-content-encoding", "br")],
            by(&nobody),
            ("unimplemented", "METHOD_UNKNOWN"),
        ),
        (
            "no time",
            &[STREAM_JSON, ("connect-timeout-ms", "0")],
            by(&nobody),
            ("deadline_exceeded", "DEADLINE_EXCEEDED"),
        ),
    ] {
        let mut answer = Live::open(&dev.query, "POST", STREAM, headers, &body).await;
        let (flags, end) = answer.message().await;
        assert_eq!((answer.status, flags, &end["error"]["code"]), (200, 2, &json!(code)), "{what}: {end}");
        assert_eq!(end["metadata"]["x-chirp-error-reason"], json!([reason]), "{what}: {end}");
        assert_eq!(end["error"]["details"][0]["debug"]["reason"], reason, "{what}: {end}");
        assert!(answer.headers.contains_key("x-request-id") || code == "deadline_exceeded", "{what}");
    }
}

#[tokio::test]
async fn messages_are_compressed_both_ways_where_it_pays() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    let asked = |token: &str| json!({ "authorId": ada.id, "consistency": { "atLeastAsFresh": token } }).to_string();
    let mut token = dev.api.post(&ada.id, "short").await.token;
    let request = asked(&token);
    let small = send(&dev.query, "POST", AUTHOR_TIMELINE, &[JSON, ("accept-encoding", "gzip")], request.as_bytes());
    assert_eq!(small.await.header("content-encoding"), None, "it is small");
    for _ in 0..20 {
        token = dev.api.post(&ada.id, &"many words, ".repeat(30)).await.token;
    }
    let request = asked(&token);
    let plain = send(&dev.query, "POST", AUTHOR_TIMELINE, &[JSON], request.as_bytes()).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "nobody asked for less");
    let sent = [JSON, ("content-encoding", "gzip"), ("accept-encoding", "deflate, gzip;q=0.5, br")];
    let packed = send(&dev.query, "POST", AUTHOR_TIMELINE, &sent, &gzipped(request.as_bytes())).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")), "{}", packed.text());
    assert!(packed.body.len() * 3 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    assert_eq!(inflated(&packed.body), plain.body);
    for (accepted, encoding) in [("gzip, zstd", Some("zstd")), ("gzip;q=0, br", None), ("GZIP", Some("gzip"))] {
        let headers = [JSON, ("accept-encoding", accepted)];
        let answer = send(&dev.query, "POST", AUTHOR_TIMELINE, &headers, request.as_bytes()).await;
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
    }
    // What is large once it is inflated is as large as any other.
    let bomb = gzipped(format!(r#"{{"authorId": "{}"}}"#, "a".repeat(MESSAGE_BYTES_MAX * 64)).as_bytes());
    assert!(bomb.len() < MESSAGE_BYTES_MAX, "{} bytes", bomb.len());
    let answer = send(&dev.query, "POST", AUTHOR_TIMELINE, &sent, &bomb).await;
    refused("a bomb", &answer, (429, "resource_exhausted", "MESSAGE_TOO_LARGE"));
    // A stream compresses message by message.
    let page = json!({ "accountId": ada.id }).to_string();
    let headers = [STREAM_JSON, ("connect-accept-encoding", "gzip")];
    let mut stream = Live::open(&dev.query, "POST", STREAM, &headers, &envelope(0, page.as_bytes())).await;
    assert_eq!(stream.headers.get("connect-content-encoding").and_then(|it| it.to_str().ok()), Some("gzip"));
    for _ in 0..2 {
        let (flags, small) = stream.message().await;
        assert_eq!(flags, 0, "{small}");
    }
    let text = "🐦".repeat(300);
    dev.api.post(&ada.id, &text).await;
    let (flags, message) = stream.envelope().await;
    assert_eq!(flags, 1, "{} bytes are worth it", message.len());
    let item: Value = serde_json::from_slice(&inflated(&message)).expect("it is JSON");
    assert_eq!(item["item"]["item"]["post"]["text"], text, "{item}");
}

/// The paths of the contract's methods that answer one message.
fn unary_paths() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let mut paths = BTreeSet::new();
    for file in &files {
        for service in &file.service {
            let unary = service.method.iter().filter(|method| !method.server_streaming());
            paths.extend(unary.map(|method| format!("/{}.{}/{}", file.package(), service.name(), method.name())));
        }
    }
    paths
}

#[tokio::test]
async fn every_method_is_reached_by_json() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let paths = unary_paths();
    assert!(paths.len() > 50, "{paths:?}");
    let mut wrong = Vec::new();
    for path in &paths {
        let answer = post(&dev.all, path, "{}").await;
        let reason = answer.header("x-chirp-error-reason");
        let is_reached = match answer.status {
            200 => answer.json().is_object(),
            400..500 => reason.is_some_and(|reason| !["METHOD_UNKNOWN", "MESSAGE_MALFORMED"].contains(&reason)),
            _ => false,
        };
        if !is_reached {
            wrong.push(format!("{path}: {} {}", answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_get_and_post_and_read_the_metadata() {
    let folder = folder();
    let dev = Dev::start_with(folder.path(), &["--cors-origin", "https://app.example"]).await;
    let asks = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "connect-protocol-version,connect-timeout-ms,content-type"),
    ];
    let preflight = send(&dev.query, "OPTIONS", GET_ACCOUNT, &asks, b"").await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET,POST"));
    assert!(preflight.header("access-control-allow-headers").is_some_and(|names| names.contains("connect-timeout-ms")));
    let origin = [JSON, ("origin", "https://app.example")];
    let answer = send(&dev.query, "POST", GET_ACCOUNT, &origin, b"{}").await;
    let exposed = answer.header("access-control-expose-headers").expect("some are").to_owned();
    for name in ["x-chirp-error-reason", "x-chirp-consistency-token", "x-request-id", "content-encoding"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
}

#[tokio::test]
async fn the_description_of_a_port_is_true_of_what_it_answers() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let made = dev.api.post(&ada, "hello @bob #greeting").await;
    dev.api.home(&bob, up_to_date()).await;
    let described = send(&dev.all, "GET", "/openapi.json", &[], b"").await;
    assert_eq!((described.status, described.header("content-type")), (200, Some("application/json")));
    let document = described.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("an object");
    let missing: Vec<_> = unary_paths().into_iter().filter(|path| !paths.contains_key(path)).collect();
    assert!(missing.is_empty() && paths.contains_key(STREAM), "{missing:?}");
    let of_one = send(&dev.query, "GET", "/openapi.json", &[], b"").await.json();
    assert!(of_one["paths"].as_object().is_some_and(|paths| paths.keys().all(|path| path.contains("QueryService"))));

    let lists = "/chirp.query.v1.QueryService/";
    for (path, body) in [
        (GET_ACCOUNT.to_owned(), json!({ "handle": "ada", "viewerAccountId": bob })),
        (GET_POST.to_owned(), json!({ "postId": made.id })),
        (format!("{lists}GetHomeTimeline"), json!({ "accountId": bob })),
        (format!("{lists}GetThread"), json!({ "postId": made.id })),
        (format!("{lists}ListNotifications"), json!({ "accountId": bob, "viewerAccountId": bob })),
        (format!("{lists}ListFollowers"), json!({ "accountId": ada })),
        ("/chirp.admin.v1.AdminService/ListProjections".to_owned(), json!({})),
        (CREATE_POST.to_owned(), json!({ "authorId": ada, "text": "once more" })),
        (GET_ACCOUNT.to_owned(), json!({ "handle": "nobody" })),
    ] {
        let answer = post(&dev.all, &path, &body.to_string()).await;
        let schema = match answer.status {
            200 => {
                document["paths"][&path]["post"]["responses"]["200"]["content"]["application/json"]["schema"].clone()
            }
            _ => json!({ "$ref": "#/components/schemas/connect.error" }),
        };
        let mut wrong = Vec::new();
        check(&document, &schema, &answer.json(), &path, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?} in {}", answer.text());
        let asked = document["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"].clone();
        check(&document, &asked, &body, &path, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?} in {body}");
    }
    // The checker checks.
    let mut wrong = Vec::new();
    let account = json!({ "$ref": "#/components/schemas/chirp.query.v1.Account" });
    for odd in [json!({ "nick": "x" }), json!({ "followerCount": 5 }), json!({ "kind": "X" }), json!({ "viewer": [] })]
    {
        let before = wrong.len();
        check(&document, &account, &odd, "odd", &mut wrong);
        assert_eq!(wrong.len(), before + 1, "{odd}");
    }
}

/// Notes what of a value is not as its schema says, in the words of JSON Schema that the description uses.
fn check(document: &Value, schema: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("it refers to something");
        return check(document, target, value, place, wrong);
    }
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        other => panic!("{place}: the type {other:?}"),
    };
    if !is_of_type {
        return wrong.push(format!("{place}: {value} is no {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|names| !names.contains(value)) {
        wrong.push(format!("{place}: {value} is none of {}", schema["enum"]));
    }
    if schema["format"] == "date-time" && !value.as_str().is_some_and(|time| time.ends_with('Z')) {
        wrong.push(format!("{place}: {value} is no time"));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    for (index, item) in items {
        check(document, &schema["items"], item, &format!("{place}[{index}]"), wrong);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(property) => check(document, property, inner, &format!("{place}.{key}"), wrong),
            // The messages of details are of google.rpc.
            None if schema["properties"].is_null() => {}
            None => wrong.push(format!("{place}: the key {key} is unknown")),
        }
    }
}

/// `buf curl`, which `scripts/test` installs.
fn buf() -> Command {
    let buf = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules/.bin/buf");
    assert!(buf.exists(), "buf is not installed; scripts/test installs it");
    Command::new(buf)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buf_curl_calls_by_connect_with_nothing_but_reflection() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.account(&ada, up_to_date()).await.expect("she is there");
    let call = |path: &str, body: &Value, more: &[&str]| {
        let mut buf = buf();
        buf.args(["curl", "--protocol", "connect", "--http2-prior-knowledge", "--data", &body.to_string()]);
        buf.args(more).arg(format!("http://{}{path}", dev.all));
        async move {
            let mut buf = tokio::process::Command::from(buf);
            let called = tokio::time::timeout(DEADLINE, buf.kill_on_drop(true).output()).await;
            called.expect("it ends").expect("it runs")
        }
    };
    let got = call(GET_ACCOUNT, &json!({ "handle": "ada" }), &[]).await;
    let told: Value = serde_json::from_slice(&got.stdout).unwrap_or_else(|cause| panic!("{cause}: {got:?}"));
    assert_eq!(told["account"]["accountId"], ada.as_str());
    let refused = call(GET_ACCOUNT, &json!({ "handle": "nobody" }), &[]).await;
    let told: Value = serde_json::from_slice(&refused.stderr).unwrap_or_else(|cause| panic!("{cause}: {refused:?}"));
    assert_eq!((&told["code"], &told["details"][0]["type"]), (&json!("not_found"), &json!("google.rpc.ErrorInfo")));
    let stream = call(STREAM, &json!({ "accountId": NOBODY }), &[]).await;
    assert!(String::from_utf8_lossy(&stream.stderr).contains("not_found"), "{stream:?}");
}

#[tokio::test]
async fn refusals_link_to_the_page_about_their_reasons_where_it_is_published() {
    let folder = folder();
    let dev = Dev::start_with(folder.path(), &["--errors-url", "https://docs.example/errors.md"]).await;
    let refused = send(&dev.query, "POST", GET_POST, &[JSON], format!(r#"{{"postId": "{NOBODY}"}}"#).as_bytes()).await;
    let told = refused.json();
    let help = told["details"].as_array().expect("details").iter().find(|detail| detail["type"] == "google.rpc.Help");
    let link = &help.unwrap_or_else(|| panic!("no help: {told}"))["debug"]["links"][0]["url"];
    assert_eq!(link, "https://docs.example/errors.md#post_not_found");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/errors.md"));
    assert!(page.expect("it is in the project").contains("\n## POST_NOT_FOUND\n"), "its heading makes that anchor");
}
