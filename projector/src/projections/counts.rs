//! `counts_1`: how many followers, follows, posts, likes, reposts and replies.
//!
//! Always: exact deltas in the transaction of the checkpoint, so that stored equals recounted. They count edges:
//! deactivation, mutes and blocks (beyond the follows that a block ends) change none. Posts count replies and not
//! reposts; a post's replies are the live direct ones.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::model::event::{Event, FollowEvent, LikeEvent, PostEvent, RepostEvent};
use shared::model::ids::{AccountKey, PostKey};
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

declare_tables! { "counts_1" in "counts.sql" }
statements! { "counts.sql": ADD_TO_ACCOUNTS, ADD_TO_POSTS }

/// The projection.
pub struct Counts;

#[derive(Debug, Default, PartialEq, Eq)]
struct AccountDelta {
    followers: i64,
    following: i64,
    posts: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct PostDelta {
    likes: i64,
    reposts: i64,
    replies: i64,
}

#[derive(Debug, Default)]
struct Net {
    accounts: BTreeMap<AccountKey, AccountDelta>,
    posts: BTreeMap<PostKey, PostDelta>,
}

impl Net {
    fn account(&mut self, account: AccountKey) -> &mut AccountDelta {
        self.accounts.entry(account).or_default()
    }

    fn post(&mut self, post: PostKey) -> &mut PostDelta {
        self.posts.entry(post).or_default()
    }

    fn edge(&mut self, fact: &Fact) {
        let (edge, delta) = match &fact.event {
            Event::Follow(FollowEvent::Followed(edge)) => (edge, 1),
            Event::Follow(FollowEvent::Unfollowed(edge)) => (edge, -1),
            _ => unwanted(NAME, fact),
        };
        self.account(edge.followee.key).followers += delta;
        self.account(edge.follower.key).following += delta;
    }

    fn written(&mut self, fact: &Fact) {
        let (author, reply_to, delta) = match &fact.event {
            Event::Post(PostEvent::Created { author, reply_to, .. }) => (author, reply_to, 1),
            Event::Post(PostEvent::Deleted { author, reply_to, .. }) => (author, reply_to, -1),
            _ => unwanted(NAME, fact),
        };
        self.account(author.key).posts += delta;
        if let Some(parent) = reply_to {
            self.post(parent.post.key).replies += delta;
        }
    }
}

fn fold(facts: &[&Fact]) -> Net {
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Follow(_) => net.edge(fact),
            Event::Post(_) => net.written(fact),
            Event::Like(LikeEvent::Added { post, .. }) => net.post(post.key).likes += 1,
            Event::Like(LikeEvent::Removed { post, .. }) => net.post(post.key).likes -= 1,
            Event::Repost(RepostEvent::Added { post, .. }) => net.post(post.key).reposts += 1,
            Event::Repost(RepostEvent::Removed { post, .. }) => net.post(post.key).reposts -= 1,
            _ => unwanted(NAME, fact),
        }
    }
    net
}

#[async_trait]
impl Projection for Counts {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["follow", "post", "like", "repost"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        let accounts: Rows =
            net.accounts.iter().map(|(key, delta)| (key, delta.followers, delta.following, delta.posts)).collect();
        let posts: Rows =
            net.posts.iter().map(|(key, delta)| (key, delta.likes, delta.reposts, delta.replies)).collect();
        execute(tx, &ADD_TO_ACCOUNTS, accounts).await?;
        execute(tx, &ADD_TO_POSTS, posts).await
    }
}
