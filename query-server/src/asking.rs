//! What every query asks alike, read once: who looks, and how fresh the answer must be. When it must be answered is known to the task
//! of the call ([`shared::rpc::progress::answer_by`]).
//!
//! Always: nothing is read from a table before all fields are checked.

use shared::model::ids::{AccountId, AccountKey};
use shared::rpc::common_fields::Asked;
use shared::rpc::errors::{ErrorReason, Refused, Violations};
use shared::rpc::proto::query::Consistency;
use tonic::{Code, Extensions, Request, Status};

use crate::questions::account::find_viewer;
use crate::service::Queries;
use crate::snapshot::{Projections, Snapshot};
use crate::streams::Call;

/// A query while its fields are being parsed.
pub struct Asking<'a, R> {
    pub request: &'a R,
    pub queries: &'a Queries,
    /// What is wrong with the fields that were read so far.
    pub violations: Violations,
    viewer: Option<AccountId>,
    call: Call<'a>,
}

/// A query whose fields are right.
pub struct Checked<'a> {
    pub queries: &'a Queries,
    /// The account that looks, if there is one.
    pub viewer: Option<AccountId>,
    pub consistency: Option<&'a Consistency>,
    pub call: Call<'a>,
}

impl<'a, R: Asked> Asking<'a, R> {
    pub fn new(request: &'a Request<R>, queries: &'a Queries) -> Self {
        let (call, request) = (Call(request.metadata(), request.extensions()), request.get_ref());
        let mut violations = Violations::default();
        let viewer = violations.optional_account("viewer_account_id", request.viewer_account_id());
        Self { request, queries, violations, viewer, call }
    }

    /// What came with the call, such as who makes it.
    pub fn extensions(&self) -> &'a Extensions {
        self.call.1
    }

    /// Passes when no field was wrong.
    pub fn check(self) -> Result<Checked<'a>, Status> {
        self.violations.check()?;
        let Self { request, queries, viewer, call, .. } = self;
        Ok(Checked { queries, viewer, consistency: request.consistency(), call })
    }

    /// The same for a query that is answered to one account only, which is then the viewer.
    pub fn check_of_owner(mut self, field: &str, account_id: &str) -> Result<(AccountId, Checked<'a>), Status> {
        let owner = self.violations.account(field, account_id);
        let checked = self.check()?;
        only_the_owner(owner, checked.viewer)?;
        Ok((owner, Checked { viewer: Some(owner), ..checked }))
    }

    /// The tables of these projections, as fresh as asked for, and the viewer in them.
    pub async fn snapshot(self, reads: Projections) -> Result<(Snapshot, Option<AccountKey>), Status> {
        self.check()?.snapshot(reads).await
    }
}

impl Checked<'_> {
    /// The tables of these projections, as fresh as asked for, and the viewer in them.
    pub async fn snapshot(&self, reads: Projections) -> Result<(Snapshot, Option<AccountKey>), Status> {
        let mut snapshot = self.queries.freshness.snapshot(self.call.0, self.consistency, reads).await?;
        let viewer = find_viewer(&mut snapshot, self.viewer).await?;
        Ok((snapshot, viewer))
    }
}

/// Refuses a viewer that is not the owner; no viewer at all is accepted.
pub fn only_the_owner(owner: AccountId, viewer: Option<AccountId>) -> Result<(), Status> {
    match viewer {
        Some(viewer) if viewer != owner => {
            let message = "this is shown to the account itself only";
            let refused = Refused::new(Code::InvalidArgument, ErrorReason::ViewerMismatch, message);
            Err(refused.with("account", owner).with("viewer", viewer).into())
        }
        _ => Ok(()),
    }
}
