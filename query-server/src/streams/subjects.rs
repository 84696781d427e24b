//! Whom a change concerns, where streams are about an account or a post: what the changes name is what is looked up.

use std::marker::PhantomData;

use shared::database::Row;
use shared::ids::{AccountKey, Position, PostKey};
use shared::sql::Statement;
use tonic::Status;

use super::dispatch::{ByKey, Concerned, Index, StreamId};
use crate::snapshot::{Projections, Snapshot, column};

/// Where the changes of one kind of stream come from.
pub trait Source: Send + Sync + 'static {
    /// The projections whose tables tell of changes.
    const READS: Projections;

    /// Changes with `account` and `post`, of which a change names one, or neither when it concerns everybody: see [`Index::statement`].
    fn changes() -> &'static Statement;

    /// The place after which all changes are kept, as `kept_after`.
    fn kept() -> &'static Statement;
}

/// What a stream is about, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Changes of this account concern it.
    pub account: Option<AccountKey>,
    /// Changes of this post concern it.
    pub post: Option<PostKey>,
}

/// What changed; 0 is nothing.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    account: i64,
    post: i64,
}

/// Streams by what they are about.
pub struct Subjects<S> {
    by_account: ByKey<i64>,
    by_post: ByKey<i64>,
    source: PhantomData<S>,
}

impl<S> Default for Subjects<S> {
    fn default() -> Self {
        Self { by_account: ByKey::default(), by_post: ByKey::default(), source: PhantomData }
    }
}

/// The place after which all changes are kept.
pub async fn kept_after<S: Source>(snapshot: &mut Snapshot) -> Result<Position, Status> {
    let row = snapshot.row(S::kept(), &[]).await?;
    column(&row, "kept_after").map(Position)
}

impl<S: Source> Index for Subjects<S> {
    type Topic = Subject;
    type Change = Touch;

    const READS: Projections = S::READS;

    fn statement() -> &'static Statement {
        S::changes()
    }

    fn read(row: &Row) -> Result<Touch, Status> {
        Ok(Touch { account: column(row, "account")?, post: column(row, "post")? })
    }

    fn add(&mut self, id: StreamId, subject: &Subject) {
        if let Some(account) = subject.account {
            self.by_account.add(account.0, id);
        }
        if let Some(post) = subject.post {
            self.by_post.add(post.0, id);
        }
    }

    fn remove(&mut self, id: StreamId, subject: &Subject) {
        if let Some(account) = subject.account {
            self.by_account.remove(&account.0, id);
        }
        if let Some(post) = subject.post {
            self.by_post.remove(&post.0, id);
        }
    }

    fn concerned(&mut self, touch: &Touch) -> Concerned {
        match touch {
            Touch { account: 0, post: 0 } => Concerned::Everybody,
            Touch { account, post } => {
                Concerned::These(self.by_account.of(account).chain(self.by_post.of(post)).collect())
            }
        }
    }
}
