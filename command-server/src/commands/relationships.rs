//! Commands about what one account is to another.

use shared::model::event::{Event, FollowEvent};
use shared::model::ids::AccountId;
use shared::model::streams::StreamName;
use shared::rpc::proto::command as v1;
use tonic::Status;

use super::loading::{between, seen};
use super::{Answer, Command, Decision, Handle};
use crate::domain::account::Account;
use crate::domain::block::{self, Block, Follows};
use crate::domain::follow::{self, Follow};
use crate::domain::mute::{self, Mute};
use crate::domain::notifications::Seen;
use crate::fields::Fields;
use crate::service::Commands;
use crate::session::{Failure, Session};

/// The acting account, and the account that it does something to.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub account: AccountId,
    pub target: AccountId,
}

#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub follower: AccountId,
    pub followee: AccountId,
}

#[derive(Clone, Debug)]
pub enum RelationshipCommand {
    /// Follows a public account, or asks a protected one.
    Follow(Edge),
    /// Ends a follow, or withdraws the request.
    Unfollow(Edge),
    ApproveFollow(Edge),
    RejectFollow(Edge),
    /// Ends the follower's follow of the acting followee.
    RemoveFollower(Edge),
    Block(Pair),
    Unblock(Pair),
    Mute(Pair),
    Unmute(Pair),
}

pub async fn decide(session: &mut Session<'_>, command: &RelationshipCommand) -> Result<Decision, Failure> {
    match command {
        RelationshipCommand::Follow(edge) => follow(session, *edge).await,
        RelationshipCommand::Unfollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::unfollow(state, &follower, &followee, seen)?.into())
        }
        RelationshipCommand::ApproveFollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            Ok(follow::approve(state, &follower, &followee)?.into())
        }
        RelationshipCommand::RejectFollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::reject(state, &follower, &followee, seen)?.into())
        }
        RelationshipCommand::RemoveFollower(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::remove(state, &follower, &followee, seen)?.into())
        }
        RelationshipCommand::Block(pair) => block(session, *pair).await,
        RelationshipCommand::Unblock(pair) => {
            let stream = StreamName::block(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(block::unblock(session.fold(&stream), &account, &target)?.into())
        }
        RelationshipCommand::Mute(pair) => {
            let stream = StreamName::mute(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(mute::mute(session.fold::<Mute>(&stream), &account, &target)?.into())
        }
        RelationshipCommand::Unmute(pair) => {
            let stream = StreamName::mute(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(mute::unmute(session.fold::<Mute>(&stream), &account, &target)?.into())
        }
    }
}

async fn follow(session: &mut Session<'_>, edge: Edge) -> Result<Decision, Failure> {
    let streams = between(edge.follower, edge.followee);
    session.load(streams.iter().cloned()).await?;
    let (follower, followee, state) = edge_ends(session, edge).await?;
    let blocked = streams[..2].iter().any(|stream| session.fold::<Block>(stream) == Block::Standing);
    let events = follow::follow(state, &follower, &followee, blocked)?;
    Ok(Decision::answered(follow_answer(state, &events), events))
}

/// By the event of this command or, without one, by the state before.
fn follow_answer(before: Follow, events: &[Event]) -> Answer {
    match events.first() {
        Some(Event::Follow(FollowEvent::Requested(_))) => Answer::Requested,
        None if before == Follow::Requested => Answer::Requested,
        _ => Answer::Following,
    }
}

async fn edge_ends(session: &mut Session<'_>, edge: Edge) -> Result<(Account, Account, Follow), Failure> {
    let stream = StreamName::follow(edge.follower, edge.followee);
    let pair = Pair { account: edge.follower, target: edge.followee };
    let (follower, followee) = accounts(session, pair, [stream.clone()]).await?;
    Ok((follower, followee, session.fold(&stream)))
}

async fn block(session: &mut Session<'_>, pair: Pair) -> Result<Decision, Failure> {
    let stream = StreamName::block(pair.account, pair.target);
    let of_target = StreamName::follow(pair.account, pair.target);
    let of_actor = StreamName::follow(pair.target, pair.account);
    let streams = [stream.clone(), of_target.clone(), of_actor.clone()];
    let (account, target) = accounts(session, pair, streams).await?;
    let (of_target, of_actor) = (session.fold(&of_target), session.fold(&of_actor));
    let seen_by_target = seen_of_follow(session, of_target, pair.target).await?;
    let seen_by_actor = seen_of_follow(session, of_actor, pair.account).await?;
    let follows = Follows { of_target, of_actor, seen_by_target, seen_by_actor };
    Ok(block::block(session.fold(&stream), &account, &target, follows)?.into())
}

/// What the followee has seen of its notifications, which an event needs that ends a follow.
async fn seen_of_follow(session: &mut Session<'_>, follow: Follow, followee: AccountId) -> Result<Seen, Failure> {
    match follow {
        Follow::Absent => Ok(Seen::default()),
        Follow::Requested | Follow::Following => seen(session, followee).await,
    }
}

/// Both accounts; `more` is loaded in the same read.
async fn accounts<const N: usize>(
    session: &mut Session<'_>,
    pair: Pair,
    more: [StreamName; N],
) -> Result<(Account, Account), Failure> {
    let both = [StreamName::account(pair.account), StreamName::account(pair.target)];
    session.load(both.iter().cloned().chain(more)).await?;
    Ok((session.fold(&both[0]), session.fold(&both[1])))
}

impl Handle for v1::FollowAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::Follow(Edge {
            follower: fields.account("follower_id", &self.follower_id),
            followee: fields.account("followee_id", &self.followee_id),
        })
        .into())
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
        Ok(RelationshipCommand::Unfollow(Edge {
            follower: fields.account("follower_id", &self.follower_id),
            followee: fields.account("followee_id", &self.followee_id),
        })
        .into())
    }
}

impl Handle for v1::ApproveFollowRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::ApproveFollow(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        })
        .into())
    }
}

impl Handle for v1::RejectFollowRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::RejectFollow(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        })
        .into())
    }
}

impl Handle for v1::RemoveFollowerRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::RemoveFollower(Edge {
            followee: fields.account("account_id", &self.account_id),
            follower: fields.account("follower_id", &self.follower_id),
        })
        .into())
    }
}

impl Handle for v1::BlockAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::Block(pair(fields, &self.account_id, &self.target_account_id)).into())
    }
}

impl Handle for v1::UnblockAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::Unblock(pair(fields, &self.account_id, &self.target_account_id)).into())
    }
}

impl Handle for v1::MuteAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::Mute(pair(fields, &self.account_id, &self.target_account_id)).into())
    }
}

impl Handle for v1::UnmuteAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(RelationshipCommand::Unmute(pair(fields, &self.account_id, &self.target_account_id)).into())
    }
}

fn pair(fields: &mut Fields, account: &str, target: &str) -> Pair {
    Pair { account: fields.account("account_id", account), target: fields.account("target_account_id", target) }
}
