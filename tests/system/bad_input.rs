//! What is wrong with a call is said with its reason, all of it at once; nothing is appended, and nobody else notices.

use shared::proto::admin::*;
use shared::proto::command::*;
use shared::proto::common::AccountKind;
use shared::proto::query::get_account_request::Account as Named;
use shared::proto::query::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{Api, ask, channel, fresh, reason, registration, request_id, up_to_date};
use crate::process::{Dev, folder, verified};
use crate::raw;
use shared::proto::admin::get_as_of_request::{Moment, Subject};

use crate::refusals::{NOBODY, PROTOS, Table, promised, row, with_changed_byte};

fn by_id(id: &str) -> Option<Named> {
    Some(Named::AccountId(id.to_owned()))
}

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

    // Accounts that are not there.
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
    row!(t, c, block_account, ask!(BlockAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unblock_account, ask!(UnblockAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, mute_account, ask!(MuteAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");
    row!(t, c, unmute_account, ask!(UnmuteAccountRequest { account_id: &gone, target_account_id: &ada }),
         FailedPrecondition "ACCOUNT_DEACTIVATED");

    // Oneself, and others who are not to be reached.
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

    // Posts that are not there, not there any more, not one's own, or not to be seen.
    row!(t, c, edit_post, ask!(EditPostRequest { author_id: &ada, post_id: NOBODY, text: text }), NotFound "POST_NOT_FOUND");
    row!(t, c, delete_post, ask!(DeletePostRequest { author_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, unlike_post, ask!(UnlikePostRequest { account_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, c, undo_repost, ask!(UndoRepostRequest { account_id: &ada, post_id: NOBODY }), NotFound "POST_NOT_FOUND");
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

#[tokio::test]
async fn a_bad_query_is_refused_with_the_reason_that_its_comment_lists() {
    let (folder, elsewhere) = (folder(), folder());
    let (dev, other) = (Dev::start(folder.path()).await, Dev::start(elsewhere.path()).await);
    let (api, q) = (&dev.api, dev.api.queries.clone());
    let [ada, bob, gone] = api.accounts(["ada", "bob", "gone"]).await;
    api.follow(&bob, &ada).await;
    api.follow(&gone, &ada).await;
    let deleted = api.post(&ada, "deleted").await.id;
    api.post(&ada, "one").await;
    let made = api.post(&ada, "two").await;
    api.delete(&ada, &deleted).await;
    let newest = api.deactivate(&gone).await;
    let foreign = other.api.register("ada").await;
    let foreign_page = other.api.home(&foreign.id, fresh(&foreign.token)).await;
    let head = api.head().await;

    let request = ask!(GetHomeTimelineRequest { account_id: &bob, page_size: 1, consistency: fresh(&newest) });
    let home = q.clone().get_home_timeline(request).await.expect("a page").into_inner();
    let request = ask!(GetAuthorTimelineRequest { author_id: &ada, page_size: 1 });
    let author = q.clone().get_author_timeline(request).await.expect("a page").into_inner();
    let (home_token, author_token) = (home.next_page_token, author.next_page_token);
    assert!(!home_token.is_empty() && !author_token.is_empty());
    let mut t = Table::default();

    // Fields.
    row!(t, q, get_account, GetAccountRequest::default(), InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, get_account, ask!(GetAccountRequest { account: by_id("ada"), viewer_account_id: "x" }),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "viewer_account_id ID_MALFORMED");
    row!(t, q, get_post, ask!(GetPostRequest { viewer_account_id: "x" }),
         InvalidArgument "ID_MALFORMED", "post_id ID_MALFORMED", "viewer_account_id ID_MALFORMED");
    row!(t, q, get_relationship, GetRelationshipRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED", "target_account_id ID_MALFORMED");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: "x", page_size: -1 }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, page_size: i32::MIN }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, get_author_timeline, ask!(GetAuthorTimelineRequest { author_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, list_following, ask!(ListFollowingRequest { page_size: -5, viewer_account_id: "x" }),
         InvalidArgument "FIELD_INVALID", "account_id ID_MALFORMED", "page_size PAGE_SIZE_NEGATIVE",
         "viewer_account_id ID_MALFORMED");
    row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: &ada, page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, q, stream_home_timeline, StreamHomeTimelineRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, stream_notifications, StreamNotificationsRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, stream_presence, StreamPresenceRequest::default(),
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, q, get_presence, GetPresenceRequest::default(),
         InvalidArgument "BATCH_SIZE_INVALID", "account_ids BATCH_SIZE_INVALID");
    row!(t, q, stream_post, StreamPostRequest::default(), InvalidArgument "ID_MALFORMED", "post_id ID_MALFORMED");

    // What is not there, and what is not for this viewer.
    for absent in [NOBODY, &gone] {
        row!(t, q, get_account, ask!(GetAccountRequest { account: by_id(absent) }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_author_timeline, ask!(GetAuthorTimelineRequest { author_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_following, ask!(ListFollowingRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_presence, ask!(StreamPresenceRequest { account_id: absent }), NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_presence, ask!(GetPresenceRequest { account_ids: vec![ada.clone()], viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, stream_post, ask!(StreamPostRequest { post_id: &made.id, viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_relationship, ask!(GetRelationshipRequest { account_id: &ada, target_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
        row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, viewer_account_id: absent }),
             NotFound "ACCOUNT_NOT_FOUND");
    }
    for handle in ["nobody", "gone", "Not A Handle", ""] {
        let account = Some(Named::Handle(handle.to_owned()));
        let answered = q.clone().get_account(ask!(GetAccountRequest { account: account })).await;
        let code = answered.as_ref().err().map(Status::code);
        assert!(matches!(code, Some(Code::NotFound | Code::InvalidArgument)), "{handle:?}: {answered:?}");
    }
    row!(t, q, get_post, ask!(GetPostRequest { post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_post, ask!(GetPostRequest { post_id: &deleted }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, list_follow_requests, ask!(ListFollowRequestsRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");
    row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");

    row!(t, q, stream_presence, ask!(StreamPresenceRequest { account_id: &ada, viewer_account_id: &bob }),
         InvalidArgument "VIEWER_MISMATCH");

    // Page tokens.
    for nonsense in ["x", "💥", "AAAA", &with_changed_byte(&home_token), &home_token[1..], &"A".repeat(10_000)] {
        row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &bob, page_token: nonsense }),
             InvalidArgument "PAGE_TOKEN_INVALID");
        row!(t, q, list_followers, ask!(ListFollowersRequest { account_id: &bob, page_token: nonsense }),
             InvalidArgument "PAGE_TOKEN_INVALID");
    }
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &bob, page_token: &author_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, get_home_timeline, ask!(GetHomeTimelineRequest { account_id: &ada, page_token: &home_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, get_author_timeline,
         ask!(GetAuthorTimelineRequest { author_id: &ada, viewer_account_id: &bob, page_token: &author_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, q, list_following, ask!(ListFollowingRequest { account_id: &bob, page_token: &home_token }),
         InvalidArgument "PAGE_TOKEN_MISMATCH");

    // Consistency and resume tokens: nonsense, of another kind, of another owner, of another store.
    for nonsense in ["x", "💥", &with_changed_byte(&made.token), &home_token, &home.resume_token] {
        row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, consistency: fresh(nonsense) }),
             InvalidArgument "TOKEN_INVALID");
    }
    for nonsense in ["x", "💥", "AAAA", &with_changed_byte(&home.resume_token), &home_token, &made.token] {
        row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &bob, resume_token: nonsense }),
             InvalidArgument "TOKEN_INVALID");
    }
    row!(t, q, stream_home_timeline, ask!(StreamHomeTimelineRequest { account_id: &ada, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    // The token of one kind of stream is none of another.
    row!(t, q, stream_notifications, ask!(StreamNotificationsRequest { account_id: &bob, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    row!(t, q, stream_post, ask!(StreamPostRequest { post_id: &made.id, resume_token: &home.resume_token }),
         InvalidArgument "TOKEN_INVALID");
    row!(t, q, stream_post, ask!(StreamPostRequest { post_id: NOBODY }), NotFound "POST_NOT_FOUND");
    row!(t, q, get_post, ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&foreign.token) }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    row!(t, q, stream_home_timeline,
         ask!(StreamHomeTimelineRequest { account_id: &bob, resume_token: &foreign_page.resume_token }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    t.check();
    assert_eq!(api.head().await, head, "nothing was appended");
}

/// The reason TOKEN_FROM_ANOTHER_STORE of a page token must be among those that the paged rpcs list.
#[tokio::test]
async fn a_page_token_of_another_store_is_refused_as_such() {
    let (folder, elsewhere) = (folder(), folder());
    let (dev, other) = (Dev::start(folder.path()).await, Dev::start(elsewhere.path()).await);
    let ada = dev.api.register("ada").await.id;
    let elsewhere = other.api.register("ada").await.id;
    other.api.post(&elsewhere, "one").await;
    other.api.post(&elsewhere, "two").await;
    let request = ask!(GetHomeTimelineRequest { account_id: &elsewhere, page_size: 1, consistency: up_to_date() });
    let page = other.api.queries.clone().get_home_timeline(request).await.expect("a page").into_inner();
    assert_ne!(page.next_page_token, "");
    let (mut t, q) = (Table::default(), dev.api.queries.clone());
    row!(t, q, get_home_timeline,
         ask!(GetHomeTimelineRequest { account_id: &ada, page_token: &page.next_page_token, consistency: up_to_date() }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    let request = ask!(ListProjectionsRequest { page_size: 1 });
    let page = other.api.admin.clone().list_projections(request).await.expect("a page").into_inner();
    let a = dev.api.admin.clone();
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_token: &page.next_page_token }),
         InvalidArgument "TOKEN_FROM_ANOTHER_STORE");
    t.check();
}

#[tokio::test]
async fn a_bad_call_of_an_operator_is_refused_with_the_reason_that_its_comment_lists() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let a = dev.api.admin.clone();
    dev.api.accounts(["ada", "bob"]).await;
    let head = dev.api.head().await;
    let page =
        a.clone().list_projections(ask!(ListProjectionsRequest { page_size: 1 })).await.expect("a page").into_inner();
    let page = page.next_page_token;
    let mut t = Table::default();
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, a, list_projections, ask!(ListProjectionsRequest { page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_size: -1, correlation_id: "x" }),
         InvalidArgument "FIELD_INVALID", "page_size PAGE_SIZE_NEGATIVE", "correlation_id ID_MALFORMED");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_token: &with_changed_byte(&page) }),
         InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, read_events, ask!(ReadEventsRequest { page_token: &page }), InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, a, stream_events, StreamEventsRequest { types: vec![1, 0, 99], after_position: 0 },
         InvalidArgument "EVENT_TYPE_UNKNOWN", "types[1] EVENT_TYPE_UNKNOWN", "types[2] EVENT_TYPE_UNKNOWN");
    row!(t, a, stream_events, ask!(StreamEventsRequest { after_position: u64::MAX }), OutOfRange "POSITION_BEYOND_HEAD");
    row!(t, a, rebuild_projection, ask!(RebuildProjectionRequest { name: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, get_as_of, GetAsOfRequest { page_size: -1, ..GetAsOfRequest::default() },
         InvalidArgument "FIELD_INVALID", "page_size PAGE_SIZE_NEGATIVE", "account_id ID_MALFORMED");
    row!(t, a, get_as_of, GetAsOfRequest { subject: Some(Subject::AccountId("x".to_owned())), ..GetAsOfRequest::default() },
         InvalidArgument "ID_MALFORMED", "account_id ID_MALFORMED");
    row!(t, a, get_as_of, GetAsOfRequest { subject: Some(Subject::AccountId(NOBODY.to_owned())), ..GetAsOfRequest::default() },
         NotFound "ACCOUNT_NOT_FOUND");
    row!(t, a, get_as_of, GetAsOfRequest {
             moment: Some(Moment::Position(u64::MAX)), subject: Some(Subject::Stream("post-x".to_owned())), page_size: 0
         }, OutOfRange "POSITION_BEYOND_HEAD");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_size: -1 }),
         InvalidArgument "PAGE_SIZE_NEGATIVE", "page_size PAGE_SIZE_NEGATIVE");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_token: "x" }), InvalidArgument "PAGE_TOKEN_INVALID");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { page_token: &page }), InvalidArgument "PAGE_TOKEN_MISMATCH");
    row!(t, a, list_parked_events, ask!(ListParkedEventsRequest { projection: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, retry_parked_events, RetryParkedEventsRequest { projection: String::new(), positions: vec![1; 101] },
         InvalidArgument "FIELD_INVALID", "projection TEXT_EMPTY", "positions BATCH_SIZE_INVALID");
    row!(t, a, retry_parked_events, ask!(RetryParkedEventsRequest { projection: "nothing_1" }), NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, discard_parked_event, DiscardParkedEventRequest::default(),
         InvalidArgument "TEXT_EMPTY", "projection TEXT_EMPTY", "reason TEXT_EMPTY");
    row!(t, a, discard_parked_event,
         ask!(DiscardParkedEventRequest { projection: "posts_1", position: 1_u64, reason: &"x".repeat(501) }),
         InvalidArgument "TEXT_TOO_LONG", "reason TEXT_TOO_LONG");
    row!(t, a, discard_parked_event, ask!(DiscardParkedEventRequest { projection: "nothing_1", reason: "x" }),
         NotFound "PROJECTION_NOT_FOUND");
    row!(t, a, discard_parked_event, ask!(DiscardParkedEventRequest { projection: "posts_1", position: u64::MAX, reason: "x" }),
         NotFound "PARKED_EVENT_NOT_FOUND");
    t.check();
    let answered = a.clone().rebuild_projection(RebuildProjectionRequest::default()).await;
    let refused = answered.expect_err("it names nothing");
    assert!(matches!(refused.code(), Code::NotFound | Code::InvalidArgument), "{refused:?}");
    let beyond = a.clone().read_events(ask!(ReadEventsRequest { after_position: u64::MAX })).await;
    assert_eq!(beyond.expect("it is an empty page").into_inner().events, []);
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}

/// What is echoed in a refusal must fit in its headers.
#[tokio::test]
async fn a_very_long_name_is_refused_as_a_short_one_is() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let mut wrong = Vec::new();
    for length in [1_000, 5_000, 20_000, 100_000] {
        let long = "x".repeat(length);
        let named = Some(Named::Handle(long.clone()));
        let handle = RegisterAccountRequest { handle: long.clone(), display_name: long.clone(), ..registration("x") };
        let answers = [
            dev.api.queries.clone().get_account(ask!(GetAccountRequest { account: named })).await.err(),
            dev.api.queries.clone().get_account(ask!(GetAccountRequest { account: by_id(&long) })).await.err(),
            dev.api
                .queries
                .clone()
                .get_post(ask!(GetPostRequest { consistency: fresh(&long), post_id: &ada }))
                .await
                .err(),
            dev.api.admin.clone().rebuild_projection(ask!(RebuildProjectionRequest { name: &long })).await.err(),
            dev.api.commands.clone().register_account(handle).await.err(),
        ];
        for (index, refused) in answers.into_iter().enumerate() {
            let refused = refused.expect("it is refused");
            let good = matches!(refused.code(), Code::NotFound | Code::InvalidArgument) && reason(&refused).is_some();
            if !good {
                wrong.push(format!(
                    "call {index} with {length} characters: {:?} {:.200}",
                    refused.code(),
                    refused.message()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(dev.api.register("bob").await.id.len(), 36, "the server goes on");
}

fn paths() -> Vec<String> {
    let services = [("command", "CommandService"), ("query", "QueryService"), ("admin", "AdminService")];
    let mut paths = Vec::new();
    for (proto, (package, service)) in PROTOS.iter().zip(services) {
        let rpcs = proto.lines().filter_map(|line| line.strip_prefix("  rpc ")?.split('(').next());
        paths.extend(rpcs.map(|rpc| format!("/chirp.{package}.v1.{service}/{rpc}")));
    }
    assert_eq!(paths.len(), 25 + 26 + 9, "every rpc is called");
    paths
}

fn server<'a>(dev: &'a Dev, path: &str) -> &'a str {
    if path.contains("command") {
        &dev.command
    } else if path.contains("query") {
        &dev.query
    } else {
        &dev.ops
    }
}

/// The refusal is the caller's fault, says so, and has a reason.
fn blames_the_caller(status: &Status) -> bool {
    let faults =
        [Code::InvalidArgument, Code::NotFound, Code::Unimplemented, Code::OutOfRange, Code::ResourceExhausted];
    faults.contains(&status.code()) && reason(status).is_some()
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_and_harm_nobody() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    let head = dev.api.head().await;
    let malformed: [&[u8]; 8] = [
        b"\xff",                                             // no tag
        b"\x0a\xff",                                         // a length that does not end
        b"\x0a\x7fshort",                                    // longer than the message
        b"\x0a\x02\xc3\x28",                                 // not UTF-8 (field 1 of every command)
        b"\x12\x02\xc3\x28",                                 // not UTF-8 (field 2 of every query)
        b"\x08\x01\x10\x01\x18\x01\x20\x01\x28\x01\x30\x01", // numbers where texts belong, or the other way around
        b"\x0b\x0b\x0b\x0b\x0b\x0b",                         // groups that do not end
        b"\x00\x00\x00\x00",                                 // field 0
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || -> Vec<u8> {
        (0..40)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random.to_le_bytes()[3]
            })
            .collect()
    };
    let mut wrong = Vec::new();
    for path in paths() {
        let channel = channel(server(&dev, &path));
        let random = [noise(), noise(), noise()];
        for message in malformed.iter().map(|message| message.to_vec()).chain(random) {
            match raw::call(&channel, &path, message.clone()).await {
                // Bytes that happen to be a message of nothing but unknown fields.
                Ok(_) if path.contains("AdminService") => {}
                Ok(_) => wrong.push(format!("{path} {message:?} is answered")),
                Err(status) if blames_the_caller(&status) => {}
                Err(status) => wrong.push(format!("{path} {message:?}: {:?} {}", status.code(), status.message())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn frames_that_are_none_are_refused_and_harm_nobody() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    let head = dev.api.head().await;
    type Headers = &'static [(&'static str, &'static str)];
    let frames: [(&str, Headers, &str); 6] = [
        ("no frame", &[], "hi"),
        ("a frame that ends early", &[], "\0\0\0\0\x20hi"),
        ("a huge length", &[], "\0\x7f\x7f\x7f\x7fhi"),
        ("compressed with nothing", &[], "\x01\0\0\0\x05hello"),
        ("gzip that is none", &[("grpc-encoding", "gzip")], "\x01\0\0\0\x05hello"),
        ("a compression flag that does not exist", &[], "\x07\0\0\0\x05hello"),
    ];
    let mut wrong = Vec::new();
    for path in [
        "/chirp.command.v1.CommandService/RegisterAccount",
        "/chirp.query.v1.QueryService/GetPost",
        "/chirp.query.v1.QueryService/StreamHomeTimeline",
        "/chirp.admin.v1.AdminService/ReadEvents",
    ] {
        let channel = channel(server(&dev, path));
        for (what, headers, frame) in frames {
            let status = raw::body(&channel, path, headers, frame).await;
            if !blames_the_caller(&status) {
                wrong.push(format!("{path}, {what}: {:?} {:?} {}", status.code(), reason(&status), status.message()));
            }
        }
    }
    // Not even HTTP/2.
    for address in [&dev.command, &dev.query, &dev.ops] {
        for garbage in
            ["\0\0\0\0", "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nXX"]
        {
            let mut connection = tokio::net::TcpStream::connect(address).await.expect("it listens");
            connection.write_all(garbage.as_bytes()).await.expect("it takes bytes");
            connection.shutdown().await.expect("it was open");
            // However it ends, it ends.
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(dev.api.head().await, head, "nothing was appended");
    dev.api.register("bob").await;
    verified(folder.path()).await;
}

#[tokio::test]
async fn an_unknown_method_and_a_message_that_is_too_large_are_refused_with_a_reason() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api: &Api = &dev.api;
    let ada = api.register("ada").await.id;
    let head = api.head().await;
    let mut wrong = Vec::new();
    let mut check = |what: String, expected: &[Code], status: Status| {
        if !expected.contains(&status.code()) || reason(&status).is_none() {
            wrong.push(format!("{what}: {:?}, reason {:?}, {:?}", status.code(), reason(&status), status.message()));
        }
    };
    for (address, path) in [
        (&dev.command, "/chirp.command.v1.CommandService/Nothing"),
        (&dev.command, "/chirp.command.v1.Nothing/RegisterAccount"),
        (&dev.command, "/chirp.query.v1.QueryService/GetPost"),
        (&dev.query, "/chirp.query.v1.QueryService/Nothing"),
        (&dev.ops, "/chirp.admin.v1.AdminService/Nothing"),
        (&dev.ops, "/"),
    ] {
        let status = raw::call(&channel(address), path, vec![]).await.expect_err("there is no such method");
        check(path.to_owned(), &[Code::Unimplemented], status);
    }
    let large = [Code::InvalidArgument, Code::OutOfRange, Code::ResourceExhausted];
    for size in [300_000, 5_000_000] {
        let text = "x".repeat(size);
        let posted = api.try_post(ask!(CreatePostRequest { author_id: &ada, text: &text })).await;
        check(format!("CreatePost with {size} bytes"), &large, posted.expect_err("it is too large"));
        let asked = api.get_post(&text, None).await;
        check(format!("GetPost with {size} bytes"), &large, asked.expect_err("it is too large"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(api.head().await, head, "nothing was appended");
}
