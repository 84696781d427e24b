//! Messages of the contract translated into the types of the reference.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::Timestamp;
use reference::{
    Account, Activity, ActivityKind, Entry, Extras, LinkCard, Media, NotificationGroup, NotificationReason, Post,
    Relationship, TakenDown, Thread, ThreadEntry,
};
use shared::rpc::proto::common::{self, AccountKind, MediaKind, ModerationReason};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::thread_item::Item;

use super::{Included, Page, Timeline};

impl Timeline {
    /// Adds a page.
    pub fn add(&mut self, items: Vec<v1::TimelineItem>, includes: Option<v1::Includes>) {
        let (mut posts, mut people) = (Vec::new(), BTreeSet::new());
        for item in items {
            let post = item.post.unwrap_or_default();
            let reposted_by = some(item.reposted_by_account_id);
            people.extend(reposted_by.clone());
            self.entries.push(Entry { post_id: post.post_id.clone(), place: item.place, reposted_by });
            posts.push(post);
        }
        self.pages.push(page(posts, people, includes));
    }
}

/// The posts on a page, the ids of others that are named on it, and what it includes.
pub fn page(posts: Vec<v1::Post>, people: BTreeSet<String>, includes: Option<v1::Includes>) -> Page {
    let posts = posts.into_iter().map(post).collect();
    Page { posts, people, included: included(includes.unwrap_or_default()) }
}

fn included(includes: v1::Includes) -> Included {
    let mut repeated = BTreeSet::new();
    let accounts = includes.accounts.into_iter().map(|mut there| {
        let viewer = there.viewer.take().map(relationship);
        (there.account_id.clone(), (account(there), viewer))
    });
    let posts = includes.posts.into_iter().map(|there| (there.post_id.clone(), post(there)));
    let is_deleted = |there: v1::UnavailablePost| there.reason() == v1::UnavailableReason::Deleted;
    let unavailable = includes.unavailable_posts.into_iter().map(|there| (there.post_id.clone(), is_deleted(there)));
    Included {
        accounts: by_id(accounts, &mut repeated),
        posts: by_id(posts, &mut repeated),
        unavailable: by_id(unavailable, &mut repeated),
        repeated,
    }
}

/// What has these ids; of an id that comes again, the last, and that it did.
fn by_id<T>(found: impl Iterator<Item = (String, T)>, repeated: &mut BTreeSet<String>) -> BTreeMap<String, T> {
    let mut by_id = BTreeMap::new();
    for (id, one) in found {
        if by_id.insert(id.clone(), one).is_some() {
            repeated.insert(id);
        }
    }
    by_id
}

pub fn relationship(there: v1::Relationship) -> Relationship {
    Relationship {
        following: there.following,
        followed_by: there.followed_by,
        follow_requested: there.follow_requested,
        follow_requested_by: there.follow_requested_by,
        blocking: there.blocking,
        blocked_by: there.blocked_by,
        muting: there.muting,
    }
}

pub fn account(account: v1::Account) -> Account {
    let kind = match account.kind() {
        AccountKind::User => "user",
        AccountKind::Organization => "organization",
        AccountKind::Unspecified => "unspecified",
    };
    Account {
        kind: kind.to_owned(),
        account_id: account.account_id,
        handle: account.handle,
        display_name: account.display_name,
        bio: account.bio,
        protected: account.protected,
        follower_count: account.follower_count,
        following_count: account.following_count,
        post_count: account.post_count,
        created_at_us: account.created_at.map_or(0, micros),
        version: account.version.try_into().unwrap_or(0),
        avatar: account.avatar.map(media),
        banner: account.banner.map(media),
    }
}

fn media(media: common::Media) -> Media {
    let kind = match media.kind() {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Animation => "animation",
        MediaKind::Audio => "audio",
        MediaKind::Unspecified => "unspecified",
    };
    let pixels = |number: i32| number.try_into().unwrap_or(0);
    Media {
        kind: kind.to_owned(),
        width: pixels(media.width),
        height: pixels(media.height),
        url: media.url,
        alt: media.alt,
    }
}

fn link_card(card: common::LinkCard) -> LinkCard {
    let common::LinkCard { url, title, description, image } = card;
    LinkCard { url, title, description, image: image.map(media) }
}

pub fn post(post: v1::Post) -> Post {
    Post {
        post_id: post.post_id,
        author_id: post.author_id,
        text: post.text,
        reply_to_post_id: some(post.reply_to_post_id),
        reply_to_account_id: some(post.reply_to_account_id),
        quoted_post_id: some(post.quoted_post_id),
        quoted_post_unavailable: post.quoted_post_unavailable,
        like_count: post.like_count,
        repost_count: post.repost_count,
        reply_count: post.reply_count,
        created_at_us: post.created_at.map_or(0, micros),
        edited_at_us: post.edited_at.map(micros),
        liked: post.liked,
        reposted: post.reposted,
        bookmarked: post.bookmarked,
        version: post.version.try_into().unwrap_or(0),
        extras: Extras {
            media: post.media.into_iter().map(media).collect(),
            link_card: post.link_card.map(link_card),
            languages: post.languages,
            content_warning: post.content_warning,
        },
        taken_down: post.taken_down.map(taken_down),
    }
}

fn taken_down(taken_down: v1::TakenDown) -> TakenDown {
    TakenDown { reason: moderation_reason(taken_down.reason()).to_owned(), text: taken_down.text }
}

fn moderation_reason(reason: ModerationReason) -> &'static str {
    match reason {
        ModerationReason::Unspecified => "unspecified",
        ModerationReason::Spam => "spam",
        ModerationReason::Harassment => "harassment",
        ModerationReason::Hate => "hate",
        ModerationReason::Violence => "violence",
        ModerationReason::SexualContent => "sexual_content",
        ModerationReason::Illegal => "illegal",
        ModerationReason::Impersonation => "impersonation",
        ModerationReason::SelfHarm => "self_harm",
        ModerationReason::Misinformation => "misinformation",
        ModerationReason::Copyright => "copyright",
        ModerationReason::Other => "other",
    }
}

pub fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

pub fn micros(timestamp: Timestamp) -> i64 {
    timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos) / 1_000
}

/// The posts in these places of a thread.
pub fn posts_in<'a>(items: impl Iterator<Item = &'a v1::ThreadItem>) -> Vec<v1::Post> {
    let post = |item: &v1::ThreadItem| match &item.item {
        Some(Item::Post(post)) => Some(post.clone()),
        Some(Item::Tombstone(_)) | None => None,
    };
    items.filter_map(post).collect()
}

/// A thread, and the posts in it.
pub fn thread(
    ancestors: Vec<v1::ThreadItem>,
    focus: v1::ThreadItem,
    replies: Vec<v1::ThreadItem>,
) -> (Thread, Vec<Post>) {
    let mut posts = Vec::new();
    let mut entry = |item: v1::ThreadItem| match item.item {
        Some(Item::Post(post)) => {
            let id = post.post_id.clone();
            posts.push(self::post(post));
            ThreadEntry::Post(id)
        }
        Some(Item::Tombstone(tombstone)) if tombstone.cause() == v1::TombstoneCause::Deleted => {
            ThreadEntry::Deleted(tombstone.post_id)
        }
        Some(Item::Tombstone(tombstone)) => ThreadEntry::Hidden(tombstone.post_id),
        None => ThreadEntry::Hidden(String::new()),
    };
    let ancestors = ancestors.into_iter().map(&mut entry).collect();
    let focus = entry(focus);
    let replies = replies.into_iter().map(&mut entry).collect();
    (Thread { ancestors, focus, replies }, posts)
}

pub fn notification(found: v1::Notification) -> NotificationGroup {
    let reason = match found.reason() {
        v1::NotificationReason::Followed | v1::NotificationReason::Unspecified => NotificationReason::Followed,
        v1::NotificationReason::FollowRequested => NotificationReason::FollowRequested,
        v1::NotificationReason::Liked => NotificationReason::Liked,
        v1::NotificationReason::Reposted => NotificationReason::Reposted,
        v1::NotificationReason::Replied => NotificationReason::Replied,
        v1::NotificationReason::Mentioned => NotificationReason::Mentioned,
        v1::NotificationReason::Quoted => NotificationReason::Quoted,
    };
    NotificationGroup {
        reason,
        post_id: found.post.map(|post| post.post_id),
        place: found.place,
        causer_count: found.causer_count.into(),
        newest_causers: found.newest_causer_ids,
        seen: found.seen,
        at_us: found.happened_at.map_or(0, micros),
    }
}

pub fn activity(found: v1::Activity) -> Activity {
    let kind = match found.kind() {
        v1::ActivityKind::Followed | v1::ActivityKind::Unspecified => ActivityKind::Followed,
        v1::ActivityKind::Liked => ActivityKind::Liked,
        v1::ActivityKind::Reposted => ActivityKind::Reposted,
        v1::ActivityKind::Posted => ActivityKind::Posted,
    };
    Activity {
        kind,
        place: found.place,
        actor_id: found.actor_id,
        target_account_id: some(found.target_account_id),
        post_id: found.post.map(|post| post.post_id),
    }
}
