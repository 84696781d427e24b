//! The lists of posts beside the timelines: bookmarks, a hashtag's posts, a post's quotes.
//!
//! Always: each post once, newest first. Never here: lists of accounts (`questions`), and reposts: they bring a post
//! into a timeline, not into a list.

use unicode_normalization::UnicodeNormalization as _;

use crate::law::Entry;
use crate::model::{Model, PostNumber};

impl Model {
    /// The posts that the account bookmarked and may see, newest bookmark first, as its owner sees them: mutes do not
    /// matter. The place is that of the bookmark. Empty for an unknown, deactivated or
    /// suspended account.
    #[must_use]
    pub fn bookmarks(&self, account: &str) -> Vec<Entry> {
        let Some(account) = self.active_number(account) else {
            return Vec::new();
        };
        let visible = self.bookmarks.from(account).filter(|(post, _)| self.is_visible(*post, Some(account)));
        self.newest_first(visible.collect())
    }

    /// The posts whose present text has the hashtag, in whatever case and normal form it is asked for, that the viewer may see and
    /// whose author they do not mute; newest post first.
    #[must_use]
    pub fn hashtag_timeline(&self, tag: &str, viewer: Option<&str>) -> Vec<Entry> {
        let tag = same_for_all_cases(tag);
        let viewer = self.viewer_number(viewer);
        let mut shown = Vec::new();
        for post in self.posts_by_hashtag.get(&tag).into_iter().flatten() {
            let has_it_now = self.post_state(*post).hashtags.iter().any(|own| same_for_all_cases(own) == tag);
            if has_it_now && self.is_visible_and_not_muted(*post, viewer) {
                shown.push(self.at_its_creation(*post));
            }
        }
        self.newest_first(shown)
    }

    /// The posts that quote this one, that the viewer may see and whose author they do not mute; newest post first.
    /// None if the post itself is not visible to the viewer.
    #[must_use]
    pub fn quotes(&self, post: &str, viewer: Option<&str>) -> Option<Vec<Entry>> {
        let post = self.visible_number(post, viewer)?;
        let viewer = self.viewer_number(viewer);
        let mut shown = Vec::new();
        for quote in &self.post_state(post).quotes {
            if self.is_visible_and_not_muted(*quote, viewer) {
                shown.push(self.at_its_creation(*quote));
            }
        }
        Some(self.newest_first(shown))
    }

    fn at_its_creation(&self, post: PostNumber) -> (PostNumber, u64) {
        (post, self.post_state(post).created_at)
    }

    fn newest_first(&self, mut posts: Vec<(PostNumber, u64)>) -> Vec<Entry> {
        posts.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
        let entry = |(post, place)| Entry { post_id: self.post_state(post).id.clone(), place, reposted_by: None };
        posts.into_iter().map(entry).collect()
    }
}

/// A tag in the form that all its spellings share: lower case, composed characters, and one small sigma of the two.
pub(crate) fn same_for_all_cases(tag: &str) -> String {
    let composed: String = tag.nfc().collect();
    let lower: String = composed.to_lowercase().nfc().collect();
    lower.replace('ς', "σ")
}
