//! The queries, one file each: how a request is asked and answered, with its SQL beside it. What is done for all methods alike is in
//! [`crate::service`].

pub mod account;
pub mod activities;
pub mod author_timeline;
pub mod home_timeline;
pub mod lists;
pub mod notifications;
pub mod post;
pub mod post_lists;
pub mod presence;
pub mod relationship;
pub mod thread;

use std::collections::BTreeSet;

use shared::rpc::common_fields::{Asked, Tokened};
use shared::rpc::errors::{ErrorReason, Violations};
use shared::rpc::methods::Method;
use shared::sql::Statement;
use tonic::Status;

use crate::asking::Asking;

/// How many ids a batch request may have.
const BATCH_MAX: usize = 100;

/// A unary method, by its request.
pub trait Answer: Method<Response: Tokened> + Asked + Sync {
    /// The response, with its consistency token.
    fn answer(asking: Asking<'_, Self>) -> impl Future<Output = Result<Self::Response, Status>> + Send;
}

/// Every statement of every query.
pub(crate) fn every_statement() -> Vec<&'static Statement> {
    [
        account::STATEMENTS,
        activities::STATEMENTS,
        author_timeline::STATEMENTS,
        home_timeline::STATEMENTS,
        lists::STATEMENTS,
        notifications::STATEMENTS,
        post::STATEMENTS,
        post_lists::STATEMENTS,
        presence::STATEMENTS,
        relationship::STATEMENTS,
        thread::STATEMENTS,
    ]
    .concat()
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
