//! A follow: the edge from a follower to a followee, at once or by request.
//!
//! Always: no edge across a block; a protected account is followed only after it approved; the index of pending requests
//! changes in the same append. Never here: how many follow.

use shared::model::event::{Edge, Event, FollowEvent, RequestsEvent};
use shared::model::ids::Position;

use super::account::{Account, Known};
use super::notifications::Seen;
use super::{Aggregate, Refusal};

/// Folded from `follow-{follower}-{followee}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    #[default]
    Absent,
    /// Waiting for approval.
    Requested,
    Following,
}

/// Follows a public account, or asks a protected one.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `TargetDeactivated`, `SelfTarget`, `Blocked`.
pub fn follow(follow: Follow, follower: &Account, followee: &Account, blocked: bool) -> Result<Vec<Event>, Refusal> {
    let follower = follower.acting()?;
    let followee = followee.known()?;
    if follower.me == followee.me {
        return Err(Refusal::SelfTarget);
    }
    if !followee.is_shown() {
        return Err(Refusal::TargetDeactivated);
    }
    match follow {
        Follow::Following | Follow::Requested => Ok(vec![]),
        Follow::Absent if blocked => Err(Refusal::Blocked),
        Follow::Absent if followee.protected => Ok(vec![
            Event::Follow(FollowEvent::Requested(edge(follower, followee))),
            Event::Requests(RequestsEvent::Added { followee: followee.me, follower: follower.me }),
        ]),
        Follow::Absent => Ok(vec![Event::Follow(FollowEvent::Followed(edge(follower, followee)))]),
    }
}

/// Ends a follow, or withdraws the request. `seen` is what the followee has seen of its notifications, here and in the functions below.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn unfollow(follow: Follow, follower: &Account, followee: &Account, seen: Seen) -> Result<Vec<Event>, Refusal> {
    let (follower, followee) = (follower.acting()?, followee.known()?);
    match follower.me == followee.me {
        true => Err(Refusal::SelfTarget),
        false => Ok(end(follow, follower, followee, seen, FollowEvent::Withdrawn)),
    }
}

/// Ends the follower's follow of the acting followee. A request stays: it is answered by [`reject`].
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn remove(follow: Follow, follower: &Account, followee: &Account, seen: Seen) -> Result<Vec<Event>, Refusal> {
    let (followee, follower) = (followee.acting()?, follower.known()?);
    if follower.me == followee.me {
        return Err(Refusal::SelfTarget);
    }
    match follow {
        Follow::Absent | Follow::Requested => Ok(vec![]),
        Follow::Following => Ok(vec![Event::Follow(FollowEvent::Unfollowed(ending(follower, followee, seen)))]),
    }
}

/// Approves a pending request.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `FollowRequestNotFound`.
pub fn approve(follow: Follow, follower: &Account, followee: &Account) -> Result<Vec<Event>, Refusal> {
    answer(follow, follower, followee, Seen::default(), FollowEvent::Followed)
}

/// Rejects a pending request.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `FollowRequestNotFound`.
pub fn reject(follow: Follow, follower: &Account, followee: &Account, seen: Seen) -> Result<Vec<Event>, Refusal> {
    answer(follow, follower, followee, seen, FollowEvent::Rejected)
}

/// Ends a follow or a request, whichever there is; `pending` makes the event that ends a request.
pub(super) fn end(
    follow: Follow,
    follower: &Known,
    followee: &Known,
    seen: Seen,
    pending: fn(Edge) -> FollowEvent,
) -> Vec<Event> {
    let edge = ending(follower, followee, seen);
    match follow {
        Follow::Absent => vec![],
        Follow::Following => vec![Event::Follow(FollowEvent::Unfollowed(edge))],
        Follow::Requested => vec![
            Event::Follow(pending(edge)),
            Event::Requests(RequestsEvent::Removed { followee: followee.me, follower: follower.me }),
        ],
    }
}

fn answer(
    follow: Follow,
    follower: &Account,
    followee: &Account,
    seen: Seen,
    settled: fn(Edge) -> FollowEvent,
) -> Result<Vec<Event>, Refusal> {
    let followee = followee.acting()?;
    let follower = follower.known()?;
    match follow {
        Follow::Absent | Follow::Following => Err(Refusal::FollowRequestNotFound),
        Follow::Requested => Ok(vec![
            Event::Follow(settled(ending(follower, followee, seen))),
            Event::Requests(RequestsEvent::Removed { followee: followee.me, follower: follower.me }),
        ]),
    }
}

fn edge(follower: &Known, followee: &Known) -> Edge {
    ending(follower, followee, Seen::default())
}

fn ending(follower: &Known, followee: &Known, seen: Seen) -> Edge {
    let followee_seen_up_to = seen.up_to();
    Edge { follower: follower.me, followee: followee.me, followee_kind: followee.kind, followee_seen_up_to }
}

impl Aggregate for Follow {
    fn evolve(self, _: Position, event: &Event) -> Self {
        let Event::Follow(event) = event else { return self };
        match event {
            FollowEvent::Requested(_) => Self::Requested,
            FollowEvent::Followed(_) => Self::Following,
            FollowEvent::Rejected(_) | FollowEvent::Withdrawn(_) | FollowEvent::Unfollowed(_) => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, deactivated, known, protected};
    use super::*;

    type Decided = Result<Vec<Event>, Refusal>;
    type Expected = Result<&'static [fn(Edge) -> FollowEvent], Refusal>;

    fn check(decided: Decided, expected: Expected) {
        let edge = edge(&known(BOB), &known(ALICE));
        let follows = |events: Vec<Event>| -> Vec<Event> {
            events.into_iter().filter(|event| matches!(event, Event::Follow(_))).collect()
        };
        let expected = expected.map(|kinds| kinds.iter().map(|kind| Event::Follow(kind(edge))).collect::<Vec<_>>());
        assert_eq!(decided.map(follows), expected);
    }

    fn public(me: shared::model::ids::AccountRef) -> Account {
        Account::Known(known(me))
    }

    fn by_bob(state: Follow, alice: &Account, blocked: bool) -> Decided {
        follow(state, &public(BOB), alice, blocked)
    }

    #[test]
    fn a_public_account_is_followed_at_once_and_a_protected_one_is_asked() {
        check(by_bob(Follow::Absent, &public(ALICE), false), Ok(&[FollowEvent::Followed]));
        check(by_bob(Follow::Absent, &Account::Known(protected(ALICE)), false), Ok(&[FollowEvent::Requested]));
    }

    #[test]
    fn nobody_follows_across_a_block_or_a_deactivated_account_or_themselves() {
        check(by_bob(Follow::Absent, &public(ALICE), true), Err(Refusal::Blocked));
        check(by_bob(Follow::Absent, &deactivated(ALICE), false), Err(Refusal::TargetDeactivated));
        check(by_bob(Follow::Absent, &public(BOB), false), Err(Refusal::SelfTarget));
        check(follow(Follow::Absent, &deactivated(BOB), &public(ALICE), false), Err(Refusal::AccountDeactivated));
        check(by_bob(Follow::Absent, &Account::Absent, false), Err(Refusal::AccountNotFound));
    }

    #[test]
    fn following_twice_and_unfollowing_twice_are_fine() {
        check(by_bob(Follow::Following, &public(ALICE), false), Ok(&[]));
        check(by_bob(Follow::Requested, &Account::Known(protected(ALICE)), false), Ok(&[]));
        check(unfollow(Follow::Absent, &public(BOB), &public(ALICE), Seen::default()), Ok(&[]));
        check(unfollow(Follow::Absent, &public(BOB), &public(BOB), Seen::default()), Err(Refusal::SelfTarget));
    }

    #[test]
    fn unfollowing_ends_the_follow_or_takes_the_request_back() {
        check(
            unfollow(Follow::Following, &public(BOB), &public(ALICE), Seen::default()),
            Ok(&[FollowEvent::Unfollowed]),
        );
        check(
            unfollow(Follow::Requested, &public(BOB), &public(ALICE), Seen::default()),
            Ok(&[FollowEvent::Withdrawn]),
        );
    }

    #[test]
    fn a_follower_is_removed_by_the_one_who_is_followed_also_when_it_is_deactivated() {
        let owner = Account::Known(protected(ALICE));
        for follower in [public(BOB), deactivated(BOB)] {
            check(remove(Follow::Following, &follower, &owner, Seen::default()), Ok(&[FollowEvent::Unfollowed]));
        }
        for state in [Follow::Absent, Follow::Requested] {
            check(remove(state, &public(BOB), &owner, Seen::default()), Ok(&[]));
        }
        check(
            remove(Follow::Following, &public(BOB), &deactivated(ALICE), Seen::default()),
            Err(Refusal::AccountDeactivated),
        );
        check(remove(Follow::Absent, &owner, &owner, Seen::default()), Err(Refusal::SelfTarget));
        check(remove(Follow::Absent, &Account::Absent, &owner, Seen::default()), Err(Refusal::AccountNotFound));
    }

    #[test]
    fn only_a_waiting_request_is_answered() {
        let owner = Account::Known(protected(ALICE));
        check(approve(Follow::Requested, &public(BOB), &owner), Ok(&[FollowEvent::Followed]));
        check(reject(Follow::Requested, &public(BOB), &owner, Seen::default()), Ok(&[FollowEvent::Rejected]));
        for state in [Follow::Absent, Follow::Following] {
            check(approve(state, &public(BOB), &owner), Err(Refusal::FollowRequestNotFound));
            check(reject(state, &public(BOB), &owner, Seen::default()), Err(Refusal::FollowRequestNotFound));
        }
    }
}
