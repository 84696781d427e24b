//! The events of the log, parsed from their JSON by code of the reference's own.
//!
//! Always: every field the reference needs is there with its type, or the event is refused. Never here: whether an
//! event is *legal*, which `fold` checks; fields nobody asks about may be there and are ignored.

use serde_json::{Map, Value};

use crate::questions::{Extras, LinkCard, Media};

/// The types that have more than one schema version, with the newest.
const NEWEST_VERSIONS: [(&str, u32); 0] = [];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEvent<'a> {
    /// Place in the log; the first is 1.
    pub position: u64,
    pub stream: &'a str,
    /// Place in its log stream; the first is 1.
    pub version: u64,
    /// Such as `post.created`.
    pub kind: &'a str,
    /// Version of the payload's shape.
    pub schema_version: u32,
    /// Microseconds since the Unix epoch.
    pub recorded_at_us: i64,
    /// The exact bytes of its JSON.
    pub payload: &'a [u8],
}

/// An account or post as events name it: its id, and the position of the event that created it.
#[derive(Debug)]
pub(crate) struct Ref {
    pub(crate) id: String,
    pub(crate) key: u64,
}

/// A post with its author.
#[derive(Debug)]
pub(crate) struct PostRef {
    pub(crate) post: Ref,
    pub(crate) author: Ref,
}

#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) display_name: String,
    pub(crate) bio: String,
    pub(crate) avatar: Option<Media>,
    pub(crate) banner: Option<Media>,
}

/// What an author writes, at creation or on edit.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) mentions: Vec<Ref>,
    pub(crate) hashtags: Vec<String>,
    pub(crate) text: String,
    pub(crate) extras: Extras,
}

#[derive(Debug)]
pub(crate) struct PostCreated {
    pub(crate) post_id: String,
    pub(crate) author: Ref,
    pub(crate) reply_to: Option<PostRef>,
    pub(crate) quoted: Option<PostRef>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) struct OnPost {
    pub(crate) account: Ref,
    pub(crate) target: PostRef,
}

/// An account taking back what it did to a post, and up to where the author had seen its notifications.
#[derive(Debug)]
pub(crate) struct OffPost {
    pub(crate) was: OnPost,
    pub(crate) seen_up_to: Option<u64>,
}

/// An account that a post mentioned before an edit, and up to where it had seen its notifications then.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) account: Ref,
    pub(crate) seen_up_to: u64,
}

#[derive(Debug)]
pub(crate) struct OnAccount {
    pub(crate) account: Ref,
    pub(crate) target: Ref,
}

#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) follower: Ref,
    pub(crate) followee: Ref,
    pub(crate) followee_kind: String,
    /// Where a follow or a request ends: up to where the followee had seen its notifications.
    pub(crate) seen_up_to: Option<u64>,
}

/// Why a moderator acts.
#[derive(Debug)]
pub(crate) struct Taking {
    pub(crate) reason: String,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) enum Event {
    AccountRegistered { account_id: String, handle: String, kind: String, profile: Profile },
    AccountProfileUpdated { account: Ref, profile: Profile },
    AccountHandleChanged { account: Ref, from: String, to: String },
    AccountProtected { account: Ref },
    AccountUnprotected { account: Ref },
    AccountDeactivated { account: Ref },
    AccountReactivated { account: Ref },
    AccountSuspended { account: Ref, active: bool, taking: Taking },
    AccountUnsuspended { account: Ref, active: bool },
    HandleClaimed { handle: String, account_id: String },
    HandleReleased { handle: String, account_id: String },
    PostCreated(PostCreated),
    PostEdited { target: PostRef, content: Content, dropped: Vec<Dropped> },
    PostDeleted { target: PostRef, reply_to: Option<PostRef> },
    PostTakenDown { target: PostRef, reply_to: Option<PostRef>, taking: Taking },
    PostRestored { target: PostRef, reply_to: Option<PostRef> },
    LikeAdded(OnPost),
    LikeRemoved(OffPost),
    RepostAdded(OnPost),
    RepostRemoved { repost: OffPost, added_at: u64 },
    BookmarkAdded(OnPost),
    BookmarkRemoved(OnPost),
    FollowRequested(Follow),
    FollowFollowed(Follow),
    FollowRejected(Follow),
    FollowWithdrawn(Follow),
    FollowUnfollowed(Follow),
    RequestsAdded { followee: Ref, follower: Ref },
    RequestsRemoved { followee: Ref, follower: Ref },
    BlockAdded(OnAccount),
    BlockRemoved(OnAccount),
    MuteAdded(OnAccount),
    MuteRemoved(OnAccount),
    NotificationsSeen { account: Ref, up_to: u64 },
}

impl Event {
    pub(crate) fn decode(logged: &LogEvent<'_>) -> Result<Self, String> {
        let newest = NEWEST_VERSIONS.iter().find(|(kind, _)| *kind == logged.kind).map_or(1, |(_, newest)| *newest);
        if !(1..=newest).contains(&logged.schema_version) {
            return Err(format!("unknown schema version {}", logged.schema_version));
        }
        let value: Value = serde_json::from_slice(logged.payload).map_err(|error| error.to_string())?;
        let fields = Fields(value.as_object().ok_or("the payload is not an object")?);
        let event = match logged.kind {
            "account.registered" => Self::AccountRegistered {
                account_id: fields.text("account_id")?,
                handle: fields.text("handle")?,
                kind: fields.account_kind("kind")?,
                profile: fields.profile()?,
            },
            "account.profile_updated" => {
                Self::AccountProfileUpdated { account: fields.reference("account")?, profile: fields.profile()? }
            }
            "account.handle_changed" => Self::AccountHandleChanged {
                account: fields.reference("account")?,
                from: fields.text("from")?,
                to: fields.text("to")?,
            },
            "account.protected" => Self::AccountProtected { account: fields.reference("account")? },
            "account.unprotected" => Self::AccountUnprotected { account: fields.reference("account")? },
            "account.deactivated" => Self::AccountDeactivated { account: fields.reference("account")? },
            "account.reactivated" => Self::AccountReactivated { account: fields.reference("account")? },
            "account.suspended" => Self::AccountSuspended {
                account: fields.reference("account")?,
                active: fields.flag("active")?,
                taking: fields.taking()?,
            },
            "account.unsuspended" => {
                Self::AccountUnsuspended { account: fields.reference("account")?, active: fields.flag("active")? }
            }
            "handle.claimed" => {
                Self::HandleClaimed { handle: fields.text("handle")?, account_id: fields.text("account_id")? }
            }
            "handle.released" => {
                Self::HandleReleased { handle: fields.text("handle")?, account_id: fields.text("account_id")? }
            }
            "post.created" => Self::PostCreated(PostCreated {
                post_id: fields.text("post_id")?,
                author: fields.reference("author")?,
                reply_to: fields.optional_post("reply_to")?,
                quoted: fields.optional_post("quoted")?,
                content: fields.content()?,
            }),
            "post.edited" => Self::PostEdited {
                target: fields.post("post", "author")?,
                content: fields.content()?,
                dropped: fields.dropped()?,
            },
            "post.deleted" => Self::PostDeleted {
                target: fields.post("post", "author")?,
                reply_to: fields.optional_post("reply_to")?,
            },
            "post.taken_down" => Self::PostTakenDown {
                target: fields.post("post", "author")?,
                reply_to: fields.optional_post("reply_to")?,
                taking: fields.taking()?,
            },
            "post.restored" => Self::PostRestored {
                target: fields.post("post", "author")?,
                reply_to: fields.optional_post("reply_to")?,
            },
            "like.added" => Self::LikeAdded(fields.on_post()?),
            "like.removed" => Self::LikeRemoved(fields.off_post()?),
            "repost.added" => Self::RepostAdded(fields.on_post()?),
            "repost.removed" => {
                Self::RepostRemoved { repost: fields.off_post()?, added_at: fields.number("added_at")? }
            }
            "bookmark.added" => Self::BookmarkAdded(fields.on_post()?),
            "bookmark.removed" => Self::BookmarkRemoved(fields.on_post()?),
            "follow.requested" => Self::FollowRequested(fields.follow()?),
            "follow.followed" => Self::FollowFollowed(fields.follow()?),
            "follow.rejected" => Self::FollowRejected(fields.follow()?),
            "follow.withdrawn" => Self::FollowWithdrawn(fields.follow()?),
            "follow.unfollowed" => Self::FollowUnfollowed(fields.follow()?),
            "requests.added" => {
                Self::RequestsAdded { followee: fields.reference("followee")?, follower: fields.reference("follower")? }
            }
            "requests.removed" => Self::RequestsRemoved {
                followee: fields.reference("followee")?,
                follower: fields.reference("follower")?,
            },
            "block.added" => Self::BlockAdded(fields.on_account()?),
            "block.removed" => Self::BlockRemoved(fields.on_account()?),
            "mute.added" => Self::MuteAdded(fields.on_account()?),
            "mute.removed" => Self::MuteRemoved(fields.on_account()?),
            "notifications.seen" => {
                Self::NotificationsSeen { account: fields.reference("account")?, up_to: fields.number("up_to")? }
            }
            _ => return Err("unknown event type".to_owned()),
        };
        Ok(event)
    }

    /// The one log stream that this event may stand in.
    pub(crate) fn stream(&self) -> String {
        match self {
            Self::AccountRegistered { account_id, .. } => format!("account-{account_id}"),
            Self::AccountProfileUpdated { account, .. }
            | Self::AccountHandleChanged { account, .. }
            | Self::AccountProtected { account }
            | Self::AccountUnprotected { account }
            | Self::AccountDeactivated { account }
            | Self::AccountReactivated { account }
            | Self::AccountSuspended { account, .. }
            | Self::AccountUnsuspended { account, .. } => format!("account-{}", account.id),
            Self::HandleClaimed { handle, .. } | Self::HandleReleased { handle, .. } => {
                format!("handle-{handle}")
            }
            Self::PostCreated(created) => format!("post-{}", created.post_id),
            Self::PostEdited { target, .. }
            | Self::PostDeleted { target, .. }
            | Self::PostTakenDown { target, .. }
            | Self::PostRestored { target, .. } => format!("post-{}", target.post.id),
            Self::LikeAdded(like) | Self::LikeRemoved(OffPost { was: like, .. }) => {
                format!("like-{}-{}", like.account.id, like.target.post.id)
            }
            Self::RepostAdded(repost) | Self::RepostRemoved { repost: OffPost { was: repost, .. }, .. } => {
                format!("repost-{}-{}", repost.account.id, repost.target.post.id)
            }
            Self::BookmarkAdded(bookmark) | Self::BookmarkRemoved(bookmark) => {
                format!("bookmark-{}-{}", bookmark.account.id, bookmark.target.post.id)
            }
            Self::FollowRequested(follow)
            | Self::FollowFollowed(follow)
            | Self::FollowRejected(follow)
            | Self::FollowWithdrawn(follow)
            | Self::FollowUnfollowed(follow) => {
                format!("follow-{}-{}", follow.follower.id, follow.followee.id)
            }
            Self::RequestsAdded { followee, .. } | Self::RequestsRemoved { followee, .. } => {
                format!("requests-{}", followee.id)
            }
            Self::BlockAdded(block) | Self::BlockRemoved(block) => {
                format!("block-{}-{}", block.account.id, block.target.id)
            }
            Self::MuteAdded(mute) | Self::MuteRemoved(mute) => {
                format!("mute-{}-{}", mute.account.id, mute.target.id)
            }
            Self::NotificationsSeen { account, .. } => format!("notifications-{}", account.id),
        }
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn text(&self, name: &str) -> Result<String, String> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("{name} is not a string"))
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        self.0.get(name).and_then(Value::as_u64).ok_or_else(|| format!("{name} is not a position"))
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        self.0.get(name).and_then(Value::as_bool).ok_or_else(|| format!("{name} is neither true nor false"))
    }

    fn optional_number(&self, name: &str) -> Result<Option<u64>, String> {
        self.0.get(name).map(|_| self.number(name)).transpose()
    }

    fn list(&self, name: &str) -> Result<&[Value], String> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| format!("{name} is not a list"))
    }

    fn object(&self, name: &str) -> Result<Fields<'_>, String> {
        self.0.get(name).and_then(Value::as_object).map(Fields).ok_or_else(|| format!("{name} is not an object"))
    }

    fn reference(&self, name: &str) -> Result<Ref, String> {
        let fields = self.object(name)?;
        Ok(Ref { id: fields.text("id")?, key: fields.number("key")? })
    }

    fn post(&self, post: &str, author: &str) -> Result<PostRef, String> {
        Ok(PostRef { post: self.reference(post)?, author: self.reference(author)? })
    }

    fn optional_post(&self, name: &str) -> Result<Option<PostRef>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.object(name)?.post("post", "author").map(Some),
        }
    }

    fn account_kind(&self, name: &str) -> Result<String, String> {
        let kind = self.text(name)?;
        match kind.as_str() {
            "user" | "organization" => Ok(kind),
            _ => Err(format!("{name} is neither user nor organization")),
        }
    }

    fn personal(&self) -> Result<Fields<'_>, String> {
        let personal = self.object("personal")?;
        match personal.text("alg")?.as_str() {
            "none" => Ok(personal),
            alg => Err(format!("unknown personal alg {alg}")),
        }
    }

    fn taking(&self) -> Result<Taking, String> {
        let reason = self.text("reason")?;
        match reason.as_str() {
            "spam" | "harassment" | "hate" | "violence" | "sexual_content" | "illegal" | "impersonation"
            | "self_harm" | "misinformation" | "copyright" | "other" => {}
            _ => return Err(format!("nothing is taken down for {reason}")),
        }
        Ok(Taking { reason, text: self.personal()?.optional_text("text")? })
    }

    fn profile(&self) -> Result<Profile, String> {
        let personal = self.personal()?;
        Ok(Profile {
            display_name: personal.text("display_name")?,
            bio: personal.text("bio")?,
            avatar: personal.optional_media("avatar")?,
            banner: personal.optional_media("banner")?,
        })
    }

    fn optional_text(&self, name: &str) -> Result<String, String> {
        self.0.get(name).map_or_else(|| Ok(String::new()), |_| self.text(name))
    }

    fn optional_list(&self, name: &str) -> Result<&[Value], String> {
        self.0.get(name).map_or_else(|| Ok(&[][..]), |_| self.list(name))
    }

    fn optional_media(&self, name: &str) -> Result<Option<Media>, String> {
        self.0.get(name).map(|_| self.object(name)?.media()).transpose()
    }

    fn media(&self) -> Result<Media, String> {
        let kind = self.text("kind")?;
        match kind.as_str() {
            "image" | "video" | "animation" | "audio" => {}
            _ => return Err(format!("there is no media of kind {kind}")),
        }
        Ok(Media {
            url: self.text("url")?,
            kind,
            width: self.optional_number("width")?.unwrap_or(0),
            height: self.optional_number("height")?.unwrap_or(0),
            alt: self.optional_text("alt")?,
        })
    }

    fn link_card(&self) -> Result<LinkCard, String> {
        Ok(LinkCard {
            url: self.text("url")?,
            title: self.text("title")?,
            description: self.optional_text("description")?,
            image: self.optional_media("image")?,
        })
    }

    fn extras(&self) -> Result<Extras, String> {
        let mut extras = Extras {
            link_card: self.0.get("link_card").map(|_| self.object("link_card")?.link_card()).transpose()?,
            content_warning: self.optional_text("content_warning")?,
            ..Extras::default()
        };
        for media in self.optional_list("media")? {
            extras.media.push(Fields(media.as_object().ok_or("a media is not an object")?).media()?);
        }
        for language in self.optional_list("languages")? {
            extras.languages.push(language.as_str().ok_or("a language is not a string")?.to_owned());
        }
        Ok(extras)
    }

    fn content(&self) -> Result<Content, String> {
        let mut mentions = Vec::new();
        for mention in self.list("mentions")? {
            let fields = Fields(mention.as_object().ok_or("a mention is not an object")?);
            mentions.push(Ref { id: fields.text("id")?, key: fields.number("key")? });
        }
        let mut hashtags = Vec::new();
        for hashtag in self.list("hashtags")? {
            hashtags.push(hashtag.as_str().ok_or("a hashtag is not a string")?.to_owned());
        }
        let personal = self.personal()?;
        Ok(Content { mentions, hashtags, text: personal.text("text")?, extras: personal.extras()? })
    }

    fn dropped(&self) -> Result<Vec<Dropped>, String> {
        let Some(list) = self.0.get("dropped_mentions") else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for entry in list.as_array().ok_or("dropped_mentions is not a list")? {
            let fields = Fields(entry.as_object().ok_or("a dropped mention is not an object")?);
            all.push(Dropped { account: fields.reference("account")?, seen_up_to: fields.number("seen_up_to")? });
        }
        Ok(all)
    }

    fn on_post(&self) -> Result<OnPost, String> {
        Ok(OnPost { account: self.reference("account")?, target: self.post("post", "post_author")? })
    }

    fn off_post(&self) -> Result<OffPost, String> {
        Ok(OffPost { was: self.on_post()?, seen_up_to: self.optional_number("author_seen_up_to")? })
    }

    fn on_account(&self) -> Result<OnAccount, String> {
        Ok(OnAccount { account: self.reference("account")?, target: self.reference("target")? })
    }

    fn follow(&self) -> Result<Follow, String> {
        Ok(Follow {
            follower: self.reference("follower")?,
            followee: self.reference("followee")?,
            followee_kind: self.account_kind("followee_kind")?,
            seen_up_to: self.optional_number("followee_seen_up_to")?,
        })
    }
}
