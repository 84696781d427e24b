//! Accounts, by id or by handle. Deactivated accounts are not shown.

use std::collections::HashMap;

use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::errors::{ErrorReason, Refused};
use shared::sql::statements;
use tonic::{Code, Status};

use crate::snapshot::{Projections, Snapshot, Value, column};

/// What this question reads.
pub const READS: Projections = &["profiles_1", "counts_1"];

statements! { "account.sql": FIND_BY_ID, FIND_BY_HANDLE, FIND_ALL }

/// How an account is named in a question.
#[derive(Clone, Debug)]
pub enum Named {
    /// By its id.
    Id(AccountId),
    /// By its handle.
    Handle(String),
}

/// The key of an active account.
pub async fn find(snapshot: &mut Snapshot, named: &Named) -> Result<AccountKey, Status> {
    let checkpoint = Value::Number(snapshot.checkpoint.0);
    let (rows, name) = match named {
        Named::Id(id) => (snapshot.rows(&FIND_BY_ID, &[Value::Id(id.0), checkpoint]).await?, id.to_string()),
        Named::Handle(handle) => {
            (snapshot.rows(&FIND_BY_HANDLE, &[Value::Text(handle), checkpoint]).await?, handle.clone())
        }
    };
    for row in &rows {
        if column(row, "active")? {
            return Ok(AccountKey(column(row, "account")?));
        }
    }
    let refused = Refused::new(Code::NotFound, ErrorReason::AccountNotFound, format!("there is no account {name}"));
    Err(refused.with("account", &name).resource("account", name).into())
}

/// The key of the viewer, if there is one: an active account.
pub async fn find_viewer(snapshot: &mut Snapshot, viewer: Option<AccountId>) -> Result<Option<AccountKey>, Status> {
    match viewer {
        None => Ok(None),
        Some(viewer) => find(snapshot, &Named::Id(viewer)).await.map(Some),
    }
}

/// The keys of those of these accounts that are active, by id.
pub async fn find_all(snapshot: &mut Snapshot, ids: &[AccountId]) -> Result<HashMap<AccountId, AccountKey>, Status> {
    let wanted = ids.iter().collect();
    let rows = snapshot.rows(&FIND_ALL, &[Value::Rows(&wanted), Value::Number(snapshot.checkpoint.0)]).await?;
    rows.iter().map(|row| Ok((AccountId(column(row, "account_id")?), AccountKey(column(row, "account")?)))).collect()
}
