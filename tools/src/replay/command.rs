//! The commands that a replay sends.

use crate::client::Connection;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::{CreatePostRequest, FollowAccountRequest, RegisterAccountRequest, RepostPostRequest};
use tonic::Status;

/// A command with its request id.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Register(RegisterAccountRequest),
    Follow(FollowAccountRequest),
    Post(CreatePostRequest),
    Repost(RepostPostRequest),
}

impl Command {
    /// The name under which it is counted when it succeeds.
    pub fn made(&self) -> &'static str {
        match self {
            Self::Register(_) => "accounts",
            Self::Follow(_) => "follows",
            Self::Post(request) if !request.reply_to_post_id.is_empty() => "replies",
            Self::Post(_) => "posts",
            Self::Repost(_) => "reposts",
        }
    }

    /// Fills in the post that it refers to, if it refers to one.
    pub fn about(mut self, post: String) -> Self {
        match &mut self {
            Self::Post(request) => request.reply_to_post_id = post,
            Self::Repost(request) => request.post_id = post,
            Self::Register(_) | Self::Follow(_) => {}
        }
        self
    }

    #[cfg(test)]
    pub fn request_id(&self) -> &str {
        match self {
            Self::Register(request) => &request.request_id,
            Self::Follow(request) => &request.request_id,
            Self::Post(request) => &request.request_id,
            Self::Repost(request) => &request.request_id,
        }
    }

    /// Sends it, and gives the id of what it created, if that has one.
    pub async fn send(self, mut client: CommandServiceClient<Connection>) -> Result<Option<String>, Status> {
        match self {
            Self::Register(request) => {
                client.register_account(request).await.map(|answer| Some(answer.into_inner().account_id))
            }
            Self::Follow(request) => client.follow_account(request).await.map(|_| None),
            Self::Repost(request) => client.repost_post(request).await.map(|_| None),
            Self::Post(request) => client.create_post(request).await.map(|answer| Some(answer.into_inner().post_id)),
        }
    }
}
