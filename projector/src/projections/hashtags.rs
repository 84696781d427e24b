//! `hashtags_1`: the tags in the present texts of posts.
//!
//! Always: an edit replaces the tags of a post, and a deletion takes them away.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::model::event::{Event, PostEvent};
use shared::model::hashtag::folded;
use shared::model::ids::PostKey;
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;

declare_tables! { "hashtags_1" in "hashtags.sql" }
statements! { "hashtags.sql": DELETE, INSERT }

/// The projection.
pub struct Hashtags;

/// What a batch leaves: the tags of every post that it touched.
#[derive(Debug, Default, PartialEq, Eq)]
struct Net<'a> {
    tags: BTreeMap<PostKey, &'a [String]>,
    /// Posts that may have tags from before the batch.
    older: Vec<PostKey>,
}

fn fold<'a>(facts: &[&'a Fact]) -> Net<'a> {
    let mut net = Net::default();
    for fact in facts {
        let (post, tags): (PostKey, &[String]) = match &fact.event {
            Event::Post(PostEvent::Created { hashtags, .. }) => (PostKey(fact.position.0), hashtags),
            Event::Post(PostEvent::Edited { post, hashtags, .. }) => (post.key, hashtags),
            Event::Post(PostEvent::Deleted { post, .. }) => (post.key, &[]),
            _ => unwanted(NAME, fact),
        };
        let is_new = post.0 == fact.position.0;
        if !is_new && !net.tags.contains_key(&post) {
            net.older.push(post);
        }
        net.tags.insert(post, tags);
    }
    net
}

#[async_trait]
impl Projection for Hashtags {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["post"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        // Older events have tags in lower case and no further; two of them may be one now.
        let rows: BTreeSet<(String, PostKey)> =
            net.tags.iter().flat_map(|(post, tags)| tags.iter().map(|tag| (folded(tag), *post))).collect();
        execute(tx, &DELETE, net.older.iter().collect::<Rows>()).await?;
        execute(tx, &INSERT, rows.iter().collect::<Rows>()).await
    }
}
