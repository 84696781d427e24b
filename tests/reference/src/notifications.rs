//! Notifications: the causes that stand now, collected from the edges and posts, grouped when asked.
//!
//! Always: a cause is derived from what stands, so nothing needs to be taken back. Never here: a stored notification.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::model::{AccountNumber, Model, PostNumber};

const CAUSERS_SHOWN: usize = 3;
const COUNTED_MAX: usize = 1_000;

/// Why an account is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationReason {
    /// Somebody follows it.
    Followed,
    /// Somebody asks to follow it.
    FollowRequested,
    /// Somebody likes its post.
    Liked,
    /// Somebody reposts its post.
    Reposted,
    /// Somebody answered its post.
    Replied,
    /// Somebody named it.
    Mentioned,
    /// Somebody quoted its post.
    Quoted,
}

/// The causes of one reason about one post, or about none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationGroup {
    /// The reason.
    pub reason: NotificationReason,
    /// Id of the post that it is about.
    pub post_id: Option<String>,
    /// Position of the newest visible cause.
    pub place: u64,
    /// How many visible causes there are, at most 1,000.
    pub causer_count: i64,
    /// Ids of the accounts behind the newest 3 visible causes, newest first.
    pub newest_causers: Vec<String>,
    /// Whether the account has seen as much.
    pub seen: bool,
    /// When the newest visible cause was recorded, in microseconds since the Unix epoch.
    pub at_us: i64,
}

struct Cause {
    reason: NotificationReason,
    about: Option<PostNumber>,
    actor: AccountNumber,
    place: u64,
}

impl Model {
    /// The groups with a visible cause, newest first. Empty for an unknown or deactivated account.
    #[must_use]
    pub fn notifications(&self, account: &str) -> Vec<NotificationGroup> {
        let Some(recipient) = self.active_number(account) else {
            return Vec::new();
        };
        let mut groups: HashMap<(NotificationReason, Option<PostNumber>), Vec<Cause>> = HashMap::new();
        for cause in self.causes(recipient) {
            if self.is_told(&cause, recipient) {
                groups.entry((cause.reason, cause.about)).or_default().push(cause);
            }
        }
        let mut told: Vec<NotificationGroup> =
            groups.into_values().map(|causes| self.group(causes, recipient)).collect();
        told.sort_by_key(|group| Reverse(group.place));
        told
    }

    /// How many groups are not seen yet, at most 1,000.
    #[must_use]
    pub fn unread_notification_count(&self, account: &str) -> i64 {
        let unread = self.notifications(account).iter().filter(|group| !group.seen).count();
        count(unread)
    }

    fn group(&self, mut causes: Vec<Cause>, recipient: AccountNumber) -> NotificationGroup {
        causes.sort_by_key(|cause| Reverse(cause.place));
        let newest = &causes[0];
        let causers = causes.iter().take(CAUSERS_SHOWN);
        NotificationGroup {
            reason: newest.reason,
            post_id: newest.about.map(|post| self.post_state(post).id.clone()),
            place: newest.place,
            causer_count: count(causes.len()),
            newest_causers: causers.map(|cause| self.account_state(cause.actor).id.clone()).collect(),
            seen: self.seen.get(&recipient).is_some_and(|seen| newest.place <= *seen),
            at_us: self.recorded_at(newest.place),
        }
    }

    fn replies_to(&self, post: PostNumber, account: AccountNumber) -> bool {
        self.post_state(post).reply_to.is_some_and(|parent| self.post_state(parent).author == account)
    }

    fn quotes_from(&self, post: PostNumber, account: AccountNumber) -> bool {
        self.post_state(post).quoted.is_some_and(|quoted| self.post_state(quoted).author == account)
    }

    /// Everything that others do to the recipient and to what it wrote, visible or not. A post notifies once: as a reply
    /// before a quote before a mention.
    fn causes(&self, recipient: AccountNumber) -> Vec<Cause> {
        use NotificationReason::{FollowRequested, Followed, Liked, Mentioned, Quoted, Replied, Reposted};
        let mut causes = Vec::new();
        let mut add = |reason, about, actor, place| causes.push(Cause { reason, about, actor, place });
        for (actor, place) in self.follows.to(recipient) {
            add(Followed, None, actor, place);
        }
        for (actor, place) in self.requests.to(recipient) {
            add(FollowRequested, None, actor, place);
        }
        for post in &self.account_state(recipient).posts {
            let state = self.post_state(*post);
            for (actor, place) in self.likes.to(*post).filter(|_| !state.deleted) {
                add(Liked, Some(*post), actor, place);
            }
            for (actor, place) in self.reposts.to(*post).filter(|_| !state.deleted) {
                add(Reposted, Some(*post), actor, place);
            }
            for reply in &state.replies {
                add(Replied, Some(*reply), self.post_state(*reply).author, self.post_state(*reply).created_at);
            }
            for quote in state.quotes.iter().filter(|quote| !self.replies_to(**quote, recipient)) {
                add(Quoted, Some(*quote), self.post_state(*quote).author, self.post_state(*quote).created_at);
            }
        }
        for (post, place) in self.mentions.to(recipient) {
            if !self.replies_to(post, recipient) && !self.quotes_from(post, recipient) {
                add(Mentioned, Some(post), self.post_state(post).author, place);
            }
        }
        causes
    }

    /// Nobody notifies themselves; who is deactivated, muted or across a block is not heard; and what the recipient may
    /// not see, or what is deleted, is no news.
    fn is_told(&self, cause: &Cause, recipient: AccountNumber) -> bool {
        let actor = cause.actor;
        let is_heard = actor != recipient
            && !self.account_state(actor).deactivated
            && !self.mutes.has(recipient, actor)
            && !self.block_stands_between(recipient, actor);
        is_heard && cause.about.is_none_or(|post| self.is_visible(post, Some(recipient)))
    }
}

fn count(things: usize) -> i64 {
    i64::try_from(things.min(COUNTED_MAX)).expect("it is at most a thousand")
}
