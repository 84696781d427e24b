//! The public form of events, translated from the stored one, so that what is stored can change.
//!
//! Never here: the log's own bookkeeping (who holds a handle, which requests wait).

use shared::model::event::{
    AccountEvent, AccountKind, BlockEvent, BookmarkEvent, Edge, Event, FollowEvent, LikeEvent, MuteEvent,
    NotificationsEvent, PostEvent, PostText, RepostEvent,
};
use shared::model::ids::{AccountRef, AuthoredPost, PostRef};
use shared::rpc::proto::admin as v1;
use shared::rpc::proto::admin::EventType;
use shared::rpc::proto::admin::event::Details;
use shared::rpc::proto::common;

/// The public type and details of an event; nothing when it is only bookkeeping of the log.
pub fn translate(event: &Event) -> Option<(EventType, Details)> {
    Some(match event {
        Event::Account(event) => account(event),
        Event::Post(event) => post(event),
        Event::Like(LikeEvent::Added { account, post, post_author }) => {
            reaction(EventType::PostLiked, account, post, post_author)
        }
        Event::Like(LikeEvent::Removed { account, post, post_author, .. }) => {
            reaction(EventType::PostUnliked, account, post, post_author)
        }
        Event::Repost(RepostEvent::Added { account, post, post_author }) => {
            reaction(EventType::PostReposted, account, post, post_author)
        }
        Event::Repost(RepostEvent::Removed { account, post, post_author, .. }) => {
            reaction(EventType::RepostUndone, account, post, post_author)
        }
        Event::Bookmark(BookmarkEvent::Added { account, post, post_author }) => {
            reaction(EventType::PostBookmarked, account, post, post_author)
        }
        Event::Bookmark(BookmarkEvent::Removed { account, post, post_author }) => {
            reaction(EventType::BookmarkRemoved, account, post, post_author)
        }
        Event::Follow(FollowEvent::Requested(edge)) => follow(EventType::FollowRequested, edge),
        Event::Follow(FollowEvent::Followed(edge)) => follow(EventType::Followed, edge),
        Event::Follow(FollowEvent::Rejected(edge)) => follow(EventType::FollowRejected, edge),
        Event::Follow(FollowEvent::Withdrawn(edge)) => follow(EventType::FollowWithdrawn, edge),
        Event::Follow(FollowEvent::Unfollowed(edge)) => follow(EventType::Unfollowed, edge),
        Event::Block(BlockEvent::Added { account, target }) => barrier(EventType::Blocked, account, target),
        Event::Block(BlockEvent::Removed { account, target }) => barrier(EventType::Unblocked, account, target),
        Event::Mute(MuteEvent::Added { account, target }) => barrier(EventType::Muted, account, target),
        Event::Mute(MuteEvent::Removed { account, target }) => barrier(EventType::Unmuted, account, target),
        Event::Notifications(NotificationsEvent::Seen { account, up_to }) => {
            let seen = v1::NotificationsSeen { account_id: account.id.to_string(), up_to_place: up_to.unsigned() };
            (EventType::NotificationsSeen, Details::NotificationsSeen(seen))
        }
        Event::Handle(_) | Event::Requests(_) => return None,
    })
}

/// Leaves out what people wrote: texts, names, pictures and links.
pub fn empty_of_content(details: &mut Details) {
    match details {
        Details::AccountRegistered(registered) => {
            let v1::AccountRegistered { display_name, bio, avatar, banner, .. } = registered;
            (*display_name, *bio, *avatar, *banner) = (String::new(), String::new(), None, None);
        }
        Details::AccountProfileUpdated(updated) => {
            let v1::AccountProfileUpdated { display_name, bio, avatar, banner, account_id: _ } = updated;
            (*display_name, *bio, *avatar, *banner) = (String::new(), String::new(), None, None);
        }
        Details::PostCreated(created) => {
            let v1::PostCreated { text, hashtags, media, link_card, content_warning, .. } = created;
            (*text, *hashtags, *media, *link_card, *content_warning) =
                (String::new(), vec![], vec![], None, String::new());
        }
        Details::PostEdited(edited) => {
            let v1::PostEdited { text, hashtags, media, link_card, content_warning, .. } = edited;
            (*text, *hashtags, *media, *link_card, *content_warning) =
                (String::new(), vec![], vec![], None, String::new());
        }
        Details::AccountSuspended(suspended) => suspended.text.clear(),
        Details::PostTakenDown(taken_down) => taken_down.text.clear(),
        Details::AccountHandleChanged(_)
        | Details::AccountChanged(_)
        | Details::PostRestored(_)
        | Details::PostDeleted(_)
        | Details::ReactionChanged(_)
        | Details::FollowChanged(_)
        | Details::BarrierChanged(_)
        | Details::NotificationsSeen(_) => {}
    }
}

fn account(event: &AccountEvent) -> (EventType, Details) {
    let changed = |kind, account: &AccountRef| {
        (kind, Details::AccountChanged(v1::AccountChanged { account_id: account.id.to_string() }))
    };
    match event {
        AccountEvent::Registered { account_id, handle, kind, personal } => {
            let kind = match kind {
                AccountKind::User => common::AccountKind::User,
                AccountKind::Organization => common::AccountKind::Organization,
            };
            let registered = v1::AccountRegistered {
                account_id: account_id.to_string(),
                handle: handle.clone(),
                kind: kind.into(),
                display_name: personal.open().display_name.clone(),
                bio: personal.open().bio.clone(),
                avatar: personal.open().extras.avatar.clone().map(|media| (*media).into()),
                banner: personal.open().extras.banner.clone().map(|media| (*media).into()),
            };
            (EventType::AccountRegistered, Details::AccountRegistered(registered))
        }
        AccountEvent::ProfileUpdated { account, personal } => {
            let updated = v1::AccountProfileUpdated {
                account_id: account.id.to_string(),
                display_name: personal.open().display_name.clone(),
                bio: personal.open().bio.clone(),
                avatar: personal.open().extras.avatar.clone().map(|media| (*media).into()),
                banner: personal.open().extras.banner.clone().map(|media| (*media).into()),
            };
            (EventType::AccountProfileUpdated, Details::AccountProfileUpdated(updated))
        }
        AccountEvent::HandleChanged { account, from, to } => {
            let changed = v1::AccountHandleChanged {
                account_id: account.id.to_string(),
                old_handle: from.clone(),
                new_handle: to.clone(),
            };
            (EventType::AccountHandleChanged, Details::AccountHandleChanged(changed))
        }
        AccountEvent::Protected { account } => changed(EventType::AccountProtected, account),
        AccountEvent::Unprotected { account } => changed(EventType::AccountUnprotected, account),
        AccountEvent::Deactivated { account } => changed(EventType::AccountDeactivated, account),
        AccountEvent::Reactivated { account } => changed(EventType::AccountReactivated, account),
        AccountEvent::Suspended { account, reason, personal, .. } => {
            let suspended = v1::AccountSuspended {
                account_id: account.id.to_string(),
                reason: common::ModerationReason::from(*reason).into(),
                text: personal.open().text.clone(),
            };
            (EventType::AccountSuspended, Details::AccountSuspended(suspended))
        }
        AccountEvent::Unsuspended { account, .. } => changed(EventType::AccountUnsuspended, account),
    }
}

fn post(event: &PostEvent) -> (EventType, Details) {
    let ids = |accounts: &[AccountRef]| accounts.iter().map(|account| account.id.to_string()).collect();
    match event {
        PostEvent::Created { post_id, author, reply_to, quoted, mentions, hashtags, personal } => {
            let PostText { text, extras } = personal.open().clone();
            let (reply_to_post_id, reply_to_account_id) = named(reply_to.as_ref());
            let (quoted_post_id, quoted_account_id) = named(quoted.as_ref());
            let created = v1::PostCreated {
                post_id: post_id.to_string(),
                author_id: author.id.to_string(),
                text,
                reply_to_post_id,
                reply_to_account_id,
                quoted_post_id,
                quoted_account_id,
                mentioned_account_ids: ids(mentions),
                hashtags: hashtags.clone(),
                media: extras.media.into_iter().map(Into::into).collect(),
                link_card: extras.link_card.map(|card| (*card).into()),
                languages: extras.languages,
                content_warning: extras.content_warning,
            };
            (EventType::PostCreated, Details::PostCreated(created))
        }
        PostEvent::Edited { post, author, mentions, hashtags, personal, .. } => {
            let PostText { text, extras } = personal.open().clone();
            let edited = v1::PostEdited {
                post_id: post.id.to_string(),
                author_id: author.id.to_string(),
                text,
                mentioned_account_ids: ids(mentions),
                hashtags: hashtags.clone(),
                media: extras.media.into_iter().map(Into::into).collect(),
                link_card: extras.link_card.map(|card| (*card).into()),
                languages: extras.languages,
                content_warning: extras.content_warning,
            };
            (EventType::PostEdited, Details::PostEdited(edited))
        }
        PostEvent::Deleted { post, author, .. } => {
            let deleted = v1::PostDeleted { post_id: post.id.to_string(), author_id: author.id.to_string() };
            (EventType::PostDeleted, Details::PostDeleted(deleted))
        }
        PostEvent::TakenDown { post, author, reason, personal, .. } => {
            let taken_down = v1::PostTakenDown {
                post_id: post.id.to_string(),
                author_id: author.id.to_string(),
                reason: common::ModerationReason::from(*reason).into(),
                text: personal.open().text.clone(),
            };
            (EventType::PostTakenDown, Details::PostTakenDown(taken_down))
        }
        PostEvent::Restored { post, author, .. } => {
            let restored = v1::PostRestored { post_id: post.id.to_string(), author_id: author.id.to_string() };
            (EventType::PostRestored, Details::PostRestored(restored))
        }
    }
}

/// The ids of a post and its author; empty texts when there is none.
fn named(post: Option<&AuthoredPost>) -> (String, String) {
    post.map(|named| (named.post.id.to_string(), named.author.id.to_string())).unwrap_or_default()
}

fn reaction(kind: EventType, account: &AccountRef, post: &PostRef, author: &AccountRef) -> (EventType, Details) {
    let changed = v1::ReactionChanged {
        account_id: account.id.to_string(),
        post_id: post.id.to_string(),
        post_author_id: author.id.to_string(),
    };
    (kind, Details::ReactionChanged(changed))
}

fn follow(kind: EventType, edge: &Edge) -> (EventType, Details) {
    let changed =
        v1::FollowChanged { follower_id: edge.follower.id.to_string(), followee_id: edge.followee.id.to_string() };
    (kind, Details::FollowChanged(changed))
}

fn barrier(kind: EventType, account: &AccountRef, target: &AccountRef) -> (EventType, Details) {
    let changed = v1::BarrierChanged { account_id: account.id.to_string(), target_account_id: target.id.to_string() };
    (kind, Details::BarrierChanged(changed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::model::golden::samples;

    use super::*;

    #[test]
    fn every_stored_event_has_a_public_type_of_its_own_or_is_bookkeeping() {
        let mut translated = BTreeSet::new();
        let mut stored = BTreeSet::new();
        for golden in samples() {
            let (event, kind) = (golden.event(), golden.kind);
            let is_bookkeeping = matches!(event, Event::Handle(_) | Event::Requests(_));
            match translate(&event) {
                Some((public, _)) => {
                    translated.insert(public.as_str_name());
                    stored.insert(kind);
                }
                None => assert!(is_bookkeeping, "{kind} is not told"),
            }
        }
        assert_eq!(translated.len(), stored.len(), "{translated:?} of {stored:?}");
        let all = (1..).map_while(|number| EventType::try_from(number).ok()).map(|kind| kind.as_str_name());
        assert_eq!(translated, all.collect());
    }
}
