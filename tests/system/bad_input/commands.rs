//! Wrong input of commands.

use prost_types::FieldMask;
use shared::rpc::proto::admin::RebuildProjectionRequest;
use shared::rpc::proto::command::*;
use shared::rpc::proto::common::{AccountKind, LinkCard, Media, MediaKind, ModerationReason};
use shared::rpc::proto::query::*;
use tonic_types::StatusExt;

use super::by_id;
use crate::api::{ask, reason, registration, request_id, up_to_date};
use crate::process::{Dev, folder, verified};
use crate::refusals::{NOBODY, Table, promised, row};

#[tokio::test]
async fn a_malformed_command_is_refused_with_every_field_that_is_wrong() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let c = dev.api.commands.clone();
    let ada = dev.api.register("ada").await.id;
    let head = dev.api.head().await;
    let long = |length: usize| "é".repeat(length);
    let mut t = Table::default();

    for bad in ["", "ada", "0", "01920000000070008000000000000001", "01920000-0000-7000-8000-00000000000g", "💥"] {
        row!(t, c, deactivate_account, ask!(DeactivateAccountRequest { account_id: bad }),
             InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    }
    row!(t, c, register_account, RegisterAccountRequest::default(),
         InvalidArgument "FIELD_INVALID", "handle HANDLE_MALFORMED", "display_name TEXT_EMPTY", "kind KIND_UNSPECIFIED");
    for bad in ["", "ab", "Ada", "a-b", "@ada", "ada ", "ädä", &"a".repeat(31), "a\0b"] {
        row!(t, c, register_account, registration_as(bad),
             InvalidArgument "HANDLE_MALFORMED", "handle HANDLE_MALFORMED");
        row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &ada, handle: bad }),
             InvalidArgument "HANDLE_MALFORMED", "handle HANDLE_MALFORMED");
    }
    row!(t, c, register_account, RegisterAccountRequest { kind: 99, ..registration("kind") },
         InvalidArgument "KIND_UNSPECIFIED", "kind KIND_UNSPECIFIED");
    row!(t, c, register_account, RegisterAccountRequest { request_id: "1".into(), ..registration("good") },
         InvalidArgument "ID_MALFORMED", "request_id ID_MALFORMED");
    row!(t, c, register_account,
         RegisterAccountRequest { display_name: long(51), bio: long(301), ..registration("good") },
         InvalidArgument "TEXT_TOO_LONG", "display_name TEXT_TOO_LONG", "bio TEXT_TOO_LONG");
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: "x", display_name: " \u{2003}\n", bio: long(301) }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "display_name TEXT_EMPTY", "bio TEXT_TOO_LONG");
    for unknown in ["", "displayName", "handle", "bio.x", "avatar.url"] {
        let update_mask = FieldMask { paths: vec!["bio".to_owned(), unknown.to_owned()] };
        row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: &ada, update_mask: update_mask }),
             InvalidArgument "UPDATE_MASK_INVALID", "update_mask UPDATE_MASK_INVALID");
    }
    row!(t, c, create_post, ask!(CreatePostRequest {
             author_id: "", text: "", reply_to_post_id: "x", quoted_post_id: "y", request_id: "z"
         }),
         InvalidArgument "FIELD_INVALID", "author_id ID_MALFORMED", "text TEXT_EMPTY", "reply_to_post_id ID_MALFORMED",
         "quoted_post_id ID_MALFORMED", "request_id ID_MALFORMED");
    for empty in ["", " ", "\n\t\r", "\u{a0}\u{3000}"] {
        row!(t, c, create_post, ask!(CreatePostRequest { author_id: &ada, text: empty }),
             InvalidArgument "TEXT_EMPTY", "text TEXT_EMPTY");
    }
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: &ada, text: long(501) }),
         InvalidArgument "TEXT_TOO_LONG", "text TEXT_TOO_LONG");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: "x", post_id: "y", text: long(501) }),
         InvalidArgument "FIELD_INVALID", "author_id ID_MALFORMED", "post_id ID_MALFORMED", "text TEXT_TOO_LONG");
    for unknown in ["", "post.text", "linkCard", "reply_to_post_id"] {
        let update_mask = FieldMask { paths: vec![unknown.to_owned()] };
        row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: NOBODY, text: "x", update_mask: update_mask }),
             InvalidArgument "UPDATE_MASK_INVALID", "update_mask UPDATE_MASK_INVALID");
    }
    let all = FieldMask { paths: vec!["*".to_owned()] };
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: NOBODY, update_mask: all }),
         InvalidArgument "TEXT_EMPTY", "text TEXT_EMPTY");
    media_that_is_wrong(&mut t, &dev, &ada).await;
    for version in [-1, i64::MIN, 1 << 53] {
        row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: NOBODY, text: "x", expected_version: version }),
             InvalidArgument "FIELD_INVALID", "expected_version FIELD_INVALID");
        row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &ada, post_id: NOBODY, expected_version: version }),
             InvalidArgument "FIELD_INVALID", "expected_version FIELD_INVALID");
        row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: &ada, display_name: "x", expected_version: version }),
             InvalidArgument "FIELD_INVALID", "expected_version FIELD_INVALID");
        row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &ada, handle: "free", expected_version: version }),
             InvalidArgument "FIELD_INVALID", "expected_version FIELD_INVALID");
    }

    row!(t, c, take_down_post, TakeDownPostRequest::default(),
         InvalidArgument "FIELD_INVALID", "post_id ID_MALFORMED", "reason MODERATION_REASON_INVALID");
    row!(t, c, suspend_account, SuspendAccountRequest::default(),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "reason MODERATION_REASON_INVALID");
    for unknown in [0, -1, 99] {
        row!(t, c, take_down_post, ask!(TakeDownPostRequest { post_id: NOBODY, reason: unknown }),
             InvalidArgument "MODERATION_REASON_INVALID", "reason MODERATION_REASON_INVALID");
        row!(t, c, suspend_account, ask!(SuspendAccountRequest { account_id: &ada, reason: unknown }),
             InvalidArgument "MODERATION_REASON_INVALID", "reason MODERATION_REASON_INVALID");
    }
    let spam = ModerationReason::Spam;
    row!(t, c, take_down_post, ask!(TakeDownPostRequest { post_id: NOBODY, reason: spam, text: long(201) }),
         InvalidArgument "TEXT_TOO_LONG", "text TEXT_TOO_LONG");
    row!(t, c, suspend_account, ask!(SuspendAccountRequest { account_id: &ada, reason: spam, text: long(201) }),
         InvalidArgument "TEXT_TOO_LONG", "text TEXT_TOO_LONG");
    row!(t, c, restore_post, RestorePostRequest::default(), InvalidArgument "ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, unsuspend_account, UnsuspendAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, c, protect_account, ProtectAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, c, unprotect_account, UnprotectAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, c, reactivate_account, ReactivateAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, c, delete_post, DeletePostRequest::default(),
         InvalidArgument "ID_MALFORMED", "author_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, like_post, LikePostRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, unlike_post, UnlikePostRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, repost_post, RepostPostRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, undo_repost, UndoRepostRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "post_id ID_MALFORMED");
    row!(t, c, follow_account, FollowAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "follower_id ID_MALFORMED", "followee_id ID_MALFORMED");
    row!(t, c, unfollow_account, UnfollowAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "follower_id ID_MALFORMED", "followee_id ID_MALFORMED");
    row!(t, c, approve_follow, ApproveFollowRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "follower_id ID_MALFORMED");
    row!(t, c, reject_follow, RejectFollowRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "follower_id ID_MALFORMED");
    row!(t, c, remove_follower, RemoveFollowerRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "follower_id ID_MALFORMED");
    row!(t, c, block_account, BlockAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    row!(t, c, unblock_account, UnblockAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    row!(t, c, mute_account, MuteAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    row!(t, c, unmute_account, UnmuteAccountRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    t.check();
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}

/// Rows for what belongs to a post or a profile beside its texts.
async fn media_that_is_wrong(t: &mut Table, dev: &Dev, ada: &str) {
    let c = dev.api.commands.clone();
    let image =
        || Media { url: "https://media.example/a.png".to_owned(), kind: MediaKind::Image.into(), ..Media::default() };
    let post = |media: Vec<Media>| ask!(CreatePostRequest { author_id: ada, text: "x", media: media });
    for url in
        ["", "http://media.example/a.png", "//media.example/a.png", "https://ada:secret@media.example/a.png", "data:,x"]
    {
        row!(t, c, create_post, post(vec![image(), Media { url: url.to_owned(), ..image() }]),
             InvalidArgument "URL_INVALID", "media[1].url URL_INVALID");
    }
    row!(t, c, create_post, post(vec![image(); 5]), InvalidArgument "LIST_TOO_LONG", "media LIST_TOO_LONG");
    for kind in [0, -1, 5] {
        row!(t, c, create_post, post(vec![Media { kind, ..image() }]),
             InvalidArgument "MEDIA_KIND_INVALID", "media[0].kind MEDIA_KIND_INVALID");
    }
    for pixels in [-1, 65_536, i32::MAX] {
        row!(t, c, create_post, post(vec![Media { width: pixels, height: pixels, ..image() }]),
             InvalidArgument "FIELD_INVALID", "media[0].width FIELD_INVALID", "media[0].height FIELD_INVALID");
    }
    for alt in ["é".repeat(1_001), "👩‍👩‍👧‍👦".repeat(200)] {
        row!(t, c, create_post, post(vec![Media { alt, ..image() }]),
             InvalidArgument "TEXT_TOO_LONG", "media[0].alt TEXT_TOO_LONG");
    }
    let card = LinkCard {
        title: "\u{3164}".to_owned(),
        description: "é".repeat(501),
        image: Some(Media::default()),
        ..LinkCard::default()
    };
    row!(t, c, create_post, ask!(CreatePostRequest {
             author_id: ada, text: "x", link_card: card.clone(), content_warning: "é".repeat(101),
             languages: vec!["de".to_owned(), "pt_BR".to_owned()]
         }),
         InvalidArgument "FIELD_INVALID", "link_card.url URL_INVALID", "link_card.title TEXT_EMPTY",
         "link_card.description TEXT_TOO_LONG", "link_card.image.url URL_INVALID", "link_card.image.kind MEDIA_KIND_INVALID",
         "content_warning TEXT_TOO_LONG", "languages[1] LANGUAGE_MALFORMED");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: ada, text: "x", languages: vec!["de".to_owned(); 4] }),
         InvalidArgument "LIST_TOO_LONG", "languages LIST_TOO_LONG");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: ada, post_id: NOBODY, text: "x", media: vec![Media::default()] }),
         InvalidArgument "FIELD_INVALID", "media[0].url URL_INVALID", "media[0].kind MEDIA_KIND_INVALID");
    let film = Media { kind: MediaKind::Video.into(), ..image() };
    row!(t, c, register_account, RegisterAccountRequest { avatar: Some(film.clone()), ..registration("good") },
         InvalidArgument "MEDIA_KIND_INVALID", "avatar.kind MEDIA_KIND_INVALID");
    let banner = Media { url: "ftp://media.example/".to_owned(), ..film };
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: ada, display_name: "x", banner: banner }),
         InvalidArgument "FIELD_INVALID", "banner.url URL_INVALID", "banner.kind MEDIA_KIND_INVALID");
}

fn registration_as(handle: &str) -> RegisterAccountRequest {
    ask!(RegisterAccountRequest { handle: handle, display_name: "Good", kind: AccountKind::User })
}

#[tokio::test]
async fn a_command_that_cannot_be_done_is_refused_with_the_reason_that_its_comment_lists() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, gone, shy] = api.accounts(["ada", "bob", "gone", "shy"]).await;
    let [blocker] = api.accounts(["blocker"]).await;
    let post = api.post(&ada, "there").await.id;
    let deleted = api.post(&ada, "deleted").await.id;
    let by_shy = api.post(&shy, "for followers").await.id;
    let by_gone = api.post(&gone, "of a deactivated account").await.id;
    let by_blocker = api.post(&blocker, "not for bob").await.id;
    api.follow(&bob, &shy).await;
    api.delete(&ada, &deleted).await;
    api.deactivate(&gone).await;
    c.clone().protect_account(ask!(ProtectAccountRequest { account_id: &shy })).await.expect("it is protected");
    let block = ask!(BlockAccountRequest { account_id: &blocker, target_account_id: &bob });
    c.clone().block_account(block).await.expect("it is blocked");
    let used = ask!(CreatePostRequest { author_id: &ada, text: "once", request_id: request_id() });
    api.try_post(used.clone()).await.expect("it is published");
    let head = api.head().await;
    let mut t = Table::default();

    row!(t, c, register_account, registration("ada"), AlreadyExists "HANDLE_TAKEN");
    row!(t, c, register_account, registration("gone"), AlreadyExists "HANDLE_TAKEN");
    row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &ada, handle: "bob" }), AlreadyExists "HANDLE_TAKEN");
    row!(t, c, create_post, CreatePostRequest { text: "other".into(), ..used.clone() },
         InvalidArgument "REQUEST_ID_REUSED");
    row!(t, c, like_post, ask!(LikePostRequest { account_id: &ada, post_id: &post, request_id: &used.request_id }),
         InvalidArgument "REQUEST_ID_REUSED");
    row!(t, c, register_account, RegisterAccountRequest { request_id: used.request_id.clone(), ..registration("new") },
         InvalidArgument "REQUEST_ID_REUSED");

    // Accounts that do not exist.
    let text = "Good";
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: NOBODY, display_name: text }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: NOBODY, handle: "free" }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, protect_account, ask!(ProtectAccountRequest { account_id: NOBODY }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, unprotect_account, ask!(UnprotectAccountRequest { account_id: NOBODY }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, deactivate_account, ask!(DeactivateAccountRequest { account_id: NOBODY }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, reactivate_account, ask!(ReactivateAccountRequest { account_id: NOBODY }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: NOBODY, text: text }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: NOBODY, post_id: &post, text: text }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, like_post, ask!(LikePostRequest { account_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, undo_repost, ask!(UndoRepostRequest { account_id: NOBODY, post_id: &post }), NotFound "ACCOUNT_NOT_FOUND");
    for (one, other) in [(NOBODY, &*ada), (&*ada, NOBODY)] {
        row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: one, followee_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, unfollow_account, ask!(UnfollowAccountRequest { follower_id: one, followee_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, approve_follow, ask!(ApproveFollowRequest { account_id: one, follower_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, reject_follow, ask!(RejectFollowRequest { account_id: one, follower_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, remove_follower, ask!(RemoveFollowerRequest { account_id: one, follower_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, block_account, ask!(BlockAccountRequest { account_id: one, target_account_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, unblock_account, ask!(UnblockAccountRequest { account_id: one, target_account_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, mute_account, ask!(MuteAccountRequest { account_id: one, target_account_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, c, unmute_account, ask!(UnmuteAccountRequest { account_id: one, target_account_id: other }),
             NotFound "ACCOUNT_NOT_FOUND");
    }

    // A deactivated account can do nothing but come back.
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: &gone, display_name: text }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &gone, handle: "free" }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, protect_account, ask!(ProtectAccountRequest { account_id: &gone }), FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unprotect_account, ask!(UnprotectAccountRequest { account_id: &gone }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: &gone, text: text }), FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &gone, post_id: &by_gone, text: text }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &gone, post_id: &by_gone }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, like_post, ask!(LikePostRequest { account_id: &gone, post_id: &post }), FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: &gone, post_id: &post }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: &gone, post_id: &post }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, undo_repost, ask!(UndoRepostRequest { account_id: &gone, post_id: &post }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &gone, followee_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unfollow_account, ask!(UnfollowAccountRequest { follower_id: &gone, followee_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, approve_follow, ask!(ApproveFollowRequest { account_id: &gone, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, reject_follow, ask!(RejectFollowRequest { account_id: &gone, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, remove_follower, ask!(RemoveFollowerRequest { account_id: &gone, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, block_account, ask!(BlockAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unblock_account, ask!(UnblockAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, mute_account, ask!(MuteAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unmute_account, ask!(UnmuteAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");

    // The account itself, and accounts that may not be reached.
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &ada, followee_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, block_account, ask!(BlockAccountRequest { account_id: &ada, target_account_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, mute_account, ask!(MuteAccountRequest { account_id: &ada, target_account_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &ada, followee_id: &gone }),
         FailedPrecondition "TARGET_DEACTIVATED");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &bob, followee_id: &blocker }),
         FailedPrecondition "BLOCKED");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &blocker, followee_id: &bob }),
         FailedPrecondition "BLOCKED");
    row!(t, c, approve_follow, ask!(ApproveFollowRequest { account_id: &shy, follower_id: &ada }),
         NotFound "FOLLOW_REQUEST_NOT_FOUND");
    row!(t, c, reject_follow, ask!(RejectFollowRequest { account_id: &shy, follower_id: &bob }),
         NotFound "FOLLOW_REQUEST_NOT_FOUND");

    // Posts that do not exist, were deleted, are by another author, or are hidden.
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: NOBODY, text: text }), NotFound "POST_NOT_FOUND");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, undo_repost, ask!(UndoRepostRequest { account_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    // What is left of a post is looked at last, and only for whoever may edit it; so is its version.
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &post }), InvalidArgument "TEXT_EMPTY", "text TEXT_EMPTY");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &post, expected_version: 2 }), Aborted "VERSION_MISMATCH");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &ada, post_id: &post, expected_version: 2 }), Aborted "VERSION_MISMATCH");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &bob, post_id: &post, expected_version: 2 }), PermissionDenied "NOT_AUTHOR");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &by_shy, text: text, expected_version: 2 }),
         NotFound "POST_NOT_FOUND");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &bob, post_id: &by_blocker, expected_version: 2 }),
         NotFound "POST_NOT_FOUND");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &deleted, text: text, expected_version: 1 }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: &ada, display_name: text, expected_version: 2 }),
         Aborted "VERSION_MISMATCH");
    row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &ada, handle: "bob", expected_version: 2 }),
         Aborted "VERSION_MISMATCH");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &bob, post_id: &post, text: text }),
         PermissionDenied "NOT_AUTHOR");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &bob, post_id: &post }), PermissionDenied "NOT_AUTHOR");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &deleted, text: text }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: &bob, text: text, reply_to_post_id: &deleted }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: &bob, text: text, quoted_post_id: &deleted }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, like_post, ask!(LikePostRequest { account_id: &bob, post_id: &deleted }), FailedPrecondition "POST_DELETED");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: &bob, post_id: &deleted }), FailedPrecondition "POST_DELETED");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: &bob, post_id: &by_shy }),
         FailedPrecondition "ACCOUNT_PROTECTED");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: &shy, post_id: &by_shy }),
         FailedPrecondition "ACCOUNT_PROTECTED");
    for (viewer, hidden) in [(&ada, &by_shy), (&ada, &by_gone), (&bob, &by_blocker), (&ada, &NOBODY.to_owned())] {
        row!(t, c, like_post, ask!(LikePostRequest { account_id: viewer, post_id: hidden }), NotFound "POST_NOT_FOUND");
        row!(t, c, repost_post, ask!(RepostPostRequest { account_id: viewer, post_id: hidden }), NotFound "POST_NOT_FOUND");
        row!(t, c, create_post, ask!(CreatePostRequest { author_id: viewer, text: text, reply_to_post_id: hidden }),
             NotFound "POST_NOT_FOUND");
        row!(t, c, create_post, ask!(CreatePostRequest { author_id: viewer, text: text, quoted_post_id: hidden }),
             NotFound "POST_NOT_FOUND");
    }
    t.check();
    assert_eq!(api.head().await, head, "nothing was appended");
    verified(folder.path()).await;
}

#[tokio::test]
async fn what_moderators_have_done_is_told_to_those_who_are_concerned_and_to_nobody_else() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, banned] = api.accounts(["ada", "bob", "banned"]).await;
    let post = api.post(&ada, "there").await.id;
    let down = api.post(&ada, "taken down").await.id;
    let deleted = api.post(&ada, "deleted").await.id;
    let by_banned = api.post(&banned, "of a suspended account").await.id;
    api.delete(&ada, &deleted).await;
    let spam = ModerationReason::Spam;
    c.clone().take_down_post(ask!(TakeDownPostRequest { post_id: &down, reason: spam })).await.expect("it is there");
    let suspension = ask!(SuspendAccountRequest { account_id: &banned, reason: spam });
    c.clone().suspend_account(suspension).await.expect("it is there");
    let (head, text) = (api.head().await, "Good");
    let mut t = Table::default();

    row!(t, c, take_down_post, ask!(TakeDownPostRequest { post_id: NOBODY, reason: spam }), NotFound "POST_NOT_FOUND");
    row!(t, c, restore_post, ask!(RestorePostRequest { post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, take_down_post, ask!(TakeDownPostRequest { post_id: &deleted, reason: spam }),
         FailedPrecondition "POST_DELETED");
    row!(t, c, restore_post, ask!(RestorePostRequest { post_id: &deleted }), FailedPrecondition "POST_DELETED");
    row!(t, c, suspend_account, ask!(SuspendAccountRequest { account_id: NOBODY, reason: spam }),
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, c, unsuspend_account, ask!(UnsuspendAccountRequest { account_id: NOBODY }), NotFound "ACCOUNT_NOT_FOUND");

    // A suspended account can do nothing at all.
    row!(t, c, update_profile, ask!(UpdateProfileRequest { account_id: &banned, display_name: text }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, change_handle, ask!(ChangeHandleRequest { account_id: &banned, handle: "free" }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, protect_account, ask!(ProtectAccountRequest { account_id: &banned }), FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, unprotect_account, ask!(UnprotectAccountRequest { account_id: &banned }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, deactivate_account, ask!(DeactivateAccountRequest { account_id: &banned }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, reactivate_account, ask!(ReactivateAccountRequest { account_id: &banned }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, create_post, ask!(CreatePostRequest { author_id: &banned, text: text }), FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &banned, post_id: &by_banned, text: text }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &banned, post_id: &by_banned }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, like_post, ask!(LikePostRequest { account_id: &banned, post_id: &post }), FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: &banned, post_id: &post }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, repost_post, ask!(RepostPostRequest { account_id: &banned, post_id: &post }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, undo_repost, ask!(UndoRepostRequest { account_id: &banned, post_id: &post }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, bookmark_post, ask!(BookmarkPostRequest { account_id: &banned, post_id: &post }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, remove_bookmark, ask!(RemoveBookmarkRequest { account_id: &banned, post_id: &post }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &banned, followee_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, unfollow_account, ask!(UnfollowAccountRequest { follower_id: &banned, followee_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, approve_follow, ask!(ApproveFollowRequest { account_id: &banned, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, reject_follow, ask!(RejectFollowRequest { account_id: &banned, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, remove_follower, ask!(RemoveFollowerRequest { account_id: &banned, follower_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, block_account, ask!(BlockAccountRequest { account_id: &banned, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, unblock_account, ask!(UnblockAccountRequest { account_id: &banned, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, mute_account, ask!(MuteAccountRequest { account_id: &banned, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, unmute_account, ask!(UnmuteAccountRequest { account_id: &banned, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_SUSPENDED");
    row!(t, c, follow_account, ask!(FollowAccountRequest { follower_id: &bob, followee_id: &banned }),
         FailedPrecondition "TARGET_DEACTIVATED");
    row!(t, c, register_account, registration("banned"), AlreadyExists "HANDLE_TAKEN");

    // Its author knows that a post was taken down; to others there is none.
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: &down, text: text, expected_version: 1 }),
         FailedPrecondition "POST_TAKEN_DOWN");
    for (viewer, answer) in [(&ada, "POST_TAKEN_DOWN"), (&bob, "POST_NOT_FOUND")] {
        let code = if viewer == &ada { tonic::Code::FailedPrecondition } else { tonic::Code::NotFound };
        let like = ask!(LikePostRequest { account_id: viewer, post_id: &down });
        t.refused(("LikePost", format!("{like:?}")), c.clone().like_post(like).await, (code, answer), &[]);
        let repost = ask!(RepostPostRequest { account_id: viewer, post_id: &down });
        t.refused(("RepostPost", format!("{repost:?}")), c.clone().repost_post(repost).await, (code, answer), &[]);
        let keep = ask!(BookmarkPostRequest { account_id: viewer, post_id: &down });
        t.refused(("BookmarkPost", format!("{keep:?}")), c.clone().bookmark_post(keep).await, (code, answer), &[]);
        let reply = ask!(CreatePostRequest { author_id: viewer, text: text, reply_to_post_id: &down });
        t.refused(("CreatePost", format!("{reply:?}")), c.clone().create_post(reply).await, (code, answer), &[]);
        let quote = ask!(CreatePostRequest { author_id: viewer, text: text, quoted_post_id: &down });
        t.refused(("CreatePost", format!("{quote:?}")), c.clone().create_post(quote).await, (code, answer), &[]);
    }
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: &bob, post_id: &down }), NotFound "POST_NOT_FOUND");
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &bob, post_id: &down, text: text }), NotFound "POST_NOT_FOUND");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &bob, post_id: &down }), NotFound "POST_NOT_FOUND");
    t.check();
    let unlike = ask!(UnlikePostRequest { account_id: &ada, post_id: &down });
    c.clone().unlike_post(unlike).await.expect("what is not there can be taken back from one's own");
    assert_eq!(api.head().await, head, "nothing was appended");
    verified(folder.path()).await;
}

/// The comments of UnlikePost and UndoRepost list no POST_DELETED, so taking back must be fine or find no post.
#[tokio::test]
async fn taking_back_from_a_deleted_post_is_answered_as_the_comments_promise() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada] = dev.api.accounts(["ada"]).await;
    let post = dev.api.post(&ada, "deleted").await.id;
    dev.api.delete(&ada, &post).await;
    let mut c = dev.api.commands.clone();
    let unlike = c.unlike_post(ask!(UnlikePostRequest { account_id: &ada, post_id: &post })).await.err();
    let undo = c.undo_repost(ask!(UndoRepostRequest { account_id: &ada, post_id: &post })).await.err();
    for (rpc, refused) in [("UnlikePost", unlike), ("UndoRepost", undo)] {
        let told = refused.and_then(|status| reason(&status));
        let listed = told.as_ref().is_none_or(|told| promised(rpc).contains(told));
        assert!(listed, "{rpc}: {told:?} is not among {:?}", promised(rpc));
    }
}

/// The comments list SELF_TARGET for the opposite of a follow, a block and a mute as well.
#[tokio::test]
async fn unfollowing_unblocking_and_unmuting_oneself_is_refused_as_the_comments_promise() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (c, [ada]) = (dev.api.commands.clone(), dev.api.accounts(["ada"]).await);
    let mut t = Table::default();
    row!(t, c, unfollow_account, ask!(UnfollowAccountRequest { follower_id: &ada, followee_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, remove_follower, ask!(RemoveFollowerRequest { account_id: &ada, follower_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, unblock_account, ask!(UnblockAccountRequest { account_id: &ada, target_account_id: &ada }),
         InvalidArgument "SELF_TARGET");
    row!(t, c, unmute_account, ask!(UnmuteAccountRequest { account_id: &ada, target_account_id: &ada }),
         InvalidArgument "SELF_TARGET");
    t.check();
}

/// ACCOUNT_NOT_FOUND, POST_NOT_FOUND, PROJECTION_NOT_FOUND and HANDLE_TAKEN come with a ResourceInfo that names it.
#[tokio::test]
async fn a_refusal_names_what_was_not_found_or_taken() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada] = dev.api.accounts(["ada"]).await;
    let post = dev.api.post(&ada, "there").await.id;
    dev.api.home(&ada, up_to_date()).await;
    let (mut c, mut q, mut a) = (dev.api.commands.clone(), dev.api.queries.clone(), dev.api.admin.clone());
    let follow = ask!(FollowAccountRequest { follower_id: &ada, followee_id: NOBODY });
    let like = ask!(LikePostRequest { account_id: &ada, post_id: NOBODY });
    let reply = ask!(CreatePostRequest { author_id: &ada, text: "an answer", reply_to_post_id: NOBODY });
    let liked_by_nobody = ask!(LikePostRequest { account_id: NOBODY, post_id: &post });
    let refusals = [
        ("follow_account", NOBODY, c.follow_account(follow).await.err()),
        ("like_post", NOBODY, c.like_post(like).await.err()),
        ("like_post by nobody", NOBODY, c.like_post(liked_by_nobody).await.err()),
        ("create_post", NOBODY, c.create_post(reply).await.err()),
        (
            "deactivate_account",
            NOBODY,
            c.deactivate_account(ask!(DeactivateAccountRequest { account_id: NOBODY })).await.err(),
        ),
        ("register_account", "ada", c.register_account(registration("ada")).await.err()),
        ("get_account", NOBODY, q.get_account(ask!(GetAccountRequest { account: by_id(NOBODY) })).await.err()),
        ("get_post", NOBODY, q.get_post(ask!(GetPostRequest { post_id: NOBODY })).await.err()),
        ("rebuild_projection", "x_1", a.rebuild_projection(ask!(RebuildProjectionRequest { name: "x_1" })).await.err()),
    ];
    let mut wrong = Vec::new();
    for (what, expected, refused) in refusals {
        let refused = refused.expect("it is refused");
        let named = refused.get_details_resource_info().map(|info| info.resource_name);
        if named.as_deref() != Some(expected) {
            wrong.push(format!("{what}: {:?} names {named:?}, not {expected}", reason(&refused)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
