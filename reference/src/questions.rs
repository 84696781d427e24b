//! The queries about single accounts and posts, and the lists of accounts.
//!
//! Always: every count is counted when asked. Counts are counts of edges: deactivation, suspension, mute, block and what is
//! taken down change none.
//! Never here: timelines, and who may see a post (`law`).

use crate::model::{AccountNumber, Model, PostNumber};

/// A reference to a picture, a film or a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub url: String,
    /// `image`, `video`, `animation` or `audio`.
    pub kind: String,
    /// 0 if it is not said, as the height.
    pub width: u64,
    pub height: u64,
    pub alt: String,
}

/// What is shown of a page on the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCard {
    pub url: String,
    pub title: String,
    pub description: String,
    pub image: Option<Media>,
}

/// What a post has beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    pub media: Vec<Media>,
    pub link_card: Option<LinkCard>,
    pub languages: Vec<String>,
    pub content_warning: String,
}

/// Why a moderator took a post down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenDown {
    /// Such as `spam` or `self_harm`.
    pub reason: String,
    pub text: String,
}

/// An account as anyone sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub account_id: String,
    pub handle: String,
    pub display_name: String,
    pub bio: String,
    /// `user` or `organization`.
    pub kind: String,
    /// Whether followers need its approval.
    pub protected: bool,
    pub follower_count: i64,
    pub following_count: i64,
    /// How many live posts it has, with replies and without reposts.
    pub post_count: i64,
    /// When it was registered, in microseconds since the Unix epoch.
    pub created_at_us: i64,
    /// How many events its log stream has.
    pub version: u64,
    pub avatar: Option<Media>,
    pub banner: Option<Media>,
}

/// A post as one viewer sees it. `liked`, `reposted` and `bookmarked` are of that viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub post_id: String,
    pub author_id: String,
    /// As last edited.
    pub text: String,
    /// The post that it replies to, also when that is deleted or hidden.
    pub reply_to_post_id: Option<String>,
    /// The author of the post that it replies to.
    pub reply_to_account_id: Option<String>,
    /// The post that it quotes, also when that is unavailable.
    pub quoted_post_id: Option<String>,
    /// Whether it quotes a post that the viewer may not see.
    pub quoted_post_unavailable: bool,
    pub like_count: i64,
    pub repost_count: i64,
    /// How many live direct replies it has.
    pub reply_count: i64,
    /// Microseconds since the Unix epoch.
    pub created_at_us: i64,
    /// When it was last edited, in microseconds since the Unix epoch.
    pub edited_at_us: Option<i64>,
    pub liked: bool,
    pub reposted: bool,
    pub bookmarked: bool,
    /// How many events its log stream has.
    pub version: u64,
    pub extras: Extras,
    /// Only of a post that its author asks for by its id.
    pub taken_down: Option<TakenDown>,
}

/// How one account stands to another, as far as the viewer may know. Names that end in `by` are what the other does to the one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relationship {
    pub following: bool,
    pub followed_by: bool,
    pub follow_requested: bool,
    pub follow_requested_by: bool,
    pub blocking: bool,
    pub blocked_by: bool,
    pub muting: bool,
}

impl Model {
    /// The account; none if it is unknown, deactivated or suspended.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<Account> {
        let number = self.active_number(id)?;
        let state = self.account_state(number);
        let live_posts = state.posts.iter().filter(|post| !self.post_state(**post).deleted);
        Some(Account {
            account_id: state.id.clone(),
            handle: state.handle.clone(),
            display_name: state.display_name.clone(),
            bio: state.bio.clone(),
            kind: state.kind.clone(),
            protected: state.protected,
            follower_count: count(self.follows.to(number)),
            following_count: count(self.follows.from(number)),
            post_count: count(live_posts),
            created_at_us: state.created_at_us,
            version: self.version_of(&format!("account-{id}")),
            avatar: state.avatar.clone(),
            banner: state.banner.clone(),
        })
    }

    fn version_of(&self, stream: &str) -> u64 {
        self.applied.get(stream).copied().unwrap_or(0)
    }

    /// The account that holds the handle; none if nobody does, or an account that is deactivated or suspended.
    #[must_use]
    pub fn account_by_handle(&self, handle: &str) -> Option<Account> {
        self.account(self.handles.get(handle)?)
    }

    /// The post as it is shown anywhere; none if it is unknown or not visible to the viewer.
    #[must_use]
    pub fn post(&self, id: &str, viewer: Option<&str>) -> Option<Post> {
        self.visible_number(id, viewer).map(|number| self.looked_at(number, viewer))
    }

    /// The post as whoever asks for it by its id gets it: its author also if it was taken down.
    #[must_use]
    pub fn post_by_id(&self, id: &str, viewer: Option<&str>) -> Option<Post> {
        let number = self.post_number(id)?;
        self.is_found_by_id(number, self.viewer_number(viewer)).then(|| self.looked_at(number, viewer))
    }

    fn looked_at(&self, number: PostNumber, viewer: Option<&str>) -> Post {
        let viewer = self.viewer_number(viewer);
        let state = self.post_state(number);
        let parent = state.reply_to.map(|parent| self.post_state(parent));
        let live_replies = state.replies.iter().filter(|reply| !self.post_state(**reply).deleted);
        Post {
            post_id: state.id.clone(),
            author_id: self.account_state(state.author).id.clone(),
            text: state.text.clone(),
            reply_to_post_id: parent.map(|parent| parent.id.clone()),
            reply_to_account_id: parent.map(|parent| self.account_state(parent.author).id.clone()),
            quoted_post_id: state.quoted.map(|quoted| self.post_state(quoted).id.clone()),
            quoted_post_unavailable: state.quoted.is_some_and(|quoted| !self.is_visible(quoted, viewer)),
            like_count: count(self.likes.to(number)),
            repost_count: count(self.reposts.to(number)),
            reply_count: count(live_replies),
            created_at_us: state.created_at_us,
            edited_at_us: state.edited_at_us,
            liked: viewer.is_some_and(|viewer| self.likes.has(viewer, number)),
            reposted: viewer.is_some_and(|viewer| self.reposts.has(viewer, number)),
            bookmarked: viewer.is_some_and(|viewer| self.bookmarks.has(viewer, number)),
            version: self.version_of(&format!("post-{}", state.id)),
            extras: state.extras.clone(),
            taken_down: state.taken_down.clone(),
        }
    }

    /// Whether the viewer, who may not see the post, may know that it was deleted or taken down, which is not told apart: who
    /// could see what its author posts.
    #[must_use]
    pub fn may_know_deletion_of(&self, id: &str, viewer: Option<&str>) -> bool {
        let viewer = self.viewer_number(viewer);
        let post = self.post_number(id).map(|number| self.post_state(number));
        post.is_some_and(|post| post.is_gone() && self.may_see_posts_of(post.author, viewer))
    }

    /// How the two stand to each other, as far as the viewer may know; nothing if either is unknown. A follow is known
    /// to the two, and to those who may see what either of the two posts; a request and a block to the two alone; a
    /// mute to the one who mutes.
    #[must_use]
    pub fn relationship(&self, one: &str, other: &str, viewer: Option<&str>) -> Relationship {
        let (Some(one), Some(other)) = (self.account_number(one), self.account_number(other)) else {
            return Relationship::default();
        };
        let viewer = self.viewer_number(viewer);
        let is_one_of_them = viewer == Some(one) || viewer == Some(other);
        let sees_follows =
            is_one_of_them || (self.may_see_posts_of(one, viewer) && self.may_see_posts_of(other, viewer));
        Relationship {
            following: sees_follows && self.follows.has(one, other),
            followed_by: sees_follows && self.follows.has(other, one),
            follow_requested: is_one_of_them && self.requests.has(one, other),
            follow_requested_by: is_one_of_them && self.requests.has(other, one),
            blocking: is_one_of_them && self.blocks.has(one, other),
            blocked_by: is_one_of_them && self.blocks.has(other, one),
            muting: viewer == Some(one) && self.mutes.has(one, other),
        }
    }

    /// The ids of the accounts that follow this one, newest follow first.
    #[must_use]
    pub fn followers(&self, id: &str, viewer: Option<&str>) -> Vec<String> {
        self.active_number(id)
            .map_or_else(Vec::new, |account| self.listed_of_account(account, self.follows.to(account), viewer))
    }

    /// The ids of the accounts that this one follows, newest follow first.
    #[must_use]
    pub fn following(&self, id: &str, viewer: Option<&str>) -> Vec<String> {
        self.active_number(id)
            .map_or_else(Vec::new, |account| self.listed_of_account(account, self.follows.from(account), viewer))
    }

    /// The ids of the accounts that ask to follow this one, newest request first, as its owner sees them: all.
    #[must_use]
    pub fn follow_requests(&self, id: &str) -> Vec<String> {
        self.active_number(id).map_or_else(Vec::new, |account| self.newest_edge_first(self.requests.to(account)))
    }

    /// The ids of the accounts that like the post, newest like first; none if the post is not visible to the viewer.
    #[must_use]
    pub fn likers(&self, post: &str, viewer: Option<&str>) -> Option<Vec<String>> {
        let post = self.visible_number(post, viewer)?;
        Some(self.listed_of_post(post, self.likes.to(post), viewer))
    }

    /// The ids of the accounts that repost the post, newest repost first; none if the post is not visible to the
    /// viewer.
    #[must_use]
    pub fn reposters(&self, post: &str, viewer: Option<&str>) -> Option<Vec<String>> {
        let post = self.visible_number(post, viewer)?;
        Some(self.listed_of_post(post, self.reposts.to(post), viewer))
    }

    /// The ids of the accounts that this one blocks, newest block first, as its owner sees them: all.
    #[must_use]
    pub fn blocked(&self, id: &str) -> Vec<String> {
        self.active_number(id).map_or_else(Vec::new, |account| self.newest_edge_first(self.blocks.from(account)))
    }

    /// The ids of the accounts that this one mutes, newest mute first, as its owner sees them: all.
    #[must_use]
    pub fn muted(&self, id: &str) -> Vec<String> {
        self.active_number(id).map_or_else(Vec::new, |account| self.newest_edge_first(self.mutes.from(account)))
    }

    /// The owner sees every edge, also those of deactivated accounts: else it could not take them back. Others see
    /// none unless they may see what the account posts, and then those to accounts of which the same is true.
    fn listed_of_account(
        &self,
        account: AccountNumber,
        edges: impl Iterator<Item = (AccountNumber, u64)>,
        viewer: Option<&str>,
    ) -> Vec<String> {
        let viewer = self.viewer_number(viewer);
        let is_owner = viewer == Some(account);
        let is_open = self.may_see_posts_of(account, viewer);
        self.newest_edge_first(
            edges.filter(|(other, _)| is_owner || (is_open && self.may_see_posts_of(*other, viewer))),
        )
    }

    /// What a protected account likes and reposts is for its followers, and for the author, who is notified of it.
    fn listed_of_post(
        &self,
        post: PostNumber,
        edges: impl Iterator<Item = (AccountNumber, u64)>,
        viewer: Option<&str>,
    ) -> Vec<String> {
        let viewer = self.viewer_number(viewer);
        let is_author = viewer == Some(self.post_state(post).author);
        self.newest_edge_first(edges.filter(|(account, _)| {
            self.may_see_posts_of(*account, viewer) || (is_author && self.is_account_visible(*account, viewer))
        }))
    }

    fn newest_edge_first(&self, edges: impl Iterator<Item = (AccountNumber, u64)>) -> Vec<String> {
        let mut listed: Vec<(AccountNumber, u64)> = edges.collect();
        listed.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
        listed.into_iter().map(|(account, _)| self.account_state(account).id.clone()).collect()
    }
}

pub(crate) fn count(things: impl Iterator) -> i64 {
    i64::try_from(things.count()).expect("what fits in memory fits in an i64")
}
