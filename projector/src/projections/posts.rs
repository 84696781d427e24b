//! `posts_1`: every post as it is now, tombstones included, and who likes and reposts it.
//!
//! Always: the likes and reposts of a deleted post stay; whoever shows a post asks whether it was deleted.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::event::{Event, LikeEvent, PostEvent, RepostEvent};
use shared::ids::PostKey;
use shared::rows::Rows;
use sqlx::SqliteConnection;

use crate::edges::{EdgeTable, Edges, edge_table, execute};
use crate::projection::{Fact, Projection};

const INSERT: &str = "
INSERT INTO posts_1
SELECT value ->> 0, unhex(value ->> 1, '-'), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, NULL, 0
FROM json_each($1)";
const UPDATE_TEXT: &str = "
UPDATE posts_1 SET text = edit.value ->> 1, edited_at = edit.value ->> 2
FROM json_each($1) AS edit WHERE post = edit.value ->> 0";
const BURY: &str = "UPDATE posts_1 SET text = '', deleted = 1 WHERE post IN (SELECT value FROM json_each($1))";
const LIKES: EdgeTable = edge_table!("posts_1_likes", "account", "post");
const REPOSTS: EdgeTable = edge_table!("posts_1_reposts", "account", "post");

/// The projection.
pub struct Posts;

#[derive(Debug, Default)]
struct Net {
    created: Rows,
    /// The last text of each post, and when.
    edited: BTreeMap<PostKey, (String, i64)>,
    deleted: Vec<PostKey>,
    likes: Edges,
    reposts: Edges,
}

fn fold(batch: &[Fact]) -> Net {
    let mut net = Net::default();
    for fact in batch {
        match &fact.event {
            Event::Post(event) => net.fold_post(fact, event),
            Event::Like(LikeEvent::Added { account, post, .. }) => {
                net.likes.add(account.key.0, post.key.0, fact.position);
            }
            Event::Like(LikeEvent::Removed { account, post, .. }) => net.likes.remove(account.key.0, post.key.0),
            Event::Repost(RepostEvent::Added { account, post, .. }) => {
                net.reposts.add(account.key.0, post.key.0, fact.position);
            }
            Event::Repost(RepostEvent::Removed { account, post, .. }) => net.reposts.remove(account.key.0, post.key.0),
            Event::Account(_)
            | Event::Handle(_)
            | Event::Bookmark(_)
            | Event::Follow(_)
            | Event::Requests(_)
            | Event::Block(_)
            | Event::Mute(_)
            | Event::Notifications(_) => {}
        }
    }
    net
}

impl Net {
    fn fold_post(&mut self, fact: &Fact, event: &PostEvent) {
        match event {
            PostEvent::Created { post_id, author, reply_to, quoted, personal, .. } => self.created.push(&(
                fact.position,
                post_id,
                author.key,
                &personal.open().text,
                reply_to.map(|parent| parent.post.key),
                reply_to.map(|parent| parent.author.key),
                quoted.map(|quoted| quoted.post.key),
                fact.recorded_at.0,
            )),
            PostEvent::Edited { post, personal, .. } => {
                self.edited.insert(post.key, (personal.open().text.clone(), fact.recorded_at.0));
            }
            PostEvent::Deleted { post, .. } => self.deleted.push(post.key),
        }
    }
}

#[async_trait]
impl Projection for Posts {
    fn name(&self) -> &'static str {
        "posts_1"
    }

    fn reset(&self) -> &'static str {
        "DELETE FROM posts_1; DELETE FROM posts_1_likes; DELETE FROM posts_1_reposts"
    }

    async fn apply(&self, tx: &mut SqliteConnection, batch: &[Fact]) -> Result<(), sqlx::Error> {
        let net = fold(batch);
        let edited = net.edited.iter().map(|(post, (text, edited_at))| (post, text, edited_at)).collect();
        execute(tx, INSERT, net.created).await?;
        execute(tx, UPDATE_TEXT, edited).await?;
        execute(tx, BURY, net.deleted.iter().collect()).await?;
        net.likes.write(tx, &LIKES).await?;
        net.reposts.write(tx, &REPOSTS).await
    }
}
