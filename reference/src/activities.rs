//! The activity feed: what the accounts that one follows did.
//!
//! Always: an activity stands as long as its edge or post does, at the place of the event that made it, so no two
//! activities share a place. Never here: what the reader does, and what was undone: it has left the model.

use crate::model::{AccountNumber, Model, PostNumber};

/// Something that an account did which the reader follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub kind: ActivityKind,
    /// Position of the event.
    pub place: u64,
    pub actor_id: String,
    /// The post that was written, liked or reposted.
    pub post_id: Option<String>,
    /// The account that was followed.
    pub target_account_id: Option<String>,
}

/// What an account can be seen doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityKind {
    Followed,
    /// It wrote a post, which may be a reply or a quote.
    Posted,
    Liked,
    Reposted,
}

#[derive(Clone, Copy)]
struct Deed {
    kind: ActivityKind,
    place: u64,
    actor: AccountNumber,
    object: Object,
}

/// What an activity is about.
#[derive(Clone, Copy)]
enum Object {
    Post(PostNumber),
    Account(AccountNumber),
}

impl Model {
    /// The activities of the accounts that this one follows now, if they were not undone and as far as it may see them;
    /// newest first. Empty for an unknown, deactivated or suspended account.
    #[must_use]
    pub fn activities(&self, account: &str) -> Vec<Activity> {
        let Some(reader) = self.active_number(account) else {
            return Vec::new();
        };
        let mut shown = Vec::new();
        for (actor, _) in self.follows.from(reader) {
            if self.activities_show_account(actor, reader) {
                shown.extend(self.deeds_of(actor).filter(|deed| self.activities_show(deed.object, reader)));
            }
        }
        shown.sort_unstable_by_key(|deed| std::cmp::Reverse(deed.place));
        shown.into_iter().map(|deed| self.activity(deed)).collect()
    }

    fn deeds_of(&self, actor: AccountNumber) -> impl Iterator<Item = Deed> {
        let deed = move |kind, object, place| Deed { kind, place, actor, object };
        let follows = self.follows.from(actor);
        let posts = self.account_state(actor).posts.iter().map(|post| (*post, self.post_state(*post).created_at));
        let likes = self.likes.from(actor);
        let reposts = self.reposts.from(actor);

        let follows =
            follows.map(move |(account, place)| deed(ActivityKind::Followed, Object::Account(account), place));
        let posts = posts.map(move |(post, place)| deed(ActivityKind::Posted, Object::Post(post), place));
        let likes = likes.map(move |(post, place)| deed(ActivityKind::Liked, Object::Post(post), place));
        let reposts = reposts.map(move |(post, place)| deed(ActivityKind::Reposted, Object::Post(post), place));
        follows.chain(posts).chain(likes).chain(reposts)
    }

    fn activities_show(&self, object: Object, reader: AccountNumber) -> bool {
        match object {
            Object::Post(post) => self.is_visible_and_not_muted(post, Some(reader)),
            Object::Account(account) => self.activities_show_account(account, reader),
        }
    }

    /// Whom a protected account follows and who follows it is for those who may see its posts, so a follow is shown to
    /// those who may see what either of the two posts.
    fn activities_show_account(&self, account: AccountNumber, reader: AccountNumber) -> bool {
        self.may_see_posts_of(account, Some(reader)) && !self.is_muted(account, Some(reader))
    }

    fn activity(&self, deed: Deed) -> Activity {
        let (post_id, target_account_id) = match deed.object {
            Object::Post(post) => (Some(self.post_state(post).id.clone()), None),
            Object::Account(account) => (None, Some(self.account_state(account).id.clone())),
        };
        Activity {
            kind: deed.kind,
            place: deed.place,
            actor_id: self.account_state(deed.actor).id.clone(),
            post_id,
            target_account_id,
        }
    }
}
