//! `activity_1`: what each account did that still stands: followed, liked, reposted, posted.
//!
//! Always: a deed is there once, at the place where it was done last, and goes when it is undone or its post is deleted.
//! Never here: who may hear of it, which is judged at read; a feed of activities is pulled from the accounts followed.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::model::event::{Event, FollowEvent, LikeEvent, PostEvent, RepostEvent};
use shared::model::ids::{AccountKey, PostKey};
use shared::rpc::proto::query::ActivityKind;
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

declare_tables! { "activity_1" in "activity.sql" }
statements! { "activity.sql": UPSERT, DELETE, DELETE_OF_POSTS }

/// The projection.
pub struct Activity;

/// (target, kind, actor).
type Deed = (i64, i32, AccountKey);

/// What a batch leaves of the deeds that it touched.
#[derive(Debug, Default)]
struct Net {
    /// Where and when each was done, or that it does not stand.
    deeds: BTreeMap<Deed, Option<(i64, i64)>>,
    deleted: BTreeSet<PostKey>,
}

fn fold(facts: &[&Fact]) -> Net {
    use ActivityKind::{Followed, Liked, Posted, Reposted};
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Follow(FollowEvent::Followed(edge)) => {
                net.done(fact, edge.follower.key, Followed, edge.followee.key.0);
            }
            Event::Follow(FollowEvent::Unfollowed(edge)) => {
                net.undone(edge.follower.key, Followed, edge.followee.key.0);
            }
            Event::Like(LikeEvent::Added { account, post, .. }) => net.done(fact, account.key, Liked, post.key.0),
            Event::Like(LikeEvent::Removed { account, post, .. }) => net.undone(account.key, Liked, post.key.0),
            Event::Repost(RepostEvent::Added { account, post, .. }) => {
                net.done(fact, account.key, Reposted, post.key.0);
            }
            Event::Repost(RepostEvent::Removed { account, post, .. }) => net.undone(account.key, Reposted, post.key.0),
            Event::Post(PostEvent::Created { author, .. }) => net.done(fact, author.key, Posted, fact.position.0),
            Event::Post(PostEvent::Deleted { post, .. }) => net.post_deleted(post.key),
            _ => unwanted(NAME, fact),
        }
    }
    net
}

impl Net {
    fn done(&mut self, fact: &Fact, actor: AccountKey, kind: ActivityKind, target: i64) {
        self.deeds.insert((target, kind.into(), actor), Some((fact.position.0, fact.recorded_at.0)));
    }

    fn undone(&mut self, actor: AccountKey, kind: ActivityKind, target: i64) {
        self.deeds.insert((target, kind.into(), actor), None);
    }

    fn post_deleted(&mut self, post: PostKey) {
        self.deeds.retain(|(target, _, _), _| *target != post.0);
        self.deleted.insert(post);
    }
}

#[async_trait]
impl Projection for Activity {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["follow", "like", "repost", "post"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        let undone: Rows = net.deeds.iter().filter(|(_, done)| done.is_none()).map(|(deed, _)| deed).collect();
        let mut standing: Vec<(AccountKey, i64, i32, i64, i64)> = Vec::new();
        for ((target, kind, actor), done) in &net.deeds {
            if let Some((place, happened_at)) = done {
                standing.push((*actor, *place, *kind, *target, *happened_at));
            }
        }
        standing.sort_unstable();
        execute(tx, &DELETE_OF_POSTS, net.deleted.iter().collect()).await?;
        execute(tx, &DELETE, undone).await?;
        execute(tx, &UPSERT, standing.iter().collect()).await
    }
}
