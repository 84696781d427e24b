//! Whom a change of timelines concerns: streams are found by whom their owners follow, which is kept in memory and follows the same
//! changes.
//!
//! Always: memory is bounded: an owner who follows more than [`FOLLOWEES_MAX`] is woken by every post instead.

use std::collections::{HashMap, HashSet};

use shared::model::ids::{AccountKey, Position};
use shared::rpc::errors::internal;
use shared::sql::database::Row;
use shared::sql::{Statement, statements};
use shared::tables::Change;
use tonic::Status;

use super::dispatch::{Affected, Dispatch, Index, StreamId, Subscription};
use crate::by_key::ByKey;
use crate::freshness::Freshness;
use crate::questions::home_timeline::READS;
use crate::snapshot::{Projections, Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

/// Followees of one owner that are kept in memory.
const FOLLOWEES_MAX: usize = 10_000;

statements! { "followings.sql" with VOCABULARY: SELECT_CHANGES, SELECT_KEPT_AFTER, SELECT_FOLLOWEES }

/// What changed in timelines.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// What happened.
    pub change: Change,
    /// To whom or by whom; see [`Change`].
    pub actor: i64,
    /// To what.
    pub target: i64,
    /// It is a post that was edited or deleted, taken down or restored, and somebody has reposted: whoever follows one of those sees it, too.
    spread: bool,
}

impl Changed {
    /// The row of an answer.
    pub fn read(row: &Row) -> Result<Self, Status> {
        let number = column(row, "change")?;
        let change = Change::from_stored(number).ok_or_else(|| internal(format!("unknown change {number}")))?;
        Ok(Self {
            change,
            actor: column(row, "actor")?,
            target: column(row, "target")?,
            spread: column(row, "spread")?,
        })
    }
}

/// Changes of timelines up to here are not kept any more.
pub async fn kept_after(snapshot: &mut Snapshot) -> Result<Position, Status> {
    let rows = snapshot.rows(&SELECT_KEPT_AFTER, &[]).await?;
    rows.first().map_or(Ok(Position(0)), |row| column(row, "kept_after").map(Position))
}

/// Streams by whom their owners follow.
#[derive(Default)]
pub struct Followings {
    by_owner: ByKey<i64, StreamId>,
    by_followee: ByKey<i64, StreamId>,
    /// Whose owners follow too many, or nobody knows yet whom.
    by_anybody: HashSet<StreamId>,
    followees: HashMap<StreamId, HashSet<i64>>,
}

impl Dispatch<Followings> {
    /// Lets the stream of an owner hear only of those whom the owner follows.
    ///
    /// # Errors
    /// When the tables fail.
    pub async fn learn(
        &self,
        freshness: &Freshness,
        subscription: &Subscription<Followings>,
        owner: AccountKey,
    ) -> Result<(), Status> {
        loop {
            let mut snapshot = Snapshot::take(freshness.tables(), READS).await?;
            let rows = snapshot.rows(&SELECT_FOLLOWEES, &[Value::Number(owner.0), limit(FOLLOWEES_MAX + 1)]).await?;
            if rows.len() > FOLLOWEES_MAX {
                return Ok(());
            }
            let followees: Vec<i64> = rows.iter().map(|row| column(row, "followee")).collect::<Result<_, _>>()?;
            // What the owner does from here on is seen in the changes; so what was read must not be older than they are.
            if self.refine(snapshot.checkpoint, |index| index.knows(subscription.id, owner.0, &followees)) {
                return Ok(());
            }
        }
    }
}

impl Followings {
    /// Whom the owner of a stream follows, and itself.
    fn knows(&mut self, id: StreamId, owner: i64, followees: &[i64]) {
        for followee in followees.iter().chain([&owner]) {
            self.by_followee.add(*followee, id);
            self.followees.entry(id).or_default().insert(*followee);
        }
        self.by_anybody.remove(&id);
    }

    fn readers_of(&self, account: i64) -> Vec<StreamId> {
        self.by_followee.of(&account).chain(self.by_anybody.iter().copied()).collect()
    }

    fn follow(&mut self, changed: &Changed) {
        for id in self.by_owner.of(&changed.actor).collect::<Vec<_>>() {
            // Of a stream whose followees are not known, everybody is one.
            let Some(followees) = self.followees.get_mut(&id) else { continue };
            match changed.change {
                Change::Followed if followees.insert(changed.target) => self.by_followee.add(changed.target, id),
                Change::Unfollowed if followees.remove(&changed.target) => self.by_followee.remove(&changed.target, id),
                _ => {}
            }
        }
    }
}

impl Index for Followings {
    type Topic = AccountKey;
    type Change = Changed;

    const READS: Projections = READS;

    fn statement() -> &'static Statement {
        &SELECT_CHANGES
    }

    fn read(row: &Row) -> Result<Changed, Status> {
        Changed::read(row)
    }

    /// Everybody may follow anybody.
    fn forget(&mut self) {
        for (id, followees) in self.followees.drain() {
            self.by_anybody.insert(id);
            for followee in followees {
                self.by_followee.remove(&followee, id);
            }
        }
    }

    fn add(&mut self, id: StreamId, owner: &AccountKey) {
        self.by_owner.add(owner.0, id);
        self.by_anybody.insert(id);
    }

    fn remove(&mut self, id: StreamId, owner: &AccountKey) {
        self.by_owner.remove(&owner.0, id);
        self.by_anybody.remove(&id);
        for followee in self.followees.remove(&id).unwrap_or_default() {
            self.by_followee.remove(&followee, id);
        }
    }

    fn affected(&mut self, changed: &Changed) -> Affected {
        let Changed { change, actor, target, spread } = *changed;
        let affected = match change {
            Change::Posted | Change::Reposted => Affected::Plainly(self.readers_of(actor)),
            Change::RepostUndone => Affected::These(self.readers_of(actor)),
            Change::Edited | Change::Deleted | Change::TakenDown | Change::Restored if spread => Affected::Everybody,
            Change::Edited | Change::Deleted | Change::TakenDown | Change::Restored => {
                Affected::These(self.readers_of(actor))
            }
            Change::Followed | Change::Unfollowed | Change::Muted | Change::Unmuted => {
                Affected::These(self.by_owner.of(&actor).collect())
            }
            Change::Blocked | Change::Unblocked => {
                Affected::These(self.by_owner.of(&actor).chain(self.by_owner.of(&target)).collect())
            }
            Change::Deactivated | Change::Reactivated | Change::Protected | Change::Unprotected => Affected::Everybody,
        };
        self.follow(changed);
        affected
    }
}

#[cfg(test)]
mod tests {
    use shared::log::Anchor;

    use super::super::dispatch::Heard;
    use super::*;

    type Streams = Vec<Subscription<Followings>>;

    fn at(position: i64) -> Anchor {
        Anchor { position: Position(position), ..Anchor::ORIGIN }
    }

    /// Streams of these owners, each of whom follows these accounts; all have told everything up to 10.
    fn registry(owners: &[(i64, &[i64])]) -> (Dispatch<Followings>, Streams) {
        let dispatch = Dispatch::with(Followings::default());
        let subscribe = |(owner, followees): &(i64, &[i64])| {
            let subscription = dispatch.subscribe(AccountKey(*owner), Position(10), at(10));
            assert!(dispatch.refine(Position(10), |index| index.knows(subscription.id, *owner, followees)));
            subscription
        };
        let subscriptions = owners.iter().map(subscribe).collect();
        (dispatch, subscriptions)
    }

    /// Somebody has reposted the posts in the list.
    fn happen(
        dispatch: &Dispatch<Followings>,
        (place, change, actor, target): (i64, Change, i64, i64),
        reposted: &[i64],
    ) {
        let changed = Changed { change, actor, target, spread: reposted.contains(&target) };
        dispatch.hand(Position(place), at(place), vec![(Position(place), changed)]);
    }

    /// Where each stream stands when it has told everything up to 10.
    fn positions(subscriptions: &Streams) -> Vec<i64> {
        subscriptions.iter().map(|subscription| subscription.told(Position(10)).0.0).collect()
    }

    #[test]
    fn a_post_concerns_its_author_and_who_follows_the_author_and_the_others_move_on() {
        let (dispatch, subscriptions) = registry(&[(1, &[7]), (2, &[8]), (7, &[])]);
        happen(&dispatch, (11, Change::Posted, 9, 11), &[]);
        assert_eq!(positions(&subscriptions), [11, 11, 11]);
        happen(&dispatch, (12, Change::Posted, 7, 12), &[]);
        happen(&dispatch, (13, Change::Posted, 9, 13), &[]);
        assert_eq!(positions(&subscriptions), [11, 13, 11], "who must look begins where it was last clear");
        assert_eq!(subscriptions[0].told(Position(12)).0, Position(13), "and moves on when it has looked");
    }

    #[test]
    fn whom_an_owner_follows_is_learned_from_the_changes() {
        let (dispatch, subscriptions) = registry(&[(1, &[7])]);
        let told = |position| subscriptions[0].told(Position(position)).0.0;
        happen(&dispatch, (11, Change::Unfollowed, 1, 7), &[]);
        assert_eq!((told(10), told(11)), (10, 11));
        happen(&dispatch, (12, Change::Posted, 7, 12), &[]);
        assert_eq!(told(11), 12);
        happen(&dispatch, (13, Change::Followed, 1, 8), &[]);
        assert_eq!((told(12), told(13)), (12, 13));
        happen(&dispatch, (14, Change::Reposted, 8, 12), &[]);
        assert_eq!(told(13), 13);
    }

    /// For a stream of account 1, who follows 7; somebody has reposted post 6, and nobody post 5.
    #[test]
    fn every_change_concerns_whom_it_may() {
        let cases = [
            (Change::Posted, 7, 5, true),
            (Change::Posted, 9, 5, false),
            (Change::Edited, 7, 5, true),
            (Change::Edited, 9, 5, false),
            (Change::Edited, 9, 6, true),
            (Change::Deleted, 7, 5, true),
            (Change::Deleted, 9, 5, false),
            (Change::Deleted, 9, 6, true),
            (Change::TakenDown, 7, 5, true),
            (Change::TakenDown, 9, 5, false),
            (Change::TakenDown, 9, 6, true),
            (Change::Restored, 7, 5, true),
            (Change::Restored, 9, 5, false),
            (Change::Restored, 9, 6, true),
            (Change::Reposted, 7, 5, true),
            (Change::Reposted, 9, 5, false),
            (Change::RepostUndone, 7, 5, true),
            (Change::RepostUndone, 1, 5, true),
            (Change::RepostUndone, 9, 5, false),
            (Change::Followed, 1, 9, true),
            (Change::Followed, 9, 1, false),
            (Change::Unfollowed, 1, 7, true),
            (Change::Unfollowed, 7, 1, false),
            (Change::Blocked, 1, 9, true),
            (Change::Blocked, 9, 1, true),
            (Change::Blocked, 9, 7, false),
            (Change::Unblocked, 1, 9, true),
            (Change::Unblocked, 9, 1, true),
            (Change::Muted, 1, 9, true),
            (Change::Muted, 9, 1, false),
            (Change::Unmuted, 1, 9, true),
            (Change::Deactivated, 9, 0, true),
            (Change::Reactivated, 9, 0, true),
            (Change::Protected, 9, 0, true),
            (Change::Unprotected, 9, 0, true),
        ];
        for (change, actor, target, concerns) in cases {
            let (dispatch, subscriptions) = registry(&[(1, &[7])]);
            happen(&dispatch, (11, change, actor, target), &[6]);
            assert_eq!(positions(&subscriptions), [if concerns { 10 } else { 11 }], "{change:?} {actor} {target}");
        }
    }

    #[test]
    fn a_stream_that_ends_leaves_nothing_behind() {
        let (dispatch, subscriptions) = registry(&[(1, &[7, 8]), (1, &[7])]);
        drop(subscriptions);
        dispatch.refine(Position(10), |index| {
            assert!(index.by_owner.is_empty() && index.by_anybody.is_empty() && index.by_followee.is_empty());
        });
    }

    #[test]
    fn a_stream_hears_of_posts_and_must_look_for_anything_else() {
        let (dispatch, subscriptions) = registry(&[(1, &[7])]);
        let heard = || match subscriptions[0].heard() {
            Heard::Changes(changes, through, _) => {
                Some((changes.iter().map(|heard| heard.last.0).collect(), through.0))
            }
            Heard::Something => None,
        };
        assert_eq!(heard(), Some((vec![], 10)));
        happen(&dispatch, (11, Change::Posted, 7, 11), &[]);
        happen(&dispatch, (12, Change::Posted, 9, 12), &[]);
        happen(&dispatch, (13, Change::Reposted, 7, 5), &[]);
        assert_eq!(heard(), Some((vec![11, 13], 13)));
        happen(&dispatch, (14, Change::Posted, 7, 14), &[]);
        assert_eq!(subscriptions[0].told(Position(13)).0, Position(13), "the next has come meanwhile");
        assert_eq!(heard(), Some((vec![14], 14)));
        assert_eq!(subscriptions[0].told(Position(14)).0, Position(14));
        happen(&dispatch, (15, Change::Posted, 7, 15), &[]);
        happen(&dispatch, (16, Change::Edited, 7, 5), &[]);
        assert_eq!(heard(), None, "an edit is not all that it needs to know");
        happen(&dispatch, (17, Change::Posted, 7, 17), &[]);
        assert_eq!(subscriptions[0].told(Position(17)).0, Position(17), "it looked so late that it saw that one, too");
        happen(&dispatch, (18, Change::Posted, 7, 18), &[]);
        assert_eq!(heard(), Some((vec![18], 18)));
    }

    #[test]
    fn a_stream_that_does_not_look_does_not_fill_the_memory() {
        let (dispatch, subscriptions) = registry(&[(1, &[7])]);
        for place in 11..1_000 {
            happen(&dispatch, (place, Change::Posted, 7, place), &[]);
        }
        assert!(matches!(subscriptions[0].heard(), Heard::Something));
    }
}
