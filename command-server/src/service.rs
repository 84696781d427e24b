//! The gRPC shell of the command server: what is done for every method alike. What each method does is in [`crate::commands`].

use std::sync::Arc;

use shared::log::{Anchor, EventLog};
use shared::rpc::auth::principal::{ANONYMOUS, Caller};
use shared::rpc::common_fields::CommandAnswer as _;
use shared::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use shared::rpc::progress::{Names, ProgressOnDemand, Unreached};
use shared::rpc::proto::command as v1;
use shared::rpc::reply::reply;
use shared::rpc::serve::REQUEST_ID_HEADER;
use shared::rpc::tokens::Tokens;
use shared::runtime::settings::CommandSettings;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::commands::Handle;
use crate::execute::{Call, Executed, Executor, digest};
use crate::fields::{Fields, MediaHosts};

const TRACEPARENT: &str = "traceparent";
const TRACEPARENT_LENGTH_MAX: usize = 128;
const ALL: Names = &[];

/// The implementation of the service.
pub struct Commands {
    pub(crate) executor: Executor,
    pub(crate) tokens: Tokens,
    pub(crate) media_hosts: MediaHosts,
    progress: ProgressOnDemand,
}

impl Commands {
    /// `progress` is used once a client waits for the read tables.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, progress: ProgressOnDemand, settings: &CommandSettings) -> Self {
        let media_hosts = MediaHosts::of(&settings.media_hosts);
        Self { tokens: Tokens::new(log.identity()), executor: Executor::new(log), media_hosts, progress }
    }

    /// Parses a request, executes its command, and answers.
    async fn answer<R: Handle>(&self, request: Request<R>) -> Result<Response<R::Response>, Status> {
        let (metadata, extensions, mut payload) = request.into_parts();
        let mut fields = Fields::default();
        let command = payload.command(&mut fields, self).await?;
        let (request_id, wait_for) = payload.take_manner();
        let request_id = fields.request_id(&request_id);
        let wait_for = fields.wait_for(wait_for);
        fields.check()?;
        let caller = extensions.get::<Caller>();
        let call = Call {
            principal: Caller::of(&extensions).name.to_string(),
            formerly: caller.filter(|caller| caller.authority.was_open_lately()).map(|_| ANONYMOUS),
            request_id,
            digest: digest(R::NAME, &payload.encode_to_vec()),
            correlation_id: correlation_id(&metadata),
            traceparent: traceparent(&metadata),
        };
        let Executed { anchor, answer } = self.executor.execute(&call, &command).await?;
        if wait_for == v1::WaitFor::Projected {
            self.wait_until_projected(anchor).await?;
        }
        let mut response = R::Response::default();
        R::respond(answer, &mut response)?;
        response.set_consistency_token(self.tokens.seal(anchor));
        reply(response)
    }

    /// By now the command has taken effect, and errors from here must say so.
    async fn wait_until_projected(&self, anchor: Anchor) -> Result<(), Status> {
        let position = anchor.position;
        let reached = self.progress.reach(ALL, position).await;
        reached.map_err(|unreached| {
            let (code, reason) = (Code::DeadlineExceeded, ErrorReason::NotYetProjected);
            let refused = match unreached {
                Unreached::Behind(behind) => behind.refused(code, reason, position),
                // Not SHUTTING_DOWN, which would say that nothing was written.
                Unreached::ShuttingDown => {
                    let message = "the command is stored, and the server stops before the read tables show it";
                    Refused::new(code, reason, message).retry_after(RETRY_DELAY)
                }
                Unreached::Crowded => {
                    let message =
                        "the command is stored, and too many calls wait already for the read tables to show theirs";
                    Refused::new(code, reason, message).retry_after(RETRY_DELAY)
                }
            };
            refused.with("consistency_token", self.tokens.seal(anchor)).into()
        })
    }
}

/// The id of the call; one that is no UUID is hashed to one.
fn correlation_id(metadata: &MetadataMap) -> Uuid {
    let id = metadata.get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok());
    let parsed = |id: &str| Uuid::parse_str(id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()));
    id.map_or_else(Uuid::now_v7, parsed)
}

fn traceparent(metadata: &MetadataMap) -> Option<String> {
    let value = metadata.get(TRACEPARENT)?.to_str().ok()?;
    (value.len() <= TRACEPARENT_LENGTH_MAX).then(|| value.to_owned())
}

shared::serve_command_service!(Commands);
