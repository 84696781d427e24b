//! Ids for clients, and keys and positions for the log and the tables.
//!
//! Always: an id is a UUIDv7 chosen by the server; a key is the log position of the event that created the account or
//! the post, so it is small, dense and never reused. Never here: how anything is stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The largest integer of the contract, so that JavaScript reads each without loss. What clients give is held against it. Positions, versions
/// and counts cannot reach it: at a million events a second, a log takes longer than [`YEARS_TO_NUMBER_MAX`].
pub const NUMBER_MAX: i64 = (1 << 53) - 1;
const YEARS_TO_NUMBER_MAX: i64 = 280;
const _: () = assert!(NUMBER_MAX / (1_000_000 * 60 * 60 * 24 * 366) > YEARS_TO_NUMBER_MAX);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A UUIDv7: ids made later sort after those made earlier.
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
            /// The number as the API has it, which is never negative; neither are stored numbers.
            #[must_use]
            pub fn unsigned(self) -> u64 {
                u64::try_from(self.0).unwrap_or(0)
            }
        }
    };
}

id! {
    AccountId
}
id! {
    PostId
}
id! {
    EventId
}
id! {
    /// The id of the command whose events were appended together.
    CommandId
}
id! {
    /// The idempotency key that a client gave a command: sending it twice has one effect.
    RequestId
}

number! {
    /// A place in the log: 1 for the first event, without gaps, in commit order. 0 is before the first.
    Position
}
number! {
    /// The number of events in a log stream so far: 0 for one that does not exist.
    Version
}
number! {
    /// An account as the read tables and other events name it: the position of its registration.
    AccountKey
}
number! {
    /// A post as the read tables and other events name it: the position of its creation.
    PostKey
}

impl Position {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Version {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An account as events name it: by the id that clients know, and by the key that tables use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    pub id: AccountId,
    pub key: AccountKey,
}

/// A post as events name it: by the id that clients know, and by the key that tables use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostRef {
    pub id: PostId,
    pub key: PostKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthoredPost {
    pub post: PostRef,
    pub author: AccountRef,
}
