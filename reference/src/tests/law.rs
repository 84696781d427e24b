//! One test per sentence of the law of the timeline, and of who may see a post.

use super::Act::{
    Block, Deactivate, Delete, Edit, Follow, Mute, Post, Protect, Quote, Reactivate, Reply, Repost, Request, Unblock,
    UndoRepost, Unfollow, Unmute, Unprotect,
};
use super::{Act, BOB, CAROL, DAVE, History, READER, history};
use crate::Entry;

/// An entry whose reason is an act, counted from 1.
struct Expected {
    post: &'static str,
    act: usize,
    reposted_by: Option<&'static str>,
}

fn posted(post: &'static str, act: usize) -> Expected {
    Expected { post, act, reposted_by: None }
}

fn reposted(post: &'static str, act: usize, reposted_by: &'static str) -> Expected {
    Expected { post, act, reposted_by: Some(reposted_by) }
}

fn entries(history: &History, expected: &[Expected]) -> Vec<Entry> {
    let entry = |expected: &Expected| Entry {
        post_id: expected.post.to_owned(),
        place: history.position_of(expected.act),
        reposted_by: expected.reposted_by.map(str::to_owned),
    };
    expected.iter().map(entry).collect()
}

/// After these acts, the reader's home timeline is this.
fn check(acts: &[Act], expected: &[Expected]) {
    let history = history(acts);
    assert_eq!(history.model.home_timeline(READER), entries(&history, expected));
}

/// After these acts, Bob's author timeline is this to the viewer.
fn check_author_timeline(acts: &[Act], viewer: Option<&str>, expected: &[Expected]) {
    let history = history(acts);
    assert_eq!(history.model.author_timeline(BOB, viewer), entries(&history, expected));
}

/// After these acts, Bob's post `b` is visible to exactly these viewers.
fn check_visible_to(acts: &[Act], viewers: &[Option<&str>]) {
    let history = history(acts);
    for viewer in [None, Some(READER), Some(BOB), Some(CAROL), Some("nobody")] {
        assert_eq!(history.model.post("b", viewer).is_some(), viewers.contains(&viewer), "to {viewer:?}");
    }
}

#[test]
fn the_reasons_are_posts_by_the_accounts_the_reader_follows() {
    check(&[Follow(READER, BOB), Post(BOB, "b"), Post(CAROL, "c")], &[posted("b", 2)]);
}

#[test]
fn the_reasons_are_reposts_by_the_accounts_the_reader_follows() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), Repost(DAVE, "c")], &[reposted("c", 3, BOB)]);
}

#[test]
fn the_reasons_are_posts_and_reposts_by_the_reader() {
    check(&[Post(READER, "r"), Post(CAROL, "c"), Repost(READER, "c")], &[reposted("c", 3, READER), posted("r", 1)]);
}

#[test]
fn the_accounts_are_those_the_reader_follows_now() {
    check(&[Post(BOB, "b"), Follow(READER, BOB)], &[posted("b", 1)]);
    check(&[Follow(READER, BOB), Post(BOB, "b"), Unfollow(READER, BOB)], &[]);
    check(&[Follow(BOB, READER), Post(BOB, "b")], &[]);
}

#[test]
fn a_request_is_not_a_follow() {
    check(&[Post(BOB, "b"), Protect(BOB), Request(READER, BOB)], &[]);
    check(&[Post(BOB, "b"), Protect(BOB), Request(READER, BOB), Follow(READER, BOB)], &[posted("b", 1)]);
    check(&[Post(BOB, "b"), Protect(BOB), Request(READER, BOB), Unprotect(BOB)], &[posted("b", 1)]);
}

#[test]
fn an_organization_is_followed_like_a_user() {
    check(&[Follow(READER, DAVE), Post(DAVE, "d")], &[posted("d", 2)]);
}

#[test]
fn a_deleted_post_is_gone_and_takes_its_reposts_along() {
    check(&[Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c"), Delete("c")], &[]);
}

#[test]
fn an_undone_repost_is_gone() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), UndoRepost(BOB, "c")], &[]);
}

#[test]
fn an_undone_repost_lets_the_next_newest_reason_through() {
    check(
        &[Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c"), UndoRepost(BOB, "c")],
        &[posted("c", 3)],
    );
}

#[test]
fn reposting_again_takes_a_new_place() {
    check(
        &[
            Follow(READER, BOB),
            Post(CAROL, "c"),
            Repost(BOB, "c"),
            UndoRepost(BOB, "c"),
            Post(BOB, "b"),
            Repost(BOB, "c"),
        ],
        &[reposted("c", 6, BOB), posted("b", 5)],
    );
}

#[test]
fn a_reply_is_hidden_if_the_reader_does_not_follow_the_account_replied_to() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Reply(BOB, "b", "c")], &[]);
}

#[test]
fn a_reply_is_shown_if_the_reader_follows_the_account_replied_to_now() {
    let acts = [Follow(READER, BOB), Post(CAROL, "c"), Reply(BOB, "b", "c"), Follow(READER, CAROL)];
    check(&acts, &[posted("b", 3), posted("c", 2)]);
    check(&[&acts[..], &[Unfollow(READER, CAROL)]].concat(), &[]);
}

#[test]
fn a_reply_of_the_followed_to_themselves_is_shown() {
    check(&[Follow(READER, BOB), Post(BOB, "b"), Reply(BOB, "bb", "b")], &[posted("bb", 3), posted("b", 2)]);
}

#[test]
fn a_reply_is_judged_by_the_account_it_answers_directly() {
    check(&[Follow(READER, BOB), Post(BOB, "b"), Reply(CAROL, "c", "b"), Reply(BOB, "bb", "c")], &[posted("b", 2)]);
}

#[test]
fn a_reply_that_answers_the_reader_is_shown() {
    check(&[Follow(READER, BOB), Post(READER, "r"), Reply(BOB, "b", "r")], &[posted("b", 3), posted("r", 2)]);
}

#[test]
fn a_reply_that_answers_the_reader_is_no_reason_if_its_author_is_not_followed() {
    check(&[Post(READER, "r"), Reply(BOB, "b", "r")], &[posted("r", 1)]);
}

#[test]
fn a_reply_that_the_reader_wrote_is_shown() {
    check(&[Post(CAROL, "c"), Reply(READER, "r", "c")], &[posted("r", 2)]);
}

#[test]
fn a_repost_of_a_reply_is_shown_as_any_repost() {
    let acts = [Post(CAROL, "c"), Reply(DAVE, "d", "c")];
    check(&[&acts[..], &[Follow(READER, BOB), Repost(BOB, "d")]].concat(), &[reposted("d", 4, BOB)]);
    check(&[&acts[..], &[Follow(READER, DAVE), Repost(DAVE, "d")]].concat(), &[reposted("d", 4, DAVE)]);
    check(&[&acts[..], &[Repost(READER, "d")]].concat(), &[reposted("d", 3, READER)]);
}

#[test]
fn a_reply_stays_when_its_parent_is_deleted() {
    check(
        &[Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Reply(BOB, "b", "c"), Delete("c")],
        &[posted("b", 4)],
    );
}

#[test]
fn a_reply_stays_when_the_account_replied_to_is_followed_but_muted_or_deactivated() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Reply(BOB, "b", "c")];
    check(&[&acts[..], &[Mute(READER, CAROL)]].concat(), &[posted("b", 4)]);
    check(&[&acts[..], &[Deactivate(CAROL)]].concat(), &[posted("b", 4)]);
}

#[test]
fn nothing_by_an_actor_or_of_an_author_the_reader_blocks() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c")];
    check(&[&acts[..], &[Block(READER, CAROL)]].concat(), &[]);
    check(&[&acts[..], &[Block(READER, BOB)]].concat(), &[posted("c", 3)]);
    check(&[Post(CAROL, "c"), Repost(READER, "c"), Block(READER, CAROL)], &[]);
}

#[test]
fn nothing_by_an_actor_or_of_an_author_the_reader_is_blocked_by() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c")];
    check(&[&acts[..], &[Block(CAROL, READER)]].concat(), &[]);
    check(&[&acts[..], &[Block(BOB, READER)]].concat(), &[posted("c", 3)]);
    check(&[Post(CAROL, "c"), Repost(READER, "c"), Block(CAROL, READER)], &[]);
}

#[test]
fn a_block_between_others_hides_nothing_from_the_reader() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), Block(CAROL, BOB)], &[reposted("c", 3, BOB)]);
}

#[test]
fn unblocking_restores_no_follow_but_lets_reposts_through_again() {
    check(&[Follow(READER, BOB), Post(BOB, "b"), Block(READER, BOB), Unblock(READER, BOB)], &[]);
    check(
        &[Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), Block(READER, CAROL), Unblock(READER, CAROL)],
        &[reposted("c", 3, BOB)],
    );
}

#[test]
fn nothing_by_an_actor_or_of_an_author_the_reader_mutes() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c")];
    check(&[&acts[..], &[Mute(READER, CAROL)]].concat(), &[]);
    check(&[&acts[..], &[Mute(READER, BOB)]].concat(), &[posted("c", 3)]);
    check(&[Post(CAROL, "c"), Repost(READER, "c"), Mute(READER, CAROL)], &[]);
}

#[test]
fn being_muted_hides_nothing() {
    check(&[Follow(READER, BOB), Post(BOB, "b"), Mute(BOB, READER)], &[posted("b", 2)]);
}

#[test]
fn an_unmute_brings_everything_back() {
    check(&[Follow(READER, BOB), Mute(READER, BOB), Post(BOB, "b"), Unmute(READER, BOB)], &[posted("b", 3)]);
}

#[test]
fn nothing_by_an_actor_or_of_an_author_that_is_deactivated() {
    let acts = [Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c")];
    check(&[&acts[..], &[Deactivate(CAROL)]].concat(), &[]);
    check(&[&acts[..], &[Deactivate(BOB)]].concat(), &[posted("c", 3)]);
    check(&[&acts[..], &[Deactivate(BOB), Reactivate(BOB)]].concat(), &[reposted("c", 4, BOB)]);
}

#[test]
fn nothing_of_a_protected_author_whom_the_reader_does_not_follow() {
    let acts = [Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), Protect(CAROL)];
    check(&acts, &[]);
    check(&[&acts[..], &[Unprotect(CAROL)]].concat(), &[reposted("c", 3, BOB)]);
    check(&[Post(CAROL, "c"), Repost(READER, "c"), Protect(CAROL)], &[]);
}

#[test]
fn a_protected_author_whom_the_reader_follows_is_shown() {
    check(
        &[Follow(READER, BOB), Follow(READER, CAROL), Post(CAROL, "c"), Repost(BOB, "c"), Protect(CAROL)],
        &[reposted("c", 4, BOB)],
    );
}

#[test]
fn a_protected_actor_whom_the_reader_follows_is_shown() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Repost(BOB, "c"), Protect(BOB)], &[reposted("c", 3, BOB)]);
}

#[test]
fn a_protected_readers_own_posts_are_theirs() {
    let acts = [Follow(READER, BOB), Post(READER, "r"), Repost(BOB, "r"), Protect(READER)];
    check(&acts, &[reposted("r", 3, BOB)]);
    check(&[Post(READER, "r"), Protect(READER)], &[posted("r", 1)]);
}

#[test]
fn each_post_once_at_the_place_of_its_newest_visible_reason() {
    let acts = [
        Follow(READER, BOB),
        Follow(READER, CAROL),
        Post(CAROL, "c"),
        Repost(BOB, "c"),
        Repost(READER, "c"),
        Repost(DAVE, "c"),
    ];
    check(&acts, &[reposted("c", 5, READER)]);
    check(&[&acts[..], &[UndoRepost(READER, "c")]].concat(), &[reposted("c", 4, BOB)]);
    check(&[&acts[..], &[UndoRepost(READER, "c"), Mute(READER, BOB)]].concat(), &[posted("c", 3)]);
}

#[test]
fn newest_first() {
    check(
        &[
            Follow(READER, CAROL),
            Follow(READER, BOB),
            Post(BOB, "b1"),
            Post(CAROL, "c1"),
            Post(READER, "r"),
            Post(BOB, "b2"),
            Repost(CAROL, "b1"),
        ],
        &[reposted("b1", 7, CAROL), posted("b2", 6), posted("r", 5), posted("c1", 4)],
    );
}

#[test]
fn an_edit_keeps_its_place() {
    check(
        &[Follow(READER, BOB), Post(BOB, "b1"), Post(BOB, "b2"), Edit("b1", "new")],
        &[posted("b2", 3), posted("b1", 2)],
    );
}

#[test]
fn a_quote_is_the_quoting_authors_post() {
    check(&[Follow(READER, BOB), Post(CAROL, "c"), Quote(BOB, "b", "c"), Block(CAROL, READER)], &[posted("b", 3)]);
}

#[test]
fn an_unknown_or_deactivated_reader_has_no_home_timeline() {
    check(&[Post(READER, "r"), Deactivate(READER)], &[]);
    assert_eq!(history(&[]).model.home_timeline("nobody"), []);
}

#[test]
fn a_deleted_post_is_visible_to_nobody() {
    check_visible_to(&[Post(BOB, "b"), Delete("b")], &[]);
}

#[test]
fn a_deactivated_authors_post_is_visible_to_nobody() {
    check_visible_to(&[Post(BOB, "b"), Deactivate(BOB)], &[]);
}

#[test]
fn a_block_in_either_direction_hides_a_post_and_no_viewer_has_no_blocks() {
    let others = [None, Some(BOB), Some(CAROL), Some("nobody")];
    check_visible_to(&[Post(BOB, "b"), Block(READER, BOB)], &others);
    check_visible_to(&[Post(BOB, "b"), Block(BOB, READER)], &others);
}

#[test]
fn a_protected_authors_post_is_visible_to_the_author_and_followers_only() {
    check_visible_to(&[Post(BOB, "b"), Follow(CAROL, BOB), Protect(BOB)], &[Some(BOB), Some(CAROL)]);
}

#[test]
fn a_mute_makes_no_post_invisible() {
    check_visible_to(
        &[Post(BOB, "b"), Mute(READER, BOB), Mute(BOB, CAROL)],
        &[None, Some(READER), Some(BOB), Some(CAROL), Some("nobody")],
    );
}

#[test]
fn an_author_timeline_has_the_authors_posts_replies_and_reposts_newest_first() {
    check_author_timeline(
        &[Post(CAROL, "c"), Repost(BOB, "c"), Post(BOB, "b"), Reply(BOB, "bb", "c")],
        None,
        &[posted("bb", 4), posted("b", 3), reposted("c", 2, BOB)],
    );
}

#[test]
fn an_author_timeline_has_each_post_once_at_its_newest_reason_by_that_author() {
    check_author_timeline(
        &[Post(BOB, "b1"), Post(BOB, "b2"), Repost(BOB, "b1"), Repost(CAROL, "b2")],
        None,
        &[reposted("b1", 3, BOB), posted("b2", 2)],
    );
}

#[test]
fn an_author_timeline_has_only_posts_the_viewer_may_see() {
    let acts = [Post(CAROL, "c"), Repost(BOB, "c"), Post(BOB, "b")];
    check_author_timeline(&[&acts[..], &[Block(CAROL, READER)]].concat(), Some(READER), &[posted("b", 3)]);
    check_author_timeline(&[&acts[..], &[Protect(CAROL)]].concat(), Some(READER), &[posted("b", 3)]);
    check_author_timeline(&[&acts[..], &[Deactivate(CAROL)]].concat(), None, &[posted("b", 3)]);
    check_author_timeline(&[&acts[..], &[Delete("c")]].concat(), None, &[posted("b", 3)]);
    check_author_timeline(
        &[&acts[..], &[Mute(READER, BOB), Mute(READER, CAROL)]].concat(),
        Some(READER),
        &[posted("b", 3), reposted("c", 2, BOB)],
    );
}

#[test]
fn a_block_between_viewer_and_author_empties_the_author_timeline() {
    let acts = [Post(CAROL, "c"), Repost(BOB, "c"), Post(BOB, "b")];
    check_author_timeline(&[&acts[..], &[Block(BOB, READER)]].concat(), Some(READER), &[]);
    check_author_timeline(&[&acts[..], &[Block(READER, BOB)]].concat(), Some(READER), &[]);
}

#[test]
fn a_protected_authors_timeline_is_empty_but_for_the_author_and_followers() {
    let acts = [Follow(CAROL, BOB), Post(DAVE, "d"), Repost(BOB, "d"), Protect(BOB)];
    check_author_timeline(&acts, None, &[]);
    check_author_timeline(&acts, Some(READER), &[]);
    check_author_timeline(&acts, Some(CAROL), &[reposted("d", 3, BOB)]);
    check_author_timeline(&acts, Some(BOB), &[reposted("d", 3, BOB)]);
}

#[test]
fn an_unknown_or_deactivated_author_has_no_author_timeline() {
    check_author_timeline(&[Post(BOB, "b"), Deactivate(BOB)], None, &[]);
    assert_eq!(history(&[]).model.author_timeline("nobody", None), []);
}
