//! `own_changes_1`: what each account did lately to its own state, in the order of the log, for its other devices; and what moderators did to
//! the account or to a post of it.
//!
//! Always: every change after `kept_after` is there, at the position of its event; older ones are forgotten. Never here: what the account has
//! of it now, which whoever reads the changes finds in the tables of the other projections.

use async_trait::async_trait;
use shared::model::event::{
    AccountEvent, BlockEvent, BookmarkEvent, Event, FollowEvent, LikeEvent, MuteEvent, NotificationsEvent, PostEvent,
    RepostEvent,
};
use shared::model::ids::{AccountRef, Position};
use shared::sql::database::Transaction;
use shared::sql::statements;
use shared::tables::{OwnChange, Tables, declare_tables};

use crate::changes::ChangesTable;
use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

declare_tables! { "own_changes_1" in "own_changes.sql" }

statements! { "own_changes.sql": INSERT, FORGET, RAISE_KEPT_AFTER }

static CHANGES: ChangesTable = ChangesTable { insert: &INSERT, forget: &FORGET, raise: &RAISE_KEPT_AFTER };

/// The projection.
pub struct OwnChanges {
    kept: i64,
}

impl OwnChanges {
    /// Keeps the changes of this many newest positions.
    #[must_use]
    pub fn new(kept: i64) -> Self {
        Self { kept }
    }
}

/// A row: place, account, what, target; see [`OwnChange`].
type Changed = (Position, i64, i64, i64);

fn fold(facts: &[&Fact]) -> Vec<Changed> {
    facts.iter().map(|fact| changed(fact)).collect()
}

fn changed(fact: &Fact) -> Changed {
    let of_post = |account: &AccountRef, post: i64| (account.key.0, OwnChange::Post, post);
    let of_account = |account: &AccountRef, target: &AccountRef| (account.key.0, OwnChange::Account, target.key.0);
    let (account, what, target) = match &fact.event {
        Event::Like(LikeEvent::Added { account, post, .. } | LikeEvent::Removed { account, post, .. })
        | Event::Repost(RepostEvent::Added { account, post, .. } | RepostEvent::Removed { account, post, .. })
        | Event::Bookmark(BookmarkEvent::Added { account, post, .. } | BookmarkEvent::Removed { account, post, .. }) => {
            of_post(account, post.key.0)
        }
        Event::Post(PostEvent::TakenDown { author, post, .. } | PostEvent::Restored { author, post, .. }) => {
            of_post(author, post.key.0)
        }
        Event::Follow(
            FollowEvent::Requested(edge)
            | FollowEvent::Followed(edge)
            | FollowEvent::Rejected(edge)
            | FollowEvent::Withdrawn(edge)
            | FollowEvent::Unfollowed(edge),
        ) => of_account(&edge.follower, &edge.followee),
        Event::Block(BlockEvent::Added { account, target } | BlockEvent::Removed { account, target })
        | Event::Mute(MuteEvent::Added { account, target } | MuteEvent::Removed { account, target }) => {
            of_account(account, target)
        }
        Event::Account(
            AccountEvent::ProfileUpdated { account, .. }
            | AccountEvent::HandleChanged { account, .. }
            | AccountEvent::Protected { account }
            | AccountEvent::Unprotected { account }
            | AccountEvent::Deactivated { account }
            | AccountEvent::Reactivated { account }
            | AccountEvent::Suspended { account, .. }
            | AccountEvent::Unsuspended { account, .. },
        ) => (account.key.0, OwnChange::Profile, 0),
        Event::Notifications(NotificationsEvent::Seen { account, .. }) => (account.key.0, OwnChange::Seen, 0),
        _ => unwanted(NAME, fact),
    };
    (fact.position, account, what as i64, target)
}

#[async_trait]
impl Projection for OwnChanges {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["account", "post", "like", "repost", "bookmark", "follow", "block", "mute", "notifications"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let changes = fold(&batch.facts);
        CHANGES.write(tx, changes.iter().collect(), batch, self.kept).await
    }
}
