//! Writing timelines as rows: classes, fan-out, backfill, and cutting back to the cap.
//!
//! Always: one statement for each table and batch, its rows sorted by key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use ::metrics::counter;
use async_trait::async_trait;
use shared::model::ids::{AccountKey, Position};
use shared::runtime::metrics;
use shared::runtime::settings::TimelineSettings;
use shared::sql::database::{Transaction, Value, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;

use super::{PULLED_ALWAYS, VOCABULARY};
use crate::{EdgeChanges, ReasonChanges, WriteTimelines};

/// A class is left at this share of the size at which it is entered, so that nobody flickers between two.
const HYSTERESIS: (i64, i64) = (4, 5);
/// The most rows that one statement delivers, unless a single reason has more: they are sorted in memory, at some 50 bytes
/// each, and larger sets are hardly faster.
const DELIVERIES_MAX: i64 = 1_000_000;
/// An average timeline grows by this share of its cap before it is cut; one that takes in more grows by more.
const SLACK_DIVISOR: i64 = 4;

statements! {
    "write.sql" with VOCABULARY:
    ADD_TO_ACCOUNTS, INSERT_EDGES, DELETE_EDGES, CLASSIFY_AUTHORS, CLASSIFY_READERS, INSERT_REASONS, DELETE_UNDONE,
    DELETE_REASONS_OF_POSTS, SELECT_AUDIENCES, FAN_OUT, BACKFILL, RAISE_MARKS, CLEAN_UP_UNFOLLOWED,
    SELECT_NEXT_TO_SWEEP, SWEPT_UNTIL, CUT_MARKS, CUT_ROWS,
}

/// Writes rows.
pub struct RowWriter {
    settings: TimelineSettings,
    /// Rows that were delivered since timelines were cut last.
    owed: AtomicU64,
}

impl RowWriter {
    /// Timelines that are kept in this way.
    #[must_use]
    pub fn new(settings: TimelineSettings) -> Self {
        Self { settings, owed: AtomicU64::new(0) }
    }

    /// How many rows beyond its cap an average timeline may have.
    fn slack(&self) -> u64 {
        u64::try_from(self.settings.timeline_cap / SLACK_DIVISOR).unwrap_or_default().max(1)
    }

    /// Cuts some timelines back to their cap, going round all of them in the time in which an average one takes in its
    /// slack: counting every timeline in every batch would cost more than the deliveries themselves.
    async fn sweep(&self, tx: &mut Transaction, delivered: u64) -> Result<(), sqlx::Error> {
        let cap = self.settings.timeline_cap;
        let share = i64::try_from(delivered / self.slack()).unwrap_or(i64::MAX).saturating_add(1);
        let swept = tx.rows(&SELECT_NEXT_TO_SWEEP, &[Value::Number(share)]).await?;
        let swept: Vec<i64> = swept.iter().map(|row| row.get("account")).collect::<Result<_, _>>()?;
        let reached_the_end = i64::try_from(swept.len()).unwrap_or(i64::MAX) < share;
        let next = if reached_the_end { 0 } else { swept.last().copied().unwrap_or(0) };
        tx.execute(&SWEPT_UNTIL, &[Value::Number(next)]).await?;
        let swept = swept.iter().collect();
        tx.execute(&CUT_MARKS, &[Value::Rows(&swept), Value::Number(cap)]).await?;
        execute(tx, &CUT_ROWS, swept).await
    }
}

#[async_trait]
impl WriteTimelines for RowWriter {
    /// Edges first, then classes: deliveries go to the followers at the end of the batch, by the classes at its end.
    async fn connect(
        &self,
        tx: &mut Transaction,
        changes: &EdgeChanges,
        checkpoint: Position,
    ) -> Result<(), sqlx::Error> {
        let EdgeChanges { edges, degrees } = changes;
        let that_are = |there: bool| -> Rows {
            edges.iter().filter(|(_, value)| **value == there).map(|(edge, _)| edge).collect()
        };
        let deltas = degrees.iter().map(|(key, degrees)| (key, degrees.followers, degrees.following));
        execute(tx, &ADD_TO_ACCOUNTS, deltas.collect()).await?;
        execute(tx, &CLEAN_UP_UNFOLLOWED, that_are(false)).await?;
        execute(tx, &DELETE_EDGES, that_are(false)).await?;
        execute(tx, &INSERT_EDGES, that_are(true)).await?;
        if degrees.is_empty() {
            return Ok(());
        }
        let touched = degrees.keys().collect();
        let (authors, readers) = (self.settings.celebrity_followers, self.settings.pull_following);
        for (classify, entered_at) in [(&CLASSIFY_AUTHORS, authors), (&CLASSIFY_READERS, readers)] {
            let left_below = (entered_at * HYSTERESIS.0 / HYSTERESIS.1).max(1);
            let [entered_at, left_below, checkpoint, always] =
                [entered_at, left_below, checkpoint.0, PULLED_ALWAYS].map(Value::Number);
            tx.execute(classify, &[Value::Rows(&touched), entered_at, left_below, checkpoint, always]).await?;
        }
        Ok(())
    }

    async fn deliver(&self, tx: &mut Transaction, changes: &ReasonChanges) -> Result<(), sqlx::Error> {
        let ReasonChanges { begun, undone, deleted } = changes;
        execute(tx, &DELETE_UNDONE, undone.iter().collect()).await?;
        execute(tx, &DELETE_REASONS_OF_POSTS, deleted.iter().collect()).await?;
        if begun.is_empty() {
            return Ok(());
        }
        let reasons = begun.iter().map(|((actor, place), post)| (actor, place, post)).collect();
        execute(tx, &INSERT_REASONS, reasons).await?;
        let mut delivered = 0;
        for set in sets_to_deliver(tx, changes).await? {
            delivered += tx.execute(&FAN_OUT, &[Value::Rows(&set)]).await?;
        }
        counter!(metrics::DELIVERIES).increment(delivered);
        self.owed.fetch_add(delivered, Ordering::Relaxed);
        Ok(())
    }

    async fn backfill(&self, tx: &mut Transaction, changes: &EdgeChanges) -> Result<(), sqlx::Error> {
        // The edge from an account to itself has nothing to catch up on.
        let new = changes.edges.iter().filter(|((followee, follower), there)| **there && followee != follower);
        let edges: Rows = new.map(|(edge, _)| edge).collect();
        if edges.is_empty() {
            return Ok(());
        }
        let rows = self.settings.backfill_rows.min(self.settings.timeline_cap);
        for statement in [&BACKFILL, &RAISE_MARKS] {
            tx.execute(statement, &[Value::Rows(&edges), Value::Number(rows)]).await?;
        }
        Ok(())
    }

    async fn cut(&self, tx: &mut Transaction) -> Result<(), sqlx::Error> {
        let owed = self.owed.load(Ordering::Relaxed);
        if owed >= self.slack() {
            self.sweep(tx, owed).await?;
            self.owed.fetch_sub(owed, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The reasons of the batch in sets of at most [`DELIVERIES_MAX`] rows.
async fn sets_to_deliver(tx: &mut Transaction, changes: &ReasonChanges) -> Result<Vec<Rows>, sqlx::Error> {
    let actors: BTreeSet<AccountKey> = changes.begun.keys().map(|(actor, _)| *actor).collect();
    let actors = actors.iter().collect();
    let rows = tx.rows(&SELECT_AUDIENCES, &[Value::Rows(&actors)]).await?;
    let mut audiences: BTreeMap<i64, i64> = BTreeMap::new();
    for row in &rows {
        audiences.insert(row.get("account")?, row.get("audience")?);
    }
    let (mut sets, mut set, mut rows) = (Vec::new(), Rows::default(), 0);
    for ((actor, place), post) in &changes.begun {
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
