//! What a method demands of its caller, as the contract says it in `chirp.common.v1.access`.
//!
//! Always: the first that is true lets a call pass, and nothing else does; what a caller may not do is refused before its request id is looked
//! up; the refusal says what is missing and nothing of what exists. Never here: which method demands what, which the build reads from the
//! contract.

use std::sync::Arc;

use tonic::{Code, Extensions, Request, Status};

use super::principal::{Caller, Principal, Role, role_name};
use crate::model::ids::AccountId;
use crate::rpc::errors::{ErrorReason, Refused};
use crate::rpc::proto::query::Consistency;
use crate::rpc::proto::query::consistency::Requirement;
use crate::rpc::serve::rates::Counted;

/// Who may call a method: `chirp.common.v1.Access`.
#[derive(Debug, PartialEq, Eq)]
pub struct Access {
    /// The full name, such as `chirp.command.v1.CommandService/CreatePost`.
    pub method: &'static str,
    /// The fields with the account that the caller must be, the first of which must be set.
    pub accounts: &'static [&'static str],
    /// The scope with which it may be called for any account; empty if there is none.
    pub scope: &'static str,
    /// The role that may call it.
    pub role: Option<Role>,
    /// Anybody may call it where no account is named.
    pub anybody: bool,
    /// A field that must be true, and the scope that is then enough.
    pub lesser: Option<(&'static str, &'static str)>,
}

/// A request whose method says who may call it.
pub trait Guarded {
    /// Who may.
    const ACCESS: Access;

    /// The text of the field with this index in [`Access::accounts`].
    fn account(&self, index: usize) -> &str;

    /// Whether the field of [`Access::lesser`] is true.
    fn asks_for_less(&self) -> bool;

    /// Whether the answer must wait for everything that was written before, which costs more than others.
    fn is_fully_consistent(&self) -> bool;
}

fn is_fully_consistent(consistency: Option<&Consistency>) -> bool {
    matches!(consistency, Some(Consistency { requirement: Some(Requirement::FullyConsistent(true)) }))
}

include!(concat!(env!("OUT_DIR"), "/access.rs"));

/// Passes a call on if its caller may make it.
///
/// # Errors
/// UNAUTHENTICATED or PERMISSION_DENIED, as the contract says for `Access`.
pub fn authorized<R: Guarded>(request: Request<R>) -> Result<Request<R>, Status> {
    let asked = request.get_ref();
    let named = R::ACCESS.accounts.iter().enumerate().map(|(index, field)| (*field, asked.account(index)));
    let caller = Caller::of(request.extensions());
    judge(&caller, &R::ACCESS, named, asked.asks_for_less())?;
    if asked.is_fully_consistent()
        && let Some(counted) = request.extensions().get::<Counted>()
    {
        counted.count_fully_consistent(&caller)?;
    }
    Ok(request)
}

/// Passes the call of a method that takes a stream of messages, each of which is judged by itself ([`subscribes`]).
///
/// # Errors
/// UNAUTHENTICATED or PERMISSION_DENIED, as the contract says for `Access`.
pub fn authorized_stream<R: Guarded, S>(request: Request<S>) -> Result<Request<S>, Status> {
    judge(&Caller::of(request.extensions()), &R::ACCESS, [].into_iter(), false)?;
    Ok(request)
}

/// Passes one subscription of a call, which looks by this account.
///
/// # Errors
/// UNAUTHENTICATED or PERMISSION_DENIED, as the contract says for `Access`.
pub fn subscribes<R: Guarded>(extensions: &Extensions, viewer_account_id: &str) -> Result<(), Status> {
    let named = R::ACCESS.accounts.iter().map(|field| (*field, viewer_account_id));
    judge(&Caller::of(extensions), &R::ACCESS, named, false)
}

fn judge<'a>(
    caller: &Arc<Principal>,
    access: &Access,
    mut named: impl Iterator<Item = (&'static str, &'a str)> + Clone,
    asks_for_less: bool,
) -> Result<(), Status> {
    let names_nobody = named.clone().all(|(_, id)| id.is_empty());
    let lesser = access.lesser.filter(|_| asks_for_less);
    let is_it = |own: AccountId, id: &str| id.parse() == Ok(own);
    let has_scope = |scope| caller.account.is_none() && caller.has_scope(scope);
    let first = named.next();
    let is_the_account = caller.account.is_some_and(|own| {
        first.is_some_and(|(_, id)| is_it(own, id)) && named.clone().all(|(_, id)| id.is_empty() || is_it(own, id))
    });
    let may = caller.is_unrestricted
        || (access.anybody && names_nobody)
        || is_the_account
        || has_scope(access.scope)
        || lesser.is_some_and(|(_, scope)| has_scope(scope))
        || access.role.is_some_and(|role| caller.roles.contains(&role));
    match may {
        true => Ok(()),
        false => Err(refusal(caller, access, first.map(|(field, _)| field)).into()),
    }
}

/// What is missing, told by who calls.
fn refusal(caller: &Principal, access: &Access, field: Option<&str>) -> Refused {
    let refused = |code, reason, message: String| Refused::new(code, reason, message).with("method", access.method);
    if caller.is_anonymous() {
        let message = "this needs credentials: send `authorization: Bearer` with a token or an API key";
        return refused(Code::Unauthenticated, ErrorReason::AuthenticationRequired, message.to_owned());
    }
    let denied = |reason, message| refused(Code::PermissionDenied, reason, message);
    match (caller.account, field, access.role) {
        (Some(_), Some(field), _) => {
            let message = format!("{field} must be the account of the caller");
            denied(ErrorReason::AccountMismatch, message).with("field", field).with("principal", &caller.name)
        }
        (Some(_), None, Some(role)) => {
            let role = role_name(role);
            let message = format!("this is for whoever has the role {role}");
            denied(ErrorReason::RoleMissing, message).with("role", role).with("principal", &caller.name)
        }
        _ => {
            let message = format!("this needs the scope {}", access.scope);
            denied(ErrorReason::ScopeMissing, message).with("scope", access.scope).with("principal", &caller.name)
        }
    }
}
