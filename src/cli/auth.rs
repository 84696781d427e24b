//! Who may call: the flags of every server, and the authority that they make.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use jsonwebtoken::Algorithm;
use serde_json::json;
use shared::model::clock::{Clock as _, SystemClock, Timestamp};
use shared::model::ids::AccountId;
use shared::rpc::auth::access::SCOPES;
use shared::rpc::auth::api_keys::{self, ApiKey, MICROS_OF_DAY};
use shared::rpc::auth::authority::{Authority, AuthoritySettings};
use shared::rpc::auth::development::{Bearer, DevelopmentKey};
use shared::rpc::auth::jwt::{ALGORITHMS, JwtSettings, KeySource, SERVICE_NAME_BYTES_MAX, is_service_name};
use shared::rpc::auth::principal::{Role, role, role_name};
use shared::runtime::tasks::Tasks;
use shared::store::Store;
use tools::args::{Output, OutputChoice, store};
use tools::{Misuse, out};
use tracing::warn;

/// The most seconds by which clocks may differ.
const LEEWAY_MAX: u64 = 300;
const LEEWAY: u64 = 60;

/// Who may call. Without any of these, a server authenticates nobody, and listens on this machine only.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Who may call (without any of these: everybody on this machine)")]
pub struct AuthArgs {
    /// Trust tokens (JWT) of this issuer: what `iss` is. Its keys are found by OpenID Connect Discovery, unless another flag says where
    #[arg(long, env = "CHIRP_JWT_ISSUER", value_name = "URL")]
    pub jwt_issuer: Option<String>,
    /// File with the issuer's public keys: PEM, or a JSON Web Key Set
    #[arg(long, env = "CHIRP_JWT_KEYS", value_name = "FILE", conflicts_with = "jwt_keys_url")]
    pub jwt_keys: Option<PathBuf>,
    /// Where the issuer publishes its JSON Web Key Set, by https
    #[arg(long, env = "CHIRP_JWT_KEYS_URL", value_name = "URL")]
    pub jwt_keys_url: Option<String>,
    /// What `aud` of a token must have, one of these; any audience if none is given
    #[arg(long, env = "CHIRP_JWT_AUDIENCE", value_name = "TEXT", value_delimiter = ',')]
    pub jwt_audience: Vec<String>,
    /// How tokens may be signed: RS256, ES256, EdDSA
    #[arg(long, env = "CHIRP_JWT_ALGORITHMS", value_name = "NAME", value_delimiter = ',', default_value = "RS256,ES256,EdDSA",
          value_parser = algorithm)]
    pub jwt_algorithms: Vec<Algorithm>,
    /// By how many seconds the issuer's clock and this one may differ
    #[arg(long, env = "CHIRP_JWT_LEEWAY", value_name = "SECONDS", default_value_t = LEEWAY,
          value_parser = clap::value_parser!(u64).range(0..=LEEWAY_MAX))]
    pub jwt_leeway: u64,
    /// The claim with the id of the account
    #[arg(long, env = "CHIRP_JWT_ACCOUNT_CLAIM", value_name = "NAME", default_value = "sub")]
    pub jwt_account_claim: String,
    /// The claim with the name of a service, in tokens that are no account's; without this, there are none
    #[arg(long, env = "CHIRP_JWT_SERVICE_CLAIM", value_name = "NAME", default_value = "")]
    pub jwt_service_claim: String,
    /// The claim with the scopes of a service; without this, they have none. Tokens of accounts have none in any case
    #[arg(long, env = "CHIRP_JWT_SCOPES_CLAIM", value_name = "NAME", default_value = "")]
    pub jwt_scopes_claim: String,
    /// The claim with the roles `moderator` and `administrator`; without this, tokens have none
    #[arg(long, env = "CHIRP_JWT_ROLES_CLAIM", value_name = "NAME", default_value = "")]
    pub jwt_roles_claim: String,
    /// Take API keys of the store, which `chirp key create` makes
    #[arg(long, env = "CHIRP_API_KEYS", value_parser = BoolishValueParser::new())]
    pub api_keys: bool,
    /// Trust tokens that `chirp token` signs, as whoever can read the store can: for trying
    #[arg(long, env = "CHIRP_DEVELOPMENT_TOKENS", value_parser = BoolishValueParser::new())]
    pub development_tokens: bool,
    /// Listen on other addresses than this machine's without authenticating anybody
    #[arg(long, env = "CHIRP_INSECURE", value_parser = BoolishValueParser::new())]
    pub insecure: bool,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    let found = ALGORITHMS.into_iter().find(|known| format!("{known:?}").eq_ignore_ascii_case(text.trim()));
    found.ok_or_else(|| "must be RS256, ES256 or EdDSA".to_owned())
}

impl AuthArgs {
    /// Who tells whose a call is.
    ///
    /// # Errors
    /// When the flags do not fit together.
    pub fn authority(&self, tasks: &Tasks) -> anyhow::Result<Authority> {
        let settings = self.settings()?;
        Ok(match settings.is_empty() {
            true => Authority::open(),
            false => Authority::of(settings, Arc::new(SystemClock), tasks),
        })
    }

    fn settings(&self) -> anyhow::Result<AuthoritySettings> {
        let issuers = match self.key_source()? {
            Some(keys) => {
                if self.jwt_audience.is_empty() {
                    warn!(
                        "tokens for any audience are taken, also those of other services: --jwt-audience names that of this one"
                    );
                }
                vec![self.issuer(keys)]
            }
            None => vec![],
        };
        Ok(AuthoritySettings { issuers, development: self.development_tokens, api_keys: self.api_keys })
    }

    fn issuer(&self, keys: KeySource) -> JwtSettings {
        JwtSettings {
            keys,
            issuer: self.jwt_issuer.clone().unwrap_or_default(),
            audiences: self.jwt_audience.clone(),
            algorithms: self.jwt_algorithms.clone(),
            leeway: Duration::from_secs(self.jwt_leeway),
            account_claim: self.jwt_account_claim.clone(),
            service_claim: self.jwt_service_claim.clone(),
            scopes_claim: self.jwt_scopes_claim.clone(),
            roles_claim: self.jwt_roles_claim.clone(),
        }
    }

    fn key_source(&self) -> anyhow::Result<Option<KeySource>> {
        match (&self.jwt_keys, &self.jwt_keys_url, &self.jwt_issuer) {
            (_, _, Some(issuer)) if issuer.contains('@') => {
                Err(Misuse("--jwt-issuer must have no user name or password in it".to_owned()).into())
            }
            (Some(file), _, _) => {
                // A file that is not there or has no keys is said at once; one that breaks later is not the end.
                JwtSettings::check_file(file, &self.jwt_algorithms)
                    .map_err(|cause| Misuse(format!("--jwt-keys: {cause}")))?;
                Ok(Some(KeySource::File(file.clone())))
            }
            (None, Some(url), _) => {
                JwtSettings::check_url(url).map_err(|cause| Misuse(format!("--jwt-keys-url: {cause}")))?;
                Ok(Some(KeySource::Url(url.clone())))
            }
            (None, None, Some(issuer)) => {
                JwtSettings::check_url(issuer)
                    .map_err(|cause| Misuse(format!("--jwt-issuer: {cause}; or give --jwt-keys")))?;
                Ok(Some(KeySource::Discovery))
            }
            (None, None, None) if !self.jwt_audience.is_empty() => {
                Err(Misuse("--jwt-audience needs --jwt-issuer, --jwt-keys or --jwt-keys-url".to_owned()).into())
            }
            (None, None, None) => Ok(None),
        }
    }

    /// Whether a server may listen there.
    ///
    /// # Errors
    /// When others than this machine could call it, and it authenticates nobody.
    pub fn check_listening(&self, authority: &Authority, address: SocketAddr) -> anyhow::Result<()> {
        if !authority.is_open() || address.ip().is_loopback() {
            return Ok(());
        }
        if !self.insecure {
            let message = format!(
                "{address} can be reached from elsewhere, and nobody would be authenticated: say who may call (--jwt-issuer, --jwt-keys, --api-keys), \
                 listen on 127.0.0.1, or give --insecure"
            );
            return Err(Misuse(message).into());
        }
        warn!(%address, "whoever reaches {address} may do everything: nobody is authenticated (--insecure)");
        Ok(())
    }
}

/// `chirp key`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key for a service, and print it: once, since only a digest of it is stored
    #[command(
        before_help = "Example:\n  chirp key create --name feed-backend --scope accounts:register,posts:write --store ./chirp-data"
    )]
    Create(KeyCreateArgs),
    /// List the keys: their ids, services, scopes, and on which day they were last used
    List(KeyListArgs),
    /// Revoke a key by its id: every server refuses it within 5 seconds, and ends the streams that it has opened
    #[command(before_help = "Example:\n  chirp key revoke 0123456789abcdef --store ./chirp-data")]
    Revoke(KeyRevokeArgs),
}

/// `chirp key create`
#[derive(Debug, Args)]
pub struct KeyCreateArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, visible_alias = "data", env = "CHIRP_STORE", value_name = "STORE", default_value = "./chirp-data", value_parser = store)]
    pub store: String,
    /// The service; a service can have several keys, and its request ids are its own whichever it uses
    #[arg(long, env = "CHIRP_NAME", value_name = "NAME", value_parser = service)]
    pub name: String,
    /// What it may do, such as posts:write
    #[arg(long, env = "CHIRP_SCOPE", value_name = "SCOPE", value_delimiter = ',', value_parser = scope)]
    pub scope: Vec<String>,
    /// What it is trusted with: moderator or administrator
    #[arg(long, env = "CHIRP_ROLE", value_name = "ROLE", value_delimiter = ',', value_parser = checked_role)]
    pub role: Vec<String>,
}

/// `chirp key list`
#[derive(Debug, Args)]
pub struct KeyListArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, visible_alias = "data", env = "CHIRP_STORE", value_name = "STORE", default_value = "./chirp-data", value_parser = store)]
    pub store: String,
    #[command(flatten)]
    pub output: OutputChoice,
}

/// `chirp key revoke`
#[derive(Debug, Args)]
pub struct KeyRevokeArgs {
    /// The id of the key, as `chirp key list` shows it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, visible_alias = "data", env = "CHIRP_STORE", value_name = "STORE", default_value = "./chirp-data", value_parser = store)]
    pub store: String,
}

/// Makes, lists or revokes API keys.
///
/// # Errors
/// When there is no such store, or no such key.
pub async fn keys(command: KeyCommand) -> anyhow::Result<ExitCode> {
    let place = match &command {
        KeyCommand::Create(args) => &args.store,
        KeyCommand::List(args) => &args.store,
        KeyCommand::Revoke(args) => &args.store,
    };
    let access = Store::existing_at(place)?.open_access().await?;
    let now = SystemClock.now();
    match command {
        KeyCommand::Create(args) => {
            let key = api_keys::create(&access, &args.name, &args.scope, &args.role, now).await?;
            out::print(&format!("{key}\n"))?;
            out::note("this is the only time that the key is shown");
        }
        KeyCommand::List(args) => list(&api_keys::list(&access).await?, args.output.output)?,
        KeyCommand::Revoke(args) => {
            if !api_keys::revoke(&access, &args.id, now).await? {
                anyhow::bail!("there is no key {} that is not revoked", args.id);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(keys: &[ApiKey], format: Output) -> anyhow::Result<()> {
    for key in keys {
        let roles: Vec<String> = key.roles.iter().map(|role| role_name(*role)).collect();
        let used = key.used_on.map(day);
        let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
        match format {
            Output::Json => {
                let ApiKey { id, service, scopes, .. } = key;
                let line = json!({"key_id": id, "service": service, "scopes": scopes, "roles": roles, "state": state, "used_on": used});
                out::print(&format!("{line}\n"))?;
            }
            Output::Text => {
                let may = [&key.scopes[..], &roles].concat().join(",");
                let used = used.unwrap_or_else(|| "never".to_owned());
                out::print(&format!("{}  {}  {state}  last used {used}  {may}\n", key.id, key.service))?;
            }
        }
    }
    Ok(())
}

/// A day as people write it: YYYY-MM-DD.
fn day(days: i64) -> String {
    let mut written = Timestamp(days.saturating_mul(MICROS_OF_DAY)).to_proto().to_string();
    written.truncate("YYYY-MM-DD".len());
    written
}

fn checked_role(text: &str) -> Result<String, String> {
    role_of(text).map(role_name)
}

/// `chirp token`
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, visible_alias = "data", env = "CHIRP_STORE", value_name = "STORE", default_value = "./chirp-data", value_parser = store)]
    pub store: String,
    /// The account that the token is for
    #[arg(long, env = "CHIRP_ACCOUNT", value_name = "ID", value_parser = account, required_unless_present = "service")]
    pub account: Option<AccountId>,
    /// The service that the token is for
    #[arg(long, env = "CHIRP_SERVICE", value_name = "NAME", value_parser = service, conflicts_with = "account")]
    pub service: Option<String>,
    /// A scope that the service has, such as posts:write
    #[arg(long, env = "CHIRP_SCOPE", value_name = "SCOPE", value_delimiter = ',', value_parser = scope, conflicts_with = "account")]
    pub scope: Vec<String>,
    /// A role that it has: moderator or administrator
    #[arg(long, env = "CHIRP_ROLE", value_name = "ROLE", value_delimiter = ',', value_parser = role_of)]
    pub role: Vec<Role>,
    /// For how many seconds it is good
    #[arg(long, env = "CHIRP_TTL", value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=TTL_MAX))]
    pub ttl: u64,
}

/// The most seconds that a development token is good for: a month.
const TTL_MAX: u64 = 31 * 24 * 60 * 60;

fn account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|_| "must be the id of an account, a UUID".to_owned())
}

fn service(text: &str) -> Result<String, String> {
    match is_service_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("must have 1–{SERVICE_NAME_BYTES_MAX} letters, digits, `.`, `_` or `-`")),
    }
}

fn scope(text: &str) -> Result<String, String> {
    match SCOPES.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("must be one of {}", SCOPES.join(", "))),
    }
}

fn role_of(text: &str) -> Result<Role, String> {
    role(text).ok_or_else(|| "must be moderator or administrator".to_owned())
}

/// Prints a token that is signed with the development key of the store.
///
/// # Errors
/// When there is no such store.
pub async fn sign(args: TokenArgs) -> anyhow::Result<ExitCode> {
    let log = Store::existing_at(&args.store)?.open_whole_log().await?;
    let bearer = match (args.account, args.service) {
        (Some(account), _) => Bearer::Account(account),
        (None, service) => Bearer::Service(service.unwrap_or_default()),
    };
    let key = DevelopmentKey::of(&log.identity());
    let token = key.sign(&bearer, &args.scope, &args.role, SystemClock.now(), Duration::from_secs(args.ttl));
    out::print(&format!("{token}\n"))?;
    Ok(ExitCode::SUCCESS)
}
