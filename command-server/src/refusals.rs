//! The table from refusals to what clients see.

use shared::errors::{ErrorReason, Refused};
use tonic::{Code, Status};

use crate::domain::Refusal;

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (code, reason) = match refusal {
            Refusal::AccountNotFound => (Code::NotFound, ErrorReason::AccountNotFound),
            Refusal::AccountDeactivated => (Code::FailedPrecondition, ErrorReason::AccountDeactivated),
            Refusal::TargetDeactivated => (Code::FailedPrecondition, ErrorReason::TargetDeactivated),
            Refusal::HandleTaken(_) => (Code::AlreadyExists, ErrorReason::HandleTaken),
            Refusal::PostNotFound => (Code::NotFound, ErrorReason::PostNotFound),
            Refusal::PostDeleted => (Code::FailedPrecondition, ErrorReason::PostDeleted),
            Refusal::NotAuthor => (Code::PermissionDenied, ErrorReason::NotAuthor),
            Refusal::Blocked => (Code::FailedPrecondition, ErrorReason::Blocked),
            Refusal::AccountProtected => (Code::FailedPrecondition, ErrorReason::AccountProtected),
            Refusal::FollowRequestNotFound => (Code::NotFound, ErrorReason::FollowRequestNotFound),
            Refusal::SelfTarget => (Code::InvalidArgument, ErrorReason::SelfTarget),
        };
        let refused = Refused::new(code, reason, refusal.to_string());
        match refusal {
            Refusal::HandleTaken(handle) => refused.with("handle", &handle).resource("handle", handle).into(),
            Refusal::AccountNotFound => refused.resource("account", "").into(),
            Refusal::PostNotFound => refused.resource("post", "").into(),
            _ => refused.into(),
        }
    }
}
