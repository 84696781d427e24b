//! The gRPC shell of the query server: what is done for every method alike. How each is answered is in [`crate::questions`] and [`crate::streams`].

use std::sync::Arc;

use shared::log::LogHead;
use shared::rpc::proto::query as v1;
use shared::rpc::reply::reply;
use shared::rpc::tokens::Tokens;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::database::Database;
use tonic::{Request, Response, Status, Streaming};

use crate::asking::Asking;
use crate::freshness::Freshness;
use crate::presence::Presence;
use crate::questions::Answer;
use crate::streams::{Messages, Open, StreamLimits, Streams};

/// The implementation of the service.
pub struct Queries {
    pub(crate) freshness: Freshness,
    pub(crate) tokens: Tokens,
    pub(crate) streams: Arc<Streams>,
}

impl Queries {
    /// `progress` is woken after every batch of a projector in the same process.
    #[must_use]
    pub fn new(tables: Database, log: Arc<dyn LogHead>, progress: &Wake, limits: StreamLimits, tasks: Tasks) -> Self {
        let tokens = Tokens::new(log.identity());
        let freshness = Freshness::watch(tables, log, progress, &tasks);
        let streams = Arc::new(Streams::new(freshness.clone(), tokens.clone(), limits, tasks));
        Self { streams, freshness, tokens }
    }

    async fn answer<R: Answer>(&self, request: Request<R>) -> Result<Response<R::Response>, Status> {
        reply(R::answer(Asking::new(&request, self)).await?)
    }

    async fn open<R: Open>(&self, request: Request<R>) -> Result<Response<Messages<R::Response>>, Status> {
        Ok(Response::new(R::open(Asking::new(&request, self)).await?))
    }

    /// The one method whose client streams, too.
    #[expect(clippy::unused_async, reason = "the methods of a service are awaited")]
    async fn converse(
        &self,
        request: Request<Streaming<v1::StreamRequest>>,
    ) -> Result<Response<Messages<v1::StreamResponse>>, Status> {
        Ok(Response::new(self.streams.converse(request)?))
    }

    /// Which accounts are online, as far as this server knows.
    pub(crate) fn presence(&self) -> Presence {
        self.streams.presence.clone()
    }
}

shared::serve_query_service!(Queries, Messages);
