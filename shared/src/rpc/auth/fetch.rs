//! Fetching what an issuer publishes.
//!
//! Always: over HTTPS, but for loopback; no redirects; within [`FETCH_DEADLINE`] and [`FETCHED_BYTES_MAX`]. Never here: when to fetch.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::ACCEPT;
use axum::http::{Request, StatusCode, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// The largest document that is read, in bytes.
pub const FETCHED_BYTES_MAX: usize = 256 * 1024;
/// How long a fetch may take.
pub const FETCH_DEADLINE: Duration = Duration::from_secs(10);

/// Whether a document may be fetched from there: over HTTPS, or from this machine.
///
/// # Errors
/// Why not, for people.
pub fn fetchable(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let url = shown(url);
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("an address of keys must have no user name or password in it".to_owned());
    }
    let host = uri.host().ok_or_else(|| format!("{url} has no host"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback => Ok(uri),
        Some("http") => Err(format!("{url} must be https: plain http is for this machine only")),
        _ => Err(format!("{url} must be an https URL")),
    }
}

/// An address as it may be logged: without its query, which may hold a secret.
#[must_use]
pub fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The document at this address.
///
/// # Errors
/// Why there is none, for people.
pub async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let uri = fetchable(url)?;
    let url = shown(url);
    let provider = rustls::crypto::ring::default_provider();
    let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
    let connector = builder.map_err(|cause| format!("this machine has no root certificates: {cause}"))?;
    let client =
        Client::builder(TokioExecutor::new()).build::<_, Body>(connector.https_or_http().enable_http1().build());
    let request = Request::get(uri).header(ACCEPT, "application/json").body(Body::empty());
    let request = request.map_err(|cause| cause.to_string())?;
    let fetching = async {
        let answer =
            client.request(request).await.map_err(|cause| format!("{url} does not answer: {}", chain(&cause)))?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(format!("{url} answers {status}"));
        }
        let body = to_bytes(Body::new(answer.into_body()), FETCHED_BYTES_MAX).await;
        body.map(|bytes| bytes.to_vec())
            .map_err(|_| format!("{url} answers more than {FETCHED_BYTES_MAX} bytes, or breaks off"))
    };
    let fetched = timeout(FETCH_DEADLINE, fetching).await;
    fetched.unwrap_or_else(|_| Err(format!("{url} took longer than {} s", FETCH_DEADLINE.as_secs())))
}

/// An error with what caused it.
fn chain(cause: &dyn std::error::Error) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
