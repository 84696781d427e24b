//! `timelines_1`: which reasons begin and end, and who follows whom, for the store of home timelines.
//!
//! Always: the order of calls to the port is that of [`timelines::WriteTimelines`]. Never here: how timelines are stored; what streams must
//! hear of, which is `changes_1`.

use async_trait::async_trait;
use shared::model::event::{AccountEvent, Event, FollowEvent, PostEvent, RepostEvent};
use shared::model::ids::{AccountKey, AccountRef, PostKey};
use shared::runtime::settings::TimelineSettings;
use shared::sql::database::Transaction;
use shared::tables::Tables;
pub use timelines::rows::NAME;
use timelines::rows::{RowWriter, TABLES};
use timelines::{EdgeChanges, ReasonChanges, WriteTimelines};

use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

/// The projection.
pub struct Timelines {
    store: RowWriter,
}

impl Timelines {
    /// Timelines that are kept in this way.
    #[must_use]
    pub fn new(settings: TimelineSettings) -> Self {
        Self { store: RowWriter::new(settings) }
    }
}

/// What a batch leaves.
#[derive(Debug, Default)]
struct Net {
    edges: EdgeChanges,
    reasons: ReasonChanges,
}

fn fold(facts: &[&Fact]) -> Net {
    let mut net = Net::default();
    for fact in facts {
        let at = fact.position;
        match &fact.event {
            Event::Account(AccountEvent::Registered { .. }) => net.registered(AccountKey(at.0)),
            Event::Post(PostEvent::Created { author, .. }) => {
                net.reasons.begun.insert((author.key, at), PostKey(at.0));
            }
            Event::Post(PostEvent::Deleted { post, .. }) => {
                net.reasons.begun.retain(|_, reason| *reason != post.key);
                net.reasons.deleted.insert(post.key);
            }
            Event::Repost(RepostEvent::Added { account, post, .. }) => {
                net.reasons.begun.insert((account.key, at), post.key);
            }
            Event::Repost(RepostEvent::Removed { account, added_at, .. }) => {
                let reason = (account.key, *added_at);
                if net.reasons.begun.remove(&reason).is_none() {
                    net.reasons.undone.insert(reason);
                }
            }
            Event::Follow(FollowEvent::Followed(edge)) => net.edge(&edge.follower, &edge.followee, true),
            Event::Follow(FollowEvent::Unfollowed(edge)) => net.edge(&edge.follower, &edge.followee, false),
            _ => unwanted(NAME, fact),
        }
    }
    net
}

impl Net {
    fn registered(&mut self, account: AccountKey) {
        self.edges.degrees.entry(account).or_default();
        self.edges.edges.insert((account, account), true);
    }

    fn edge(&mut self, follower: &AccountRef, followee: &AccountRef, there: bool) {
        let delta = if there { 1 } else { -1 };
        self.edges.edges.insert((followee.key, follower.key), there);
        self.edges.degrees.entry(followee.key).or_default().followers += delta;
        self.edges.degrees.entry(follower.key).or_default().following += delta;
    }
}

#[async_trait]
impl Projection for Timelines {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["account", "post", "repost", "follow"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let Net { edges, reasons } = fold(&batch.facts);
        self.store.connect(tx, &edges, batch.checkpoint).await?;
        self.store.deliver(tx, &reasons).await?;
        self.store.backfill(tx, &edges).await?;
        self.store.cut(tx).await
    }
}
