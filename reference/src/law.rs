//! The law of the timeline, and of who may see a post.
//!
//! Always: decided over the edges that stand now, reason by reason. Reasons that are undone (a removed repost, an ended
//! follow) have left the model, so the law need not name them. Never here: counts, or what a post looks like.

use crate::model::{AccountNumber, Model, PostNumber};

/// One post in a timeline or list, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub post_id: String,
    /// Position of the reason: of the post's creation, of the repost, or of the bookmark.
    pub place: u64,
    /// The account whose repost is the reason; none if the reason is that its author posted it.
    pub reposted_by: Option<String>,
}

/// Why a post is in a timeline: an actor posted or reposted it.
#[derive(Clone, Copy)]
struct Reason {
    actor: AccountNumber,
    post: PostNumber,
    place: u64,
    is_repost: bool,
}

/// Timelines.
impl Model {
    /// The reasons by the accounts the reader follows now, and by the reader, as far as the law shows them; each
    /// post once, at the place of its newest visible reason; newest first. Empty for an unknown, deactivated or suspended reader.
    #[must_use]
    pub fn home_timeline(&self, reader: &str) -> Vec<Entry> {
        let Some(reader) = self.active_number(reader) else {
            return Vec::new();
        };
        let mut actors = vec![reader];
        actors.extend(self.follows.from(reader).map(|(followee, _)| followee));

        // Decided here once, and not for each of the many reasons by one actor.
        actors.retain(|actor| !self.law_turns_away(*actor, reader));

        let mut shown = Vec::new();
        for actor in actors {
            shown.extend(self.reasons_by(actor).filter(|reason| self.law_shows(reason, reader)));
        }
        self.each_post_once_newest_first(shown)
    }

    /// The reasons by the author whose posts the viewer may see; each post once, at its newest; newest first. Empty
    /// if the viewer may not see the author: then their reposts are hidden too.
    #[must_use]
    pub fn author_timeline(&self, author: &str, viewer: Option<&str>) -> Vec<Entry> {
        let Some(author) = self.account_number(author) else {
            return Vec::new();
        };
        let viewer = self.viewer_number(viewer);
        if !self.may_see_posts_of(author, viewer) {
            return Vec::new();
        }
        let visible = self.reasons_by(author).filter(|reason| self.is_visible(reason.post, viewer));
        self.each_post_once_newest_first(visible.collect())
    }

    fn reasons_by(&self, actor: AccountNumber) -> impl Iterator<Item = Reason> {
        let posts = self.account_state(actor).posts.iter().map(move |post| {
            let place = self.post_state(*post).created_at;
            Reason { actor, post: *post, place, is_repost: false }
        });
        let reposts = self.reposts.from(actor).map(move |(post, place)| Reason { actor, post, place, is_repost: true });
        posts.chain(reposts)
    }

    /// Whether a reason is shown to the reader, who follows its actor or is it, and does not turn it away.
    fn law_shows(&self, reason: &Reason, reader: AccountNumber) -> bool {
        let author = self.post_state(reason.post).author;

        let post_is_gone = self.post_state(reason.post).is_gone();
        let is_shown_as_reply = reason.is_repost || self.law_shows_reply(reason.post, reader);
        let is_turned_away = self.law_turns_away(author, reader);
        let is_protected_from_reader =
            self.account_state(author).protected && !self.follows.has(reader, author) && author != reader;

        !post_is_gone && is_shown_as_reply && !is_turned_away && !is_protected_from_reader
    }

    /// A reply by its own author is shown only if the reader follows the account replied to, or it answers the
    /// reader, or the reader wrote it. What is not a reply passes.
    fn law_shows_reply(&self, post: PostNumber, reader: AccountNumber) -> bool {
        let Some(parent) = self.post_state(post).reply_to else {
            return true;
        };
        let replied_to = self.post_state(parent).author;
        self.follows.has(reader, replied_to) || replied_to == reader || self.post_state(post).author == reader
    }

    /// Nothing by an actor or of an author the reader blocks, mutes or is blocked by, or that is deactivated or suspended.
    fn law_turns_away(&self, account: AccountNumber, reader: AccountNumber) -> bool {
        self.blocks.has(reader, account)
            || self.mutes.has(reader, account)
            || self.blocks.has(account, reader)
            || self.account_state(account).is_gone()
    }

    fn each_post_once_newest_first(&self, mut reasons: Vec<Reason>) -> Vec<Entry> {
        reasons.sort_unstable_by_key(|reason| (reason.post, std::cmp::Reverse(reason.place)));
        reasons.dedup_by_key(|reason| reason.post);
        reasons.sort_unstable_by_key(|reason| std::cmp::Reverse(reason.place));
        reasons.iter().map(|reason| self.entry(reason)).collect()
    }

    fn entry(&self, reason: &Reason) -> Entry {
        Entry {
            post_id: self.post_state(reason.post).id.clone(),
            place: reason.place,
            reposted_by: reason.is_repost.then(|| self.account_state(reason.actor).id.clone()),
        }
    }
}

/// Who may see what.
impl Model {
    /// A post is visible if it is neither deleted nor taken down and the viewer may see its author's posts. Mutes do
    /// not matter.
    pub(crate) fn is_visible(&self, post: PostNumber, viewer: Option<AccountNumber>) -> bool {
        let post = self.post_state(post);
        !post.is_gone() && self.may_see_posts_of(post.author, viewer)
    }

    /// Whoever asks for a post by its id gets what is visible; its author also what was taken down.
    pub(crate) fn is_found_by_id(&self, post: PostNumber, viewer: Option<AccountNumber>) -> bool {
        let state = self.post_state(post);
        let is_own = viewer == Some(state.author);
        let is_up = !state.deleted && (state.taken_down.is_none() || is_own);
        is_up && self.may_see_posts_of(state.author, viewer)
    }

    /// A post that others wrote is shown unasked only if it is visible and the viewer does not mute its author.
    pub(crate) fn is_visible_and_not_muted(&self, post: PostNumber, viewer: Option<AccountNumber>) -> bool {
        self.is_visible(post, viewer) && !self.is_muted(self.post_state(post).author, viewer)
    }

    /// An account is visible if it is active and not suspended, and no block stands between it and the viewer. Without
    /// a viewer there are no blocks. Mutes do not matter.
    pub(crate) fn is_account_visible(&self, account: AccountNumber, viewer: Option<AccountNumber>) -> bool {
        let is_blocked = viewer.is_some_and(|viewer| self.block_stands_between(viewer, account));
        !self.account_state(account).is_gone() && !is_blocked
    }

    /// Without a viewer nobody is muted.
    pub(crate) fn is_muted(&self, account: AccountNumber, viewer: Option<AccountNumber>) -> bool {
        viewer.is_some_and(|viewer| self.mutes.has(viewer, account))
    }

    /// The author is visible, and a protected one is the viewer or followed by them. Without a viewer, protected
    /// authors are hidden.
    pub(crate) fn may_see_posts_of(&self, author: AccountNumber, viewer: Option<AccountNumber>) -> bool {
        let is_admitted = viewer.is_some_and(|viewer| viewer == author || self.follows.has(viewer, author));
        self.is_account_visible(author, viewer) && (!self.account_state(author).protected || is_admitted)
    }

    pub(crate) fn visible_number(&self, post_id: &str, viewer: Option<&str>) -> Option<PostNumber> {
        self.post_number(post_id).filter(|post| self.is_visible(*post, self.viewer_number(viewer)))
    }

    pub(crate) fn viewer_number(&self, viewer: Option<&str>) -> Option<AccountNumber> {
        viewer.and_then(|id| self.account_number(id))
    }

    pub(crate) fn active_number(&self, account_id: &str) -> Option<AccountNumber> {
        self.account_number(account_id).filter(|account| !self.account_state(*account).is_gone())
    }
}
