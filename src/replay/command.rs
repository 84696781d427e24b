//! The commands that a replay sends.

use shared::proto::command::command_service_client::CommandServiceClient;
use shared::proto::command::{CreatePostRequest, FollowAccountRequest, RegisterAccountRequest};
use tonic::Status;
use tonic::transport::Channel;

/// A command, with its request id.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Register an account.
    Register(RegisterAccountRequest),
    /// Follow an account.
    Follow(FollowAccountRequest),
    /// Write a post.
    Post(CreatePostRequest),
}

impl Command {
    /// What is counted when it succeeds.
    pub fn made(&self) -> &'static str {
        match self {
            Self::Register(_) => "accounts",
            Self::Follow(_) => "follows",
            Self::Post(_) => "posts",
        }
    }

    /// Sends it, and gives the id of what it made, if it made something with an id.
    pub async fn send(self, mut client: CommandServiceClient<Channel>) -> Result<Option<String>, Status> {
        match self {
            Self::Register(request) => {
                client.register_account(request).await.map(|answer| Some(answer.into_inner().account_id))
            }
            Self::Follow(request) => client.follow_account(request).await.map(|_| None),
            Self::Post(request) => client.create_post(request).await.map(|answer| Some(answer.into_inner().post_id)),
        }
    }
}
