//! Accounts, by id or by handle. Deactivated and suspended accounts are not shown, and ask for nothing: not even for what is their own.

use std::collections::HashMap;

use shared::model::entities::AT_SIGNS;
use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::common_fields::Asked;
use shared::rpc::errors::{ErrorReason, Refused, Violations, internal};
use shared::rpc::proto::query as v1;
use shared::sql::statements;
use tonic::{Code, Status};

use super::{Answer, batch};
use crate::asking::Asking;
use crate::hydrate;
use crate::snapshot::{Projections, Snapshot, Value, column};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["profiles_1", "counts_1", "graph_1"];

statements! { "account.sql" with VOCABULARY: FIND_BY_ID, FIND_BY_HANDLE, FIND_ALL }

/// How an account is named in a question.
#[derive(Clone, Debug)]
pub enum Named {
    /// By its id.
    Id(AccountId),
    /// By its handle.
    Handle(String),
}

/// The key of an account that is neither deactivated nor suspended.
pub async fn find(snapshot: &mut Snapshot, named: &Named) -> Result<AccountKey, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let (rows, name) = match named {
        Named::Id(id) => (snapshot.rows(&FIND_BY_ID, &[Value::Id(id.0), checkpoint]).await?, id.to_string()),
        Named::Handle(handle) => {
            (snapshot.rows(&FIND_BY_HANDLE, &[Value::Text(handle), checkpoint]).await?, handle.clone())
        }
    };
    for row in &rows {
        if column(row, "shown")? {
            return Ok(AccountKey(column(row, "account")?));
        }
    }
    let refused = Refused::new(Code::NotFound, ErrorReason::AccountNotFound, format!("there is no account {name}"));
    Err(refused.with("account", &name).resource("account", name).into())
}

/// The key of the viewer, if there is one: an account that is shown.
pub async fn find_viewer(snapshot: &mut Snapshot, viewer: Option<AccountId>) -> Result<Option<AccountKey>, Status> {
    match viewer {
        None => Ok(None),
        Some(viewer) => find(snapshot, &Named::Id(viewer)).await.map(Some),
    }
}

/// The keys of those of these accounts that are shown, by id.
pub async fn find_all(snapshot: &mut Snapshot, ids: &[AccountId]) -> Result<HashMap<AccountId, AccountKey>, Status> {
    let wanted = ids.iter().collect();
    let rows = snapshot.rows(&FIND_ALL, &[Value::Rows(&wanted), Value::Number(snapshot.checkpoint.0)]).await?;
    rows.iter().map(|row| Ok((AccountId(column(row, "account_id")?), AccountKey(column(row, "account")?)))).collect()
}

impl Answer for v1::GetAccountRequest {
    async fn answer(mut asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let named = match &request.account {
            Some(v1::get_account_request::Account::Handle(handle)) => Named::Handle(looked_up(handle)),
            Some(v1::get_account_request::Account::AccountId(id)) => {
                Named::Id(asking.violations.account("account_id", id))
            }
            None => Named::Id(asking.violations.account("account_id", "")),
        };
        let (mut snapshot, viewer) = asking.snapshot(READS).await?;
        let key = find(&mut snapshot, &named).await?;
        let account = one_account(&mut snapshot, key, viewer).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetAccountResponse { account: Some(account), read_at })
    }
}

impl Answer for v1::BatchGetAccountsRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let NamedAccounts { mut snapshot, viewer, found, missing } =
            NamedAccounts::find(asking, ("account_ids", &request.account_ids), READS).await?;
        let keys: Vec<AccountKey> = found.iter().map(|(_, key)| *key).collect();
        Ok(v1::BatchGetAccountsResponse {
            accounts: hydrate::accounts(&mut snapshot, &keys, viewer).await?,
            missing_account_ids: missing,
            read_at: queries.tokens.seal(snapshot.anchor),
        })
    }
}

/// A handle as it is stored, which may be asked for with a sign before it and in any case.
fn looked_up(handle: &str) -> String {
    handle.strip_prefix(AT_SIGNS).unwrap_or(handle).to_ascii_lowercase()
}

/// The accounts of a batch, as a snapshot has them.
pub(super) struct NamedAccounts {
    pub snapshot: Snapshot,
    pub viewer: Option<AccountKey>,
    /// Those that are shown, in the order of the request.
    pub found: Vec<(AccountId, AccountKey)>,
    /// The ids of all others, in the order of the request.
    pub missing: Vec<String>,
}

impl NamedAccounts {
    /// Finds the accounts of a batch, and its viewer.
    pub async fn find<R: Asked>(
        mut asking: Asking<'_, R>,
        (field, account_ids): (&str, &[String]),
        reads: Projections,
    ) -> Result<Self, Status> {
        let ids = batch(&mut asking.violations, field, account_ids, Violations::account);
        let (mut snapshot, viewer) = asking.snapshot(reads).await?;
        let keys = find_all(&mut snapshot, &ids).await?;
        let found = ids.iter().filter_map(|id| Some((*id, *keys.get(id)?))).collect();
        let missing = ids.iter().filter(|id| !keys.contains_key(id)).map(ToString::to_string).collect();
        Ok(Self { snapshot, viewer, found, missing })
    }
}

async fn one_account(
    snapshot: &mut Snapshot,
    key: AccountKey,
    viewer: Option<AccountKey>,
) -> Result<v1::Account, Status> {
    let found = hydrate::accounts(snapshot, &[key], viewer).await?;
    found.into_iter().next().ok_or_else(|| internal("an account that was found is not there"))
}
