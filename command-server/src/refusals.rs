//! The table from refusals to statuses with reasons.

use shared::model::moderation::Moderated;
use shared::rpc::errors::{ErrorReason, Refused};
use shared::rpc::moderation::name;
use tonic::{Code, Status};

use crate::domain::Refusal;
use crate::session::Session;

/// The status for a refusal. The session knows which id was looked for and not found.
pub fn refuse(refusal: Refusal, session: &Session<'_>) -> Status {
    let sought = |kind| session.sought(kind).unwrap_or_default();
    let (code, reason) = match refusal {
        Refusal::AccountNotFound => (Code::NotFound, ErrorReason::AccountNotFound),
        Refusal::AccountDeactivated => (Code::FailedPrecondition, ErrorReason::AccountDeactivated),
        Refusal::AccountSuspended { .. } => (Code::FailedPrecondition, ErrorReason::AccountSuspended),
        Refusal::TargetDeactivated => (Code::FailedPrecondition, ErrorReason::TargetDeactivated),
        Refusal::HandleTaken(_) => (Code::AlreadyExists, ErrorReason::HandleTaken),
        Refusal::PostNotFound => (Code::NotFound, ErrorReason::PostNotFound),
        Refusal::PostDeleted => (Code::FailedPrecondition, ErrorReason::PostDeleted),
        Refusal::PostTakenDown { .. } => (Code::FailedPrecondition, ErrorReason::PostTakenDown),
        Refusal::NotAuthor => (Code::PermissionDenied, ErrorReason::NotAuthor),
        Refusal::Blocked => (Code::FailedPrecondition, ErrorReason::Blocked),
        Refusal::AccountProtected => (Code::FailedPrecondition, ErrorReason::AccountProtected),
        Refusal::FollowRequestNotFound => (Code::NotFound, ErrorReason::FollowRequestNotFound),
        Refusal::SelfTarget => (Code::InvalidArgument, ErrorReason::SelfTarget),
        Refusal::PostEmpty => (Code::InvalidArgument, ErrorReason::TextEmpty),
        Refusal::VersionMismatch { .. } => (Code::Aborted, ErrorReason::VersionMismatch),
    };
    let refused = Refused::new(code, reason, refusal.to_string());
    match refusal {
        Refusal::HandleTaken(handle) => refused.with("handle", &handle).resource("handle", handle).into(),
        Refusal::AccountNotFound => {
            refused.with("account", sought("account")).resource("account", sought("account")).into()
        }
        Refusal::PostNotFound => refused.with("post", sought("post")).resource("post", sought("post")).into(),
        Refusal::AccountSuspended { account, moderated } => told(refused.with("account", account), moderated).into(),
        Refusal::PostTakenDown { post, moderated } => told(refused.with("post", post), moderated).into(),
        Refusal::PostEmpty => refused.violation("text").into(),
        Refusal::VersionMismatch { expected, present } => {
            refused.with("expected_version", expected).with("present_version", present).into()
        }
        _ => refused.into(),
    }
}

/// Tells the one who is concerned why a moderator acted.
fn told(refused: Refused, Moderated { reason, note }: Moderated) -> Refused {
    let refused = refused.with("reason", name(reason));
    match note.text.is_empty() {
        true => refused,
        false => refused.with("text", note.text),
    }
}
