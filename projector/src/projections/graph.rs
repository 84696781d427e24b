//! `graph_1`: who follows, asks to follow, blocks and mutes whom, and since when.

use async_trait::async_trait;
use shared::model::event::{BlockEvent, Event, FollowEvent, MuteEvent};
use shared::sql::database::Transaction;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::edges::{EdgeTable, Edges};
use crate::projection::{Batch, Fact, Policy, Projection};
use crate::projections::unwanted;
use crate::vocabulary::VOCABULARY;

declare_tables! { "graph_1" in "graph.sql" }
statements! {
    "graph.sql" with VOCABULARY:
    UPSERT_FOLLOWS, DELETE_FOLLOWS, UPSERT_REQUESTS, DELETE_REQUESTS, UPSERT_BLOCKS, DELETE_BLOCKS, UPSERT_MUTES,
    DELETE_MUTES,
}

static FOLLOWS: EdgeTable = EdgeTable { upsert: &UPSERT_FOLLOWS, delete: &DELETE_FOLLOWS };
static REQUESTS: EdgeTable = EdgeTable { upsert: &UPSERT_REQUESTS, delete: &DELETE_REQUESTS };
static BLOCKS: EdgeTable = EdgeTable { upsert: &UPSERT_BLOCKS, delete: &DELETE_BLOCKS };
static MUTES: EdgeTable = EdgeTable { upsert: &UPSERT_MUTES, delete: &DELETE_MUTES };

/// The projection.
pub struct Graph;

#[derive(Debug, Default)]
struct Net {
    follows: Edges,
    requests: Edges,
    blocks: Edges,
    mutes: Edges,
}

fn fold(facts: &[&Fact]) -> Net {
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Follow(_) => net.fold_follow(fact),
            Event::Block(BlockEvent::Added { account, target }) => {
                net.blocks.add(account.key.0, target.key.0, fact.position);
            }
            Event::Block(BlockEvent::Removed { account, target }) => net.blocks.remove(account.key.0, target.key.0),
            Event::Mute(MuteEvent::Added { account, target }) => {
                net.mutes.add(account.key.0, target.key.0, fact.position);
            }
            Event::Mute(MuteEvent::Removed { account, target }) => net.mutes.remove(account.key.0, target.key.0),
            _ => unwanted(NAME, fact),
        }
    }
    net
}

impl Net {
    fn fold_follow(&mut self, fact: &Fact) {
        match &fact.event {
            Event::Follow(FollowEvent::Requested(edge)) => {
                self.requests.add(edge.follower.key.0, edge.followee.key.0, fact.position);
            }
            Event::Follow(FollowEvent::Followed(edge)) => {
                self.requests.remove(edge.follower.key.0, edge.followee.key.0);
                self.follows.add(edge.follower.key.0, edge.followee.key.0, fact.position);
            }
            Event::Follow(FollowEvent::Rejected(edge) | FollowEvent::Withdrawn(edge)) => {
                self.requests.remove(edge.follower.key.0, edge.followee.key.0);
            }
            Event::Follow(FollowEvent::Unfollowed(edge)) => {
                self.follows.remove(edge.follower.key.0, edge.followee.key.0);
            }
            _ => unwanted(NAME, fact),
        }
    }
}

#[async_trait]
impl Projection for Graph {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["follow", "block", "mute"]
    }

    /// Blocks and mutes decide who sees what.
    fn policy(&self) -> Policy {
        Policy::Critical
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        net.follows.write(tx, &FOLLOWS).await?;
        net.requests.write(tx, &REQUESTS).await?;
        net.blocks.write(tx, &BLOCKS).await?;
        net.mutes.write(tx, &MUTES).await
    }
}
