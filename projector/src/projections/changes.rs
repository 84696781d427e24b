//! `changes_1`: what happened lately to posts and between accounts, in the order of the log, for streams.
//!
//! Always: every change after `kept_after` is there, at the position of its event; older ones are forgotten. Never here: what a change means
//! for a timeline, a thread or a list, which each stream finds out from the tables of the other projections; changes of counts and of
//! notifications, which depend on what those projections have stored and are in their own tables.

use async_trait::async_trait;
use shared::model::event::{AccountEvent, BlockEvent, Event, FollowEvent, MuteEvent, PostEvent, RepostEvent};
use shared::model::ids::Position;
use shared::sql::database::Transaction;
use shared::sql::statements;
use shared::tables::{Change, Tables, declare_tables};

use crate::changes::ChangesTable;
use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

declare_tables! { "changes_1" in "changes.sql" }

statements! { "changes.sql": INSERT, FORGET, RAISE_KEPT_AFTER }

static CHANGES: ChangesTable = ChangesTable { insert: &INSERT, forget: &FORGET, raise: &RAISE_KEPT_AFTER };

/// The projection.
pub struct Changes {
    kept: i64,
}

impl Changes {
    /// Keeps the changes of this many newest positions.
    #[must_use]
    pub fn new(kept: i64) -> Self {
        Self { kept }
    }
}

/// A row: place, change, actor, target; see [`Change`].
type Changed = (Position, i64, i64, i64);

fn fold(facts: &[&Fact]) -> Vec<Changed> {
    facts.iter().filter_map(|fact| changed(fact)).collect()
}

/// Nothing, where an event changes nothing that anybody sees.
fn changed(fact: &Fact) -> Option<Changed> {
    let at = fact.position;
    let (change, actor, target) = match &fact.event {
        Event::Account(
            AccountEvent::Deactivated { account } | AccountEvent::Suspended { account, active: true, .. },
        ) => (Change::Deactivated, account.key.0, 0),
        Event::Account(AccountEvent::Reactivated { account } | AccountEvent::Unsuspended { account, active: true }) => {
            (Change::Reactivated, account.key.0, 0)
        }
        // It is not shown before, nor after it.
        Event::Account(
            AccountEvent::Suspended { active: false, .. } | AccountEvent::Unsuspended { active: false, .. },
        ) => {
            return None;
        }
        Event::Account(AccountEvent::Protected { account }) => (Change::Protected, account.key.0, 0),
        Event::Account(AccountEvent::Unprotected { account }) => (Change::Unprotected, account.key.0, 0),
        Event::Post(PostEvent::Created { author, .. }) => (Change::Posted, author.key.0, at.0),
        Event::Post(PostEvent::Edited { post, author, .. }) => (Change::Edited, author.key.0, post.key.0),
        Event::Post(PostEvent::Deleted { post, author, .. }) => (Change::Deleted, author.key.0, post.key.0),
        Event::Post(PostEvent::TakenDown { post, author, .. }) => (Change::TakenDown, author.key.0, post.key.0),
        Event::Post(PostEvent::Restored { post, author, .. }) => (Change::Restored, author.key.0, post.key.0),
        Event::Repost(RepostEvent::Added { account, post, .. }) => (Change::Reposted, account.key.0, post.key.0),
        Event::Repost(RepostEvent::Removed { account, post, .. }) => (Change::RepostUndone, account.key.0, post.key.0),
        Event::Follow(FollowEvent::Followed(edge)) => (Change::Followed, edge.follower.key.0, edge.followee.key.0),
        Event::Follow(FollowEvent::Unfollowed(edge)) => (Change::Unfollowed, edge.follower.key.0, edge.followee.key.0),
        Event::Block(BlockEvent::Added { account, target }) => (Change::Blocked, account.key.0, target.key.0),
        Event::Block(BlockEvent::Removed { account, target }) => (Change::Unblocked, account.key.0, target.key.0),
        Event::Mute(MuteEvent::Added { account, target }) => (Change::Muted, account.key.0, target.key.0),
        Event::Mute(MuteEvent::Removed { account, target }) => (Change::Unmuted, account.key.0, target.key.0),
        _ => unwanted(NAME, fact),
    };
    Some((at, change as i64, actor, target))
}

#[async_trait]
impl Projection for Changes {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["account", "post", "repost", "follow", "block", "mute"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let changes = fold(&batch.facts);
        CHANGES.write(tx, changes.iter().collect(), batch, self.kept).await
    }
}
