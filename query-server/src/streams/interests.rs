//! Whom a change concerns, where streams are about an account or a post: what the changes name is what is looked up.

use std::marker::PhantomData;

use shared::model::ids::{AccountKey, PostKey};
use shared::sql::Statement;
use shared::sql::database::Row;
use tonic::Status;

use super::dispatch::{Affected, Index, StreamId};
use crate::by_key::ByKey;
use crate::snapshot::{Projections, column};

/// Where the changes of one kind of stream come from.
pub trait Source: Send + Sync + 'static {
    /// The projections whose tables tell of changes.
    const READS: Projections;

    /// Changes as [`Touch`] has them: see [`Index::statement`].
    fn changes() -> &'static Statement;
}

/// What a stream is about, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Changes of this account concern it.
    pub account: Option<AccountKey>,
    /// Changes of these posts concern it.
    pub posts: Vec<PostKey>,
}

impl Interest {
    /// What concerns an account.
    pub fn of_account(account: AccountKey) -> Self {
        Self { account: Some(account), posts: vec![] }
    }
}

/// What changed: it concerns those whose stream is about an account, or about a post; or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Everybody must look for themselves.
    Everybody,
    /// The streams of this account must.
    Account(i64),
    /// Of what streams of a post show, another post or itself changed, and that is all.
    Post { about: i64, touched: PostKey },
}

/// Streams by what they are about.
pub struct Interests<S> {
    by_account: ByKey<i64, StreamId>,
    by_post: ByKey<i64, StreamId>,
    source: PhantomData<S>,
}

impl<S> Default for Interests<S> {
    fn default() -> Self {
        Self { by_account: ByKey::default(), by_post: ByKey::default(), source: PhantomData }
    }
}

impl<S: Source> Index for Interests<S> {
    type Topic = Interest;
    type Change = Touch;

    const READS: Projections = S::READS;

    fn statement() -> &'static Statement {
        S::changes()
    }

    fn read(row: &Row) -> Result<Touch, Status> {
        // 0 is nothing.
        match (column(row, "account")?, column(row, "post")?) {
            (0, 0) => Ok(Touch::Everybody),
            (0, about) => Ok(Touch::Post { about, touched: PostKey(column(row, "touched")?) }),
            (account, _) => Ok(Touch::Account(account)),
        }
    }

    fn add(&mut self, id: StreamId, interest: &Interest) {
        if let Some(account) = interest.account {
            self.by_account.add(account.0, id);
        }
        for post in &interest.posts {
            self.by_post.add(post.0, id);
        }
    }

    fn remove(&mut self, id: StreamId, interest: &Interest) {
        if let Some(account) = interest.account {
            self.by_account.remove(&account.0, id);
        }
        for post in &interest.posts {
            self.by_post.remove(&post.0, id);
        }
    }

    /// However often something is liked, it is one thing that changed.
    fn says_the_same(one: &Touch, other: &Touch) -> bool {
        one == other
    }

    fn affected(&mut self, touch: &Touch) -> Affected {
        match touch {
            Touch::Everybody => Affected::Everybody,
            Touch::Account(account) => Affected::These(self.by_account.of(account).collect()),
            Touch::Post { about, .. } => Affected::Plainly(self.by_post.of(about).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::log::Anchor;
    use shared::model::ids::Position;

    use super::super::dispatch::{Dispatch, Heard};
    use super::*;

    struct Nothing;

    impl Source for Nothing {
        const READS: Projections = &[];

        fn changes() -> &'static Statement {
            unreachable!("nothing is read")
        }
    }

    fn at(position: i64) -> Anchor {
        Anchor { position: Position(position), ..Anchor::ORIGIN }
    }

    #[test]
    fn however_often_a_post_changes_its_stream_hears_of_it_once() {
        let dispatch = Dispatch::with(Interests::<Nothing>::default());
        let interest = Interest { account: Some(AccountKey(3)), posts: vec![PostKey(1)] };
        let subscription = dispatch.subscribe(interest, Position(10), at(10));
        for place in 11..1_011 {
            let touched = PostKey(1 + place % 2);
            let changes = vec![(Position(place), Touch::Post { about: 1, touched })];
            dispatch.hand(Position(place), at(place), changes);
        }
        let Heard::Changes(heard, through, _) = subscription.heard() else { panic!("it need not look for itself") };
        let heard: Vec<_> = heard.iter().map(|heard| (heard.first.0, heard.last.0, heard.change)).collect();
        let touched = |post| Touch::Post { about: 1, touched: PostKey(post) };
        assert_eq!(heard, [(11, 1_009, touched(2)), (12, 1_010, touched(1))]);
        assert_eq!(through, Position(1_010));
        dispatch.hand(Position(1_011), at(1_011), vec![(Position(1_011), Touch::Account(3))]);
        assert!(matches!(subscription.heard(), Heard::Something), "whom the viewer sees may have changed");
    }
}
