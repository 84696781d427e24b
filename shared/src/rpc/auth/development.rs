//! Tokens for trying: signed with a key that every process derives from the secret of its store.
//!
//! Always: whoever can read the store can sign them, and nobody else; a server takes them only when it was told to. Never here: tokens for
//! production, which an issuer signs whose key is not in the store.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::jwt::{JwtSettings, KeySource};
use super::principal::{Role, role_name};
use super::ring_provider;
use crate::log::StoreIdentity;
use crate::model::clock::Timestamp;
use crate::model::ids::AccountId;

/// What `iss` is of these tokens.
pub const ISSUER: &str = "chirp-development";
const AUDIENCE: &str = "chirp";
const PURPOSE: &[u8] = b"development signing key, version 1";
/// What comes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// Who a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// An account.
    Account(AccountId),
    /// A service of this name.
    Service(String),
}

/// The development key of a store.
pub struct DevelopmentKey {
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl DevelopmentKey {
    /// That of the store with this identity.
    #[must_use]
    pub fn of(identity: &StoreIdentity) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&identity.token_key).expect("HMAC takes keys of any length");
        mac.update(PURPOSE);
        let seed = mac.finalize().into_bytes();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed");
        Self { pkcs8: [&PKCS8_PREFIX[..], &seed].concat(), public: pair.public_key().as_ref().to_vec() }
    }

    /// How a server reads its tokens.
    #[must_use]
    pub fn issuer(&self) -> JwtSettings {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": URL_SAFE_NO_PAD.encode(&self.public)});
        JwtSettings {
            keys: KeySource::Given(json!({"keys": [key]}).to_string().into_bytes()),
            issuer: ISSUER.to_owned(),
            audiences: vec![AUDIENCE.to_owned()],
            algorithms: vec![Algorithm::EdDSA],
            leeway: Duration::ZERO,
            account_claim: "sub".to_owned(),
            service_claim: "service".to_owned(),
            scopes_claim: "scope".to_owned(),
            roles_claim: "roles".to_owned(),
        }
    }

    /// A token that is good from now on for this long.
    #[must_use]
    pub fn sign(&self, bearer: &Bearer, scopes: &[String], roles: &[Role], now: Timestamp, ttl: Duration) -> String {
        ring_provider::install();
        let mut claims = Map::new();
        match bearer {
            Bearer::Account(account) => claims.insert("sub".to_owned(), json!(account.to_string())),
            Bearer::Service(name) => claims.insert("service".to_owned(), json!(name)),
        };
        let seconds = now.0 / 1_000_000;
        let until = seconds.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        let roles: Vec<String> = roles.iter().map(|role| role_name(*role)).collect();
        for (claim, value) in [
            ("iss", json!(ISSUER)),
            ("aud", json!(AUDIENCE)),
            ("iat", json!(seconds)),
            ("exp", json!(until)),
            ("scope", Value::String(scopes.join(" "))),
            ("roles", json!(roles)),
        ] {
            claims.insert(claim.to_owned(), value);
        }
        let key = EncodingKey::from_ed_der(&self.pkcs8);
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key).expect("the key is one of Ed25519")
    }
}
