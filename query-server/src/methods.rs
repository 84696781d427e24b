//! The methods of the service: how each request is answered. What is done for all methods alike is in [`crate::service`].

mod accounts;
mod posts;
mod streams;
mod timelines;

use std::collections::BTreeSet;

use shared::model::ids::AccountId;
use shared::rpc::common_fields::Tokened;
use shared::rpc::errors::{ErrorReason, Violations};
use shared::rpc::methods::Method;
use tonic::{Request, Status};

use crate::pages::only_the_owner;
use crate::service::Queries;
use crate::streams::Messages;

/// How many ids a batch request may have.
const BATCH_MAX: usize = 100;

/// A unary method, by its request.
pub trait Answer: Method<Response: Tokened> + Sync {
    /// The response, with its consistency token.
    fn answer(
        request: &Request<Self>,
        queries: &Queries,
    ) -> impl Future<Output = Result<Self::Response, Status>> + Send;
}

/// A method that opens a stream, by its request.
pub trait Open: Method + Sync {
    fn open(
        request: &Request<Self>,
        queries: &Queries,
    ) -> impl Future<Output = Result<Messages<Self::Response>, Status>> + Send;
}

/// Opens a paged query: its checked fields, and the snapshot that answers it.
macro_rules! open {
    ($queries:ident, $request:ident, $question:expr, $subject:expr) => {
        Page::open(&$queries.freshness, &$queries.tokens, $request, $question, $subject).await?
    };
}

pub(crate) use open;

/// The account that a request is about. A viewer that is another account is refused.
fn asked_by_owner(account_id: &str, viewer_account_id: &str) -> Result<AccountId, Status> {
    let mut violations = Violations::default();
    let owner = violations.account("account_id", account_id);
    let viewer = violations.optional_account("viewer_account_id", viewer_account_id);
    violations.check()?;
    only_the_owner(owner, viewer)?;
    Ok(owner)
}

/// The ids of a batch, without repetitions, in the order of the request.
fn batch<I: Copy + Ord>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    read: impl Fn(&mut Violations, &str, &str) -> I,
) -> Vec<I> {
    if texts.is_empty() || texts.len() > BATCH_MAX {
        let rule = format!("must have 1–{BATCH_MAX} ids, has {}", texts.len());
        violations.add(field, ErrorReason::BatchSizeInvalid, rule);
        return vec![];
    }
    let mut seen = BTreeSet::new();
    let mut ids: Vec<I> =
        texts.iter().enumerate().map(|(index, text)| read(violations, &format!("{field}[{index}]"), text)).collect();
    ids.retain(|id| seen.insert(*id));
    ids
}
