//! `posts_1`: every post as it is now, tombstones included, and who likes and reposts it.
//!
//! Always: the likes and reposts of a deleted post stay, and of one that was taken down everything; whoever shows a post asks for both.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::model::event::{Event, LikeEvent, PostEvent, PostText, RepostEvent};
use shared::model::ids::{Position, PostKey};
use shared::model::media::Extras as _;
use shared::model::moderation::Moderated;
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::changes::ChangesTable;
use crate::edges::{EdgeTable, Edges};
use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;
use crate::vocabulary::VOCABULARY;

declare_tables! { "posts_1" in "posts.sql" }
statements! {
    "posts.sql" with VOCABULARY:
    INSERT, EDIT, MODERATE, BURY, UPSERT_LIKES, DELETE_LIKES, UPSERT_REPOSTS, DELETE_REPOSTS, INSERT_CHANGES,
    FORGET_CHANGES, RAISE_KEPT_AFTER,
}

static LIKES: EdgeTable = EdgeTable { upsert: &UPSERT_LIKES, delete: &DELETE_LIKES };
static REPOSTS: EdgeTable = EdgeTable { upsert: &UPSERT_REPOSTS, delete: &DELETE_REPOSTS };

/// What streams of posts need to know: of which posts the text or a count changed, and which replies came, at the latest place in a batch; and
/// where a post was deleted, taken down or restored, at that place too, of it and of the post that it answered.
static CHANGES: ChangesTable =
    ChangesTable { insert: &INSERT_CHANGES, forget: &FORGET_CHANGES, raise: &RAISE_KEPT_AFTER };

/// The projection.
pub struct Posts {
    changes_kept: i64,
}

impl Posts {
    /// Changes are kept for so many positions.
    #[must_use]
    pub fn new(changes_kept: i64) -> Self {
        Self { changes_kept }
    }
}

#[derive(Debug, Default)]
struct Net {
    created: Rows,
    /// What the last edit made of each post.
    edited: BTreeMap<PostKey, Edit>,
    /// Why each post is taken down in the end, if it is, and the version that this made.
    moderated: BTreeMap<PostKey, (Option<Moderated>, i64)>,
    /// With the version that the deletion made.
    deleted: Vec<(PostKey, i64)>,
    likes: Edges,
    reposts: Edges,
    /// Where each post changed last.
    changed: BTreeMap<PostKey, Position>,
    /// Where posts changed because one went or came back.
    comings_and_goings: BTreeSet<(Position, PostKey)>,
}

#[derive(Debug)]
struct Edit {
    text: String,
    edited_at: i64,
    version: i64,
    extras: Option<String>,
}

fn fold(facts: &[&Fact]) -> Net {
    let mut net = Net::default();
    for fact in facts {
        let changed = changed(fact).into_iter().flatten();
        net.changed.extend(changed.clone().map(|post| (post, fact.position)));
        let goes_or_comes_back = matches!(
            fact.event,
            Event::Post(PostEvent::Deleted { .. } | PostEvent::TakenDown { .. } | PostEvent::Restored { .. })
        );
        if goes_or_comes_back {
            net.comings_and_goings.extend(changed.map(|post| (fact.position, post)));
        }
        match &fact.event {
            Event::Post(_) => net.fold_post(fact),
            Event::Like(LikeEvent::Added { account, post, .. }) => {
                net.likes.add(account.key.0, post.key.0, fact.position);
            }
            Event::Like(LikeEvent::Removed { account, post, .. }) => net.likes.remove(account.key.0, post.key.0),
            Event::Repost(RepostEvent::Added { account, post, .. }) => {
                net.reposts.add(account.key.0, post.key.0, fact.position);
            }
            Event::Repost(RepostEvent::Removed { account, post, .. }) => net.reposts.remove(account.key.0, post.key.0),
            _ => unwanted(NAME, fact),
        }
    }
    net
}

/// The posts that look different after an event. Nobody has looked at a new post, but perhaps at the one that it answers.
fn changed(fact: &Fact) -> [Option<PostKey>; 2] {
    match &fact.event {
        Event::Post(PostEvent::Created { reply_to: Some(parent), .. }) => {
            [Some(PostKey(fact.position.0)), Some(parent.post.key)]
        }
        Event::Post(PostEvent::Edited { post, .. }) => [Some(post.key), None],
        Event::Post(
            PostEvent::Deleted { post, reply_to, .. }
            | PostEvent::TakenDown { post, reply_to, .. }
            | PostEvent::Restored { post, reply_to, .. },
        ) => [Some(post.key), reply_to.map(|parent| parent.post.key)],
        Event::Like(LikeEvent::Added { post, .. } | LikeEvent::Removed { post, .. })
        | Event::Repost(RepostEvent::Added { post, .. } | RepostEvent::Removed { post, .. }) => [Some(post.key), None],
        Event::Post(PostEvent::Created { reply_to: None, .. }) => [None, None],
        _ => unwanted(NAME, fact),
    }
}

impl Net {
    fn fold_post(&mut self, fact: &Fact) {
        match &fact.event {
            Event::Post(PostEvent::Created { post_id, author, reply_to, quoted, personal, .. }) => {
                self.created.push(&(
                    fact.position,
                    post_id,
                    author.key,
                    &personal.open().text,
                    reply_to.map(|parent| parent.post.key),
                    reply_to.map(|parent| parent.author.key),
                    quoted.map(|quoted| quoted.post.key),
                    fact.recorded_at.0,
                    fact.version.0,
                    personal.open().extras.column(),
                ));
            }
            Event::Post(PostEvent::Edited { post, personal, .. }) => {
                let PostText { text, extras } = personal.open();
                let (edited_at, version) = (fact.recorded_at.0, fact.version.0);
                self.edited.insert(post.key, Edit { text: text.clone(), edited_at, version, extras: extras.column() });
            }
            Event::Post(PostEvent::TakenDown { post, reason, personal, .. }) => {
                let moderated = Moderated { reason: *reason, note: personal.open().clone() };
                self.moderated.insert(post.key, (Some(moderated), fact.version.0));
            }
            Event::Post(PostEvent::Restored { post, .. }) => {
                self.moderated.insert(post.key, (None, fact.version.0));
            }
            Event::Post(PostEvent::Deleted { post, .. }) => self.deleted.push((post.key, fact.version.0)),
            _ => unwanted(NAME, fact),
        }
    }
}

#[async_trait]
impl Projection for Posts {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["post", "like", "repost"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        let edit = |(post, edit): (&PostKey, &Edit)| {
            let Edit { text, edited_at, version, extras } = edit;
            (*post, text.clone(), *edited_at, *version, extras.clone())
        };
        let edited = net.edited.iter().map(edit).collect();
        let moderate = |(post, (moderated, version)): (&PostKey, &(Option<Moderated>, i64))| {
            (*post, moderated.as_ref().map(Moderated::column), *version)
        };
        let moderated = net.moderated.iter().map(moderate).collect();
        execute(tx, &INSERT, net.created).await?;
        execute(tx, &EDIT, edited).await?;
        execute(tx, &MODERATE, moderated).await?;
        execute(tx, &BURY, net.deleted.iter().collect()).await?;
        net.likes.write(tx, &LIKES).await?;
        net.reposts.write(tx, &REPOSTS).await?;
        let mut changes = net.comings_and_goings;
        changes.extend(net.changed.iter().map(|(post, place)| (*place, *post)));
        CHANGES.write(tx, changes.iter().collect(), batch, self.changes_kept).await
    }
}
