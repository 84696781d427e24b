//! `timelines_1`: home timelines by hybrid fan-out. Writes add, reads subtract.
//!
//! A *reason* is why a post is in a timeline: its author posted it, or an actor reposted it; its *place* is the position
//! of that event. The table holds one row per owner and reason.
//!
//! Always, after every batch, for every owner: each reason of an account that the owner follows (or of the owner), with a
//! place above the owner's `mark` and above the actor's `pulled_until`, has its row. Rows that should not be seen any more
//! (unfollowed, undone, deleted) may linger; the reader judges. So three things need care, and only these: whoever
//! leaves a row out raises the mark to it; an author's class changes at a checkpoint, and `pulled_until` says at which; a
//! batch is delivered to the followers that are left at its end.
//!
//! Never here: the reply rule, blocks, mutes, protection, deactivation. They can be reversed, so they are judged at read.
//!
//! Source of the shape: hybrid fan-out as Twitter described it (push for most, pull for celebrities), with the timeline
//! as a capped cache whose lower end is known.

use std::collections::{BTreeMap, BTreeSet};

use ::metrics::counter;
use async_trait::async_trait;
use shared::event::{AccountEvent, BlockEvent, Event, FollowEvent, MuteEvent, PostEvent, RepostEvent};
use shared::ids::{AccountKey, AccountRef, Position, PostKey};
use shared::metrics;
use shared::rows::Rows;
use shared::settings::TimelineSettings;
use shared::tables::{Change, PULLED_ALWAYS};
use sqlx::SqliteConnection;

use crate::edges::execute;
use crate::projection::{Fact, Projection};

/// A class is left at this share of the size at which it is entered, so that nobody flickers between two.
const HYSTERESIS: (i64, i64) = (4, 5);
/// The most rows that one statement delivers, unless a single reason has more: they are sorted in memory, at some 50 bytes
/// each, and larger sets are hardly faster.
const DELIVERIES_MAX: i64 = 1_000_000;
/// An average timeline grows by this share of its cap before it is cut; one that takes in more grows by more.
const SLACK_DIVISOR: i64 = 4;

const ADD_TO_ACCOUNTS: &str = "
INSERT INTO timelines_1_accounts SELECT value ->> 0, value ->> 1, value ->> 2, 0, 0 FROM json_each($1) WHERE true
ON CONFLICT (account) DO UPDATE SET
    followers = followers + excluded.followers, following = following + excluded.following";
const INSERT_EDGES: &str = "
INSERT INTO timelines_1_edges SELECT value ->> 0, value ->> 1 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";
const DELETE_EDGES: &str = "
DELETE FROM timelines_1_edges WHERE (followee, follower) IN (SELECT value ->> 0, value ->> 1 FROM json_each($1))";
/// Authors: $1 accounts, $2 celebrity at, $3 ordinary again below, $4 this checkpoint, $5 always.
const CLASSIFY_AUTHORS: &str = "
UPDATE timelines_1_accounts SET pulled_until = CASE
    WHEN followers >= $2 THEN $5
    WHEN pulled_until = $5 AND followers < $3 THEN $4
    ELSE pulled_until END
WHERE account IN (SELECT value FROM json_each($1))";
/// Readers: $1 accounts, $2 served by pull at, $3 by table again below, $4 this checkpoint, $5 always.
const CLASSIFY_READERS: &str = "
UPDATE timelines_1_accounts SET mark = CASE
    WHEN following >= $2 THEN $5
    WHEN mark = $5 AND following < $3 THEN $4
    ELSE mark END
WHERE account IN (SELECT value FROM json_each($1))";
const INSERT_REASONS: &str = "
INSERT INTO timelines_1_reasons SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)";
const DELETE_UNDONE: &str = "
DELETE FROM timelines_1_reasons WHERE (actor, place) IN (SELECT value ->> 0, value ->> 1 FROM json_each($1))";
const DELETE_REASONS_OF_POSTS: &str = "
DELETE FROM timelines_1_reasons WHERE post IN (SELECT value FROM json_each($1))";
/// $1 accounts: how many timelines a reason of each is delivered to, its own included.
const SELECT_AUDIENCES: &str = "
SELECT account, followers + 1 FROM timelines_1_accounts WHERE account IN (SELECT value FROM json_each($1))";
/// Reasons of the batch to all their followers, as one set in the order of the table.
const FAN_OUT: &str = "
WITH pushed AS MATERIALIZED (
    SELECT reason.value ->> 0 AS actor, reason.value ->> 1 AS place, reason.value ->> 2 AS post
    FROM json_each($1) AS reason JOIN timelines_1_accounts ON account = reason.value ->> 0
    WHERE pulled_until < reason.value ->> 1
)
INSERT INTO timelines_1
SELECT edges.follower, pushed.place, pushed.actor, pushed.post
FROM pushed CROSS JOIN timelines_1_edges AS edges ON edges.followee = pushed.actor
WHERE edges.follower NOT IN (SELECT account FROM timelines_1_accounts WHERE mark = 9223372036854775807)
ORDER BY edges.follower, pushed.place
ON CONFLICT DO NOTHING";
/// SQL for the new edges $1 (followee, follower): who wants whose reasons, and from where on.
macro_rules! wanted {
    () => {
        "
WITH wanted AS MATERIALIZED (
    SELECT owners.account AS owner, actors.account AS actor,
           CASE WHEN owners.mark > actors.pulled_until THEN owners.mark ELSE actors.pulled_until END AS floor
    FROM json_each($1) AS edge
    JOIN timelines_1_accounts AS actors ON actors.account = edge.value ->> 0
    JOIN timelines_1_accounts AS owners ON owners.account = edge.value ->> 1
)"
    };
}
/// The newest $2 rows of each new followee that are neither below the owner's mark nor pulled.
const BACKFILL: &str = concat!(
    wanted!(),
    "
INSERT INTO timelines_1
SELECT wanted.owner, reasons.place, wanted.actor, reasons.post
FROM wanted CROSS JOIN timelines_1_reasons AS reasons
WHERE reasons.actor = wanted.actor AND reasons.place IN (
    SELECT place FROM timelines_1_reasons WHERE actor = wanted.actor AND place > wanted.floor
    ORDER BY place DESC LIMIT $2
)
ORDER BY wanted.owner, reasons.place
ON CONFLICT DO NOTHING"
);
/// What the backfill left out is below the mark from now on.
const RAISE_MARKS: &str = concat!(
    wanted!(),
    ", left_out AS (
    SELECT owner, MAX((
        SELECT place FROM timelines_1_reasons WHERE actor = wanted.actor AND place > wanted.floor
        ORDER BY place DESC LIMIT 1 OFFSET $2
    )) AS place
    FROM wanted GROUP BY owner
)
UPDATE timelines_1_accounts SET mark = left_out.place
FROM left_out WHERE account = left_out.owner AND left_out.place > mark"
);
const CLEAN_UP_UNFOLLOWED: &str = "
DELETE FROM timelines_1 WHERE (owner, place) IN (
    SELECT rows.owner, rows.place FROM json_each($1) AS edge JOIN timelines_1 AS rows
    ON rows.owner = edge.value ->> 1 AND rows.actor = edge.value ->> 0
)";
const SELECT_NEXT_TO_SWEEP: &str = "
SELECT account FROM timelines_1_accounts WHERE account > (SELECT account FROM timelines_1_sweep)
ORDER BY account LIMIT $1";
const SWEPT_UNTIL: &str = "UPDATE timelines_1_sweep SET account = $1";
/// $1 accounts, $2 the cap.
const CUT_MARKS: &str = "
WITH overflow AS MATERIALIZED (
    SELECT value AS owner, (
        SELECT place FROM timelines_1 WHERE timelines_1.owner = value ORDER BY place DESC LIMIT 1 OFFSET $2
    ) AS place
    FROM json_each($1)
)
UPDATE timelines_1_accounts SET mark = overflow.place
FROM overflow WHERE account = overflow.owner AND overflow.place > mark";
const CUT_ROWS: &str = "
DELETE FROM timelines_1 WHERE (owner, place) IN (
    SELECT rows.owner, rows.place FROM json_each($1) AS swept
    JOIN timelines_1_accounts AS owners ON owners.account = swept.value
    JOIN timelines_1 AS rows ON rows.owner = owners.account AND rows.place <= owners.mark
)";
const INSERT_CHANGES: &str = "
INSERT INTO timelines_1_changes SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)";
const DELETE_OLD_CHANGES: &str = "DELETE FROM timelines_1_changes WHERE place <= $1";
const RAISE_KEPT_AFTER: &str = "UPDATE timelines_1_kept SET kept_after = $1 WHERE kept_after < $1";

/// The projection.
pub struct Timelines {
    settings: TimelineSettings,
}

impl Timelines {
    /// Timelines that are kept in this way.
    #[must_use]
    pub fn new(settings: TimelineSettings) -> Self {
        Self { settings }
    }
}

/// The changes of the edges of one account, in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Degrees {
    followers: i64,
    following: i64,
}

/// What a batch leaves, sorted by key.
#[derive(Debug, Default)]
struct Net {
    accounts: BTreeMap<AccountKey, Degrees>,
    /// (followee, follower), and whether the edge is there at the end.
    edges: BTreeMap<(AccountKey, AccountKey), bool>,
    /// (actor, place) of every reason that began in this batch and is there at its end.
    reasons: BTreeMap<(AccountKey, Position), PostKey>,
    /// (actor, place) of reposts from before this batch that were undone.
    undone: BTreeSet<(AccountKey, Position)>,
    deleted: BTreeSet<PostKey>,
    changes: Vec<(Position, i64, i64, i64)>,
}

fn fold(batch: &[Fact]) -> Net {
    let mut net = Net::default();
    for fact in batch {
        let at = fact.position;
        match &fact.event {
            Event::Account(event) => net.fold_account(at, event),
            Event::Post(event) => net.fold_post(at, event),
            Event::Repost(RepostEvent::Added { account, post, .. }) => {
                net.reasons.insert((account.key, at), post.key);
                net.change(at, Change::Reposted, account.key.0, post.key.0);
            }
            Event::Repost(RepostEvent::Removed { account, post, added_at, .. }) => {
                let reason = (account.key, *added_at);
                if net.reasons.remove(&reason).is_none() {
                    net.undone.insert(reason);
                }
                net.change(at, Change::RepostUndone, account.key.0, post.key.0);
            }
            Event::Follow(FollowEvent::Followed(edge)) => net.edge(at, &edge.follower, &edge.followee, true),
            Event::Follow(FollowEvent::Unfollowed(edge)) => net.edge(at, &edge.follower, &edge.followee, false),
            Event::Block(BlockEvent::Added { account, target }) => {
                net.change(at, Change::Blocked, account.key.0, target.key.0);
            }
            Event::Block(BlockEvent::Removed { account, target }) => {
                net.change(at, Change::Unblocked, account.key.0, target.key.0);
            }
            Event::Mute(MuteEvent::Added { account, target }) => {
                net.change(at, Change::Muted, account.key.0, target.key.0);
            }
            Event::Mute(MuteEvent::Removed { account, target }) => {
                net.change(at, Change::Unmuted, account.key.0, target.key.0);
            }
            Event::Follow(FollowEvent::Requested(_) | FollowEvent::Rejected(_) | FollowEvent::Withdrawn(_))
            | Event::Handle(_)
            | Event::Like(_)
            | Event::Bookmark(_)
            | Event::Requests(_)
            | Event::Notifications(_) => {}
        }
    }
    net
}

impl Net {
    fn fold_account(&mut self, at: Position, event: &AccountEvent) {
        match event {
            AccountEvent::Registered { .. } => {
                let account = AccountKey(at.0);
                self.accounts.entry(account).or_default();
                self.edges.insert((account, account), true);
            }
            AccountEvent::Deactivated { account } => self.change(at, Change::Deactivated, account.key.0, 0),
            AccountEvent::Reactivated { account } => self.change(at, Change::Reactivated, account.key.0, 0),
            AccountEvent::Protected { account } => self.change(at, Change::Protected, account.key.0, 0),
            AccountEvent::Unprotected { account } => self.change(at, Change::Unprotected, account.key.0, 0),
            AccountEvent::ProfileUpdated { .. } | AccountEvent::HandleChanged { .. } => {}
        }
    }

    fn fold_post(&mut self, at: Position, event: &PostEvent) {
        match event {
            PostEvent::Created { author, .. } => {
                self.reasons.insert((author.key, at), PostKey(at.0));
                self.change(at, Change::Posted, author.key.0, at.0);
            }
            PostEvent::Edited { post, author, .. } => self.change(at, Change::Edited, author.key.0, post.key.0),
            PostEvent::Deleted { post, author, .. } => {
                self.reasons.retain(|_, reason| *reason != post.key);
                self.deleted.insert(post.key);
                self.change(at, Change::Deleted, author.key.0, post.key.0);
            }
        }
    }

    fn edge(&mut self, at: Position, follower: &AccountRef, followee: &AccountRef, there: bool) {
        let (delta, change) = match there {
            true => (1, Change::Followed),
            false => (-1, Change::Unfollowed),
        };
        self.edges.insert((followee.key, follower.key), there);
        self.accounts.entry(followee.key).or_default().followers += delta;
        self.accounts.entry(follower.key).or_default().following += delta;
        self.change(at, change, follower.key.0, followee.key.0);
    }

    fn change(&mut self, at: Position, change: Change, actor: i64, target: i64) {
        self.changes.push((at, change as i64, actor, target));
    }

    fn edges_that_are(&self, there: bool) -> Rows {
        self.edges.iter().filter(|(_, value)| **value == there).map(|(edge, _)| edge).collect()
    }

    /// New edges, without the one from an account to itself, which has nothing to catch up on.
    fn edges_to_backfill(&self) -> Rows {
        let new = self.edges.iter().filter(|((followee, follower), there)| **there && followee != follower);
        new.map(|(edge, _)| edge).collect()
    }
}

#[async_trait]
impl Projection for Timelines {
    fn name(&self) -> &'static str {
        "timelines_1"
    }

    fn reset(&self) -> &'static str {
        "DELETE FROM timelines_1; DELETE FROM timelines_1_edges; DELETE FROM timelines_1_reasons;
         DELETE FROM timelines_1_accounts; DELETE FROM timelines_1_changes;
         UPDATE timelines_1_sweep SET account = 0; UPDATE timelines_1_kept SET kept_after = 0"
    }

    async fn apply(&self, tx: &mut SqliteConnection, batch: &[Fact]) -> Result<(), sqlx::Error> {
        let Some(checkpoint) = batch.last().map(|fact| fact.position) else { return Ok(()) };
        let net = fold(batch);
        self.write_accounts_and_edges(tx, &net, checkpoint).await?;
        let delivered = self.write_reasons_and_deliver(tx, &net).await?;
        self.backfill(tx, &net).await?;
        self.sweep(tx, delivered).await?;
        self.write_changes(tx, net.changes, checkpoint).await
    }
}

impl Timelines {
    /// Edges first, then classes: deliveries go to the followers at the end of the batch, by the classes at its end.
    async fn write_accounts_and_edges(
        &self,
        tx: &mut SqliteConnection,
        net: &Net,
        checkpoint: Position,
    ) -> Result<(), sqlx::Error> {
        let degrees = net.accounts.iter().map(|(key, degrees)| (key, degrees.followers, degrees.following));
        execute(tx, ADD_TO_ACCOUNTS, degrees.collect()).await?;
        execute(tx, CLEAN_UP_UNFOLLOWED, net.edges_that_are(false)).await?;
        execute(tx, DELETE_EDGES, net.edges_that_are(false)).await?;
        execute(tx, INSERT_EDGES, net.edges_that_are(true)).await?;
        if net.accounts.is_empty() {
            return Ok(());
        }
        let touched = net.accounts.keys().collect::<Rows>().finish();
        let classes =
            [(CLASSIFY_AUTHORS, self.settings.celebrity_followers), (CLASSIFY_READERS, self.settings.pull_following)];
        for (classify, entered_at) in classes {
            sqlx::query(classify)
                .bind(&touched)
                .bind(entered_at)
                .bind((entered_at * HYSTERESIS.0 / HYSTERESIS.1).max(1))
                .bind(checkpoint.0)
                .bind(PULLED_ALWAYS)
                .execute(&mut *tx)
                .await?;
        }
        Ok(())
    }

    /// How many rows were delivered.
    async fn write_reasons_and_deliver(&self, tx: &mut SqliteConnection, net: &Net) -> Result<u64, sqlx::Error> {
        execute(tx, DELETE_UNDONE, net.undone.iter().collect()).await?;
        execute(tx, DELETE_REASONS_OF_POSTS, net.deleted.iter().collect()).await?;
        if net.reasons.is_empty() {
            return Ok(0);
        }
        let reasons = net.reasons.iter().map(|((actor, place), post)| (actor, place, post)).collect::<Rows>().finish();
        sqlx::query(INSERT_REASONS).bind(&reasons).execute(&mut *tx).await?;
        let mut delivered = 0;
        for set in sets_to_deliver(tx, net).await? {
            delivered += sqlx::query(FAN_OUT).bind(set.finish()).execute(&mut *tx).await?.rows_affected();
        }
        counter!(metrics::DELIVERIES).increment(delivered);
        Ok(delivered)
    }

    async fn backfill(&self, tx: &mut SqliteConnection, net: &Net) -> Result<(), sqlx::Error> {
        let edges = net.edges_to_backfill();
        if edges.is_empty() {
            return Ok(());
        }
        let edges = edges.finish();
        let rows = self.settings.backfill_rows.min(self.settings.timeline_cap);
        for statement in [BACKFILL, RAISE_MARKS] {
            sqlx::query(statement).bind(&edges).bind(rows).execute(&mut *tx).await?;
        }
        Ok(())
    }

    /// Cuts some timelines back to their cap, going round all of them in the time in which an average one takes in its
    /// slack: counting every timeline in every batch would cost more than the deliveries themselves.
    async fn sweep(&self, tx: &mut SqliteConnection, delivered: u64) -> Result<(), sqlx::Error> {
        let cap = self.settings.timeline_cap;
        let slack = (cap / SLACK_DIVISOR).max(1);
        let share = i64::try_from(delivered).unwrap_or(i64::MAX) / slack + 1;
        let swept: Vec<i64> = sqlx::query_scalar(SELECT_NEXT_TO_SWEEP).bind(share).fetch_all(&mut *tx).await?;
        let reached_the_end = i64::try_from(swept.len()).unwrap_or(i64::MAX) < share;
        let next = if reached_the_end { 0 } else { swept.last().copied().unwrap_or(0) };
        sqlx::query(SWEPT_UNTIL).bind(next).execute(&mut *tx).await?;
        let swept = swept.iter().collect::<Rows>().finish();
        sqlx::query(CUT_MARKS).bind(&swept).bind(cap).execute(&mut *tx).await?;
        sqlx::query(CUT_ROWS).bind(&swept).execute(tx).await?;
        Ok(())
    }

    async fn write_changes(
        &self,
        tx: &mut SqliteConnection,
        changes: Vec<(Position, i64, i64, i64)>,
        checkpoint: Position,
    ) -> Result<(), sqlx::Error> {
        let forgotten = checkpoint.0 - self.settings.changes_kept;
        execute(tx, INSERT_CHANGES, changes.iter().filter(|change| change.0.0 > forgotten).collect()).await?;
        if forgotten <= 0 {
            return Ok(());
        }
        sqlx::query(DELETE_OLD_CHANGES).bind(forgotten).execute(&mut *tx).await?;
        sqlx::query(RAISE_KEPT_AFTER).bind(forgotten).execute(tx).await?;
        Ok(())
    }
}

/// The reasons of the batch in sets of at most [`DELIVERIES_MAX`] rows.
async fn sets_to_deliver(tx: &mut SqliteConnection, net: &Net) -> Result<Vec<Rows>, sqlx::Error> {
    let actors: BTreeSet<AccountKey> = net.reasons.keys().map(|(actor, _)| *actor).collect();
    let actors = actors.iter().collect::<Rows>().finish();
    let audiences: Vec<(i64, i64)> = sqlx::query_as(SELECT_AUDIENCES).bind(actors).fetch_all(tx).await?;
    let audiences: BTreeMap<i64, i64> = audiences.into_iter().collect();
    let (mut sets, mut set, mut rows) = (Vec::new(), Rows::default(), 0);
    for ((actor, place), post) in &net.reasons {
        let audience = audiences.get(&actor.0).copied().unwrap_or(1);
        if rows + audience > DELIVERIES_MAX && !set.is_empty() {
            sets.push(std::mem::take(&mut set));
            rows = 0;
        }
        set.push(&(actor, place, post));
        rows += audience;
    }
    sets.push(set);
    Ok(sets)
}
