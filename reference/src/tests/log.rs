//! One test per sentence about what the log may hold.

use serde_json::{Value, json};

use super::Act::{
    Block, Bookmark, Deactivate, Delete, Describe, Edit, Follow, Like, Mute, Post, Protect, Quote, Reactivate,
    Register, Reject, Rename, Reply, Repost, Request, See, Unblock, Unbookmark, UndoRepost, Unfollow, Unlike, Unmute,
    Unprotect, Withdraw,
};
use super::{Act, BOB, CAROL, DAVE, History, READER, history};
use crate::{LogEvent, Model};

/// After these acts, the log may not hold this one.
fn check(acts: &[Act], act: Act, why: &str) {
    check_refused(history(acts).play(act), why);
}

/// After these acts, the log may not hold this event.
fn check_event(acts: &[Act], kind: &str, stream: &str, payload: impl Fn(&History) -> Value, why: &str) {
    let mut history = history(acts);
    let payload = payload(&history);
    check_refused(history.emit(kind, stream, payload), why);
}

fn check_refused(outcome: Result<(), String>, why: &str) {
    let refusal = outcome.expect_err("the log may not hold this");
    assert!(refusal.ends_with(why), "refused as {refusal:?}, not as {why:?}");
}

const FIRST: LogEvent<'static> = LogEvent {
    position: 1,
    stream: "handle-bob",
    version: 1,
    kind: "handle.claimed",
    schema_version: 1,
    recorded_at_us: 7,
    payload: br#"{"handle":"bob","account_id":"b"}"#,
};
const SECOND: LogEvent<'static> = LogEvent {
    position: 2,
    stream: "account-b",
    version: 1,
    kind: "account.registered",
    schema_version: 1,
    recorded_at_us: 7,
    payload: br#"{"account_id":"b","handle":"bob","kind":"user","personal":{"alg":"none","display_name":"","bio":""}}"#,
};

#[test]
fn positions_are_dense_and_start_at_one() {
    let why = "the position is not the last plus one";
    check_refused(Model::new().apply(&LogEvent { position: 2, ..FIRST }), why);
    check_refused(Model::new().apply(&LogEvent { position: 0, ..FIRST }), why);
    let mut model = Model::new();
    assert_eq!(model.apply(&FIRST), Ok(()));
    check_refused(model.apply(&LogEvent { position: 3, ..SECOND }), why);
    check_refused(model.apply(&LogEvent { position: 1, ..SECOND }), why);
    assert_eq!(model.apply(&SECOND), Ok(()));
}

#[test]
fn versions_are_dense_in_each_stream_and_start_at_one() {
    let why = "the version is not the stream's last plus one";
    check_refused(Model::new().apply(&LogEvent { version: 2, ..FIRST }), why);
    let mut model = Model::new();
    assert_eq!(model.apply(&FIRST), Ok(()));
    check_refused(model.apply(&LogEvent { version: 2, ..SECOND }), why);
    check_refused(model.apply(&LogEvent { position: 2, ..FIRST }), why);
}

#[test]
fn the_recorded_time_may_go_back_since_clocks_do() {
    let mut model = Model::new();
    assert_eq!(model.apply(&FIRST), Ok(()));
    assert_eq!(model.apply(&LogEvent { recorded_at_us: 6, ..SECOND }), Ok(()));
}

#[test]
fn an_event_stands_in_the_stream_its_payload_names() {
    let why = "the event stands in a stream of another name";
    check_refused(Model::new().apply(&LogEvent { stream: "handle-carol", ..FIRST }), why);
}

#[test]
fn an_event_of_unknown_type_or_version_or_without_its_fields_cannot_be_read() {
    check_refused(Model::new().apply(&LogEvent { kind: "handle.lost", ..FIRST }), "unknown event type");
    check_refused(Model::new().apply(&LogEvent { schema_version: 2, ..FIRST }), "unknown schema version 2");
    check_refused(Model::new().apply(&LogEvent { payload: b"[]", ..FIRST }), "the payload is not an object");
    check_refused(Model::new().apply(&LogEvent { payload: b"{}", ..FIRST }), "handle is not a string");
    assert!(Model::new().apply(&LogEvent { payload: b"{", ..FIRST }).is_err());
}

#[test]
fn a_post_has_a_text_or_media_and_at_most_four() {
    let image = json!({"url": "https://media.example/a.png", "kind": "image"});
    let created = |media: Vec<Value>, text: &str| {
        let personal = json!({"alg": "none", "text": text, "media": media});
        move |history: &History| json!({"post_id": "b", "author": history.reference(BOB), "mentions": [], "hashtags": [], "personal": personal})
    };
    let check = |media: Vec<Value>, text: &str, why: &str| {
        check_event(&[], "post.created", "post-b", created(media, text), why);
    };
    check(vec![], "", "the text has a forbidden length");
    check(vec![image.clone(); 5], "b", "the post has too many media");
    check(vec![json!({"url": "https://media.example/a.png", "kind": "smell"})], "b", "there is no media of kind smell");
    check(vec![json!("https://media.example/a.png")], "b", "a media is not an object");
    let mut history = history(&[]);
    let payload = created(vec![image; 4], "")(&history);
    history.emit("post.created", "post-b", payload).expect("four pictures are enough");
    let post = history.model.post("b", None).expect("it is there");
    assert_eq!((post.extras.media.len(), &*post.extras.media[0].kind, post.extras.media[0].width), (4, "image", 0));
}

#[test]
fn a_refused_event_changes_nothing() {
    let mut model = Model::new();
    assert_eq!(model.apply(&FIRST), Ok(()));
    assert!(model.apply(&LogEvent { position: 3, ..SECOND }).is_err());
    assert_eq!(model.head(), 1);
    assert_eq!(model.apply(&SECOND), Ok(()));
    assert_eq!(model.settled(), Ok(()));
}

#[test]
fn a_reference_carries_the_position_that_created_what_it_names() {
    let wrong_account = |_: &History| json!({"account": {"id": BOB, "key": 3}});
    check_event(&[], "account.protected", "account-bob", wrong_account, "the key of account bob is 4, not 3");
    let wrong_post = |history: &History| {
        json!({
            "account": history.reference(READER),
            "post": {"id": "b", "key": 8},
            "post_author": history.reference(BOB),
        })
    };
    check_event(&[Post(BOB, "b")], "like.added", "like-reader-b", wrong_post, "the key of post b is 9, not 8");
    let wrong_author = |history: &History| {
        json!({
            "account": history.reference(READER),
            "post": history.reference("b"),
            "post_author": history.reference(CAROL),
        })
    };
    check_event(&[Post(BOB, "b")], "like.added", "like-reader-b", wrong_author, "the post is by another author");
    let wrong_mention = |history: &History| {
        json!({
            "post_id": "b",
            "author": history.reference(BOB),
            "mentions": [{"id": CAROL, "key": 1}],
            "hashtags": ["tag"],
            "personal": {"alg": "none", "text": "b"},
        })
    };
    check_event(&[], "post.created", "post-b", wrong_mention, "the key of account carol is 6, not 1");
}

#[test]
fn an_account_is_registered_once() {
    let mut history = history(&[]);
    let payload = json!({
        "account_id": BOB, "handle": "bobby", "kind": "user",
        "personal": {"alg": "none", "display_name": "", "bio": ""},
    });
    check_refused(history.emit("account.registered", "account-bob", payload), "the account is registered already");
}

#[test]
fn a_handle_has_one_holder() {
    check(&[], Register(BOB), "the handle is held");
    check(&[], Rename(BOB, CAROL), "the handle is held");
    check(&[Deactivate(CAROL)], Rename(BOB, CAROL), "the handle is held");
    history(&[Rename(CAROL, "caroline"), Rename(BOB, CAROL)]);
    let others = |_: &History| json!({"handle": BOB, "account_id": CAROL});
    check_event(&[], "handle.released", "handle-bob", others, "the account does not hold the handle");
}

#[test]
fn a_handle_is_3_to_30_of_a_to_z_0_to_9_and_underscore() {
    for handle in ["ab", "Bobby", "bob-by", "böbby", "abcdefghijklmnopqrstuvwxyz_0123"] {
        check(&[], Rename(BOB, handle), "the handle is not 3 to 30 of a-z0-9_");
    }
    history(&[Rename(BOB, "b_1"), Rename(CAROL, "abcdefghijklmnopqrstuvwxyz_012")]);
}

#[test]
fn a_handle_changes_from_the_one_carried_to_another() {
    check(&[], Rename(BOB, BOB), "the handle stays the same");
    let wrong = |history: &History| json!({"account": history.reference(BOB), "from": CAROL, "to": "robert"});
    check_event(&[], "account.handle_changed", "account-bob", wrong, "the account carries another handle");
}

#[test]
fn a_handle_is_claimed_and_released_in_the_append_that_changes_it() {
    let claim = ("handle.claimed", "handle-robert", json!({"handle": "robert", "account_id": BOB}));
    let release = ("handle.released", "handle-bob", json!({"handle": BOB, "account_id": BOB}));
    for (kind, stream, payload) in [claim, release] {
        let mut history = history(&[]);
        assert_eq!(history.emit(kind, stream, payload), Ok(()));
        assert!(history.model.settled().is_err());
        let refusal = history.play(Post(BOB, "b")).expect_err("the append was not complete");
        assert!(refusal.contains("broken promise"), "{refusal}");
    }
}

#[test]
fn a_deactivated_account_can_do_nothing_but_reactivate() {
    let acts = [
        Post(BOB, "b"),
        Post(CAROL, "c"),
        Like(BOB, "c"),
        Repost(BOB, "c"),
        Bookmark(BOB, "c"),
        Block(BOB, DAVE),
        Mute(BOB, DAVE),
        Deactivate(BOB),
    ];
    for act in [
        Describe(BOB, "bio"),
        Rename(BOB, "robert"),
        Protect(BOB),
        Deactivate(BOB),
        Post(BOB, "b2"),
        Edit("b", "new"),
        Delete("b"),
        Like(BOB, "c"),
        Unlike(BOB, "c"),
        UndoRepost(BOB, "c"),
        Bookmark(BOB, "c"),
        Unbookmark(BOB, "c"),
        See(BOB, 1),
        Block(BOB, READER),
        Unblock(BOB, DAVE),
        Mute(BOB, READER),
        Unmute(BOB, DAVE),
    ] {
        if let Rename(..) = act {
            let rename = |history: &History| json!({"account": history.reference(BOB), "from": BOB, "to": "robert"});
            check_event(&acts, "account.handle_changed", "account-bob", rename, "the account is deactivated");
        } else {
            check(&acts, act, "the account is deactivated");
        }
    }
    check(&acts, Follow(BOB, CAROL), "the follower is deactivated or suspended");
    history(&[&acts[..], &[Reactivate(BOB)]].concat());
}

#[test]
fn what_stands_already_is_not_done_again() {
    check(&[], Reactivate(BOB), "the account is active already");
    check(&[], Unprotect(BOB), "the account is not protected");
    check(&[Protect(BOB)], Protect(BOB), "the account is protected already");
    check(&[Post(BOB, "b"), Like(READER, "b")], Like(READER, "b"), "the post is liked already");
    check(&[Post(BOB, "b")], Unlike(READER, "b"), "the post is not liked");
    check(&[Post(BOB, "b"), Repost(READER, "b")], Repost(READER, "b"), "the post is reposted already");
    check(&[Post(BOB, "b"), Bookmark(READER, "b")], Bookmark(READER, "b"), "the post is bookmarked already");
    check(&[Post(BOB, "b"), Bookmark(CAROL, "b")], Unbookmark(READER, "b"), "the post is not bookmarked");
    check(&[Post(BOB, "b"), Delete("b")], Delete("b"), "the post is deleted");
    check(&[Post(BOB, "b")], Post(CAROL, "b"), "the post exists already");
    check(&[Follow(READER, BOB)], Follow(READER, BOB), "the follower follows already");
    check(&[], Unfollow(READER, BOB), "the follower does not follow");
    check(&[Block(READER, BOB)], Block(READER, BOB), "the target is blocked already");
    check(&[], Unblock(READER, BOB), "the target is not blocked");
    check(&[Mute(READER, BOB)], Mute(READER, BOB), "the target is muted already");
    check(&[], Unmute(READER, BOB), "the target is not muted");
}

#[test]
fn a_text_has_1_to_20_000_bytes_after_trimming() {
    let long: &'static str = "é".repeat(10_001).leak();
    check(&[Post(BOB, "b")], Edit("b", " \n"), "the text has a forbidden length");
    check(&[Post(BOB, "b")], Edit("b", long), "the text has a forbidden length");
    history(&[Post(BOB, "b"), Edit("b", &long[2..])]);
}

#[test]
fn what_is_answered_quoted_liked_reposted_or_bookmarked_exists_and_is_visible_to_the_actor() {
    let why = "the post is not visible to the account";
    for hiding in [Delete("b"), Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        for act in [
            Reply(READER, "r", "b"),
            Quote(READER, "r", "b"),
            Like(READER, "b"),
            Repost(READER, "b"),
            Bookmark(READER, "b"),
        ] {
            check(&[Post(BOB, "b"), hiding], act, why);
        }
    }
    check(&[], Like(READER, "b"), "post b does not exist");
    check(&[], Bookmark(READER, "b"), "post b does not exist");
    history(&[Post(BOB, "b"), Mute(READER, BOB), Reply(READER, "r", "b"), Like(READER, "b"), Bookmark(READER, "b")]);
    history(&[Post(BOB, "b"), Follow(READER, BOB), Protect(BOB), Bookmark(READER, "b"), Bookmark(BOB, "b")]);
}

#[test]
fn a_like_a_repost_and_a_bookmark_may_be_undone_when_the_post_is_no_longer_visible() {
    let acts = [Post(BOB, "b"), Like(READER, "b"), Repost(READER, "b"), Bookmark(READER, "b")];
    for hiding in [Delete("b"), Deactivate(BOB), Protect(BOB), Block(BOB, READER)] {
        let undone = [hiding, Unlike(READER, "b"), UndoRepost(READER, "b"), Unbookmark(READER, "b")];
        history(&[&acts[..], &undone].concat());
    }
}

#[test]
fn a_bookmark_names_the_posts_author_and_stands_in_the_stream_of_its_account_and_post() {
    let by = |author: &'static str| {
        move |history: &History| {
            json!({
                "account": history.reference(READER),
                "post": history.reference("b"),
                "post_author": history.reference(author),
            })
        }
    };
    let acts = [Post(BOB, "b")];
    check_event(&acts, "bookmark.added", "bookmark-reader-b", by(CAROL), "the post is by another author");
    let why = "the event stands in a stream of another name";
    check_event(&acts, "bookmark.added", "bookmark-carol-b", by(BOB), why);
    check_event(&acts, "bookmark.removed", "like-reader-b", by(BOB), why);
}

#[test]
fn an_account_sees_more_of_its_notifications_each_time_and_nothing_that_has_not_happened() {
    let why = "that much has been seen already";
    check(&[Post(BOB, "b"), Post(BOB, "b2"), See(READER, 2)], See(READER, 2), why);
    check(&[Post(BOB, "b"), Post(BOB, "b2"), See(READER, 2)], See(READER, 1), why);
    history(&[Post(BOB, "b"), See(READER, 1), See(BOB, 1), See(READER, 2), See(READER, 4)]);
    check_refused(history(&[]).emit_seen(READER, 0), why);
    let ahead = "nobody sees what has not happened yet";
    check_refused(history(&[]).emit_seen(READER, 9), ahead);
    check_refused(history(&[]).emit_seen(READER, 10), ahead);
    assert_eq!(history(&[]).emit_seen(READER, 8), Ok(()));
}

#[test]
fn what_is_seen_is_a_position_in_the_stream_of_the_accounts_notifications() {
    let up_to = |up_to: Value| move |history: &History| json!({"account": history.reference(BOB), "up_to": up_to});
    let stream = "the event stands in a stream of another name";
    check_event(&[], "notifications.seen", "notifications-carol", up_to(json!(1)), stream);
    check_event(&[], "notifications.seen", "notifications-bob", up_to(json!("1")), "up_to is not a position");
    check_event(&[], "notifications.seen", "notifications-bob", up_to(json!(-1)), "up_to is not a position");
    let unknown = |_: &History| json!({"account": {"id": "nobody", "key": 1}, "up_to": 1});
    check_event(&[], "notifications.seen", "notifications-nobody", unknown, "account nobody does not exist");
}

#[test]
fn a_hashtag_is_a_lower_case_string() {
    check(&[], Post(BOB, "#Tag"), "a hashtag is not lower case");
    check(&[Post(BOB, "b")], Edit("b", "#rust #\u{c9}T\u{c9}"), "a hashtag is not lower case");
    history(&[Post(BOB, "#tag"), Edit("#tag", "#\u{e9}t\u{e9} #2026 #\u{6771}\u{4eac}")]);
    let number = |history: &History| {
        json!({
            "post_id": "b",
            "author": history.reference(BOB),
            "mentions": [],
            "hashtags": [1],
            "personal": {"alg": "none", "text": "b"},
        })
    };
    check_event(&[], "post.created", "post-b", number, "a hashtag is not a string");
}

#[test]
fn only_the_author_edits_and_deletes() {
    let by_carol = |history: &History| json!({"post": history.reference("b"), "author": history.reference(CAROL)});
    check_event(&[Post(BOB, "b")], "post.deleted", "post-b", by_carol, "the post is by another author");
}

#[test]
fn a_deletion_names_what_the_post_replied_to() {
    let without = |history: &History| json!({"post": history.reference("b"), "author": history.reference(BOB)});
    check_event(
        &[Post(CAROL, "c"), Reply(BOB, "b", "c")],
        "post.deleted",
        "post-b",
        without,
        "the post was created as a reply to something else",
    );
}

#[test]
fn own_posts_may_be_reposted_and_a_protected_accounts_posts_may_not() {
    history(&[Post(BOB, "b"), Repost(BOB, "b")]);
    let why = "a protected account's posts may not be reposted";
    check(&[Post(BOB, "b"), Follow(READER, BOB), Protect(BOB)], Repost(READER, "b"), why);
    check(&[Post(BOB, "b"), Protect(BOB)], Repost(BOB, "b"), why);
}

#[test]
fn an_undone_repost_names_the_position_it_was_added_at() {
    let wrong = |history: &History| {
        json!({
            "account": history.reference(READER),
            "post": history.reference("b"),
            "post_author": history.reference(BOB),
            "added_at": 9,
        })
    };
    let acts = [Post(BOB, "b"), Repost(READER, "b")];
    check_event(&acts, "repost.removed", "repost-reader-b", wrong, "the repost was added at another position");
}

#[test]
fn nobody_follows_blocks_or_mutes_themselves() {
    check(&[], Follow(BOB, BOB), "an account cannot follow itself");
    check(&[], Block(BOB, BOB), "an account cannot do this to itself");
    check(&[], Mute(BOB, BOB), "an account cannot do this to itself");
}

#[test]
fn a_followee_is_active_and_of_the_kind_named() {
    check(&[Deactivate(BOB)], Follow(READER, BOB), "the followee is deactivated or suspended");
    let wrong = |history: &History| {
        json!({
            "follower": history.reference(READER),
            "followee": history.reference(DAVE),
            "followee_kind": "user",
        })
    };
    check_event(&[], "follow.followed", "follow-reader-dave", wrong, "the followee is of another kind");
}

#[test]
fn nobody_follows_across_a_block() {
    for block in [Block(READER, BOB), Block(BOB, READER)] {
        check(&[block], Follow(READER, BOB), "a block stands between the two");
        check(&[Protect(BOB), block], Request(READER, BOB), "a block stands between the two");
    }
    history(&[Block(READER, BOB), Unblock(READER, BOB), Follow(READER, BOB)]);
}

#[test]
fn following_a_protected_account_makes_a_request_and_a_public_one_does_not() {
    check(&[Protect(BOB)], Follow(READER, BOB), "following a protected account needs a request");
    check(&[], Request(READER, BOB), "following a public account needs no request");
    check(&[Protect(BOB), Request(READER, BOB)], Request(READER, BOB), "the request is pending already");
    check(&[Follow(READER, BOB), Protect(BOB)], Request(READER, BOB), "the follower follows already");
}

#[test]
fn a_request_is_approved_rejected_or_withdrawn_once() {
    let acts = [Protect(BOB), Request(READER, BOB)];
    for end in [Follow(READER, BOB), Reject(BOB, READER), Withdraw(READER, BOB)] {
        let ended = [&acts[..], &[end]].concat();
        check(&ended, Reject(BOB, READER), "no request is pending");
        check(&ended, Withdraw(READER, BOB), "no request is pending");
    }
    history(&[&acts[..], &[Deactivate(READER), Follow(READER, BOB)]].concat());
    check(&[&acts[..], &[Deactivate(BOB)]].concat(), Follow(READER, BOB), "the followee is deactivated or suspended");
}

#[test]
fn a_block_ends_follows_and_requests_both_ways_in_the_same_append() {
    for acts in [&[Follow(READER, BOB)][..], &[Follow(BOB, READER)], &[Protect(BOB), Request(READER, BOB)]] {
        let mut history = history(acts);
        assert_eq!(history.emit_between("block.added", READER, BOB), Ok(()));
        assert!(history.model.settled().is_err());
        let refusal = history.play(Post(CAROL, "c")).expect_err("the append was not complete");
        assert!(refusal.contains("broken promise"), "{refusal}");
    }
    history(&[Follow(READER, BOB), Deactivate(READER), Block(BOB, READER)]);
}

#[test]
fn going_public_approves_pending_requests_in_the_same_append() {
    let mut history = history(&[Protect(BOB), Request(READER, BOB)]);
    assert_eq!(history.emit_on_account("account.unprotected", BOB), Ok(()));
    assert!(history.model.settled().is_err());
    let refusal = history.play(Post(CAROL, "c")).expect_err("the append was not complete");
    assert!(refusal.contains("broken promise"), "{refusal}");
}
