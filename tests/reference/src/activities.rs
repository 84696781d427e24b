//! Activities: what the accounts that one follows did, collected from what stands when asked.

use std::cmp::Reverse;

use crate::model::{AccountNumber, Model, PostNumber};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityKind {
    /// Followed an account.
    Followed,
    /// Liked a post.
    Liked,
    /// Reposted a post.
    Reposted,
    /// Wrote a post.
    Posted,
}

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What.
    pub kind: ActivityKind,
    /// Position of the event.
    pub place: u64,
    /// Id of the account that did it.
    pub actor_id: String,
    /// Id of the post that was written, liked or reposted.
    pub post_id: Option<String>,
    /// Id of the account that was followed.
    pub target_account_id: Option<String>,
}

impl Model {
    /// What the accounts that this one follows did and what still stands, as far as it may hear of it; newest first.
    #[must_use]
    pub fn activities(&self, account: &str) -> Vec<Activity> {
        let Some(reader) = self.active_number(account) else {
            return Vec::new();
        };
        let mut told = Vec::new();
        for (actor, _) in self.follows.from(reader) {
            if !self.account_state(actor).deactivated && !self.mutes.has(reader, actor) {
                self.tell_of(actor, reader, &mut told);
            }
        }
        told.sort_by_key(|activity| Reverse(activity.place));
        told
    }

    fn tell_of(&self, actor: AccountNumber, reader: AccountNumber, told: &mut Vec<Activity>) {
        let actor_id = &self.account_state(actor).id;
        for (target, place) in self.follows.from(actor) {
            if self.may_hear_of(target, reader) {
                told.push(Activity {
                    kind: ActivityKind::Followed,
                    place,
                    actor_id: actor_id.clone(),
                    post_id: None,
                    target_account_id: Some(self.account_state(target).id.clone()),
                });
            }
        }
        let mut tell = |kind, post: PostNumber, place| {
            if self.is_welcome(post, Some(reader)) {
                told.push(Activity {
                    kind,
                    place,
                    actor_id: actor_id.clone(),
                    post_id: Some(self.post_state(post).id.clone()),
                    target_account_id: None,
                });
            }
        };
        for (post, place) in self.likes.from(actor) {
            tell(ActivityKind::Liked, post, place);
        }
        for (post, place) in self.reposts.from(actor) {
            tell(ActivityKind::Reposted, post, place);
        }
        for post in &self.account_state(actor).posts {
            tell(ActivityKind::Posted, *post, self.post_state(*post).created_at);
        }
    }

    fn may_hear_of(&self, account: AccountNumber, reader: AccountNumber) -> bool {
        !self.account_state(account).deactivated
            && !self.mutes.has(reader, account)
            && !self.block_stands_between(reader, account)
    }
}
