//! Who is calling.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tonic::service::Routes;
use tonic::{Extensions, Request};

use super::authority::Authority;
use super::validity::Validity;
use crate::model::clock::Timestamp;
use crate::model::ids::AccountId;
pub use crate::rpc::proto::common::Role;

/// The name of a caller that is nobody in particular.
pub const ANONYMOUS: &str = "anonymous";

/// A role by its name in a token or of an API key.
#[must_use]
pub fn role(name: &str) -> Option<Role> {
    match name {
        "moderator" => Some(Role::Moderator),
        "administrator" => Some(Role::Administrator),
        _ => None,
    }
}

/// The name of a role there.
#[must_use]
pub fn role_name(role: Role) -> String {
    role.as_str_name().trim_start_matches("ROLE_").to_ascii_lowercase()
}

/// A caller, as the server authenticated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `anonymous`, `account:{id}` or `service:{name}`: it is stored with what the caller does, and request ids are scoped to it.
    pub name: Arc<str>,
    /// The account that it is, if it is one.
    pub account: Option<AccountId>,
    /// What it may do for any account. Only a service has any.
    pub scopes: Vec<String>,
    /// What it is trusted with.
    pub roles: Vec<Role>,
    /// Nothing is demanded of it: the server authenticates nobody, or the call comes from within the process.
    pub is_unrestricted: bool,
}

impl Principal {
    /// Nobody in particular, who may do what anybody may.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { name: ANONYMOUS.into(), account: None, scopes: vec![], roles: vec![], is_unrestricted: false }
    }

    /// The caller of a server that authenticates nobody.
    #[must_use]
    pub fn unrestricted() -> Self {
        Self { is_unrestricted: true, ..Self::anonymous() }
    }

    /// An account, without any scope or role.
    #[must_use]
    pub fn account(account: AccountId) -> Self {
        Self { name: format!("account:{account}").into(), account: Some(account), ..Self::anonymous() }
    }

    /// A service.
    #[must_use]
    pub fn service(name: &str, scopes: Vec<String>) -> Self {
        Self { name: format!("service:{name}").into(), scopes, ..Self::anonymous() }
    }

    /// Whether it is nobody in particular.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        &*self.name == ANONYMOUS
    }

    /// Whether it was given this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        !scope.is_empty() && self.scopes.iter().any(|given| given == scope)
    }
}

/// A principal in a sealed token, such as a ticket.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    account: Option<AccountId>,
    scopes: Vec<String>,
    roles: Vec<i32>,
    is_unrestricted: bool,
    /// Microseconds since 1970.
    until: Option<i64>,
    /// The id of an API key.
    key: Option<String>,
}

/// The caller of a call, as it travels with it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Arc<Principal>,
    /// Until when that is known.
    pub validity: Validity,
    /// Who told.
    pub authority: Authority,
}

impl Caller {
    /// The process itself.
    #[must_use]
    pub fn within() -> Self {
        let principal = Arc::new(Principal::unrestricted());
        Self { principal, validity: Validity::default(), authority: Authority::open() }
    }

    /// The caller as bytes for a token that this store seals, and opens again soon.
    #[must_use]
    pub fn to_bytes(&self, now: Timestamp) -> Vec<u8> {
        let Principal { name, account, scopes, roles, is_unrestricted } = &*self.principal;
        let left = |until: Instant| until.saturating_duration_since(Instant::now()).as_micros();
        let until =
            self.validity.until.map(|until| now.0.saturating_add(i64::try_from(left(until)).unwrap_or(i64::MAX)));
        let written = Written {
            name: name.to_string(),
            account: *account,
            scopes: scopes.clone(),
            roles: roles.iter().map(|role| *role as i32).collect(),
            is_unrestricted: *is_unrestricted,
            until,
            key: self.validity.key.as_deref().map(str::to_owned),
        };
        serde_json::to_vec(&written).expect("it has text keys")
    }

    /// The caller that [`Self::to_bytes`] wrote; nothing if the bytes are others.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], now: Timestamp, authority: Authority) -> Option<Self> {
        let Written { name, account, scopes, roles, is_unrestricted, until, key } =
            serde_json::from_slice(bytes).ok()?;
        let roles = roles.into_iter().filter_map(|role| Role::try_from(role).ok()).collect();
        let principal = Principal { name: name.into(), account, scopes, roles, is_unrestricted };
        let left = |until: i64| Duration::from_micros(u64::try_from(until.saturating_sub(now.0)).unwrap_or(0));
        let until = until.map(|until| Instant::now() + left(until));
        let revoked = key.as_ref().and_then(|key| authority.revocation(key));
        let validity = Validity { until, revoked, key: key.map(Into::into) };
        Some(Self { principal: Arc::new(principal), validity, authority })
    }

    /// That of the call with these extensions. A call that no server has authenticated is nobody's.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Arc<Principal> {
        extensions.get::<Self>().map_or_else(|| Arc::new(Principal::anonymous()), |caller| caller.principal.clone())
    }
}

/// A request from within the process, of which nothing is demanded.
pub fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::within());
    request
}

/// These services for whoever serves them without [`crate::rpc::serve`]: nothing is demanded of their callers.
#[must_use]
pub fn trusting(routes: Routes) -> Routes {
    Routes::from(routes.prepare().into_axum_router().layer(Extension(Caller::within())))
}
