//! The public keys of an issuer: from PEM, or from a JSON Web Key Set (RFC 7517).
//!
//! Always: what is no public key for signatures of an allowed algorithm is left out, and a set without any other is refused; a key verifies one
//! algorithm only. Never here: where they come from.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// The most keys of one issuer. More are left out.
const KEYS_MAX: usize = 64;

/// A public key and what it is for.
#[derive(Clone, Debug)]
pub struct PublicKey {
    /// The name that tokens give, if the issuer gave it one.
    id: Option<String>,
    algorithm: Algorithm,
    /// The key itself.
    pub key: DecodingKey,
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

#[derive(Deserialize)]
struct Listed {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a set, or PEM, whichever the text is.
    ///
    /// # Errors
    /// When it is neither, or has no key that may be used. For people.
    pub fn read(text: &[u8], allowed: &[Algorithm]) -> Result<Self, String> {
        let keys = match text.trim_ascii_start().starts_with(b"{") {
            true => listed(text)?,
            false => in_pem(text)?,
        };
        let is_usable = |key: &PublicKey| allowed.contains(&key.algorithm) && is_long_enough(key);
        let mut keys: Vec<_> = keys.into_iter().filter(is_usable).collect();
        keys.truncate(KEYS_MAX);
        match keys.is_empty() {
            true => Err(format!(
                "it has no public key for signatures by {}, of RSA with 2048 bits at least",
                names(allowed)
            )),
            false => Ok(Self(keys)),
        }
    }

    /// The keys that may have signed a token with this header.
    pub fn matching(&self, algorithm: Algorithm, id: Option<&str>) -> Vec<&PublicKey> {
        let fits = |key: &&PublicKey| {
            let is_named = id.is_none() || key.id.is_none() || key.id.as_deref() == id;
            key.algorithm == algorithm && is_named
        };
        self.0.iter().filter(fits).collect()
    }

    /// Whether tokens verified by the one may not be by the other.
    pub fn differs(&self, other: &Self) -> bool {
        let told =
            |set: &Self| set.0.iter().map(|key| (key.id.clone(), key.algorithm, bytes(&key.key))).collect::<Vec<_>>();
        told(self) != told(other)
    }
}

/// Shorter keys of RSA are refused for each signature, so that they are better refused at once.
const RSA_BYTES_MIN: usize = 2_048 / 8;

fn is_long_enough(key: &PublicKey) -> bool {
    match (key.algorithm, key.key.kind()) {
        (Algorithm::RS256, jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. }) => n.len() >= RSA_BYTES_MIN,
        (Algorithm::RS256, jsonwebtoken::DecodingKeyKind::SecretOrDer(der)) => der.len() >= RSA_BYTES_MIN,
        _ => true,
    }
}

fn bytes(key: &DecodingKey) -> Vec<u8> {
    match key.kind() {
        jsonwebtoken::DecodingKeyKind::SecretOrDer(bytes) => bytes.clone(),
        jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, e } => [&n[..], &e[..]].concat(),
    }
}

/// The names of algorithms, for people.
pub fn names(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect::<Vec<_>>().join(", ")
}

fn listed(text: &[u8]) -> Result<Vec<PublicKey>, String> {
    let listed: Listed = serde_json::from_slice(text).map_err(|cause| format!("it is no JSON Web Key Set: {cause}"))?;
    // One key of a kind that nobody knows must not take the others away.
    let known = listed.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(known.filter_map(|key| of_jwk(&key)).collect())
}

fn of_jwk(jwk: &Jwk) -> Option<PublicKey> {
    let common = &jwk.common;
    if common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
        return None;
    }
    let (algorithm, said) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // A shared secret among public keys is no key, and neither is what this server cannot verify.
        _ => return None,
    };
    if common.key_algorithm.as_ref().is_some_and(|own| *own != said) {
        return None;
    }
    Some(PublicKey { id: common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}

const BEGIN: &str = "-----BEGIN ";

fn in_pem(text: &[u8]) -> Result<Vec<PublicKey>, String> {
    let text = str::from_utf8(text).map_err(|_| "it is neither PEM nor a JSON Web Key Set".to_owned())?;
    let mut keys = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        if block.contains("PRIVATE KEY-----") {
            return Err("it has a private key; give the public one".to_owned());
        }
        let pem = format!("{BEGIN}{block}");
        let by = [
            (Algorithm::RS256, DecodingKey::from_rsa_pem(pem.as_bytes())),
            (Algorithm::ES256, DecodingKey::from_ec_pem(pem.as_bytes())),
            (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem.as_bytes())),
        ];
        let found = by.into_iter().find_map(|(algorithm, key)| Some((algorithm, key.ok()?)));
        let (algorithm, key) = found.ok_or("it has PEM that is no public key of RSA, P-256 or Ed25519")?;
        keys.push(PublicKey { id: None, algorithm, key });
    }
    match keys.is_empty() {
        true => Err("it is neither PEM nor a JSON Web Key Set".to_owned()),
        false => Ok(keys),
    }
}
