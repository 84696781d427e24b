//! The commands that a replay sends.

use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::{CreatePostRequest, FollowAccountRequest, RegisterAccountRequest, RepostPostRequest};
use tonic::Status;
use tonic::transport::Channel;

/// A command, with its request id.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Register an account.
    Register(RegisterAccountRequest),
    /// Follow an account.
    Follow(FollowAccountRequest),
    /// Write a post, or a reply.
    Post(CreatePostRequest),
    /// Repost a post.
    Repost(RepostPostRequest),
}

impl Command {
    /// What is counted when it succeeds.
    pub fn made(&self) -> &'static str {
        match self {
            Self::Register(_) => "accounts",
            Self::Follow(_) => "follows",
            Self::Post(request) if !request.reply_to_post_id.is_empty() => "replies",
            Self::Post(_) => "posts",
            Self::Repost(_) => "reposts",
        }
    }

    /// The same, referring to this post, if it refers to one.
    pub fn about(mut self, post: String) -> Self {
        match &mut self {
            Self::Post(request) => request.reply_to_post_id = post,
            Self::Repost(request) => request.post_id = post,
            Self::Register(_) | Self::Follow(_) => {}
        }
        self
    }

    /// What makes sending it twice safe.
    #[cfg(test)]
    pub fn request_id(&self) -> &str {
        match self {
            Self::Register(request) => &request.request_id,
            Self::Follow(request) => &request.request_id,
            Self::Post(request) => &request.request_id,
            Self::Repost(request) => &request.request_id,
        }
    }

    /// Sends it, and gives the id of what it made, if it made something with an id.
    pub async fn send(self, mut client: CommandServiceClient<Channel>) -> Result<Option<String>, Status> {
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
