//! Events: what happened, in the past tense, as it is stored for ever.
//!
//! Always: a stored event is a stable type name, a schema version and the exact bytes of its JSON; whoever reads an
//! event needs nothing but the event, so it carries the keys and the facts about others that its readers need; personal
//! fields sit in an [`Envelope`], so that encryption can come without a migration. Never here: rules (see the
//! command server) and tables (see the projector).
//!
//! A type name is `<aggregate>.<past tense>`. Adding a field needs a serde default; anything else needs a new schema
//! version and a step in [`crate::model::upcasting`]. A golden sample of each stored form is kept in `shared/golden/`.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};

use crate::model::ids::{AccountId, AccountRef, AuthoredPost, Position, PostId, PostRef};
use crate::model::media::{PostExtras, ProfileExtras};
use crate::model::moderation::{ModerationReason, Note};
use crate::model::streams::StreamName;
use crate::model::upcasting::{STEPS, newest_version, upcast};

/// A part of a log stream's name, after the name of its aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Account,
    Post,
    Handle,
}

/// A kind of aggregate: what is decided together, each instance of it in a log stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The first word of its events' types and of its log streams' names.
    pub name: &'static str,
    /// The parts of its log streams' names after the first word, in order.
    pub parts: &'static [Part],
}

/// Declares every aggregate once: its events, the first word of their types, and what its log streams are named by.
macro_rules! aggregates {
    ($($(#[$about:meta])* $variant:ident($event:ident) = $name:literal: [$($part:ident),+];)+) => {
        /// An event of any aggregate.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$about])* $variant($event),)+
        }

        pub const AGGREGATES: &[Aggregate] = &[$(Aggregate { name: $name, parts: &[$(Part::$part),+] }),+];

        impl Event {
            /// The names of all types, such as `post.created`.
            #[must_use]
            pub fn types() -> Vec<&'static str> {
                [$(variants::<$event>()),+].concat()
            }

            #[must_use]
            pub fn stream(&self) -> StreamName {
                match self {
                    $(Self::$variant(event) => event.stream(),)+
                }
            }

            /// The form in which the log stores this event.
            #[must_use]
            pub fn encode(&self) -> Encoded {
                match self {
                    $(Self::$variant(event) => encode(event),)+
                }
            }

            fn decode_by_aggregate(aggregate: &str, kind: &str, payload: &str) -> Result<Self, DecodeError> {
                match aggregate {
                    $($name => decode(kind, payload).map(Self::$variant),)+
                    _ => Err(DecodeError::UnknownType(kind.to_owned())),
                }
            }
        }
    };
}

aggregates! {
    Account(AccountEvent) = "account": [Account];
    Handle(HandleEvent) = "handle": [Handle];
    Post(PostEvent) = "post": [Post];
    Like(LikeEvent) = "like": [Account, Post];
    Repost(RepostEvent) = "repost": [Account, Post];
    Bookmark(BookmarkEvent) = "bookmark": [Account, Post];
    /// The edge from a follower to a followee.
    Follow(FollowEvent) = "follow": [Account, Account];
    /// The index of an account's pending follow requests.
    Requests(RequestsEvent) = "requests": [Account];
    Block(BlockEvent) = "block": [Account, Account];
    Mute(MuteEvent) = "mute": [Account, Account];
    /// What an account has seen of its notifications.
    Notifications(NotificationsEvent) = "notifications": [Account];
}

impl Event {
    /// The log streams of the accounts and posts that this event names, besides those in the name of its own log stream: whoever could not
    /// apply the first event of one of them cannot apply this one.
    #[must_use]
    pub fn named(&self) -> Vec<StreamName> {
        match self {
            Self::Post(event) => event.named(),
            // The names of their log streams say all of it.
            Self::Account(_)
            | Self::Handle(_)
            | Self::Like(_)
            | Self::Repost(_)
            | Self::Bookmark(_)
            | Self::Follow(_)
            | Self::Requests(_)
            | Self::Block(_)
            | Self::Mute(_)
            | Self::Notifications(_) => vec![],
        }
    }
}

impl Event {
    /// How many bytes the texts of personal fields take, which are the only ones that can be long.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Account(
                AccountEvent::Registered { personal, .. } | AccountEvent::ProfileUpdated { personal, .. },
            ) => {
                let Profile { display_name, bio, extras } = personal.open();
                display_name.len() + bio.len() + extras.text_bytes()
            }
            Self::Post(PostEvent::Created { personal, .. } | PostEvent::Edited { personal, .. }) => {
                let PostText { text, extras } = personal.open();
                text.len() + extras.text_bytes()
            }
            Self::Account(AccountEvent::Suspended { personal, .. })
            | Self::Post(PostEvent::TakenDown { personal, .. }) => personal.open().text.len(),
            Self::Account(_)
            | Self::Post(_)
            | Self::Handle(_)
            | Self::Like(_)
            | Self::Repost(_)
            | Self::Bookmark(_)
            | Self::Follow(_)
            | Self::Requests(_)
            | Self::Block(_)
            | Self::Mute(_)
            | Self::Notifications(_) => 0,
        }
    }
}

/// What kind of account it is. Both kinds can do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A person.
    User,
    /// A company, a project, a public body.
    Organization,
}

/// Personal fields, in a wrapper that says how they are protected: `{"alg":"none", …}` is plain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "alg")]
pub enum Envelope<T> {
    /// Not encrypted.
    #[serde(rename = "none")]
    Plain(T),
}

impl<T> Envelope<T> {
    pub fn open(&self) -> &T {
        let Self::Plain(inner) = self;
        inner
    }
}

/// What an account says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// 1–50 characters.
    pub display_name: String,
    /// 0–300 characters.
    pub bio: String,
    /// Its fields stand beside the others, and older events have none of them.
    #[serde(flatten)]
    pub extras: ProfileExtras,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostText {
    /// 1–500 characters; beside media also none.
    pub text: String,
    /// Its fields stand beside the text, and older events have none of them.
    #[serde(flatten)]
    pub extras: PostExtras,
}

impl PostText {
    /// A text and nothing beside it.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), extras: PostExtras::default() }
    }
}

/// Log stream `account-{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    /// The account began. Its position is the account's key.
    #[serde(rename = "account.registered")]
    Registered {
        account_id: AccountId,
        handle: String,
        /// Never changes.
        kind: AccountKind,
        personal: Envelope<Profile>,
    },
    #[serde(rename = "account.profile_updated")]
    ProfileUpdated {
        account: AccountRef,
        /// The whole new profile, not a difference.
        personal: Envelope<Profile>,
    },
    #[serde(rename = "account.handle_changed")]
    HandleChanged { account: AccountRef, from: String, to: String },
    /// From now on followers need approval, and only they see the posts.
    #[serde(rename = "account.protected")]
    Protected { account: AccountRef },
    /// The account is public again. Its pending requests were approved in the same append.
    #[serde(rename = "account.unprotected")]
    Unprotected { account: AccountRef },
    /// The account is not shown any more and can do nothing but come back.
    #[serde(rename = "account.deactivated")]
    Deactivated { account: AccountRef },
    /// The account is back, with all it had.
    #[serde(rename = "account.reactivated")]
    Reactivated { account: AccountRef },
    /// A moderator suspended the account: it is not shown any more and can do nothing at all.
    #[serde(rename = "account.suspended")]
    Suspended {
        account: AccountRef,
        /// False if it was deactivated, and so not shown before either.
        active: bool,
        reason: ModerationReason,
        personal: Envelope<Note>,
    },
    /// A moderator ended the suspension.
    #[serde(rename = "account.unsuspended")]
    Unsuspended {
        account: AccountRef,
        /// False if it is deactivated, and so still not shown.
        active: bool,
    },
}

impl AccountEvent {
    fn stream(&self) -> StreamName {
        match self {
            Self::Registered { account_id, .. } => StreamName::account(*account_id),
            Self::ProfileUpdated { account, .. }
            | Self::HandleChanged { account, .. }
            | Self::Protected { account }
            | Self::Unprotected { account }
            | Self::Deactivated { account }
            | Self::Reactivated { account }
            | Self::Suspended { account, .. }
            | Self::Unsuspended { account, .. } => StreamName::account(account.id),
        }
    }
}

/// Log stream `handle-{handle}`: whoever claimed last holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandleEvent {
    #[serde(rename = "handle.claimed")]
    Claimed { handle: String, account_id: AccountId },
    #[serde(rename = "handle.released")]
    Released { handle: String, account_id: AccountId },
}

impl HandleEvent {
    fn stream(&self) -> StreamName {
        let (Self::Claimed { handle, .. } | Self::Released { handle, .. }) = self;
        StreamName::handle(handle)
    }
}

/// A mention that an edit takes out of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedMention {
    pub account: AccountRef,
    /// The position up to which the account had seen its notifications, so that naming it again is no news to it.
    pub seen_up_to: Position,
}

/// Log stream `post-{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostEvent {
    /// The post began. Its position is the post's key.
    #[serde(rename = "post.created")]
    Created {
        post_id: PostId,
        author: AccountRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<AuthoredPost>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quoted: Option<AuthoredPost>,
        /// Named as `@handle`, each once.
        #[serde(default)]
        mentions: Vec<AccountRef>,
        /// Named as `#tag`, in lower case, each once.
        #[serde(default)]
        hashtags: Vec<String>,
        personal: Envelope<PostText>,
    },
    #[serde(rename = "post.edited")]
    Edited {
        post: PostRef,
        author: AccountRef,
        /// All accounts that the new text names.
        #[serde(default)]
        mentions: Vec<AccountRef>,
        /// Accounts that the old text named and the new one does not, if they had seen any of their notifications.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dropped_mentions: Vec<DroppedMention>,
        /// All tags that the new text names.
        #[serde(default)]
        hashtags: Vec<String>,
        /// The whole new post, not a difference.
        personal: Envelope<PostText>,
    },
    /// The post is gone, and its reposts with it.
    #[serde(rename = "post.deleted")]
    Deleted {
        post: PostRef,
        author: AccountRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<AuthoredPost>,
    },
    /// A moderator took the post down: nobody but its author is shown it. It keeps everything.
    #[serde(rename = "post.taken_down")]
    TakenDown {
        post: PostRef,
        author: AccountRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<AuthoredPost>,
        reason: ModerationReason,
        personal: Envelope<Note>,
    },
    /// A moderator restored the post, with everything that it had.
    #[serde(rename = "post.restored")]
    Restored {
        post: PostRef,
        author: AccountRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<AuthoredPost>,
    },
}

impl PostEvent {
    fn stream(&self) -> StreamName {
        match self {
            Self::Created { post_id, .. } => StreamName::post(*post_id),
            Self::Edited { post, .. }
            | Self::Deleted { post, .. }
            | Self::TakenDown { post, .. }
            | Self::Restored { post, .. } => StreamName::post(post.id),
        }
    }

    fn named(&self) -> Vec<StreamName> {
        let (author, reply_to, quoted) = match self {
            Self::Created { author, reply_to, quoted, .. } => (author, *reply_to, *quoted),
            Self::Deleted { author, reply_to, .. }
            | Self::TakenDown { author, reply_to, .. }
            | Self::Restored { author, reply_to, .. } => (author, *reply_to, None),
            Self::Edited { author, .. } => (author, None, None),
        };
        let posts = [reply_to, quoted].into_iter().flatten().map(|named| StreamName::post(named.post.id));
        posts.chain([StreamName::account(author.id)]).collect()
    }
}

/// Log stream `like-{account}-{post}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LikeEvent {
    #[serde(rename = "like.added")]
    Added { account: AccountRef, post: PostRef, post_author: AccountRef },
    #[serde(rename = "like.removed")]
    Removed {
        account: AccountRef,
        post: PostRef,
        post_author: AccountRef,
        /// The position up to which the author had seen its notifications, if it had, so that another like is no news to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author_seen_up_to: Option<Position>,
    },
}

impl LikeEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { account, post, .. } | Self::Removed { account, post, .. }) = self;
        StreamName::like(account.id, post.id)
    }
}

/// Log stream `repost-{account}-{post}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RepostEvent {
    /// Its position is the place of the repost in timelines.
    #[serde(rename = "repost.added")]
    Added { account: AccountRef, post: PostRef, post_author: AccountRef },
    #[serde(rename = "repost.removed")]
    Removed {
        account: AccountRef,
        post: PostRef,
        post_author: AccountRef,
        /// The position of the repost that ended, which is its place in timelines.
        added_at: Position,
        /// The position up to which the author had seen its notifications, if it had, so that another repost is no news to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author_seen_up_to: Option<Position>,
    },
}

impl RepostEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { account, post, .. } | Self::Removed { account, post, .. }) = self;
        StreamName::repost(account.id, post.id)
    }
}

/// Log stream `bookmark-{account}-{post}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BookmarkEvent {
    /// Its position is the place in the list of bookmarks.
    #[serde(rename = "bookmark.added")]
    Added { account: AccountRef, post: PostRef, post_author: AccountRef },
    #[serde(rename = "bookmark.removed")]
    Removed { account: AccountRef, post: PostRef, post_author: AccountRef },
}

impl BookmarkEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { account, post, .. } | Self::Removed { account, post, .. }) = self;
        StreamName::bookmark(account.id, post.id)
    }
}

/// Both ends of a follow, and what a reader needs to know of the followee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    pub follower: AccountRef,
    pub followee: AccountRef,
    pub followee_kind: AccountKind,
    /// Only where the follow or the request ends: the position up to which the followee had seen its notifications, if
    /// it had, so that another follow or request is no news to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followee_seen_up_to: Option<Position>,
}

/// Log stream `follow-{follower}-{followee}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FollowEvent {
    /// Asked to follow a protected account.
    #[serde(rename = "follow.requested")]
    Requested(Edge),
    /// Follows: at once, or because the request was approved.
    #[serde(rename = "follow.followed")]
    Followed(Edge),
    /// The followee refused the request.
    #[serde(rename = "follow.rejected")]
    Rejected(Edge),
    /// The follower took the request back.
    #[serde(rename = "follow.withdrawn")]
    Withdrawn(Edge),
    #[serde(rename = "follow.unfollowed")]
    Unfollowed(Edge),
}

impl FollowEvent {
    fn stream(&self) -> StreamName {
        let (Self::Requested(edge)
        | Self::Followed(edge)
        | Self::Rejected(edge)
        | Self::Withdrawn(edge)
        | Self::Unfollowed(edge)) = self;
        StreamName::follow(edge.follower.id, edge.followee.id)
    }
}

/// Log stream `requests-{followee}`: the pending requests of one account, so that going public can approve them all
/// without asking a read table. Written in the same append as the [`FollowEvent`] that it mirrors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestsEvent {
    #[serde(rename = "requests.added")]
    Added { followee: AccountRef, follower: AccountRef },
    /// The request was approved, rejected or withdrawn.
    #[serde(rename = "requests.removed")]
    Removed { followee: AccountRef, follower: AccountRef },
}

impl RequestsEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { followee, .. } | Self::Removed { followee, .. }) = self;
        StreamName::requests(followee.id)
    }
}

/// Log stream `block-{account}-{target}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockEvent {
    /// The follows between the two ended in the same append.
    #[serde(rename = "block.added")]
    Added { account: AccountRef, target: AccountRef },
    #[serde(rename = "block.removed")]
    Removed { account: AccountRef, target: AccountRef },
}

impl BlockEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { account, target } | Self::Removed { account, target }) = self;
        StreamName::block(account.id, target.id)
    }
}

/// Log stream `mute-{account}-{target}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MuteEvent {
    #[serde(rename = "mute.added")]
    Added { account: AccountRef, target: AccountRef },
    #[serde(rename = "mute.removed")]
    Removed { account: AccountRef, target: AccountRef },
}

impl MuteEvent {
    fn stream(&self) -> StreamName {
        let (Self::Added { account, target } | Self::Removed { account, target }) = self;
        StreamName::mute(account.id, target.id)
    }
}

/// Log stream `notifications-{account}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationsEvent {
    /// The owner has seen its notifications up to here. It only ever grows.
    #[serde(rename = "notifications.seen")]
    Seen {
        account: AccountRef,
        /// The position of the newest cause that was seen.
        up_to: Position,
    },
}

impl NotificationsEvent {
    fn stream(&self) -> StreamName {
        let Self::Seen { account, .. } = self;
        StreamName::notifications(account.id)
    }
}

/// An event as the log stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The stable type name, such as `post.created`.
    pub kind: String,
    pub schema_version: u32,
    /// The exact bytes of the JSON, which the hash chain covers.
    pub payload: String,
}

/// Why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("unknown event type {0}")]
    UnknownType(String),
    #[error("event type {kind} has schema version {schema_version}, this code reads up to {newest}")]
    UnknownSchemaVersion {
        kind: String,
        /// The version that was found.
        schema_version: u32,
        newest: u32,
    },
    #[error("event type {kind} has a broken payload: {cause}")]
    BrokenPayload { kind: String, cause: serde_json::Error },
}

impl Event {
    /// Reads a stored event, of any version in which its type was ever written.
    pub fn decode(kind: &str, schema_version: u32, payload: &str) -> Result<Self, DecodeError> {
        let aggregate = kind.split('.').next().unwrap_or_default();
        Self::decode_by_aggregate(aggregate, kind, &upcast(STEPS, kind, schema_version, payload)?)
    }
}

/// serde writes `{"post.created":{…}}`; the log keeps the name and the braces apart.
fn encode(event: &impl Serialize) -> Encoded {
    let tagged = serde_json::to_string(event).expect("events are plain data, which JSON can always hold");
    let (kind, payload) = tagged
        .strip_prefix("{\"")
        .and_then(|rest| rest.strip_suffix('}'))
        .and_then(|rest| rest.split_once("\":"))
        .expect("serde writes an enum as an object with one key");
    Encoded { kind: kind.to_owned(), schema_version: newest_version(STEPS, kind), payload: payload.to_owned() }
}

fn decode<T: DeserializeOwned>(kind: &str, payload: &str) -> Result<T, DecodeError> {
    let name = serde_json::to_string(kind).expect("a string is valid JSON");
    serde_json::from_str(&format!("{{{name}:{payload}}}")).map_err(|cause| {
        if cause.to_string().starts_with("unknown variant") {
            DecodeError::UnknownType(kind.to_owned())
        } else {
            DecodeError::BrokenPayload { kind: kind.to_owned(), cause }
        }
    })
}

/// The variants of an enum by the names that serde knows them by.
fn variants<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    /// Serde hands a deserializer the names before it asks for a value, and there is none.
    struct Names(&'static [&'static str]);

    impl<'de> Deserializer<'de> for &mut Names {
        type Error = de::value::Error;

        fn deserialize_enum<V: de::Visitor<'de>>(
            self,
            _: &'static str,
            variants: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0 = variants;
            Err(de::Error::custom("only the names were asked for"))
        }

        fn deserialize_any<V: de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(de::Error::custom("it is no enum"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
        }
    }

    let mut names = Names(&[]);
    // Always an error, since there is no value.
    let _ = T::deserialize(&mut names);
    names.0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::golden::samples;

    #[test]
    fn every_golden_event_loads_and_the_newest_are_written_byte_for_byte_as_they_were() {
        for golden in samples() {
            let encoded = golden.event().encode();
            assert_eq!(encoded.kind, golden.kind);
            if golden.schema_version == encoded.schema_version {
                assert_eq!(encoded.payload, golden.payload.get());
            }
        }
    }

    #[test]
    fn every_version_of_every_type_has_a_golden_sample() {
        assert!(Event::types().len() > 20, "there are more types than these: {:?}", Event::types());
        let samples: HashSet<(String, u32)> =
            samples().into_iter().map(|golden| (golden.kind, golden.schema_version)).collect();
        for kind in Event::types() {
            for version in 1..=newest_version(STEPS, kind) {
                let sample = (kind.to_owned(), version);
                assert!(samples.contains(&sample), "no golden sample of {kind} in version {version}");
            }
        }
    }

    #[test]
    fn an_unknown_type_version_or_a_broken_payload_is_told_apart() {
        assert!(matches!(Event::decode("post.painted", 1, "{}"), Err(DecodeError::UnknownType(_))));
        assert!(matches!(Event::decode("cake.baked", 1, "{}"), Err(DecodeError::UnknownType(_))));
        assert!(matches!(Event::decode("post.created", 99, "{}"), Err(DecodeError::UnknownSchemaVersion { .. })));
        assert!(matches!(Event::decode("post.created", 1, "{}"), Err(DecodeError::BrokenPayload { .. })));
        assert!(matches!(Event::decode("post.created", 1, "{"), Err(DecodeError::BrokenPayload { .. })));
    }
}
