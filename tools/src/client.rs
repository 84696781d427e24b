//! Calls to Chirp's own servers: how they are reached, and when a call is retried.
//!
//! Always: a retry carries the same request id, so the call takes effect once; retrying is bounded in time. Never here: what is called.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::Misuse;
use crate::args::Address;

/// How long a server may be away before its clients give up: enough for a restart.
pub const DEADLINE: Duration = Duration::from_secs(60);
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const LOST_RACES_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

static AUTHORIZATION: OnceLock<MetadataValue<Ascii>> = OnceLock::new();

/// From now on, calls carry this token or API key. Only the first one counts.
///
/// # Errors
/// When it cannot be in a header.
pub fn authorize(credentials: &str) -> anyhow::Result<()> {
    let value: Result<MetadataValue<Ascii>, _> = format!("Bearer {credentials}").parse();
    let mut value = value.map_err(|_| Misuse("the token has letters that no header can have".to_owned()))?;
    value.set_sensitive(true);
    AUTHORIZATION.get_or_init(|| value);
    Ok(())
}

/// Puts the credentials of the process into a call.
#[derive(Clone, Copy, Debug)]
pub struct Authorizing;

impl Interceptor for Authorizing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(authorization) = AUTHORIZATION.get() {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        Ok(request)
    }
}

/// A channel whose calls carry the credentials of the process.
pub type Connection = InterceptedService<Channel, Authorizing>;

/// A channel that connects at its first use, and again when the connection is lost.
///
/// # Errors
/// When the address cannot be part of a URI.
pub fn channel(address: &Address) -> anyhow::Result<Connection> {
    Ok(InterceptedService::new(endpoint(address)?.timeout(ATTEMPT_TIMEOUT).connect_lazy(), Authorizing))
}

/// As [`channel`], for calls without a timeout.
///
/// # Errors
/// When the address cannot be part of a URI.
pub fn channel_for_operators(address: &Address) -> anyhow::Result<Connection> {
    Ok(InterceptedService::new(endpoint(address)?.connect_lazy(), Authorizing))
}

static TLS: OnceLock<ClientTlsConfig> = OnceLock::new();

/// From now on, servers are called by TLS. They must show a certificate of somebody whom this machine trusts, or of whom this file has the
/// certificate in PEM. Only the first call counts.
///
/// # Errors
/// When the file cannot be read.
pub fn use_tls(authorities: Option<&Path>) -> anyhow::Result<()> {
    let mut config = ClientTlsConfig::new().with_native_roots();
    if let Some(file) = authorities {
        let pem = std::fs::read(file).map_err(|cause| Misuse(format!("{}: {cause}", file.display())))?;
        config = config.ca_certificate(Certificate::from_pem(pem));
    }
    TLS.get_or_init(|| config);
    Ok(())
}

fn endpoint(address: &Address) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = match TLS.get() {
        Some(config) => Endpoint::from_shared(format!("https://{address}"))?.tls_config(config.clone())?,
        None => Endpoint::from_shared(format!("http://{address}"))?,
    };
    let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).http2_keep_alive_interval(KEEPALIVE_INTERVAL);
    Ok(endpoint)
}

/// Why a call did not succeed in the end.
#[derive(Debug)]
pub struct Failed {
    /// The last answer.
    pub status: Status,
    /// Whether it was still retried when the deadline ran out: the server is away or overloaded.
    pub gave_up: bool,
}

/// Calls until it succeeds, is refused for good, or has been failing for longer than `deadline`. `on_retry` is called
/// once for every attempt but the first.
pub async fn retrying<T, F: Future<Output = Result<T, Status>>>(
    deadline: Duration,
    call: impl FnMut() -> F,
    mut on_retry: impl FnMut(),
) -> Result<T, Failed> {
    let (mut trouble_since, mut retries, mut gave_up) = (None, 0, false);
    let pause = |status: &Status, pause: Option<Duration>| {
        let at_least = retry_delay(status, retries)?;
        retries += 1;
        gave_up = trouble_since.get_or_insert_with(Instant::now).elapsed() >= deadline;
        pause.filter(|_| !gave_up).map(|pause| pause.max(at_least))
    };
    let called = call.retry(backoff()).adjust(pause).notify(|_, _| on_retry()).await;
    called.map_err(|status| Failed { status, gave_up })
}

/// The least pause before the call is retried; nothing when it must not be.
fn retry_delay(status: &Status, retries: u32) -> Option<Duration> {
    let told = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let lost_connection = std::error::Error::source(status).is_some()
        || matches!(status.code(), Code::Unknown | Code::Cancelled) && status.details().is_empty();
    match status.code() {
        Code::Unavailable => Some(told.unwrap_or_default()),
        Code::ResourceExhausted if told.is_some() => told,
        Code::Aborted if retries < LOST_RACES_MAX => Some(told.unwrap_or_default()),
        // The connection broke: what happened on the other side is not known, and the request id makes a retry safe.
        _ if lost_connection => Some(Duration::ZERO),
        _ => None,
    }
}

/// Exponential, with jitter between half of it and all of it, so that many callers do not come back at once. The deadline
/// bounds it, and not a number of retries.
fn backoff() -> ExponentialBuilder {
    // The jitter adds up to the pause itself.
    let (first, longest) = (BACKOFF_FIRST / 2, BACKOFF_MAX / 2);
    ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest).with_jitter().without_max_times()
}

/// The reason of a refusal for programs; the code when the server gave none.
pub fn reason(status: &Status) -> String {
    match status.get_details_error_info() {
        Some(info) => info.reason,
        None => format!("{:?}", status.code()).to_uppercase(),
    }
}

/// A refusal for people.
pub fn explained(status: &Status) -> anyhow::Error {
    anyhow::anyhow!("{} ({})", status.message(), reason(status))
}

#[cfg(test)]
mod tests {
    use backon::BackoffBuilder as _;
    use shared::rpc::errors::{ErrorReason, Refused};

    use super::*;

    fn refused(code: Code, retry_after: Option<Duration>) -> Status {
        let refused = Refused::new(code, ErrorReason::Overloaded, "no");
        match retry_after {
            Some(delay) => refused.retry_after(delay).into(),
            None => refused.into(),
        }
    }

    #[test]
    fn only_what_can_succeed_later_is_sent_again() {
        let second = Duration::from_secs(1);
        assert_eq!(retry_delay(&refused(Code::Unavailable, None), 1_000), Some(Duration::ZERO));
        assert_eq!(retry_delay(&refused(Code::Unavailable, Some(second)), 0), Some(second));
        assert_eq!(retry_delay(&refused(Code::ResourceExhausted, Some(second)), 0), Some(second));
        assert_eq!(retry_delay(&refused(Code::ResourceExhausted, None), 0), None);
        assert_eq!(retry_delay(&refused(Code::Aborted, None), LOST_RACES_MAX - 1), Some(Duration::ZERO));
        assert_eq!(retry_delay(&refused(Code::Aborted, None), LOST_RACES_MAX), None);
        assert_eq!(retry_delay(&refused(Code::Internal, None), 0), None);
        assert_eq!(retry_delay(&refused(Code::AlreadyExists, None), 0), None);
        assert_eq!(retry_delay(&Status::unknown("transport error"), 0), Some(Duration::ZERO));
    }

    #[test]
    fn the_backoff_grows_to_its_bound() {
        let pauses: Vec<Duration> = backoff().build().take(40).collect();
        assert_eq!(pauses.len(), 40, "it does not end by itself");
        for (retries, pause) in pauses.into_iter().enumerate() {
            let whole =
                BACKOFF_MAX.min(BACKOFF_FIRST * 2_u32.pow(u32::try_from(retries).expect("there are few").min(6)));
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} after {retries}");
        }
    }
}
