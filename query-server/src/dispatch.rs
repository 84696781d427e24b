//! Dispatch: what changed in the timelines is read once for each checkpoint, and each stream hears only of what may concern it.
//!
//! A stream that heard nothing knows that nothing happened to it, so its position moves on without a question to the tables;
//! one that heard something pulls ([`crate::stream`]) and judges for itself. Streams are found by whom their owners follow, which is
//! kept in memory and follows the same changes.
//!
//! Always: whatever concerns a stream wakes it; it may be woken for nothing. Memory is bounded: an owner who follows more than
//! [`FOLLOWEES_MAX`] is woken by every post instead. Never here: what a change means to a timeline.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use shared::database::Row;
use shared::errors::internal;
use shared::ids::{AccountKey, Position};
use shared::progress::Checkpoints;
use shared::rows::Rows;
use shared::sql::statements;
use shared::tables::Change;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::warn;

use crate::freshness::Freshness;
use crate::questions::home_timeline::READS;
use crate::snapshot::{Snapshot, Value, column, limit};

/// Changes that are read in one go.
const CHANGES_MAX: usize = 8_192;
/// Followees of one owner that are kept in memory.
const FOLLOWEES_MAX: usize = 10_000;
/// How long to wait before the changes are read again after that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

statements! {
    static SELECT_CHANGES = "
SELECT place, change, actor, target FROM timelines_1_changes WHERE place > $1 AND place <= $2 ORDER BY place LIMIT $3";
    static SELECT_KEPT_AFTER = "SELECT kept_after FROM timelines_1_kept";
    /// Those of the posts $1 that somebody has reposted.
    static SELECT_REPOSTED = "
SELECT wanted.post FROM {rows $1 AS wanted: post}
WHERE EXISTS (SELECT 1 FROM posts_1_reposts AS reposts WHERE reposts.post = wanted.post)";
    static SELECT_FOLLOWEES = "SELECT followee FROM graph_1_follows WHERE follower = $1 LIMIT $2";
}

/// The streams of one server, and what may concern them.
#[derive(Clone)]
pub struct Dispatch(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    /// Every change up to here was handed on.
    through: Position,
    streams: HashMap<u64, Entry>,
    by_owner: HashMap<i64, HashSet<u64>>,
    /// The streams whose owners follow an account.
    by_followee: HashMap<i64, HashSet<u64>>,
    /// The streams whose owners follow too many, or nobody knows yet whom.
    by_anybody: HashSet<u64>,
    next: u64,
}

struct Entry {
    owner: i64,
    followees: HashSet<i64>,
    /// What the stream has told.
    told: Position,
    /// The newest change that may concern it.
    touched: Position,
    /// Beyond what it has told, nothing up to here concerns it.
    clear: Position,
    wake: Arc<Notify>,
}

impl Entry {
    fn is_pending(&self) -> bool {
        self.touched > self.told
    }
}

/// The place of one stream in the dispatch, until it is dropped.
pub struct Subscription {
    dispatch: Dispatch,
    id: u64,
    wake: Arc<Notify>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.dispatch.lock().remove(self.id);
    }
}

impl Subscription {
    /// Returns when something may concern the stream.
    pub async fn touched(&self) {
        self.wake.notified().await;
    }

    /// Notes that the stream has told everything up to a position, and gives the one that it has come to: further, where nothing
    /// concerns it.
    pub fn told(&self, told: Position) -> Position {
        let mut registry = self.dispatch.lock();
        let through = registry.through;
        let Some(entry) = registry.streams.get_mut(&self.id) else { return told };
        entry.told = told;
        told.max(if entry.is_pending() { entry.clear } else { through })
    }
}

impl Dispatch {
    /// Reads the changes whenever the checkpoints move, until they are not watched any more.
    pub fn start(freshness: Freshness, drain: CancellationToken) -> Self {
        let dispatch = Self(Arc::default());
        let (registry, checkpoints) = (Arc::downgrade(&dispatch.0), freshness.changes());
        let running = async move { run(&registry, &freshness, checkpoints).await };
        tokio::spawn(async move { drain.run_until_cancelled(running).await });
        dispatch
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a stream that has told everything up to a position. Until it has looked for itself, everything concerns it.
    ///
    /// # Errors
    /// When the tables fail.
    pub async fn subscribe(
        &self,
        freshness: &Freshness,
        owner: AccountKey,
        told: Position,
    ) -> Result<Subscription, Status> {
        let subscription = self.lock().add(owner.0, told, self.clone());
        loop {
            let mut snapshot = Snapshot::take(freshness.tables(), READS).await?;
            let rows = snapshot.rows(&SELECT_FOLLOWEES, &[Value::Number(owner.0), limit(FOLLOWEES_MAX + 1)]).await?;
            let followees: Vec<i64> = rows.iter().map(|row| column(row, "followee")).collect::<Result<_, _>>()?;
            let mut registry = self.lock();
            // What the owner does from here on is seen in the changes; so what was read must not be older than they are.
            if snapshot.checkpoint >= registry.through {
                if followees.len() <= FOLLOWEES_MAX {
                    registry.knows(subscription.id, &followees);
                }
                return Ok(subscription);
            }
        }
    }
}

impl Registry {
    fn add(&mut self, owner: i64, told: Position, dispatch: Dispatch) -> Subscription {
        self.next += 1;
        let (id, wake) = (self.next, Arc::new(Notify::new()));
        // It looks once before it waits, so it needs no call for what is there already.
        let (touched, followees) = (self.through, HashSet::new());
        self.streams.insert(id, Entry { owner, followees, told, touched, clear: told, wake: wake.clone() });
        self.by_owner.entry(owner).or_default().insert(id);
        self.by_anybody.insert(id);
        Subscription { dispatch, id, wake }
    }

    /// Whom the owner of a stream follows, and itself.
    fn knows(&mut self, id: u64, followees: &[i64]) {
        let Some(entry) = self.streams.get_mut(&id) else { return };
        entry.followees = followees.iter().copied().chain([entry.owner]).collect();
        for followee in &entry.followees {
            self.by_followee.entry(*followee).or_default().insert(id);
        }
        self.by_anybody.remove(&id);
    }

    fn remove(&mut self, id: u64) {
        let Some(entry) = self.streams.remove(&id) else { return };
        self.by_anybody.remove(&id);
        leave(&mut self.by_owner, entry.owner, id);
        for followee in entry.followees {
            leave(&mut self.by_followee, followee, id);
        }
    }

    /// Hands a change on, of a batch that begins after `before`.
    fn take(&mut self, before: Position, changed: &Changed, reposted: &HashSet<i64>) {
        let Changed { place, change, actor, target } = *changed;
        let touched: Vec<u64> = match change {
            Change::Posted | Change::Reposted | Change::RepostUndone => self.readers_of(actor),
            Change::Edited | Change::Deleted if reposted.contains(&target) => self.streams.keys().copied().collect(),
            Change::Edited | Change::Deleted => self.readers_of(actor),
            Change::Followed | Change::Unfollowed | Change::Muted | Change::Unmuted => self.streams_of(actor),
            Change::Blocked | Change::Unblocked => [self.streams_of(actor), self.streams_of(target)].concat(),
            Change::Deactivated | Change::Reactivated | Change::Protected | Change::Unprotected => {
                self.streams.keys().copied().collect()
            }
        };
        for id in touched {
            let Some(entry) = self.streams.get_mut(&id) else { continue };
            if !entry.is_pending() {
                entry.clear = before;
            }
            entry.touched = place;
        }
        for id in self.streams_of(actor) {
            let Some(entry) = self.streams.get_mut(&id) else { continue };
            match change {
                Change::Followed if entry.followees.insert(target) => {
                    self.by_followee.entry(target).or_default().insert(id);
                }
                Change::Unfollowed if entry.followees.remove(&target) => leave(&mut self.by_followee, target, id),
                _ => {}
            }
        }
    }

    fn streams_of(&self, owner: i64) -> Vec<u64> {
        self.by_owner.get(&owner).into_iter().flatten().copied().collect()
    }

    fn readers_of(&self, account: i64) -> Vec<u64> {
        self.by_followee.get(&account).into_iter().flatten().chain(&self.by_anybody).copied().collect()
    }

    /// Everything up to here was handed on; whoever was touched is called.
    fn reached(&mut self, before: Position, through: Position) {
        self.through = through;
        for entry in self.streams.values().filter(|entry| entry.is_pending() && entry.touched > before) {
            entry.wake.notify_one();
        }
    }

    /// Everybody must look, since nobody knows what happened.
    fn touch_all(&mut self, through: Position) {
        self.through = through;
        for entry in self.streams.values_mut() {
            entry.touched = through;
            entry.wake.notify_one();
        }
    }
}

fn leave(streams: &mut HashMap<i64, HashSet<u64>>, key: i64, id: u64) {
    if let Some(all) = streams.get_mut(&key) {
        all.remove(&id);
        if all.is_empty() {
            streams.remove(&key);
        }
    }
}

async fn run(registry: &Weak<Mutex<Registry>>, freshness: &Freshness, mut checkpoints: watch::Receiver<Checkpoints>) {
    loop {
        checkpoints.mark_unchanged();
        loop {
            let Some(registry) = registry.upgrade() else { return };
            match hand_on(&Dispatch(registry), freshness).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(status) => {
                    warn!(%status, "the changes could not be read: {status}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        if checkpoints.changed().await.is_err() {
            return;
        }
    }
}

/// Hands on what has changed since the last time. True when there is more.
async fn hand_on(dispatch: &Dispatch, freshness: &Freshness) -> Result<bool, Status> {
    let mut snapshot = Snapshot::take(freshness.tables(), READS).await?;
    let checkpoint = snapshot.checkpoint;
    let before = {
        let mut registry = dispatch.lock();
        if registry.streams.is_empty() {
            registry.through = checkpoint.max(registry.through);
        }
        registry.through
    };
    if checkpoint <= before {
        return Ok(false);
    }
    if before < kept_after(&mut snapshot).await? {
        dispatch.lock().touch_all(checkpoint);
        return Ok(false);
    }
    let values = [Value::Number(before.0), Value::Number(checkpoint.0), limit(CHANGES_MAX)];
    let rows = snapshot.rows(&SELECT_CHANGES, &values).await?;
    let changes: Vec<Changed> = rows.iter().map(Changed::read).collect::<Result<_, _>>()?;
    let reposted = reposted(&mut snapshot, &changes).await?;
    let (is_full, last) = (changes.len() == CHANGES_MAX, changes.last().map(|changed| changed.place));
    let through = last.filter(|_| is_full).unwrap_or(checkpoint);
    let mut registry = dispatch.lock();
    for changed in &changes {
        registry.take(before, changed, &reposted);
    }
    registry.reached(before, through);
    Ok(is_full)
}

/// Of the posts that were edited or deleted, those that somebody has reposted: whoever follows one of those sees them, too.
async fn reposted(snapshot: &mut Snapshot, changes: &[Changed]) -> Result<HashSet<i64>, Status> {
    let is_wanted = |changed: &&Changed| matches!(changed.change, Change::Edited | Change::Deleted);
    let posts: Rows = changes.iter().filter(is_wanted).map(|changed| changed.target).collect();
    if posts.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = snapshot.rows(&SELECT_REPOSTED, &[Value::Rows(&posts)]).await?;
    rows.iter().map(|row| column(row, "post")).collect()
}

/// One row of the changes.
pub struct Changed {
    pub place: Position,
    pub change: Change,
    pub actor: i64,
    pub target: i64,
}

impl Changed {
    /// The row of an answer.
    pub fn read(row: &Row) -> Result<Self, Status> {
        let number = column(row, "change")?;
        Ok(Self {
            place: Position(column(row, "place")?),
            change: Change::from_stored(number).ok_or_else(|| internal(format!("unknown change {number}")))?,
            actor: column(row, "actor")?,
            target: column(row, "target")?,
        })
    }
}

/// Changes up to here are not kept any more.
pub async fn kept_after(snapshot: &mut Snapshot) -> Result<Position, Status> {
    let rows = snapshot.rows(&SELECT_KEPT_AFTER, &[]).await?;
    rows.first().map_or(Ok(Position(0)), |row| column(row, "kept_after").map(Position))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A registry with streams of these owners, each of whom follows these accounts; all have told everything up to 10.
    fn registry(owners: &[(i64, &[i64])]) -> (Dispatch, Vec<Subscription>) {
        let dispatch = Dispatch(Arc::default());
        dispatch.lock().through = Position(10);
        let subscribe = |(owner, followees): &(i64, &[i64])| {
            let mut registry = dispatch.lock();
            let subscription = registry.add(*owner, Position(10), dispatch.clone());
            registry.knows(subscription.id, followees);
            subscription
        };
        let subscriptions = owners.iter().map(subscribe).collect();
        (dispatch, subscriptions)
    }

    fn happen(dispatch: &Dispatch, (place, change, actor, target): (i64, Change, i64, i64), reposted: &[i64]) {
        let mut registry = dispatch.lock();
        let (before, place) = (registry.through, Position(place));
        registry.take(before, &Changed { place, change, actor, target }, &reposted.iter().copied().collect());
        registry.reached(before, place);
    }

    /// Where each stream stands when it has told everything up to 10.
    fn positions(subscriptions: &[Subscription]) -> Vec<i64> {
        subscriptions.iter().map(|subscription| subscription.told(Position(10)).0).collect()
    }

    #[test]
    fn a_post_concerns_its_author_and_who_follows_the_author_and_the_others_move_on() {
        let (dispatch, subscriptions) = registry(&[(1, &[7]), (2, &[8]), (7, &[])]);
        happen(&dispatch, (11, Change::Posted, 9, 11), &[]);
        assert_eq!(positions(&subscriptions), [11, 11, 11]);
        happen(&dispatch, (12, Change::Posted, 7, 12), &[]);
        happen(&dispatch, (13, Change::Posted, 9, 13), &[]);
        assert_eq!(positions(&subscriptions), [11, 13, 11], "who must look begins where it was last clear");
        assert_eq!(subscriptions[0].told(Position(12)), Position(13), "and moves on when it has looked");
    }

    #[test]
    fn whom_an_owner_follows_is_learned_from_the_changes() {
        let (dispatch, subscriptions) = registry(&[(1, &[7])]);
        let told = |position| subscriptions[0].told(Position(position)).0;
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
        let registry = dispatch.lock();
        assert!(registry.streams.is_empty() && registry.by_owner.is_empty() && registry.by_anybody.is_empty());
        assert!(registry.by_followee.is_empty());
    }
}
