//! The names of the streams of the log: what belongs together and changes by one decision at a time.

use std::fmt;

use super::ids::{AccountId, PostId};

/// The name of one stream, such as `post-0190…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(String);

impl StreamName {
    /// The account itself.
    #[must_use]
    pub fn account(account: AccountId) -> Self {
        Self(format!("account-{account}"))
    }

    /// Who holds the handle.
    #[must_use]
    pub fn handle(handle: &str) -> Self {
        Self(format!("handle-{handle}"))
    }

    /// The post itself.
    #[must_use]
    pub fn post(post: PostId) -> Self {
        Self(format!("post-{post}"))
    }

    /// One account's like of one post.
    #[must_use]
    pub fn like(account: AccountId, post: PostId) -> Self {
        Self(format!("like-{account}-{post}"))
    }

    /// One account's repost of one post.
    #[must_use]
    pub fn repost(account: AccountId, post: PostId) -> Self {
        Self(format!("repost-{account}-{post}"))
    }

    /// One account's bookmark of one post.
    #[must_use]
    pub fn bookmark(account: AccountId, post: PostId) -> Self {
        Self(format!("bookmark-{account}-{post}"))
    }

    /// The edge from a follower to a followee.
    #[must_use]
    pub fn follow(follower: AccountId, followee: AccountId) -> Self {
        Self(format!("follow-{follower}-{followee}"))
    }

    /// The pending follow requests of an account.
    #[must_use]
    pub fn requests(followee: AccountId) -> Self {
        Self(format!("requests-{followee}"))
    }

    /// One account's block of another.
    #[must_use]
    pub fn block(account: AccountId, target: AccountId) -> Self {
        Self(format!("block-{account}-{target}"))
    }

    /// One account's mute of another.
    #[must_use]
    pub fn mute(account: AccountId, target: AccountId) -> Self {
        Self(format!("mute-{account}-{target}"))
    }

    /// What an account has seen of its notifications.
    #[must_use]
    pub fn notifications(account: AccountId) -> Self {
        Self(format!("notifications-{account}"))
    }

    /// A name that someone typed or that a database kept.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
