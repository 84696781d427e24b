//! `bookmarks_1`: which posts each account keeps, and since when.
//!
//! Always: the bookmark of a deleted post stays; whoever shows a post asks whether it was deleted.

use async_trait::async_trait;
use shared::model::event::{BookmarkEvent, Event};
use shared::sql::database::Transaction;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::edges::{EdgeTable, Edges};
use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;
use crate::vocabulary::VOCABULARY;

declare_tables! { "bookmarks_1" in "bookmarks.sql" }
statements! { "bookmarks.sql" with VOCABULARY: UPSERT_BOOKMARKS, DELETE_BOOKMARKS }

static BOOKMARKS: EdgeTable = EdgeTable { upsert: &UPSERT_BOOKMARKS, delete: &DELETE_BOOKMARKS };

/// The projection.
pub struct Bookmarks;

fn fold(facts: &[&Fact]) -> Edges {
    let mut bookmarks = Edges::default();
    for fact in facts {
        match &fact.event {
            Event::Bookmark(BookmarkEvent::Added { account, post, .. }) => {
                bookmarks.add(account.key.0, post.key.0, fact.position);
            }
            Event::Bookmark(BookmarkEvent::Removed { account, post, .. }) => {
                bookmarks.remove(account.key.0, post.key.0);
            }
            _ => unwanted(NAME, fact),
        }
    }
    bookmarks
}

#[async_trait]
impl Projection for Bookmarks {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["bookmark"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        fold(&batch.facts).write(tx, &BOOKMARKS).await
    }
}
