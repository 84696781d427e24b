//! Lists of posts and of accounts: with a hashtag, quoting, bookmarked, liking, reposting, blocked, muted.
//!
//! Always: every candidate is looked at when asked, and sorted then. Mutes hide where somebody looks around (hashtags,
//! quotes), and not where somebody looks at what they kept or asked for.

use std::cmp::Reverse;

use crate::law::Entry;
use crate::model::{AccountNumber, Model, PostNumber};

impl Model {
    /// The posts that the account bookmarked and may see now, newest bookmark first.
    #[must_use]
    pub fn bookmarks(&self, account: &str) -> Vec<Entry> {
        let Some(owner) = self.active_number(account) else {
            return Vec::new();
        };
        let visible = self.bookmarks.from(owner).filter(|(post, _)| self.is_visible(*post, Some(owner)));
        self.newest_first(visible.collect())
    }

    /// Every hashtag that a post ever had, sorted.
    #[must_use]
    pub fn hashtags(&self) -> Vec<&str> {
        self.tagged.keys().map(String::as_str).collect()
    }

    /// The posts whose present text has the hashtag, as far as the viewer may see them and does not mute their
    /// authors; newest first.
    #[must_use]
    pub fn hashtag_timeline(&self, tag: &str, viewer: Option<&str>) -> Vec<Entry> {
        let tag = tag.to_lowercase();
        let posts = self.tagged.get(&tag).into_iter().flatten();
        let tagged = posts.filter(|post| self.post_state(**post).hashtags.contains(&tag));
        self.looked_around(tagged.copied(), viewer)
    }

    /// The posts that quote this one, likewise; none if the viewer may not see it.
    #[must_use]
    pub fn quotes(&self, post: &str, viewer: Option<&str>) -> Option<Vec<Entry>> {
        let post = self.visible_number(post, viewer)?;
        Some(self.looked_around(self.post_state(post).quotes.iter().copied(), viewer))
    }

    /// The ids of the accounts that like the post, newest like first; none if the viewer may not see it.
    #[must_use]
    pub fn likers(&self, post: &str, viewer: Option<&str>) -> Option<Vec<String>> {
        let post = self.visible_number(post, viewer)?;
        Some(self.listed(self.likes.to(post), viewer))
    }

    /// The ids of the accounts that repost the post, newest repost first; none if the viewer may not see it.
    #[must_use]
    pub fn reposters(&self, post: &str, viewer: Option<&str>) -> Option<Vec<String>> {
        let post = self.visible_number(post, viewer)?;
        Some(self.listed(self.reposts.to(post), viewer))
    }

    /// The ids of the active accounts that this one blocks, newest block first, as its owner sees them.
    #[must_use]
    pub fn blocked(&self, account: &str) -> Vec<String> {
        // Without a viewer, a block hides nobody.
        self.active_number(account).map_or_else(Vec::new, |owner| self.listed(self.blocks.from(owner), None))
    }

    /// The ids of the active accounts that this one mutes, newest mute first, as its owner sees them.
    #[must_use]
    pub fn muted(&self, account: &str) -> Vec<String> {
        self.active_number(account).map_or_else(Vec::new, |owner| self.listed(self.mutes.from(owner), None))
    }

    pub(crate) fn visible_number(&self, post: &str, viewer: Option<&str>) -> Option<PostNumber> {
        let viewer = viewer.and_then(|id| self.account_number(id));
        self.post_number(post).filter(|post| self.is_visible(*post, viewer))
    }

    /// Whether the viewer may see the post and does not mute its author.
    pub(crate) fn is_welcome(&self, post: PostNumber, viewer: Option<AccountNumber>) -> bool {
        let author = self.post_state(post).author;
        let is_muted = viewer.is_some_and(|viewer| self.mutes.has(viewer, author));
        self.is_visible(post, viewer) && !is_muted
    }

    fn looked_around(&self, posts: impl Iterator<Item = PostNumber>, viewer: Option<&str>) -> Vec<Entry> {
        let viewer = viewer.and_then(|id| self.account_number(id));
        let welcome = posts.filter(|post| self.is_welcome(*post, viewer));
        self.newest_first(welcome.map(|post| (post, self.post_state(post).created_at)).collect())
    }

    fn newest_first(&self, mut posts: Vec<(PostNumber, u64)>) -> Vec<Entry> {
        posts.sort_by_key(|(_, place)| Reverse(*place));
        let entry = |(post, place): (PostNumber, u64)| Entry {
            post_id: self.post_state(post).id.clone(),
            place,
            reposted_by: None,
        };
        posts.into_iter().map(entry).collect()
    }
}
