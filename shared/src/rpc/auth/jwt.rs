//! JSON Web Tokens (RFC 7519, with the advice of RFC 8725): whose a token is, by the keys of its issuer.
//!
//! Always: the algorithm is one of those allowed, before any key is looked at; a token without an end is refused; keys are fetched by one task at
//! a time and at most once in [`FETCH_INTERVAL`], whatever tokens name; known keys serve while the issuer is away, for [`KEYS_AGE_MAX`], and are
//! gone after any fetch without them. Never here: what a principal may do.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::Code;
use tracing::{info, warn};

use super::fetch::{fetch, fetchable, shown};
use super::key_set::{KeySet, names};
use super::principal::{Principal, role};
use super::ring_provider;
use super::validity::expired;
use crate::model::clock::{Clock, Timestamp};
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};

/// Between two fetches of an issuer's keys, whatever tokens name.
pub const FETCH_INTERVAL: Duration = Duration::from_secs(30);
/// How often keys are fetched without any occasion, so that one that was withdrawn is gone.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How long known keys serve while the issuer is away.
pub const KEYS_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The algorithms that can be allowed.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// What the description of an issuer is called, after its own address.
const DISCOVERY: &str = "/.well-known/openid-configuration";
const MICROS: i64 = 1_000_000;

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file: PEM, or a JSON Web Key Set. It is read again as the others are fetched again.
    File(PathBuf),
    /// At an address: a JSON Web Key Set.
    Url(String),
    /// Where the issuer says by OpenID Connect Discovery.
    Discovery,
    /// Here.
    Given(Vec<u8>),
}

/// An issuer that is trusted, and how its tokens are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtSettings {
    /// Where its keys are.
    pub keys: KeySource,
    /// What `iss` must be; any if empty, which discovery does not allow.
    pub issuer: String,
    /// One of these must be in `aud`; any if empty.
    pub audiences: Vec<String>,
    /// How tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// By how much the issuer's clock and this one may differ.
    pub leeway: Duration,
    /// The claim with the id of the account.
    pub account_claim: String,
    /// The claim with the name of a service, in tokens that are no account's; there are none if empty.
    pub service_claim: String,
    /// The claim with the scopes of a service, as one text with spaces or as a list; none are read if empty. Accounts have none.
    pub scopes_claim: String,
    /// The claim with the roles, `moderator` and `administrator`, in the same way.
    pub roles_claim: String,
}

impl JwtSettings {
    /// Whether there are keys in this file.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn check_file(file: &Path, allowed: &[Algorithm]) -> Result<(), String> {
        let text = std::fs::read(file).map_err(|cause| format!("{}: {cause}", file.display()))?;
        KeySet::read(&text, allowed).map(drop).map_err(|cause| format!("{}: {cause}", file.display()))
    }

    /// Whether keys may be fetched from there.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn check_url(url: &str) -> Result<(), String> {
        fetchable(url).map(drop)
    }
}

/// Whose a token is, and until when it is good.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The caller.
    pub principal: Arc<Principal>,
    /// The end of the token, and of the leeway.
    pub until: Timestamp,
}

/// An issuer with the keys that are known of it.
#[derive(Debug)]
pub struct Issuer {
    settings: JwtSettings,
    known: RwLock<Known>,
    /// When they were last fetched, or tried to be, and by whom nobody else does.
    fetching: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Arc<KeySet>,
    fetched_at: Option<Instant>,
    /// Why the last fetch failed.
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Described {
    issuer: String,
    jwks_uri: String,
}

/// A token in its parts, nothing of which is believed yet.
pub struct Unverified<'a> {
    message: &'a str,
    signature: &'a str,
    header: Header,
    claims: Map<String, Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// `CredentialsMalformed`.
    pub fn read(token: &'a str) -> Result<Self, Refused> {
        let apart = || {
            let (message, signature) = token.rsplit_once('.')?;
            let (header, claims) = message.split_once('.')?;
            let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
            let header = serde_json::from_slice(&decoded(header)?).ok()?;
            let claims = serde_json::from_slice(&decoded(claims)?).ok()?;
            Some(Self { message, signature, header, claims })
        };
        apart().ok_or_else(|| malformed("the credentials are neither a JSON Web Token nor an API key"))
    }

    /// What it says about its issuer.
    pub fn issuer(&self) -> &str {
        self.claims.get("iss").and_then(Value::as_str).unwrap_or_default()
    }
}

/// UNAUTHENTICATED: nothing can be made of the credentials.
pub(super) fn malformed(message: &str) -> Refused {
    Refused::new(Code::Unauthenticated, ErrorReason::CredentialsMalformed, message)
}

fn unauthenticated(reason: ErrorReason, message: impl Into<String>) -> Refused {
    Refused::new(Code::Unauthenticated, reason, message)
}

fn claims_invalid(message: impl Into<String>) -> Refused {
    unauthenticated(ErrorReason::TokenClaimsInvalid, message)
}

impl Issuer {
    /// An issuer whose keys are not there yet.
    #[must_use]
    pub fn new(settings: JwtSettings) -> Self {
        ring_provider::install();
        Self { settings, known: RwLock::default(), fetching: Mutex::default() }
    }

    /// Whether a token that names this issuer may be its.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.settings.issuer.is_empty() || self.settings.issuer == name
    }

    /// Whose a token is. `changed` is called when its keys are others now.
    ///
    /// # Errors
    /// UNAUTHENTICATED with the reason, or UNAVAILABLE while there are no keys.
    pub async fn verify(
        &self,
        token: &Unverified<'_>,
        clock: &dyn Clock,
        changed: impl Fn(),
    ) -> Result<Verified, Refused> {
        let algorithm = self.algorithm(&token.header)?;
        let id = token.header.kid.as_deref();
        if !self.has_signed(token, algorithm, id)? {
            self.refresh(FETCH_INTERVAL, &changed).await;
            if !self.has_signed(token, algorithm, id)? {
                let known = self.known();
                if known.fetched_at.is_none() {
                    let message = format!("the keys of {} cannot be had", self.name());
                    let refused = Refused::new(Code::Unavailable, ErrorReason::AuthenticationUnavailable, message);
                    return Err(refused.retry_after(RETRY_DELAY));
                }
                let message = "no known key of the issuer has signed the token";
                return Err(unauthenticated(ErrorReason::TokenSignatureInvalid, message));
            }
        }
        self.judge(&token.claims, clock.now())
    }

    fn algorithm(&self, header: &Header) -> Result<Algorithm, Refused> {
        if header.crit.is_some() {
            return Err(malformed("the token has a critical header, and this server knows none"));
        }
        let allowed = &self.settings.algorithms;
        let found = ALGORITHMS.into_iter().find(|known| format!("{known:?}") == header.alg);
        found.filter(|algorithm| allowed.contains(algorithm)).ok_or_else(|| {
            let message = format!("the token must be signed by {}", names(allowed));
            unauthenticated(ErrorReason::TokenAlgorithmNotAllowed, message).with("allowed", names(allowed))
        })
    }

    fn has_signed(&self, token: &Unverified<'_>, algorithm: Algorithm, id: Option<&str>) -> Result<bool, Refused> {
        let keys = self.known().keys;
        for key in keys.matching(algorithm, id) {
            let verified = jsonwebtoken::crypto::verify(token.signature, token.message.as_bytes(), &key.key, algorithm);
            match verified {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(_) => return Err(malformed("the signature of the token cannot be read")),
            }
        }
        Ok(false)
    }

    /// What the claims of a token that this issuer has signed say.
    fn judge(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<Verified, Refused> {
        let settings = &self.settings;
        let leeway = i64::try_from(settings.leeway.as_micros()).unwrap_or(i64::MAX);
        let until = moment(claims, "exp")?.ok_or_else(|| claims_invalid("the token has no `exp`"))?;
        let until = Timestamp(until.0.saturating_add(leeway));
        if until <= now {
            return Err(expired().with("leeway_seconds", settings.leeway.as_secs()));
        }
        if moment(claims, "nbf")?.is_some_and(|from| from.0.saturating_sub(leeway) > now.0) {
            let message = "the token is not valid yet; a clock may be off";
            let refused = unauthenticated(ErrorReason::TokenNotYetValid, message);
            return Err(refused.with("leeway_seconds", settings.leeway.as_secs()));
        }
        if !settings.audiences.is_empty() && !settings.audiences.iter().any(|own| texts(claims, "aud").contains(own)) {
            let message = "the token is for another audience";
            return Err(unauthenticated(ErrorReason::TokenAudienceMismatch, message));
        }
        let service = claims.get(&settings.service_claim).filter(|_| !settings.service_claim.is_empty());
        let caller = match service {
            Some(name) => {
                let name = name.as_str().filter(|name| is_service_name(name));
                let message = format!("`{}` of the token is no name of a service", settings.service_claim);
                Principal::service(name.ok_or_else(|| claims_invalid(message))?, vec![])
            }
            None => {
                let claim = &settings.account_claim;
                let said = claims.get(claim).and_then(Value::as_str);
                let said = said.ok_or_else(|| claims_invalid(format!("the token has no text as `{claim}`")))?;
                let account = said.parse();
                Principal::account(
                    account.map_err(|_| claims_invalid(format!("`{claim}` of the token is no account id")))?,
                )
            }
        };
        let given = |claim: &str| if claim.is_empty() { vec![] } else { texts(claims, claim) };
        // What an application may do for its user is no right over the accounts of others.
        let scopes = if caller.account.is_some() { vec![] } else { given(&settings.scopes_claim) };
        let roles = given(&settings.roles_claim).iter().filter_map(|name| role(name)).collect();
        let principal = Principal { scopes, roles, ..caller };
        Ok(Verified { principal: Arc::new(principal), until })
    }

    fn known(&self) -> Known {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Known { keys, fetched_at, failure } = &*known;
        Known { keys: keys.clone(), fetched_at: *fetched_at, failure: failure.clone() }
    }

    /// Keeps the keys as new as [`REFRESH_INTERVAL`], and never returns.
    pub async fn keep_keys(&self, changed: impl Fn()) -> std::convert::Infallible {
        loop {
            self.refresh(FETCH_INTERVAL, &changed).await;
            let wait = if self.known().fetched_at.is_some() { REFRESH_INTERVAL } else { FETCH_INTERVAL };
            tokio::time::sleep(wait).await;
        }
    }

    /// Fetches the keys, unless somebody did within this time.
    pub async fn refresh(&self, unless_within: Duration, changed: &impl Fn()) {
        let mut last = self.fetching.lock().await;
        if last.is_some_and(|last| last.elapsed() < unless_within) {
            return;
        }
        let fetched = self.fetched().await;
        *last = Some(Instant::now());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let name = self.name();
        match fetched {
            Ok(keys) => {
                if known.fetched_at.is_none() || known.failure.is_some() {
                    info!(issuer = name, "has the keys of {name}");
                }
                let differs = known.keys.differs(&keys);
                *known = Known { keys: Arc::new(keys), fetched_at: Some(Instant::now()), failure: None };
                drop(known);
                if differs {
                    changed();
                }
            }
            Err(cause) => {
                if known.failure.as_ref() != Some(&cause) {
                    warn!(issuer = name, %cause, "the keys of {name} cannot be had: {cause}");
                }
                known.failure = Some(cause);
                if known.fetched_at.is_some_and(|at| at.elapsed() > KEYS_AGE_MAX) {
                    *known = Known { failure: known.failure.take(), ..Known::default() };
                    drop(known);
                    changed();
                }
            }
        }
    }

    async fn fetched(&self) -> Result<KeySet, String> {
        let allowed = &self.settings.algorithms;
        match &self.settings.keys {
            KeySource::Given(text) => KeySet::read(text, allowed),
            KeySource::File(path) => {
                let text = tokio::fs::read(path).await.map_err(|cause| format!("{}: {cause}", path.display()))?;
                KeySet::read(&text, allowed).map_err(|cause| format!("{}: {cause}", path.display()))
            }
            KeySource::Url(url) => of_url(url, allowed).await,
            KeySource::Discovery => {
                let issuer = &self.settings.issuer;
                let url = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
                let described: Described = serde_json::from_slice(&fetch(&url).await?)
                    .map_err(|cause| format!("{url} does not describe an issuer: {cause}"))?;
                if described.issuer != *issuer {
                    return Err(format!("{url} describes {}, which is another issuer", described.issuer));
                }
                of_url(&described.jwks_uri, allowed).await
            }
        }
    }

    /// The issuer, or where its keys are, for people.
    fn name(&self) -> String {
        match (&self.settings.keys, self.settings.issuer.as_str()) {
            (KeySource::File(path), "") => path.display().to_string(),
            (KeySource::Url(url), "") => shown(url).to_owned(),
            (_, issuer) => issuer.to_owned(),
        }
    }
}

async fn of_url(url: &str, allowed: &[Algorithm]) -> Result<KeySet, String> {
    KeySet::read(&fetch(url).await?, allowed).map_err(|cause| format!("{}: {cause}", shown(url)))
}

/// The longest name of a service, in bytes.
pub const SERVICE_NAME_BYTES_MAX: usize = 64;

/// Whether a service may be called so: letters, digits, `.`, `_` and `-`.
#[must_use]
pub fn is_service_name(name: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"._-".contains(&letter);
    !name.is_empty() && name.len() <= SERVICE_NAME_BYTES_MAX && name.bytes().all(is_letter)
}

/// A claim that is a time, in seconds since 1970 and perhaps parts of them.
fn moment(claims: &Map<String, Value>, claim: &str) -> Result<Option<Timestamp>, Refused> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let micros = match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => seconds.saturating_mul(MICROS),
        #[expect(clippy::cast_possible_truncation, reason = "as saturates")]
        (None, Some(seconds)) => (seconds * 1e6) as i64,
        (None, None) => return Err(claims_invalid(format!("`{claim}` of the token is no number"))),
    };
    Ok(Some(Timestamp(micros)))
}

/// A claim that is one text with spaces, or a list of texts.
fn texts(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    match claims.get(claim) {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    }
}
