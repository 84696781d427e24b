//! Errors as Connect has them: a status of HTTP, and JSON with code, message and details.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use serde_json::{Map, Value, json};
use tonic::{Code, Status};

use crate::rpc::json;

/// Every code in words, for the description of the port.
pub const CODES: [&str; 16] = [
    "canceled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
];

/// The code in words, and the status of HTTP that stands for it.
pub fn translated(code: Code) -> (&'static str, StatusCode) {
    match code {
        // Only what succeeds, or should have, has this one.
        Code::Ok | Code::Unknown => ("unknown", StatusCode::INTERNAL_SERVER_ERROR),
        // Nobody waits for an answer any more; 499 has no name in the standard.
        Code::Cancelled => ("canceled", StatusCode::from_u16(499).expect("it has three digits")),
        Code::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
        Code::DeadlineExceeded => ("deadline_exceeded", StatusCode::GATEWAY_TIMEOUT),
        Code::NotFound => ("not_found", StatusCode::NOT_FOUND),
        Code::AlreadyExists => ("already_exists", StatusCode::CONFLICT),
        Code::PermissionDenied => ("permission_denied", StatusCode::FORBIDDEN),
        Code::ResourceExhausted => ("resource_exhausted", StatusCode::TOO_MANY_REQUESTS),
        Code::FailedPrecondition => ("failed_precondition", StatusCode::BAD_REQUEST),
        Code::Aborted => ("aborted", StatusCode::CONFLICT),
        Code::OutOfRange => ("out_of_range", StatusCode::BAD_REQUEST),
        Code::Unimplemented => ("unimplemented", StatusCode::NOT_IMPLEMENTED),
        Code::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Code::DataLoss => ("data_loss", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
    }
}

/// The error as JSON.
pub fn described(status: &Status) -> Value {
    let mut error = Map::new();
    error.insert("code".to_owned(), translated(status.code()).0.into());
    if !status.message().is_empty() {
        error.insert("message".to_owned(), status.message().into());
    }
    // What is no `google.rpc.Status` was not made here.
    let details = tonic_types::Status::decode(status.details()).unwrap_or_default().details;
    if !details.is_empty() {
        error.insert("details".to_owned(), details.iter().map(detail).collect());
    }
    Value::Object(error)
}

/// A detail by its type and its encoding and, for those who read it, as JSON.
fn detail(any: &prost_types::Any) -> Value {
    let name = any.type_url.rsplit('/').next().unwrap_or_default();
    let mut detail = json!({ "type": name, "value": STANDARD_NO_PAD.encode(&any.value) });
    let written = json::named(name).and_then(|message| json::write(message, &any.value).ok());
    if let Some(debug) = written.and_then(|written| serde_json::from_slice(&written).ok()) {
        detail["debug"] = debug;
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_word_and_its_status() {
        for (number, word) in (1..).zip(CODES) {
            assert_eq!(translated(Code::from_i32(number)).0, word);
        }
        let statuses: Vec<u16> = (1..=16).map(|number| translated(Code::from_i32(number)).1.as_u16()).collect();
        assert_eq!(statuses, [499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]);
    }
}
