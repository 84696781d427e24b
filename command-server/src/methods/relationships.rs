//! Commands about what one account is to another.

use shared::rpc::proto::command as v1;
use tonic::Status;

use super::Handle;
use crate::command::{Answer, Command, Edge, Pair};
use crate::fields::Fields;
use crate::service::Commands;

impl Handle for v1::FollowAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Follow(Edge {
            follower: fields.account("follower_id", &self.follower_id),
            followee: fields.account("followee_id", &self.followee_id),
        }))
    }

    fn respond(answer: Answer, response: &mut v1::FollowAccountResponse) -> Result<(), Status> {
        response.set_state(match answer {
            Answer::Requested => v1::FollowState::Requested,
            _ => v1::FollowState::Following,
        });
        Ok(())
    }
}

impl Handle for v1::UnfollowAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Unfollow(Edge {
            follower: fields.account("follower_id", &self.follower_id),
            followee: fields.account("followee_id", &self.followee_id),
        }))
    }
}

impl Handle for v1::ApproveFollowRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::ApproveFollow(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        }))
    }
}

impl Handle for v1::RejectFollowRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::RejectFollow(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        }))
    }
}

impl Handle for v1::RemoveFollowerRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::RemoveFollower(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        }))
    }
}

impl Handle for v1::BlockAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Block(pair(fields, &self.account_id, &self.target_account_id)))
    }
}

impl Handle for v1::UnblockAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Unblock(pair(fields, &self.account_id, &self.target_account_id)))
    }
}

impl Handle for v1::MuteAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Mute(pair(fields, &self.account_id, &self.target_account_id)))
    }
}

impl Handle for v1::UnmuteAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Unmute(pair(fields, &self.account_id, &self.target_account_id)))
    }
}

fn pair(fields: &mut Fields, account: &str, target: &str) -> Pair {
    Pair { account: fields.account("account_id", account), target: fields.account("target_account_id", target) }
}
