//! The methods that open streams.

use shared::rpc::errors::Violations;
use shared::rpc::proto::query as v1;
use tonic::{Request, Status};

use super::{Open, asked_by_owner};
use crate::service::Queries;
use crate::streams::{Call, Messages};

impl Open for v1::StreamHomeTimelineRequest {
    async fn open(request: &Request<Self>, queries: &Queries) -> Result<Messages<Self::Response>, Status> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let consistency = asked.consistency.as_ref();
        let stream = queries.streams.home(call(request), consistency, owner, &asked.resume_token).await?;
        Ok(stream)
    }
}

impl Open for v1::StreamNotificationsRequest {
    async fn open(request: &Request<Self>, queries: &Queries) -> Result<Messages<Self::Response>, Status> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let consistency = asked.consistency.as_ref();
        let stream = queries.streams.notifications(call(request), consistency, owner, &asked.resume_token).await?;
        Ok(stream)
    }
}

impl Open for v1::StreamPostRequest {
    async fn open(request: &Request<Self>, queries: &Queries) -> Result<Messages<Self::Response>, Status> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let post = violations.post("post_id", &asked.post_id);
        let viewer = violations.optional_account("viewer_account_id", &asked.viewer_account_id);
        violations.check()?;
        let consistency = asked.consistency.as_ref();
        let stream = queries.streams.post(call(request), consistency, (post, viewer), &asked.resume_token).await?;
        Ok(stream)
    }
}

impl Open for v1::StreamPresenceRequest {
    async fn open(request: &Request<Self>, queries: &Queries) -> Result<Messages<Self::Response>, Status> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;
        let stream = queries.streams.presence(call(request), asked.consistency.as_ref(), owner).await?;
        Ok(stream)
    }
}

fn call<T>(request: &Request<T>) -> Call<'_> {
    Call(request.metadata(), request.extensions())
}
