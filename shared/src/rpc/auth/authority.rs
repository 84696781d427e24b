//! Whose a call is, by its `authorization` header.
//!
//! Always: judged before anything of the call is decoded; a token that was verified is not verified again until it ends, the keys of its issuer
//! change, or there is no room to remember it. Never here: what the caller may do ([`super::access`]).

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::warn;

use super::api_keys::{self, ApiKeys};
use super::development::{self, DevelopmentKey};
use super::jwt::{Issuer, JwtSettings, Unverified, Verified, malformed};
use super::principal::{Caller, Principal};
use super::validity::{Validity, expired};
use crate::log::StoreIdentity;
use crate::model::clock::{Clock, Timestamp};
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use crate::runtime::tasks::Tasks;
use crate::sql::database::Database;

/// The longest `authorization` header, in bytes.
pub const CREDENTIALS_BYTES_MAX: usize = 8 * 1024;
/// For how long request ids of before authentication are looked up, too.
pub const FORMER_IDS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many verified tokens are remembered.
const REMEMBERED_MAX: u64 = 65_536;
const BEARER: &str = "bearer ";

static UNRESTRICTED: LazyLock<Arc<Principal>> = LazyLock::new(|| Arc::new(Principal::unrestricted()));
static ANONYMOUS: LazyLock<Arc<Principal>> = LazyLock::new(|| Arc::new(Principal::anonymous()));

/// Who is trusted to say whose a call is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthoritySettings {
    /// Issuers of JSON Web Tokens.
    pub issuers: Vec<JwtSettings>,
    /// Whoever can read the store: see [`super::development`].
    pub development: bool,
    /// API keys of the store.
    pub api_keys: bool,
}

impl AuthoritySettings {
    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issuers.is_empty() && !self.development && !self.api_keys
    }
}

/// Who tells whose a call is.
#[derive(Clone, Default)]
pub struct Authority(Option<Arc<Trusted>>);

struct Trusted {
    issuers: Vec<Issuer>,
    /// Nothing if it is not trusted, and empty until the store is open.
    development: Option<OnceLock<Issuer>>,
    /// Nothing if they are not taken.
    keys: Option<ApiKeys>,
    /// Since when servers of the store authenticate, once that is known.
    since: OnceLock<Timestamp>,
    clock: Arc<dyn Clock>,
    verified: Cache<[u8; 32], Verified>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_open() { "Authority::open" } else { "Authority" })
    }
}

impl Authority {
    /// Nobody: whoever calls may do everything.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// These issuers, whose keys are fetched from now on.
    #[must_use]
    pub fn of(settings: AuthoritySettings, clock: Arc<dyn Clock>, tasks: &Tasks) -> Self {
        let issuers = settings.issuers.into_iter().map(Issuer::new).collect();
        let development = settings.development.then(OnceLock::new);
        let keys = settings.api_keys.then(ApiKeys::default);
        let (since, verified) = (OnceLock::new(), Cache::new(REMEMBERED_MAX));
        let trusted = Arc::new(Trusted { issuers, development, keys, since, clock, verified });
        if trusted.keys.is_some() {
            let (trusted, drain) = (trusted.clone(), tasks.draining().clone());
            tasks.spawn_vital("API keys", async move {
                let Some(keys) = &trusted.keys else { return };
                drain.run_until_cancelled(keys.keep_reading(&*trusted.clock)).await;
            });
        }
        for index in 0..trusted.issuers.len() {
            let (trusted, drain) = (trusted.clone(), tasks.draining().clone());
            tasks.spawn_vital("keys of an issuer", async move {
                let keeping = trusted.issuers[index].keep_keys(|| trusted.verified.invalidate_all());
                drain.run_until_cancelled(keeping).await;
            });
        }
        Self(Some(trusted))
    }

    /// The store is open, with this identity, and says in `access` who has API keys.
    pub async fn opened(&self, identity: &StoreIdentity, access: impl AsyncFnOnce() -> Result<Database, String>) {
        let Some(trusted) = &self.0 else { return };
        let opened = async {
            let access = access().await?;
            let since = api_keys::authenticating_since(&access, trusted.clock.now()).await;
            let _ = trusted.since.set(since.map_err(|cause| cause.to_string())?);
            if let Some(keys) = &trusted.keys {
                keys.open(access);
            }
            Ok::<_, String>(())
        };
        if let Err(cause) = opened.await {
            warn!(%cause, "what the store says about access cannot be read: {cause}");
        }
        if let Some(issuer) = &trusted.development {
            issuer.get_or_init(|| Issuer::new(DevelopmentKey::of(identity).issuer()));
        }
    }

    /// What is cancelled when this API key is revoked.
    pub(super) fn revocation(&self, key: &str) -> Option<CancellationToken> {
        self.0.as_ref()?.keys.as_ref()?.revocation(key)
    }

    /// Whether a request id of this caller may have been used before callers were told apart, not so long ago.
    #[must_use]
    pub fn was_open_lately(&self) -> bool {
        self.0.as_ref().is_some_and(|trusted| {
            let lately = i64::try_from(FORMER_IDS_KEPT.as_micros()).unwrap_or(i64::MAX);
            trusted.since.get().is_some_and(|since| trusted.clock.now().0 < since.0.saturating_add(lately))
        })
    }

    /// Whether callers are told apart.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Whose a call with these headers is.
    ///
    /// # Errors
    /// UNAUTHENTICATED with the reason, or UNAVAILABLE while it cannot be told.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Status> {
        let Some(trusted) = &self.0 else { return Ok(self.caller(UNRESTRICTED.clone(), Validity::default())) };
        let mut given = headers.get_all(AUTHORIZATION).iter();
        match (given.next(), given.next()) {
            (None, _) => Ok(self.caller(ANONYMOUS.clone(), Validity::default())),
            (Some(_), Some(_)) => Err(malformed("the call has more than one `authorization` header").into()),
            (Some(value), None) => {
                let (principal, validity) = trusted.known_by(bearer(value)?).await?;
                Ok(self.caller(principal, validity))
            }
        }
    }

    fn caller(&self, principal: Arc<Principal>, validity: Validity) -> Caller {
        Caller { principal, validity, authority: self.clone() }
    }

    /// Whose these credentials are, which a client sends in a message: the value of an `authorization` header.
    ///
    /// # Errors
    /// As [`Self::identify`].
    pub async fn identify_text(&self, authorization: &str) -> Result<Caller, Status> {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            let value = HeaderValue::from_str(authorization);
            headers.insert(AUTHORIZATION, value.map_err(|_| malformed("the credentials are no text of a header"))?);
        }
        self.identify(&headers).await
    }
}

/// The credentials in a header.
fn bearer(value: &HeaderValue) -> Result<&str, Refused> {
    if value.len() > CREDENTIALS_BYTES_MAX {
        return Err(malformed("the `authorization` header is too long").with("limit_bytes", CREDENTIALS_BYTES_MAX));
    }
    let text = value.to_str().map_err(|_| malformed("the `authorization` header is no text"))?;
    let is_bearer = text.get(..BEARER.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(BEARER));
    let credentials = if is_bearer { text[BEARER.len()..].trim() } else { "" };
    match credentials {
        "" => Err(malformed("the `authorization` header must be `Bearer` and a token or an API key")),
        credentials => Ok(credentials),
    }
}

impl Trusted {
    async fn known_by(&self, credentials: &str) -> Result<(Arc<Principal>, Validity), Refused> {
        if let Some(keys) = self.keys.as_ref().filter(|_| credentials.starts_with(api_keys::PREFIX)) {
            let (principal, revoked) = Box::pin(keys.verify(credentials, &*self.clock)).await?;
            let id = credentials[api_keys::PREFIX.len()..].split('_').next().unwrap_or_default();
            return Ok((principal, Validity { until: None, revoked: Some(revoked), key: Some(id.into()) }));
        }
        let digest: [u8; 32] = Sha256::digest(credentials).into();
        let remembered = self.verified.get(&digest);
        let Verified { principal, until } = match remembered {
            Some(verified) if verified.until > self.clock.now() => verified,
            Some(_) => return Err(expired()),
            None => {
                // In a box: keys may have to be fetched, and every call would have room for that.
                let verified = Box::pin(self.verify(credentials)).await?;
                self.verified.insert(digest, verified.clone());
                verified
            }
        };
        let until = self.instant_of(until);
        Ok((principal, Validity { until: Some(until), ..Validity::default() }))
    }

    async fn verify(&self, credentials: &str) -> Result<Verified, Refused> {
        let token = Unverified::read(credentials)?;
        let development = self.development.as_ref().filter(|_| token.issuer() == development::ISSUER);
        if development.is_some_and(|issuer| issuer.get().is_none()) {
            let message = "the store is not open yet, so its tokens cannot be verified";
            let refused = Refused::new(Code::Unavailable, ErrorReason::AuthenticationUnavailable, message);
            return Err(refused.retry_after(RETRY_DELAY));
        }
        let development = development.and_then(OnceLock::get);
        let found = development.or_else(|| self.issuers.iter().find(|issuer| issuer.is(token.issuer())));
        let issuer = found.ok_or_else(|| {
            let message = "the token is of an issuer that this server does not trust";
            Refused::new(Code::Unauthenticated, ErrorReason::TokenIssuerMismatch, message)
        })?;
        issuer.verify(&token, &*self.clock, || self.verified.invalidate_all()).await
    }

    /// The moment by the clock that streams wait by.
    fn instant_of(&self, until: Timestamp) -> Instant {
        /// Tokens that last for longer are as good as without an end.
        const LONG: Duration = Duration::from_secs(366 * 24 * 60 * 60);
        let left = u64::try_from(until.0.saturating_sub(self.clock.now().0)).unwrap_or(0);
        Instant::now() + Duration::from_micros(left).min(LONG)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::jwt::KeySource;
    use super::*;
    use crate::model::clock::ManualClock;
    use crate::model::ids::AccountId;

    /// More than the time after which keys are read again.
    const LATER: Duration = Duration::from_secs(6 * 60);

    fn key(number: u8) -> DevelopmentKey {
        DevelopmentKey::of(&StoreIdentity { epoch: Uuid::nil(), token_key: [number; 32] })
    }

    async fn reason(authority: &Authority, token: &str) -> Option<String> {
        let refused = authority.identify_text(&format!("Bearer {token}")).await.err()?;
        Some(refused.metadata().get("x-chirp-error-reason")?.to_str().ok()?.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_remembered_until_it_ends_or_the_key_that_signed_it_is_withdrawn() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("keys.json");
        let publish = |key: &DevelopmentKey| match key.issuer().keys {
            KeySource::Given(text) => std::fs::write(&file, text).expect("it can be written"),
            other => panic!("{other:?}"),
        };
        let (first, second) = (key(1), key(2));
        publish(&first);
        let clock = Arc::new(ManualClock::default());
        let tasks = Tasks::default();
        let issuers = vec![JwtSettings { keys: KeySource::File(file.clone()), ..first.issuer() }];
        let authority = Authority::of(AuthoritySettings { issuers, ..Default::default() }, clock.clone(), &tasks);
        let bearer = super::super::development::Bearer::Account(AccountId(Uuid::from_u128(1)));
        let sign = |key: &DevelopmentKey, ttl| key.sign(&bearer, &[], &[], clock.now(), Duration::from_secs(ttl));
        let (short, long) = (sign(&first, 60), sign(&first, 24 * 60 * 60));
        assert_eq!(reason(&authority, &short).await, None);
        assert_eq!(reason(&authority, &long).await, None);
        assert_eq!(reason(&authority, &sign(&second, 60)).await.as_deref(), Some("TOKEN_SIGNATURE_INVALID"));

        clock.set(Timestamp(60_000_000));
        assert_eq!(reason(&authority, &short).await.as_deref(), Some("TOKEN_EXPIRED"), "although it is remembered");
        assert_eq!(reason(&authority, &long).await, None);

        // What is broken for a while takes nothing away, and what takes its place does.
        std::fs::write(&file, "nonsense").expect("it can be written");
        tokio::time::sleep(LATER).await;
        assert_eq!(reason(&authority, &long).await, None);
        publish(&second);
        tokio::time::sleep(LATER).await;
        assert_eq!(
            reason(&authority, &long).await.as_deref(),
            Some("TOKEN_SIGNATURE_INVALID"),
            "its key was withdrawn"
        );
        assert_eq!(reason(&authority, &sign(&second, 60)).await, None);
        tasks.drain();
    }
}
