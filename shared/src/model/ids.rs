//! Names of things: ids for the world, keys and positions for us.
//!
//! Always: an id is a UUIDv7 chosen by the server; a key is the log position of the event that created the account or
//! the post, so it is small, dense and never reused. Never here: how anything is stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: a UUIDv7, ordered by the time of its making.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Only the hyphenated form, in lower or upper case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::fmt::Hyphenated::from_str(text).map(|id| Self(id.into_uuid()))
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl $name {
            /// The number as the API prints it. Stored numbers are never negative.
            #[must_use]
            pub fn unsigned(self) -> u64 {
                u64::try_from(self.0).unwrap_or(0)
            }
        }
    };
}

id! {
    /// The id of an account.
    AccountId
}
id! {
    /// The id of a post.
    PostId
}
id! {
    /// The id of one recorded event.
    EventId
}
id! {
    /// The id of the command that an event came from.
    CommandId
}
id! {
    /// The id that a client gave a command, so that sending it twice has one effect.
    RequestId
}

number! {
    /// A place in the log: 1 for the first event, dense, in commit order. 0 is before the first.
    Position
}
number! {
    /// The number of events in a stream so far: 0 for a stream that does not exist.
    Version
}
number! {
    /// An account as the read tables and other events know it: the position of its registration.
    AccountKey
}
number! {
    /// A post as the read tables and other events know it: the position of its creation.
    PostKey
}

impl Position {
    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Version {
    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An account as events name it: the id for the world, the key for the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    /// Its id.
    pub id: AccountId,
    /// The position of its registration.
    pub key: AccountKey,
}

/// A post as events name it: the id for the world, the key for the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostRef {
    /// Its id.
    pub id: PostId,
    /// The position of its creation.
    pub key: PostKey,
}

/// A post and who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthoredPost {
    /// The post.
    pub post: PostRef,
    /// Its author.
    pub author: AccountRef,
}
