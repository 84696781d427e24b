//! Until when credentials are good.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::rpc::errors::{ErrorReason, Refused};

/// Until when credentials are good, and whether they were taken back before.
#[derive(Clone, Debug, Default)]
pub struct Validity {
    /// Nothing for those that do not expire.
    pub until: Option<Instant>,
    /// Cancelled when they are taken back. Nothing for those that cannot be.
    pub revoked: Option<CancellationToken>,
    /// The id of the API key that they are, if they are one.
    pub key: Option<Arc<str>>,
}

impl Validity {
    /// Completes when they are no longer good.
    pub async fn ended(&self) {
        let expired = async {
            match self.until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let revoked = async {
            match &self.revoked {
                Some(revoked) => revoked.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expired => {}
            () = revoked => {}
        }
    }

    /// Why they are no longer good, if they are not.
    #[must_use]
    pub fn refusal(&self) -> Option<Status> {
        if self.revoked.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Some(revoked().into());
        }
        (self.until?.checked_duration_since(Instant::now()).is_none()).then(|| expired().into())
    }
}

/// UNAUTHENTICATED: the token was good.
pub(super) fn expired() -> Refused {
    let message = "the token has expired; get another one";
    Refused::new(Code::Unauthenticated, ErrorReason::TokenExpired, message)
}

/// UNAUTHENTICATED: the API key was good.
pub(super) fn revoked() -> Refused {
    let message = "the API key was revoked";
    Refused::new(Code::Unauthenticated, ErrorReason::ApiKeyRevoked, message)
}
