//! Names of log streams. One log stream has the events of one aggregate.

use std::fmt;

use super::event::{AGGREGATES, Aggregate, Part};
use super::ids::{AccountId, PostId};

/// The length of an id as text.
const ID_LENGTH: usize = 36;

/// The name of one log stream, such as `post-0190…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(String);

impl StreamName {
    #[must_use]
    pub fn account(account: AccountId) -> Self {
        Self(format!("account-{account}"))
    }

    #[must_use]
    pub fn handle(handle: &str) -> Self {
        Self(format!("handle-{handle}"))
    }

    #[must_use]
    pub fn post(post: PostId) -> Self {
        Self(format!("post-{post}"))
    }

    #[must_use]
    pub fn like(account: AccountId, post: PostId) -> Self {
        Self(format!("like-{account}-{post}"))
    }

    #[must_use]
    pub fn repost(account: AccountId, post: PostId) -> Self {
        Self(format!("repost-{account}-{post}"))
    }

    #[must_use]
    pub fn bookmark(account: AccountId, post: PostId) -> Self {
        Self(format!("bookmark-{account}-{post}"))
    }

    /// The edge from a follower to a followee.
    #[must_use]
    pub fn follow(follower: AccountId, followee: AccountId) -> Self {
        Self(format!("follow-{follower}-{followee}"))
    }

    /// The index of an account's pending follow requests.
    #[must_use]
    pub fn requests(followee: AccountId) -> Self {
        Self(format!("requests-{followee}"))
    }

    #[must_use]
    pub fn block(account: AccountId, target: AccountId) -> Self {
        Self(format!("block-{account}-{target}"))
    }

    #[must_use]
    pub fn mute(account: AccountId, target: AccountId) -> Self {
        Self(format!("mute-{account}-{target}"))
    }

    /// What an account has seen of its notifications.
    #[must_use]
    pub fn notifications(account: AccountId) -> Self {
        Self(format!("notifications-{account}"))
    }

    /// The kind of aggregate, if this code knows it.
    #[must_use]
    pub fn aggregate(&self) -> Option<&'static Aggregate> {
        let name = self.0.split('-').next().unwrap_or_default();
        AGGREGATES.iter().find(|aggregate| aggregate.name == name)
    }

    /// The log streams of the accounts and posts in the name, in order. Where the aggregate is unknown, ids count as those of accounts.
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

    /// A name that an operator typed or that a database stored; it is not checked.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

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
