//! API keys of services: made, listed and revoked by operators, and known to every server of the store.
//!
//! Always: a key is shown once, and only a digest of its secret is kept; a server reads all keys every [`READ_INTERVAL`], so that a revoked one is
//! refused soon, and the streams that it has opened end; a key that nobody knows yet is looked for once more. Never here: what a scope allows.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tracing::warn;

use super::principal::{Principal, Role, role};
use super::validity::revoked;
use crate::model::clock::{Clock, Timestamp};
use crate::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use crate::sql::database::{Database, Row, Value};
use crate::sql::{Script, statements};

/// The tables.
pub static SCHEMA: Script = Script::new(include_str!("access.schema.sql"));

statements! {
    "api_keys.sql": INSERT_KEY, SELECT_KEYS, UPDATE_REVOKED, UPDATE_USED, INSERT_AUTHENTICATING, SELECT_AUTHENTICATING
}

/// What every key begins with, so that it is known wherever it is seen.
pub const PREFIX: &str = "chirp_key_";
/// How often a server reads the keys.
pub const READ_INTERVAL: Duration = Duration::from_secs(2);
/// How soon the keys are read again for one that nobody knows.
const UNKNOWN_INTERVAL: Duration = Duration::from_millis(500);
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
/// A day of [`ApiKey::used_on`], in microseconds.
pub const MICROS_OF_DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The part of the key that may be shown.
    pub id: String,
    /// The service that has it.
    pub service: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// What it is trusted with.
    pub roles: Vec<Role>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// On which day it was last used, in days since 1970, as far as servers could say.
    pub used_on: Option<i64>,
    digest: [u8; 32],
}

fn names(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

fn of_row(row: &Row) -> Result<ApiKey, sqlx::Error> {
    let roles = names(&row.get::<String>("roles")?);
    let maybe = |column| row.get::<Option<i64>>(column);
    Ok(ApiKey {
        id: row.get("key_id")?,
        service: row.get("service")?,
        scopes: names(&row.get::<String>("scopes")?),
        roles: roles.iter().filter_map(|name| role(name)).collect(),
        created_at: Timestamp(row.get("created_at")?),
        revoked_at: maybe("revoked_at")?.map(Timestamp),
        used_on: maybe("used_on")?,
        digest: row.bytes32("digest")?,
    })
}

/// Makes a key for a service, and gives it whole, which nobody can again.
///
/// # Errors
/// When the database fails.
pub async fn create(
    access: &Database,
    service: &str,
    scopes: &[String],
    roles: &[String],
    now: Timestamp,
) -> Result<String, sqlx::Error> {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    SystemRandom::new().fill(&mut random).expect("the machine has randomness");
    let (id, secret) = random.split_at(ID_BYTES);
    let (id, secret) = (hex::encode(id), URL_SAFE_NO_PAD.encode(secret));
    let digest = Sha256::digest(&secret);
    let (scopes, roles) = (scopes.join(" "), roles.join(" "));
    let texts = [&id, service, &scopes, &roles].map(Value::Text);
    let values = [&texts[..], &[Value::Bytes(&digest), Value::Number(now.0)]].concat();
    let mut tx = access.begin_to_write().await?;
    tx.execute(&INSERT_KEY, &values).await?;
    tx.commit().await?;
    Ok(format!("{PREFIX}{id}_{secret}"))
}

/// All keys, also those that were revoked, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(access: &Database) -> Result<Vec<ApiKey>, sqlx::Error> {
    access.rows(&SELECT_KEYS, &[]).await?.iter().map(of_row).collect()
}

/// Revokes a key; whether there was such a one that was not revoked.
///
/// # Errors
/// When the database fails.
pub async fn revoke(access: &Database, id: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let mut tx = access.begin_to_write().await?;
    let changed = tx.execute(&UPDATE_REVOKED, &[Value::Text(id), Value::Number(now.0)]).await?;
    tx.commit().await?;
    Ok(changed > 0)
}

/// Since when servers of this store authenticate their callers; from now on, if none did.
///
/// # Errors
/// When the database fails.
pub async fn authenticating_since(access: &Database, now: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let mut tx = access.begin_to_write().await?;
    tx.execute(&INSERT_AUTHENTICATING, &[Value::Number(now.0)]).await?;
    let since = Timestamp(tx.row(&SELECT_AUTHENTICATING, &[]).await?.get("since")?);
    tx.commit().await?;
    Ok(since)
}

/// What a server knows of the keys.
#[derive(Default)]
pub struct ApiKeys {
    /// Nothing until they were read.
    known: RwLock<Option<HashMap<String, Known>>>,
    access: std::sync::OnceLock<Database>,
    reading: tokio::sync::Mutex<Option<Instant>>,
    /// The keys that were used and whose day is not written yet.
    used: Mutex<HashMap<String, i64>>,
}

#[derive(Clone)]
struct Known {
    key: ApiKey,
    principal: Arc<Principal>,
    revoked: CancellationToken,
}

impl ApiKeys {
    /// The keys are there.
    pub fn open(&self, access: Database) {
        // A process has one store.
        let _ = self.access.set(access);
    }

    /// Reads the keys again and again, and writes on which days they were used; never returns.
    pub async fn keep_reading(&self, clock: &dyn Clock) -> Infallible {
        let mut failed = false;
        loop {
            match self.read(Duration::ZERO).await {
                Ok(()) => failed = false,
                Err(cause) if !failed => {
                    warn!(%cause, "the API keys cannot be read: {cause}");
                    failed = true;
                }
                Err(_) => {}
            }
            self.write_used(clock).await;
            sleep(READ_INTERVAL).await;
        }
    }

    async fn read(&self, unless_within: Duration) -> Result<(), sqlx::Error> {
        let Some(access) = self.access.get() else { return Ok(()) };
        let mut last = self.reading.lock().await;
        if last.is_some_and(|last| last.elapsed() < unless_within) {
            return Ok(());
        }
        let keys = list(access).await?;
        *last = Some(Instant::now());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = known.take().unwrap_or_default();
        let learned = |key: ApiKey| {
            let known = before.remove(&key.id).unwrap_or_else(|| Known {
                principal: Arc::new(Principal {
                    roles: key.roles.clone(),
                    ..Principal::service(&key.service, key.scopes.clone())
                }),
                revoked: CancellationToken::new(),
                key: key.clone(),
            });
            if key.revoked_at.is_some() {
                known.revoked.cancel();
            }
            (key.id.clone(), Known { key, ..known })
        };
        *known = Some(keys.into_iter().map(learned).collect());
        // What is gone is as good as revoked.
        before.into_values().for_each(|gone| gone.revoked.cancel());
        Ok(())
    }

    /// Best effort: whoever may not write, or cannot now, does not.
    async fn write_used(&self, clock: &dyn Clock) {
        let Some(access) = self.access.get() else { return };
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let today = clock.now().0.div_euclid(MICROS_OF_DAY);
        for (id, day) in used.into_iter().filter(|(_, day)| *day <= today) {
            let writing = async {
                let mut tx = access.begin_to_write().await?;
                tx.execute(&UPDATE_USED, &[Value::Text(&id), Value::Number(day)]).await?;
                tx.commit().await
            };
            let _: Result<(), sqlx::Error> = writing.await;
        }
    }

    /// Whose these credentials are, which begin with [`PREFIX`], and what is cancelled when they are revoked.
    ///
    /// # Errors
    /// UNAUTHENTICATED with the reason, or UNAVAILABLE while the keys cannot be read.
    pub async fn verify(
        &self,
        credentials: &str,
        clock: &dyn Clock,
    ) -> Result<(Arc<Principal>, CancellationToken), Refused> {
        let unknown = || {
            let message = "no API key of this store is this one";
            Refused::new(Code::Unauthenticated, ErrorReason::ApiKeyUnknown, message)
        };
        let (id, secret) =
            credentials.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or_else(unknown)?;
        let mut found = self.find(id).ok().flatten();
        if found.is_none() {
            // It may have been made just now, or the keys were not read yet.
            if self.read(UNKNOWN_INTERVAL).await.is_err() {
                return Err(unavailable());
            }
            found = self.find(id)?;
        }
        let Known { key, principal, revoked: taken_back } = found.ok_or_else(unknown)?;
        let digest: [u8; 32] = Sha256::digest(secret).into();
        if !bool::from(digest.ct_eq(&key.digest)) {
            return Err(unknown());
        }
        if key.revoked_at.is_some() {
            return Err(revoked());
        }
        let today = clock.now().0.div_euclid(MICROS_OF_DAY);
        if key.used_on.is_none_or(|day| day < today) {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(key.id, today);
        }
        Ok((principal, taken_back))
    }

    fn find(&self, id: &str) -> Result<Option<Known>, Refused> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|known| known.get(id).cloned()).ok_or_else(unavailable)
    }

    /// What is cancelled when this key is revoked; nothing if nobody knows it.
    pub fn revocation(&self, id: &str) -> Option<CancellationToken> {
        self.find(id).ok().flatten().map(|known| known.revoked)
    }
}

fn unavailable() -> Refused {
    let message = "the API keys of the store cannot be read yet";
    Refused::new(Code::Unavailable, ErrorReason::AuthenticationUnavailable, message).retry_after(RETRY_DELAY)
}
