//! Accounts, posts and what is between accounts, as the statements of `hydrate.sql` give them, and what each is in the contract.
//!
//! Always: the fields of a row have the order of the columns of its fragment.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use shared::model::clock::Timestamp;
use shared::model::ids::{AccountKey, PostKey};
use shared::model::media::{Extras, PostExtras, ProfileExtras};
use shared::model::moderation::Moderated;
use shared::rpc::proto::common::{AccountKind, ModerationReason};
use shared::rpc::proto::query::{Account, Post, Relationship, TakenDown};
use uuid::Uuid;

use crate::entities;

/// A yes or a no in JSON: SQLite says 1 or 0.
#[derive(Clone, Copy)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    // An untagged enum would do, but makes an error, with its line and column, of each number before it tries the next.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spelled;

        impl Visitor<'_> for Spelled {
            type Value = Flag;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a yes or a no, or a number that is one")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
        }

        deserializer.deserialize_any(Spelled)
    }
}

/// The column `extras`, which is JSON in a text.
fn extras<'de, E: Extras, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    let column: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    E::of_column(column.as_deref()).map_err(D::Error::custom)
}

/// The column `taken_down`, which is JSON in a text: nothing of a post that is not taken down, and of one that is deleted.
pub fn taken_down<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TakenDown>, D::Error> {
    let column: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    let Some(json) = column.filter(|json| !json.is_empty()) else { return Ok(None) };
    let Moderated { reason, note } = serde_json::from_str(&json).map_err(D::Error::custom)?;
    Ok(Some(TakenDown { reason: ModerationReason::from(reason).into(), text: note.text }))
}

/// An account as the tables have it, in the order of its columns in the fragment `account_row`.
#[derive(Deserialize)]
pub struct AccountRow {
    key: i64,
    id: Uuid,
    handle: String,
    display_name: String,
    bio: String,
    organization: Flag,
    protected: Flag,
    /// Neither deactivated nor suspended.
    shown: Flag,
    created_at: i64,
    followers: i64,
    following: i64,
    posts: i64,
    version: Option<i64>,
    #[serde(deserialize_with = "extras")]
    extras: ProfileExtras,
}

impl AccountRow {
    pub fn key(&self) -> AccountKey {
        AccountKey(self.key)
    }

    pub fn is_shown(&self) -> bool {
        self.shown.0
    }

    /// Of a deactivated or suspended account, whoever finds it in a list of their own sees no more than which one it is.
    pub fn account(self) -> Account {
        let kind = if self.organization.0 { AccountKind::Organization } else { AccountKind::User };
        if !self.shown.0 {
            let (account_id, handle, kind) = (self.id.to_string(), self.handle, kind.into());
            return Account { account_id, handle, kind, deactivated: true, ..Account::default() };
        }
        Account {
            account_id: self.id.to_string(),
            handle: self.handle,
            display_name: self.display_name,
            bio: self.bio,
            kind: kind.into(),
            protected: self.protected.0,
            follower_count: self.followers,
            following_count: self.following,
            post_count: self.posts,
            created_at: Some(Timestamp(self.created_at).to_proto()),
            version: self.version.unwrap_or_default(),
            avatar: self.extras.avatar.map(|media| (*media).into()),
            banner: self.extras.banner.map(|media| (*media).into()),
            ..Account::default()
        }
    }
}

/// How one account stands to another, in the order of the columns of the fragment `standing_row`.
#[derive(Clone, Copy, Deserialize)]
pub struct StandingRow {
    following: Flag,
    followed_by: Flag,
    requested: Flag,
    requested_by: Flag,
    blocking: Flag,
    blocked_by: Flag,
    muting: Flag,
}

impl StandingRow {
    /// All of it, which only the one may know.
    pub fn relationship(self) -> Relationship {
        Relationship {
            following: self.following.0,
            followed_by: self.followed_by.0,
            follow_requested: self.requested.0,
            follow_requested_by: self.requested_by.0,
            blocking: self.blocking.0,
            blocked_by: self.blocked_by.0,
            muting: self.muting.0,
        }
    }
}

/// A post as the tables have it, in the order of its columns in the fragment `post_row`.
#[derive(Deserialize)]
pub struct PostRow {
    key: i64,
    pub id: Uuid,
    text: String,
    created_at: i64,
    edited_at: Option<i64>,
    pub parent_key: Option<i64>,
    parent: Option<Uuid>,
    pub parent_author_key: Option<i64>,
    parent_author: Option<Uuid>,
    pub quoted_key: Option<i64>,
    quoted: Option<Uuid>,
    likes: i64,
    reposts: i64,
    replies: i64,
    own: OwnRow,
    pub author_key: i64,
    author: Uuid,
    version: Option<i64>,
    #[serde(deserialize_with = "extras")]
    extras: PostExtras,
    #[serde(deserialize_with = "taken_down")]
    taken_down: Option<TakenDown>,
}

impl PostRow {
    pub fn key(&self) -> PostKey {
        PostKey(self.key)
    }

    pub fn post(self) -> Post {
        let mut post = Post {
            post_id: self.id.to_string(),
            author_id: self.author.to_string(),
            entities: entities::of_text(&self.text),
            text: self.text,
            reply_to_post_id: id(self.parent),
            reply_to_account_id: id(self.parent_author),
            quoted_post_id: id(self.quoted),
            like_count: self.likes,
            repost_count: self.reposts,
            reply_count: self.replies,
            created_at: Some(Timestamp(self.created_at).to_proto()),
            edited_at: self.edited_at.map(|at| Timestamp(at).to_proto()),
            version: self.version.unwrap_or_default(),
            media: self.extras.media.into_iter().map(Into::into).collect(),
            link_card: self.extras.link_card.map(|card| (*card).into()),
            languages: self.extras.languages,
            content_warning: self.extras.content_warning,
            taken_down: self.taken_down,
            ..Post::default()
        };
        self.own.put_into(&mut post);
        post
    }
}

/// What is each viewer's own of a post, in the order of its columns in the fragment `own_row`.
#[derive(Clone, Copy, Deserialize)]
pub struct OwnRow {
    quoted_visible: Flag,
    liked: Flag,
    reposted: Flag,
    bookmarked: Flag,
}

impl OwnRow {
    pub fn put_into(self, post: &mut Post) {
        post.quoted_post_unavailable = !post.quoted_post_id.is_empty() && !self.quoted_visible.0;
        (post.liked, post.reposted, post.bookmarked) = (self.liked.0, self.reposted.0, self.bookmarked.0);
    }
}

/// An id as the contract has it; absent is empty.
fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
