//! Notifications: what others did to an account, grouped.
//!
//! Always: decided over the causes that stand now, so undoing one takes it out of its group, and a group may become
//! older. What is undone after the recipient has seen it, and done again within a day of when it was done first, is
//! told at its first place, which the recipient has seen. Never here: stored groups, and causes by the recipient
//! itself.

use std::collections::BTreeMap;

use crate::model::{AccountNumber, Deed, Model, Notice, PostNumber};
use crate::questions::count;

const CAUSER_COUNT_MAX: i64 = 1_000;
const NEWEST_CAUSERS_MAX: usize = 3;
const UNREAD_COUNT_MAX: i64 = 1_000;
const DAY_US: i64 = 86_400_000_000;

/// What was done to the recipient for one reason, to one post if the reason has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationGroup {
    pub reason: NotificationReason,
    /// The recipient's post that was liked or reposted, or the post that replies, quotes or mentions.
    pub post_id: Option<String>,
    /// Position of the newest visible cause.
    pub place: u64,
    /// How many visible causes there are, up to the most that are counted.
    pub causer_count: i64,
    /// The accounts that caused the newest of them, newest first.
    pub newest_causers: Vec<String>,
    /// Whether the recipient has seen everything up to this place.
    pub seen: bool,
    /// When the newest visible cause was recorded, in microseconds since the Unix epoch.
    pub at_us: i64,
}

/// Why an account is notified. A post notifies an account once: as a reply before a quote before a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationReason {
    Followed,
    FollowRequested,
    Liked,
    Reposted,
    Replied,
    Quoted,
    Mentioned,
}

/// One thing that another account did to the recipient.
#[derive(Clone, Copy)]
struct Cause {
    reason: NotificationReason,
    post: Option<PostNumber>,
    actor: AccountNumber,
    place: u64,
}

impl Model {
    /// The groups of causes that stand now and are visible to the account; newest group first. Empty for an unknown
    /// deactivated or suspended account.
    #[must_use]
    pub fn notifications(&self, account: &str) -> Vec<NotificationGroup> {
        let Some(recipient) = self.active_number(account) else {
            return Vec::new();
        };
        let mut grouped: BTreeMap<(NotificationReason, Option<PostNumber>), Vec<Cause>> = BTreeMap::new();
        for cause in self.causes(recipient) {
            if cause.actor != recipient && self.is_cause_visible(&cause, recipient) {
                grouped.entry((cause.reason, cause.post)).or_default().push(cause);
            }
        }
        let mut groups: Vec<NotificationGroup> =
            grouped.into_values().map(|causes| self.group(causes, recipient)).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.place));
        groups
    }

    /// How many groups stand at places that the account has not seen, up to the most that are counted.
    #[must_use]
    pub fn unread_notification_count(&self, account: &str) -> i64 {
        let groups = self.notifications(account);
        count(groups.iter().filter(|group| !group.seen)).min(UNREAD_COUNT_MAX)
    }

    /// All causes that stand now, whoever made them; also those by or on deleted posts, which nobody can see.
    fn causes(&self, recipient: AccountNumber) -> Vec<Cause> {
        let mut causes = Vec::new();
        for (actor, drawn) in self.follows.to(recipient) {
            let place = self.told_at(Deed::Follow(actor, recipient), drawn);
            causes.push(Cause { reason: NotificationReason::Followed, post: None, actor, place });
        }
        for (actor, drawn) in self.requests.to(recipient) {
            let place = self.told_at(Deed::Request(actor, recipient), drawn);
            causes.push(Cause { reason: NotificationReason::FollowRequested, post: None, actor, place });
        }
        for post in &self.account_state(recipient).posts {
            self.extend_by_causes_on_post(&mut causes, *post);
        }
        let mentions = self.mentions.to(recipient);
        let mentions =
            mentions.filter(|(post, _)| !self.answers(*post, recipient) && !self.quotes_from(*post, recipient));
        causes.extend(mentions.map(|(post, drawn)| {
            let place = self.told_at(Deed::Mention(post, recipient), drawn);
            self.cause_by_post(NotificationReason::Mentioned, post, place)
        }));
        causes
    }

    fn extend_by_causes_on_post(&self, causes: &mut Vec<Cause>, post: PostNumber) {
        for (actor, drawn) in self.likes.to(post) {
            let place = self.told_at(Deed::Like(actor, post), drawn);
            causes.push(Cause { reason: NotificationReason::Liked, post: Some(post), actor, place });
        }
        for (actor, drawn) in self.reposts.to(post) {
            let place = self.told_at(Deed::Repost(actor, post), drawn);
            causes.push(Cause { reason: NotificationReason::Reposted, post: Some(post), actor, place });
        }
        let state = self.post_state(post);
        for reply in &state.replies {
            let place = self.post_state(*reply).created_at;
            causes.push(self.cause_by_post(NotificationReason::Replied, *reply, place));
        }
        for quote in state.quotes.iter().filter(|quote| !self.answers(**quote, state.author)) {
            let place = self.post_state(*quote).created_at;
            causes.push(self.cause_by_post(NotificationReason::Quoted, *quote, place));
        }
    }

    fn told_at(&self, deed: Deed, drawn: u64) -> u64 {
        self.notices.get(&deed).map_or(drawn, |notice| notice.place)
    }

    /// Records that something is done, at the event that is being applied: what was seen not long ago is no news.
    pub(crate) fn done(&mut self, deed: Deed, position: u64, at_us: i64) {
        let before = self.notices.remove(&deed);
        let first = before.filter(|notice| at_us - self.recorded_at_us(notice.place) < DAY_US);
        self.notices.insert(deed, Notice { place: first.map_or(position, |notice| notice.place), undone: false });
    }

    /// Records that something is undone, and up to where its object had seen everything: only what was seen is remembered.
    pub(crate) fn undone(&mut self, deed: Deed, seen_up_to: Option<u64>) {
        let Some(notice) = self.notices.get_mut(&deed) else { return };
        let was_seen = notice.undone || seen_up_to.is_some_and(|seen| notice.place <= seen);
        notice.undone = true;
        if !was_seen {
            self.notices.remove(&deed);
        }
    }

    fn answers(&self, post: PostNumber, account: AccountNumber) -> bool {
        self.post_state(post).reply_to.is_some_and(|parent| self.post_state(parent).author == account)
    }

    fn quotes_from(&self, post: PostNumber, account: AccountNumber) -> bool {
        self.post_state(post).quoted.is_some_and(|quoted| self.post_state(quoted).author == account)
    }

    /// The author's deed, and the post of a group of its own. It does not matter whether it answers or quotes something deleted.
    fn cause_by_post(&self, reason: NotificationReason, post: PostNumber, place: u64) -> Cause {
        Cause { reason, post: Some(post), actor: self.post_state(post).author, place }
    }

    /// A post that is deleted or taken down is not visible, so likes and reposts go with the post they are on, and a reply, quote or
    /// mention goes with the post that makes it.
    fn is_cause_visible(&self, cause: &Cause, recipient: AccountNumber) -> bool {
        let recipient = Some(recipient);
        self.is_account_visible(cause.actor, recipient)
            && !self.is_muted(cause.actor, recipient)
            && cause.post.is_none_or(|post| self.is_visible(post, recipient))
    }

    /// The group of these causes, of which there is at least one, all for the same reason and post.
    fn group(&self, mut causes: Vec<Cause>, recipient: AccountNumber) -> NotificationGroup {
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.place));
        let newest = causes[0];
        let newest_causes = causes.iter().take(NEWEST_CAUSERS_MAX);
        NotificationGroup {
            reason: newest.reason,
            post_id: newest.post.map(|post| self.post_state(post).id.clone()),
            place: newest.place,
            causer_count: count(causes.iter()).min(CAUSER_COUNT_MAX),
            newest_causers: newest_causes.map(|cause| self.account_state(cause.actor).id.clone()).collect(),
            seen: newest.place <= self.account_state(recipient).seen_up_to,
            at_us: self.recorded_at_us(newest.place),
        }
    }
}
