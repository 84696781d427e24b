//! A block: it ends the follows between the two accounts, in both directions, and prevents new ones.
//!
//! Always: unblocking restores nothing.

use shared::model::event::{BlockEvent, Event, FollowEvent};
use shared::model::ids::Position;

use super::account::Account;
use super::follow::{Follow, end};
use super::notifications::Seen;
use super::{Aggregate, Refusal};

/// Folded from `block-{account}-{target}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    #[default]
    Absent,
    Standing,
}

/// The follows between two accounts, with what each has seen of its notifications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Follows {
    pub of_target: Follow,
    pub of_actor: Follow,
    pub seen_by_target: Seen,
    pub seen_by_actor: Seen,
}

/// Blocks the target, and ends the follows and requests between the two.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn block(block: Block, account: &Account, target: &Account, follows: Follows) -> Result<Vec<Event>, Refusal> {
    let (account, target) = (account.acting()?, target.known()?);
    if account.me == target.me {
        return Err(Refusal::SelfTarget);
    }
    if block == Block::Standing {
        return Ok(vec![]);
    }
    let mut events = vec![Event::Block(BlockEvent::Added { account: account.me, target: target.me })];
    events.extend(end(follows.of_target, account, target, follows.seen_by_target, FollowEvent::Withdrawn));
    events.extend(end(follows.of_actor, target, account, follows.seen_by_actor, FollowEvent::Rejected));
    Ok(events)
}

/// Removes a block.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn unblock(block: Block, account: &Account, target: &Account) -> Result<Vec<Event>, Refusal> {
    let (account, target) = (account.acting()?, target.known()?);
    match block {
        _ if account.me == target.me => Err(Refusal::SelfTarget),
        Block::Absent => Ok(vec![]),
        Block::Standing => Ok(vec![Event::Block(BlockEvent::Removed { account: account.me, target: target.me })]),
    }
}

impl Aggregate for Block {
    fn evolve(self, _: Position, event: &Event) -> Self {
        let Event::Block(event) = event else { return self };
        match event {
            BlockEvent::Added { .. } => Self::Standing,
            BlockEvent::Removed { .. } => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::model::event::{AccountKind, Edge};

    use super::super::samples::{ALICE, BOB, deactivated, known};
    use super::*;

    fn there(me: shared::model::ids::AccountRef) -> Account {
        Account::Known(known(me))
    }

    #[test]
    fn a_block_ends_the_follows_both_ways() {
        let (of_target, of_actor) = (Follow::Following, Follow::Requested);
        let follows = Follows { of_target, of_actor, ..Follows::default() };
        let events = block(Block::Absent, &there(ALICE), &there(BOB), follows).expect("allowed");
        let edge = |follower, followee| Edge {
            follower,
            followee,
            followee_kind: AccountKind::User,
            followee_seen_up_to: None,
        };
        assert!(events.contains(&Event::Follow(FollowEvent::Unfollowed(edge(ALICE, BOB)))));
        assert!(events.contains(&Event::Follow(FollowEvent::Rejected(edge(BOB, ALICE)))));
    }

    #[test]
    fn blocking_twice_and_unblocking_twice_are_fine() {
        assert_eq!(block(Block::Standing, &there(ALICE), &there(BOB), Follows::default()), Ok(vec![]));
        assert_eq!(unblock(Block::Absent, &there(ALICE), &there(BOB)), Ok(vec![]));
    }

    #[test]
    fn nobody_blocks_themselves_and_a_deactivated_account_can_be_blocked() {
        let own = block(Block::Absent, &there(ALICE), &there(ALICE), Follows::default());
        assert_eq!(own, Err(Refusal::SelfTarget));
        assert!(block(Block::Absent, &there(ALICE), &deactivated(BOB), Follows::default()).is_ok());
    }
}
