//! One test per sentence about the activity feed.

use super::Act::{
    Block, Deactivate, Delete, Edit, Follow, Like, Mute, Post, Protect, Quote, Reactivate, Reply, Repost, Request,
    UndoRepost, Unfollow, Unlike, Unmute, Unprotect,
};
use super::{Act, BOB, CAROL, DAVE, READER, history};
use crate::Activity;
use crate::ActivityKind::{self, Followed, Liked, Posted, Reposted};

/// An activity by its kind, the act that made it, counted from 1, its actor and what it is about.
type Expected = (ActivityKind, usize, &'static str, &'static str);

/// After these acts, the reader's activity feed is this.
fn check(acts: &[Act], expected: &[Expected]) {
    let history = history(acts);
    let activity = |(kind, act, actor, object): &Expected| {
        let object = Some((*object).to_owned());
        let (post_id, target_account_id) = if *kind == Followed { (None, object) } else { (object, None) };
        let place = history.position_of(*act);
        Activity { kind: *kind, place, actor_id: (*actor).to_owned(), post_id, target_account_id }
    };
    assert_eq!(history.model.activities(READER), expected.iter().map(activity).collect::<Vec<_>>());
}

/// The reader follows Bob, who has done one thing of each kind.
const BOB_IS_BUSY: [Act; 6] =
    [Follow(READER, BOB), Post(CAROL, "c"), Follow(BOB, CAROL), Post(BOB, "b"), Like(BOB, "c"), Repost(BOB, "c")];

#[test]
fn the_deeds_are_follows_posts_likes_and_reposts_by_the_accounts_followed_newest_first() {
    let deeds = [(Reposted, 6, BOB, "c"), (Liked, 5, BOB, "c"), (Posted, 4, BOB, "b"), (Followed, 3, BOB, CAROL)];
    check(&BOB_IS_BUSY, &deeds);
}

#[test]
fn replies_and_quotes_are_posts_whether_or_not_the_reader_follows_whom_they_answer() {
    check(
        &[Follow(READER, BOB), Post(CAROL, "c"), Reply(BOB, "b1", "c"), Quote(BOB, "b2", "c")],
        &[(Posted, 4, BOB, "b2"), (Posted, 3, BOB, "b1")],
    );
}

#[test]
fn the_accounts_are_those_followed_now_and_not_the_reader() {
    check(&BOB_IS_BUSY[1..], &[]);
    check(&[&BOB_IS_BUSY[..], &[Unfollow(READER, BOB)]].concat(), &[]);
    check(&[Post(BOB, "b"), Follow(READER, BOB)], &[(Posted, 1, BOB, "b")]);
    check(&[Post(BOB, "b"), Protect(BOB), Request(READER, BOB)], &[]);
    check(
        &[Post(CAROL, "c"), Post(READER, "r"), Like(READER, "c"), Repost(READER, "c"), Follow(READER, CAROL)],
        &[(Posted, 1, CAROL, "c")],
    );
}

#[test]
fn what_was_undone_is_gone_and_done_again_takes_a_new_place() {
    let acts = [Follow(READER, BOB), Post(CAROL, "c"), Follow(BOB, CAROL), Like(BOB, "c"), Repost(BOB, "c")];
    let undone = [&acts[..], &[Unfollow(BOB, CAROL), Unlike(BOB, "c"), UndoRepost(BOB, "c")]].concat();
    check(&undone, &[]);
    check(
        &[&undone[..], &[Repost(BOB, "c"), Follow(BOB, CAROL), Like(BOB, "c")]].concat(),
        &[(Liked, 11, BOB, "c"), (Followed, 10, BOB, CAROL), (Reposted, 9, BOB, "c")],
    );
}

#[test]
fn a_request_is_no_deed_and_its_approval_is_one() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Protect(CAROL), Request(BOB, CAROL)];
    check(&acts, &[]);
    check(&[&acts[..], &[Follow(BOB, CAROL)]].concat(), &[(Followed, 5, BOB, CAROL)]);
}

#[test]
fn an_edit_keeps_its_place_and_is_no_deed() {
    check(
        &[Follow(READER, BOB), Post(BOB, "b1"), Post(BOB, "b2"), Edit("b1", "new")],
        &[(Posted, 3, BOB, "b2"), (Posted, 2, BOB, "b1")],
    );
}

#[test]
fn a_deleted_post_takes_its_likes_and_reposts_along() {
    check(&[&BOB_IS_BUSY[..], &[Delete("c")]].concat(), &[(Posted, 4, BOB, "b"), (Followed, 3, BOB, CAROL)]);
    check(&[Follow(READER, BOB), Post(BOB, "b"), Like(BOB, "b"), Delete("b")], &[]);
}

#[test]
fn nothing_by_an_account_that_is_deactivated_or_muted() {
    check(&[&BOB_IS_BUSY[..], &[Deactivate(BOB)]].concat(), &[]);
    check(&[&BOB_IS_BUSY[..], &[Mute(READER, BOB)]].concat(), &[]);
    let back = [Follow(READER, BOB), Post(BOB, "b"), Deactivate(BOB), Mute(READER, BOB), Reactivate(BOB)];
    check(&[&back[..], &[Unmute(READER, BOB)]].concat(), &[(Posted, 2, BOB, "b")]);
}

#[test]
fn nothing_to_a_post_that_is_not_visible_to_the_reader_or_whose_author_they_mute() {
    let acts = [Follow(READER, BOB), Post(CAROL, "c"), Like(BOB, "c"), Repost(BOB, "c")];
    check(&acts, &[(Reposted, 4, BOB, "c"), (Liked, 3, BOB, "c")]);
    for hiding in [Deactivate(CAROL), Protect(CAROL), Block(READER, CAROL), Block(CAROL, READER), Mute(READER, CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), &[]);
    }
    check(&[&acts[..], &[Protect(CAROL), Unprotect(CAROL)]].concat(), &[(Reposted, 4, BOB, "c"), (Liked, 3, BOB, "c")]);
}

#[test]
fn a_protected_account_that_is_followed_is_shown() {
    let acts = [Follow(READER, BOB), Post(BOB, "b"), Follow(BOB, CAROL), Protect(BOB)];
    check(&acts, &[(Followed, 3, BOB, CAROL), (Posted, 2, BOB, "b")]);
}

#[test]
fn no_follow_of_an_account_that_is_deactivated_blocked_muted_or_protected_from_the_reader() {
    let acts = [Follow(READER, BOB), Follow(BOB, CAROL), Follow(BOB, DAVE)];
    for hiding in [Deactivate(CAROL), Block(READER, CAROL), Block(CAROL, READER), Mute(READER, CAROL), Protect(CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), &[(Followed, 3, BOB, DAVE)]);
    }
    let carol_too = [(Followed, 3, BOB, DAVE), (Followed, 2, BOB, CAROL)];
    let admitted = history(&[&acts[..], &[Follow(READER, CAROL), Protect(CAROL)]].concat()).model.activities(READER);
    assert_eq!(admitted.len(), carol_too.len());
}

#[test]
fn deeds_to_the_reader_and_to_their_posts_are_shown() {
    let acts = [Follow(READER, BOB), Post(READER, "r"), Like(BOB, "r"), Follow(BOB, READER), Repost(BOB, "r")];
    check(
        &[&acts[..], &[Protect(READER)]].concat(),
        &[(Reposted, 5, BOB, "r"), (Followed, 4, BOB, READER), (Liked, 3, BOB, "r")],
    );
}

#[test]
fn an_unknown_or_deactivated_account_has_no_activity_feed() {
    check(&[&BOB_IS_BUSY[..], &[Deactivate(READER)]].concat(), &[]);
    assert_eq!(history(&BOB_IS_BUSY).model.activities("nobody"), []);
}
