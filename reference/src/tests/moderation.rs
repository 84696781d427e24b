//! One test per sentence about what moderators do: accounts that are suspended, posts that are taken down.

use super::Act::{
    Block, Bookmark, Deactivate, Delete, Edit, Follow, Like, Post, Protect, Quote, Reactivate, Reply, Repost, Restore,
    Suspend, TakeDown, Unlike, Unsuspend,
};
use super::{Act, BOB, CAROL, DAVE, READER, history};
use crate::{Model, ThreadEntry};

/// After these acts, the log may not hold this one.
fn check_refused(acts: &[Act], act: Act, why: &str) {
    let refusal = history(acts).play(act).expect_err("the log may not hold this");
    assert!(refusal.ends_with(why), "refused as {refusal:?}, not as {why:?}");
}

/// All that is shown to the reader and to anybody, but for what is asked for by its id.
fn shown(model: &Model) -> String {
    let posts = ["b", "c", "quote"].map(|post| model.post(post, Some(READER)).map(|post| post.text));
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {posts:?}",
        model.home_timeline(READER),
        model.author_timeline(BOB, None),
        model.hashtag_timeline("tag", Some(READER)),
        model.notifications(READER),
        model.bookmarks(READER),
        model.activities(READER),
        model.account(BOB).map(|bob| bob.handle),
    )
}

const BUSY: [Act; 10] = [
    Follow(READER, BOB),
    Follow(READER, CAROL),
    Post(BOB, "b"),
    Edit("b", "to @reader #tag"),
    Post(CAROL, "c"),
    Repost(CAROL, "b"),
    Like(DAVE, "b"),
    Bookmark(READER, "b"),
    Reply(CAROL, "answer", "b"),
    Quote(CAROL, "quote", "b"),
];

#[test]
fn a_suspended_account_is_to_everybody_as_a_deactivated_one_and_comes_back_as_it_was() {
    let before = shown(&history(&BUSY).model);
    let suspended = history(&[&BUSY[..], &[Suspend(BOB)]].concat()).model;
    let deactivated = history(&[&BUSY[..], &[Deactivate(BOB)]].concat()).model;
    assert_eq!(shown(&suspended), shown(&deactivated));
    assert_ne!(shown(&suspended), before);
    assert_eq!(shown(&history(&[&BUSY[..], &[Suspend(BOB), Unsuspend(BOB)]].concat()).model), before);
}

#[test]
fn whoever_is_suspended_and_deactivated_is_shown_when_neither_holds() {
    let before = shown(&history(&BUSY).model);
    let gone = shown(&history(&[&BUSY[..], &[Suspend(BOB)]].concat()).model);
    let also = |acts: &[Act]| shown(&history(&[&BUSY[..], &[Deactivate(BOB), Suspend(BOB)], acts].concat()).model);
    assert_eq!(also(&[Unsuspend(BOB)]), gone);
    assert_eq!(also(&[Unsuspend(BOB), Reactivate(BOB)]), before);
}

#[test]
fn a_suspended_account_can_do_nothing() {
    for act in [Post(BOB, "b2"), Like(BOB, "c"), Delete("b"), Follow(BOB, DAVE), Block(BOB, DAVE), Deactivate(BOB)] {
        check_refused(&[&BUSY[..], &[Suspend(BOB)]].concat(), act, "suspended");
    }
    check_refused(&[Deactivate(BOB), Suspend(BOB)], Reactivate(BOB), "the account is suspended");
    check_refused(&[Suspend(BOB)], Follow(READER, BOB), "the followee is deactivated or suspended");
    check_refused(&[Suspend(BOB)], Suspend(BOB), "the account is suspended already");
    check_refused(&[], Unsuspend(BOB), "the account is not suspended");
}

#[test]
fn a_post_that_is_taken_down_is_shown_nowhere_and_comes_back_with_everything() {
    let before = shown(&history(&BUSY).model);
    let down = history(&[&BUSY[..], &[TakeDown("b")]].concat()).model;
    assert_eq!(down.home_timeline(READER).len(), 3, "the answer, the quote and c");
    assert!(down.author_timeline(BOB, Some(BOB)).is_empty() && down.bookmarks(READER).is_empty());
    assert!(down.notifications(BOB).iter().all(|group| group.post_id.as_deref() != Some("b")));
    assert!(down.post("quote", None).expect("it is shown").quoted_post_unavailable);
    assert!(down.likers("b", Some(BOB)).is_none() && down.quotes("b", Some(BOB)).is_none());
    assert_eq!(shown(&history(&[&BUSY[..], &[TakeDown("b"), Restore("b")]].concat()).model), before);
    let counts = |model: &Model| model.account(BOB).expect("it is there").post_count;
    assert_eq!(counts(&down), 1, "no count changes");
}

#[test]
fn its_author_finds_it_by_its_id_with_the_reason_and_nobody_else_does() {
    let down = history(&[&BUSY[..], &[TakeDown("b")]].concat()).model;
    let own = down.post_by_id("b", Some(BOB)).expect("it is theirs");
    assert_eq!(own.taken_down.expect("it is taken down").reason, "harassment");
    for viewer in [None, Some(READER), Some(CAROL)] {
        assert_eq!((down.post_by_id("b", viewer), down.may_know_deletion_of("b", viewer)), (None, true));
    }
    assert_eq!(history(&BUSY).model.post_by_id("b", Some(READER)).expect("it is shown").taken_down, None);
    for acts in [&[TakeDown("b"), Delete("b")][..], &[TakeDown("b"), Suspend(BOB)]] {
        assert_eq!(history(&[&BUSY[..], acts].concat()).model.post_by_id("b", Some(BOB)), None);
    }
}

#[test]
fn in_a_thread_it_is_as_a_deleted_one() {
    let acts = [Post(BOB, "root"), Reply(CAROL, "b", "root"), Reply(DAVE, "below", "b"), TakeDown("b")];
    for viewer in [READER, CAROL] {
        let thread = history(&acts).model.thread("root", Some(viewer)).expect("it is shown");
        assert_eq!(thread.replies, [ThreadEntry::Deleted("b".to_owned())]);
    }
    let bare = history(&[&acts[..], &[TakeDown("below")]].concat()).model;
    assert!(bare.thread("root", None).expect("it is shown").replies.is_empty(), "nothing hangs on it");
    let focus = bare.thread("below", None).expect("it is found");
    assert_eq!((focus.focus, focus.ancestors.len()), (ThreadEntry::Deleted("below".to_owned()), 2));
}

#[test]
fn nothing_can_be_done_to_it_but_to_delete_it_and_to_take_back_what_was_done() {
    let acts = [&BUSY[..], &[TakeDown("b")]].concat();
    for act in [Like(READER, "b"), Repost(DAVE, "b"), Bookmark(BOB, "b"), Reply(BOB, "b2", "b"), Quote(DAVE, "d", "b")]
    {
        check_refused(&acts, act, "the post is not visible to the account");
    }
    check_refused(&acts, Edit("b", "kind"), "the post is taken down");
    check_refused(&acts, TakeDown("b"), "the post is taken down already");
    check_refused(&BUSY, Restore("b"), "the post is not taken down");
    check_refused(&[Post(BOB, "b"), Delete("b")], TakeDown("b"), "the post is deleted");
    history(&[&acts[..], &[Unlike(DAVE, "b"), Delete("b")]].concat());
    // A moderator sees what is hidden from others.
    history(&[Post(BOB, "b"), Protect(BOB), Deactivate(BOB), TakeDown("b"), Restore("b")]);
}
