//! The store of home timelines, behind a port: it is the one read model whose size is followers × posts.
//!
//! A *reason* is why a post is in a timeline: its author posted it, or an actor reposted it; its *place* is the position of that event.
//!
//! Always: what [`ReadTimelines::skeleton`] gives for an owner has every reason of every account that the owner follows, and of the owner,
//! whatever was stored, capped, backfilled or pulled. It may have more: reasons that were undone, deleted or are hidden from the owner. So the
//! reader judges each of them by the law. Never here: the law, that is the reply rule, blocks, mutes, protection, deactivation. They can be
//! reversed, so they are judged at read, in the query server.
//!
//! The projector writes through [`WriteTimelines`], in the transaction that moves the checkpoint; the query server reads through
//! [`ReadTimelines`], in a snapshot of all read tables. [`rows`] is the one adapter: a row for each owner and reason.

#![warn(missing_docs)]

pub mod pull;
pub mod rows;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::sql::Statement;
use shared::sql::database::Transaction;

/// Why a post is in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The position of the event; the sort key of a timeline.
    pub place: Position,
    /// Who posted or reposted.
    pub actor: AccountKey,
    /// What.
    pub post: PostKey,
}

impl Reason {
    /// The place of a post's own reason is its key; anything else is a repost.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        self.place.0 != self.post.0
    }
}

/// What a batch of the log leaves of the edges between accounts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EdgeChanges {
    /// By followee and follower, whether the edge is there at the end of the batch. A new account has an edge to itself.
    pub edges: BTreeMap<(AccountKey, AccountKey), bool>,
    /// By account, how many more followers and followees it has; a new account is here with 0.
    pub degrees: BTreeMap<AccountKey, Degrees>,
}

/// How many more edges an account has, the one to itself not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Degrees {
    /// Of those who follow it.
    pub followers: i64,
    /// Of those whom it follows.
    pub following: i64,
}

/// What a batch of the log leaves of reasons, sorted by key.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReasonChanges {
    /// By actor and place, the posts of the reasons that began in this batch and are there at its end.
    pub begun: BTreeMap<(AccountKey, Position), PostKey>,
    /// By actor and place, reposts from before this batch that were undone.
    pub undone: BTreeSet<(AccountKey, Position)>,
    /// Posts that were deleted: none of their reasons is left.
    pub deleted: BTreeSet<PostKey>,
}

/// The half of the port through which the projector writes. For each batch it calls all four, in this order.
#[async_trait]
pub trait WriteTimelines: Send + Sync {
    /// Takes over the edges of a batch that ends at this checkpoint. From the next call on, reasons go to the followers who are left.
    async fn connect(
        &self,
        tx: &mut Transaction,
        changes: &EdgeChanges,
        checkpoint: Position,
    ) -> Result<(), sqlx::Error>;

    /// Delivers the reasons that began to all followers of their actors, and forgets those that ended.
    async fn deliver(&self, tx: &mut Transaction, changes: &ReasonChanges) -> Result<(), sqlx::Error>;

    /// Brings to each new follower what the followee did before.
    async fn backfill(&self, tx: &mut Transaction, changes: &EdgeChanges) -> Result<(), sqlx::Error>;

    /// Cuts timelines that have grown beyond their cap, as far as it is time for that.
    async fn cut(&self, tx: &mut Transaction) -> Result<(), sqlx::Error>;
}

/// The half of the port through which the query server reads.
#[async_trait]
pub trait ReadTimelines: Send + Sync {
    /// The owner's newest `limit` reasons with a place below `before`, newest first. Fewer come only at the end of the timeline. A post is there
    /// for each of its reasons.
    async fn skeleton(
        &self,
        tx: &mut Transaction,
        owner: AccountKey,
        before: Position,
        limit: usize,
    ) -> Result<Vec<Reason>, sqlx::Error>;
}

/// Every statement of this crate, for the test that prepares them on both engines.
#[must_use]
pub fn every_statement() -> Vec<&'static Statement> {
    [rows::write::STATEMENTS, rows::read::STATEMENTS].concat()
}
