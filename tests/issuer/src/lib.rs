//! A small issuer of tokens with real keys, for tests and for trying Chirp with an identity provider: it publishes its description and its keys
//! over HTTP, as OpenID Connect Discovery says, and signs what it is told to.
//!
//! Never here: who somebody is. Whoever asks gets a token.

#![expect(clippy::disallowed_methods, reason = "a server of tests is a task of no process of ours")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An RSA key for tests only: making one takes seconds, and `ring` does not.
const RSA: &[u8] = include_bytes!("rsa.pem");

/// A pair of keys with a name.
pub struct Key {
    id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// A key for RS256: always the same.
    #[must_use]
    pub fn rsa(id: &str) -> Self {
        let der = PrivatePkcs8KeyDer::from_pem_slice(RSA).expect("it is PEM");
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("it is an RSA key");
        Self { id: id.to_owned(), pair: Pair::Rsa(pair) }
    }

    /// A new key for ES256.
    #[must_use]
    pub fn p256(id: &str) -> Self {
        let random = SystemRandom::new();
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("there is randomness");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random)
            .expect("it was just made");
        Self { id: id.to_owned(), pair: Pair::P256(pair) }
    }

    /// A new key for EdDSA.
    #[must_use]
    pub fn ed25519(id: &str) -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("there is randomness");
        Self {
            id: id.to_owned(),
            pair: Pair::Ed25519(Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("it was just made")),
        }
    }

    /// The name of the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn public(&self) -> Value {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.pair {
            Pair::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({"kty": "RSA", "n": encoded(&n), "e": encoded(&e)})
            }
            Pair::P256(pair) => {
                // 4, and then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())}),
        };
        key["kid"] = json!(self.id);
        key["use"] = json!("sig");
        key["alg"] = json!(self.algorithm());
        key
    }

    /// A token with these claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.id}), claims)
    }

    /// The same with another header, which may lie.
    #[must_use]
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
                signed.expect("there is randomness");
                signature
            }
            Pair::P256(pair) => {
                pair.sign(&SystemRandom::new(), message.as_bytes()).expect("there is randomness").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the issuer answers when it is asked for its keys.
#[derive(Clone, Debug)]
pub enum Published {
    /// These keys.
    Keys(Vec<Value>),
    /// This text, whatever it is.
    Text(String),
    /// So many bytes.
    Bytes(usize),
    /// That it is broken.
    Failure,
}

/// An issuer that answers.
#[derive(Clone)]
pub struct Issuer {
    /// What `iss` is: its own address.
    pub name: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    published: Published,
    named: String,
    asked: usize,
}

impl Issuer {
    /// Listens there, and answers until the runtime ends.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(address: SocketAddr, keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let name = format!("http://{}", listener.local_addr().expect("it listens"));
        let shared = Arc::new(Mutex::new(Shared { published: Published::Keys(keys), named: name.clone(), asked: 0 }));
        let issuer = Self { name: name.clone(), shared };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(publish))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    fn with<T>(&self, work: impl FnOnce(&mut Shared) -> T) -> T {
        work(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it answers this.
    pub fn publish(&self, published: Published) {
        self.with(|shared| shared.published = published);
    }

    /// From now on it says that it is called so.
    pub fn call_itself(&self, name: &str) {
        self.with(|shared| shared.named = name.to_owned());
    }

    /// How often it was asked for its keys.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.with(|shared| shared.asked)
    }
}

async fn describe(State(issuer): State<Issuer>) -> Response {
    let named = issuer.with(|shared| shared.named.clone());
    json!({"issuer": named, "jwks_uri": format!("{}/keys", issuer.name)}).to_string().into_response()
}

async fn publish(State(issuer): State<Issuer>) -> Response {
    let published = issuer.with(|shared| {
        shared.asked += 1;
        shared.published.clone()
    });
    match published {
        Published::Keys(keys) => json!({"keys": keys}).to_string().into_response(),
        Published::Text(text) => text.into_response(),
        Published::Bytes(bytes) => Body::from(vec![b' '; bytes]).into_response(),
        Published::Failure => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
