//! The names of the streams of the log: what belongs together and changes by one decision at a time.

use std::fmt;

use super::event::{AGGREGATES, Aggregate, Part};
use super::ids::{AccountId, PostId};

/// The length of an id as text.
const ID_LENGTH: usize = 36;

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

    /// What it is a stream of, if this code knows it.
    #[must_use]
    pub fn aggregate(&self) -> Option<&'static Aggregate> {
        let name = self.0.split('-').next().unwrap_or_default();
        AGGREGATES.iter().find(|aggregate| aggregate.name == name)
    }

    /// The streams of the accounts and posts in the name, in its order. Of a kind of stream that nobody knows, ids are taken for those of
    /// accounts.
    #[must_use]
    pub fn named(&self) -> Vec<Self> {
        const UNKNOWN: &[Part] = &[Part::Account, Part::Account];
        let parts = self.aggregate().map_or(UNKNOWN, |aggregate| aggregate.parts);
        let ids = self.0.split_once('-').map(|(_, ids)| ids).unwrap_or_default();
        let name = |(at, part): (usize, &Part)| {
            let begins = at * (ID_LENGTH + 1);
            let id = ids.get(begins..begins + ID_LENGTH)?;
            match part {
                Part::Account => Some(Self(format!("account-{id}"))),
                Part::Post => Some(Self(format!("post-{id}"))),
                Part::Handle => None,
            }
        };
        parts.iter().enumerate().filter_map(name).collect()
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
