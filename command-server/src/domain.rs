//! The domain: which events a command leads to. One file per aggregate, each with its state, its decisions and how events change it.
//!
//! Always: pure functions of what they are given. Never here: time, SQL, gRPC, or a read table.

// A new event makes the compiler name every place where it must be thought of.
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

pub mod account;
pub mod block;
pub mod follow;
pub mod handle;
pub mod mute;
pub mod notifications;
pub mod post;
pub mod reaction;
pub mod requests;

use shared::model::event::Event;
use shared::model::ids::{AccountId, Position, PostId, Version};
use shared::model::moderation::Moderated;

/// Why a command is refused, as a fact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such account")]
    AccountNotFound,
    /// The acting account must be reactivated first.
    #[error("the acting account is deactivated")]
    AccountDeactivated,
    /// A moderator suspended the acting account, which cannot end that.
    #[error("the acting account is suspended")]
    AccountSuspended { account: AccountId, moderated: Moderated },
    /// The other account is deactivated or suspended at the moment.
    #[error("the target account is deactivated")]
    TargetDeactivated,
    #[error("the handle {0} is taken")]
    HandleTaken(String),
    /// It never existed, or the actor may not see it.
    #[error("there is no such post")]
    PostNotFound,
    /// Its author deleted it, and the actor could see it.
    #[error("the post was deleted")]
    PostDeleted,
    /// A moderator took the actor's own post down.
    #[error("the post was taken down")]
    PostTakenDown { post: PostId, moderated: Moderated },
    #[error("only the author of a post may change it")]
    NotAuthor,
    /// In either direction.
    #[error("a block stands between the two accounts")]
    Blocked,
    /// Its posts are for its followers only.
    #[error("posts of a protected account cannot be reposted")]
    AccountProtected,
    /// There was no request, or it was answered or withdrawn.
    #[error("there is no such follow request")]
    FollowRequestNotFound,
    #[error("an account cannot do this to itself")]
    SelfTarget,
    /// An edit would leave neither.
    #[error("a post must have a text that shows something, or media")]
    PostEmpty,
    /// Something has changed since the client read it.
    #[error("the version is {present}, not {expected}")]
    VersionMismatch { expected: Version, present: Version },
}

/// Passes when no version is expected, or the present one.
///
/// # Errors
/// `VersionMismatch`.
pub fn expect(expected: Option<Version>, present: Version) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != present => Err(Refusal::VersionMismatch { expected, present }),
        Some(_) | None => Ok(()),
    }
}

/// A state that is folded from the events of one log stream.
pub trait Aggregate: Default {
    /// The state after one more event, which stands at this position.
    #[must_use]
    fn evolve(self, position: Position, event: &Event) -> Self;
}

#[cfg(test)]
pub(crate) mod samples {
    //! Names for the examples in the domain's tests.

    use shared::model::event::{AccountKind, Envelope, Profile};
    use shared::model::ids::{AccountId, AccountKey, AccountRef, PostId, PostKey, PostRef, Version};
    use shared::model::media::{Media, MediaKind};
    use shared::model::moderation::{Moderated, ModerationReason, Note};
    use uuid::Uuid;

    use super::account::{Account, Known};

    pub const ALICE: AccountRef = account_ref(1);
    pub const BOB: AccountRef = account_ref(3);
    pub const CAROL: AccountRef = account_ref(2);
    pub const POST: PostRef = PostRef { id: PostId(Uuid::from_u128(100)), key: PostKey(100) };

    const fn account_ref(number: u8) -> AccountRef {
        AccountRef { id: AccountId(Uuid::from_u128(number as u128)), key: AccountKey(number as i64) }
    }

    pub fn known(me: AccountRef) -> Known {
        Known {
            me,
            kind: AccountKind::User,
            handle: format!("handle_{}", me.key),
            personal: Envelope::Plain(Profile { display_name: "Somebody".to_owned(), ..Profile::default() }),
            protected: false,
            active: true,
            suspended: None,
            version: Version(1),
        }
    }

    pub fn image(url: &str) -> Media {
        Media { url: url.to_owned(), kind: MediaKind::Image, width: 0, height: 0, alt: String::new() }
    }

    pub fn protected(me: AccountRef) -> Known {
        Known { protected: true, ..known(me) }
    }

    pub fn deactivated(me: AccountRef) -> Account {
        Account::Known(Known { active: false, ..known(me) })
    }

    pub fn moderated() -> Moderated {
        Moderated { reason: ModerationReason::Spam, note: Note { text: "Not here.".to_owned() } }
    }

    pub fn suspended(me: AccountRef) -> Account {
        Account::Known(Known { suspended: Some(moderated()), ..known(me) })
    }
}
