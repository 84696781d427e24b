//! A like, a repost or a bookmark: whether one account has it on one post.
//!
//! Always: adding twice and removing twice succeed; a repost that is undone and made again takes a new place. Never
//! here: whether the actor may see the post, which [`super::post::Post::seen`] decides.

use shared::model::event::{BookmarkEvent, Event, LikeEvent, RepostEvent};
use shared::model::ids::{AccountRef, AuthoredPost, Position};

use super::account::{Account, Known};
use super::notifications::Seen;
use super::{Aggregate, Refusal};

/// Folded from `like-{account}-{post}`, `repost-…` or `bookmark-…`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reaction {
    #[default]
    Absent,
    /// Added at this position.
    Since(Position),
}

/// Likes a post, which the account must be able to see.
#[must_use]
pub fn like(like: Reaction, account: AccountRef, on: AuthoredPost) -> Vec<Event> {
    match like {
        Reaction::Since(_) => vec![],
        Reaction::Absent => vec![Event::Like(LikeEvent::Added { account, post: on.post, post_author: on.author })],
    }
}

/// Removes a like, also from a deleted post. `seen` is what the author has seen of its notifications.
#[must_use]
pub fn unlike(like: Reaction, account: AccountRef, on: AuthoredPost, seen: Seen) -> Vec<Event> {
    match like {
        Reaction::Absent => vec![],
        Reaction::Since(_) => {
            let (post, post_author, author_seen_up_to) = (on.post, on.author, seen.up_to());
            vec![Event::Like(LikeEvent::Removed { account, post, post_author, author_seen_up_to })]
        }
    }
}

/// Reposts a post, which the account must be able to see, unless its author is protected.
///
/// # Errors
/// `AccountProtected`.
pub fn repost(
    repost: Reaction,
    account: AccountRef,
    on: AuthoredPost,
    author: &Account,
) -> Result<Vec<Event>, Refusal> {
    match (repost, author) {
        (Reaction::Since(_), _) => Ok(vec![]),
        (Reaction::Absent, Account::Known(Known { protected: true, .. })) => Err(Refusal::AccountProtected),
        (Reaction::Absent, _) => {
            Ok(vec![Event::Repost(RepostEvent::Added { account, post: on.post, post_author: on.author })])
        }
    }
}

/// Undoes a repost, also of a deleted post. `seen` is what the author has seen of its notifications.
#[must_use]
pub fn undo_repost(repost: Reaction, account: AccountRef, on: AuthoredPost, seen: Seen) -> Vec<Event> {
    match repost {
        Reaction::Absent => vec![],
        Reaction::Since(added_at) => {
            let (post, post_author, author_seen_up_to) = (on.post, on.author, seen.up_to());
            vec![Event::Repost(RepostEvent::Removed { account, post, post_author, added_at, author_seen_up_to })]
        }
    }
}

/// Bookmarks a post, which the account must be able to see.
#[must_use]
pub fn bookmark(bookmark: Reaction, account: AccountRef, on: AuthoredPost) -> Vec<Event> {
    match bookmark {
        Reaction::Since(_) => vec![],
        Reaction::Absent => {
            vec![Event::Bookmark(BookmarkEvent::Added { account, post: on.post, post_author: on.author })]
        }
    }
}

/// Removes a bookmark, also of a deleted post.
#[must_use]
pub fn remove_bookmark(bookmark: Reaction, account: AccountRef, on: AuthoredPost) -> Vec<Event> {
    match bookmark {
        Reaction::Absent => vec![],
        Reaction::Since(_) => {
            vec![Event::Bookmark(BookmarkEvent::Removed { account, post: on.post, post_author: on.author })]
        }
    }
}

impl Aggregate for Reaction {
    fn evolve(self, position: Position, event: &Event) -> Self {
        match event {
            Event::Like(LikeEvent::Added { .. })
            | Event::Repost(RepostEvent::Added { .. })
            | Event::Bookmark(BookmarkEvent::Added { .. }) => Self::Since(position),
            Event::Like(LikeEvent::Removed { .. })
            | Event::Repost(RepostEvent::Removed { .. })
            | Event::Bookmark(BookmarkEvent::Removed { .. }) => Self::Absent,
            Event::Account(_)
            | Event::Handle(_)
            | Event::Post(_)
            | Event::Follow(_)
            | Event::Requests(_)
            | Event::Block(_)
            | Event::Mute(_)
            | Event::Notifications(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, POST, known, protected};
    use super::*;

    const ON: AuthoredPost = AuthoredPost { post: POST, author: ALICE };

    #[test]
    fn adding_twice_and_removing_twice_are_fine() {
        let there = Reaction::Since(Position(7));
        assert_eq!(like(there, BOB, ON), vec![]);
        assert_eq!(unlike(Reaction::Absent, BOB, ON, Seen::default()), vec![]);
        assert_eq!(repost(there, BOB, ON, &Account::Known(known(ALICE))), Ok(vec![]));
        assert_eq!(undo_repost(Reaction::Absent, BOB, ON, Seen::default()), vec![]);
        assert_eq!(bookmark(there, BOB, ON), vec![]);
        assert_eq!(remove_bookmark(Reaction::Absent, BOB, ON), vec![]);
    }

    #[test]
    fn ones_own_post_may_be_reposted_and_a_protected_accounts_may_not() {
        let added = Event::Repost(RepostEvent::Added { account: ALICE, post: POST, post_author: ALICE });
        let author = Account::Known(known(ALICE));
        assert_eq!(repost(Reaction::Absent, ALICE, ON, &author), Ok(vec![added]));
        let author = Account::Known(protected(ALICE));
        assert_eq!(repost(Reaction::Absent, BOB, ON, &author), Err(Refusal::AccountProtected));
    }

    #[test]
    fn an_undone_repost_names_the_place_that_it_leaves() {
        let added = &repost(Reaction::Absent, BOB, ON, &Account::Known(known(ALICE))).expect("allowed")[0];
        let removed = &undo_repost(Reaction::Absent.evolve(Position(7), added), BOB, ON, Seen(Position(5)))[0];
        let expected = RepostEvent::Removed {
            account: BOB,
            post: POST,
            post_author: ALICE,
            added_at: Position(7),
            author_seen_up_to: Some(Position(5)),
        };
        assert_eq!(*removed, Event::Repost(expected));
        assert_eq!(Reaction::Since(Position(7)).evolve(Position(8), removed), Reaction::Absent);
    }
}
