//! One test per sentence about threads.

use super::Act::{Block, Deactivate, Delete, Follow, Mute, Post, Protect, Quote, Reactivate, Reply};
use super::{Act, BOB, CAROL, DAVE, READER, history};
use crate::{Thread, ThreadEntry};

fn post(id: &str) -> ThreadEntry {
    ThreadEntry::Post(id.to_owned())
}

fn deleted(id: &str) -> ThreadEntry {
    ThreadEntry::Deleted(id.to_owned())
}

fn hidden(id: &str) -> ThreadEntry {
    ThreadEntry::Hidden(id.to_owned())
}

/// Ancestors, focus and replies.
type Expected<'a> = (&'a [ThreadEntry], ThreadEntry, &'a [ThreadEntry]);

/// After these acts, the thread of the post `b` is this to the reader.
fn check(acts: &[Act], expected: Option<Expected<'_>>) {
    check_for(Some(READER), acts, expected);
}

/// After these acts, the thread of the post `b` is this to the viewer.
fn check_for(viewer: Option<&str>, acts: &[Act], expected: Option<Expected<'_>>) {
    let thread = |(ancestors, focus, replies): Expected<'_>| Thread {
        ancestors: ancestors.to_vec(),
        focus,
        replies: replies.to_vec(),
    };
    assert_eq!(history(acts).model.thread("b", viewer), expected.map(thread));
}

#[test]
fn a_thread_is_a_post_its_ancestors_from_the_root_down_and_its_direct_replies_oldest_first() {
    let acts = [
        Post(CAROL, "root"),
        Reply(DAVE, "middle", "root"),
        Reply(CAROL, "aside", "root"),
        Reply(BOB, "b", "middle"),
        Reply(CAROL, "c1", "b"),
        Reply(READER, "r", "b"),
        Reply(DAVE, "below", "c1"),
        Quote(DAVE, "quote", "b"),
        Reply(CAROL, "c2", "b"),
    ];
    let replies = [post("c1"), post("r"), post("c2")];
    check(&acts, Some((&[post("root"), post("middle")], post("b"), &replies)));
    check_for(None, &acts, Some((&[post("root"), post("middle")], post("b"), &replies)));
    check(&[Post(BOB, "b")], Some((&[], post("b"), &[])));
}

#[test]
fn what_a_post_quotes_is_no_ancestor() {
    check(&[Post(CAROL, "c"), Quote(BOB, "b", "c")], Some((&[], post("b"), &[])));
}

#[test]
fn a_focus_that_never_existed_or_is_hidden_is_not_found() {
    check(&[], None);
    for hiding in [Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check(&[Post(BOB, "b"), hiding], None);
    }
    check_for(Some(BOB), &[Post(BOB, "b"), Protect(BOB)], Some((&[], post("b"), &[])));
    check(&[Post(BOB, "b"), Follow(READER, BOB), Protect(BOB)], Some((&[], post("b"), &[])));
    check(&[Post(BOB, "b"), Mute(READER, BOB)], Some((&[], post("b"), &[])));
}

#[test]
fn a_deleted_focus_is_a_tombstone_for_whoever_could_see_it_and_keeps_its_thread() {
    let acts = [Post(CAROL, "c"), Reply(BOB, "b", "c"), Reply(DAVE, "d", "b"), Delete("b")];
    for viewer in [None, Some(READER), Some(BOB), Some("nobody")] {
        check_for(viewer, &acts, Some((&[post("c")], deleted("b"), &[post("d")])));
    }
    for hiding in [Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check(&[&acts[..], &[hiding]].concat(), None);
    }
    let followed = [&[Follow(READER, BOB)], &acts[..], &[Protect(BOB)]].concat();
    check(&followed, Some((&[post("c")], deleted("b"), &[post("d")])));
}

#[test]
fn an_ancestor_that_is_deleted_or_hidden_leaves_a_tombstone_and_the_chain_goes_on() {
    let acts = [Post(CAROL, "root"), Reply(DAVE, "middle", "root"), Reply(BOB, "b", "middle")];
    let with_middle = |middle: ThreadEntry| [post("root"), middle];
    check(&[&acts[..], &[Delete("middle")]].concat(), Some((&with_middle(deleted("middle")), post("b"), &[])));
    for hiding in [Deactivate(DAVE), Protect(DAVE), Block(READER, DAVE), Block(DAVE, READER)] {
        let hidden_only = [&acts[..], &[hiding]].concat();
        check(&hidden_only, Some((&with_middle(hidden("middle")), post("b"), &[])));
    }
    let all_gone = [&acts[..], &[Delete("root"), Protect(DAVE)]].concat();
    check(&all_gone, Some((&[deleted("root"), hidden("middle")], post("b"), &[])));
}

#[test]
fn an_ancestor_both_deleted_and_hidden_is_told_to_be_hidden() {
    let acts = [Post(CAROL, "c"), Reply(BOB, "b", "c"), Delete("c")];
    check(&acts, Some((&[deleted("c")], post("b"), &[])));
    for hiding in [Deactivate(CAROL), Protect(CAROL), Block(CAROL, READER), Block(READER, CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), Some((&[hidden("c")], post("b"), &[])));
    }
}

#[test]
fn mutes_do_not_matter_for_ancestors() {
    check(&[Post(CAROL, "c"), Reply(BOB, "b", "c"), Mute(READER, CAROL)], Some((&[post("c")], post("b"), &[])));
}

#[test]
fn ancestors_are_at_most_the_nearest_100() {
    let mut history = history(&[Post(CAROL, "a0")]);
    for depth in 1..=101 {
        let (parent, reply): (&str, &str) = (format!("a{}", depth - 1).leak(), format!("a{depth}").leak());
        assert_eq!(history.play(Reply(BOB, reply, parent)), Ok(()));
    }
    let ancestors = |focus: &str| history.model.thread(focus, None).expect("all is visible").ancestors;
    let from = |first: usize, last: usize| -> Vec<ThreadEntry> {
        (first..=last).map(|depth| post(&format!("a{depth}"))).collect()
    };
    assert_eq!(ancestors("a99"), from(0, 98));
    assert_eq!(ancestors("a100"), from(0, 99));
    assert_eq!(ancestors("a101"), from(1, 100));
}

#[test]
fn a_live_reply_is_shown_if_visible_and_its_author_not_muted_even_if_others_answered_it() {
    let acts = [Post(BOB, "b"), Reply(CAROL, "c", "b"), Reply(DAVE, "d", "b"), Reply(DAVE, "below", "c")];
    check(&acts, Some((&[], post("b"), &[post("c"), post("d")])));
    for hiding in [Deactivate(CAROL), Protect(CAROL), Block(READER, CAROL), Block(CAROL, READER), Mute(READER, CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), Some((&[], post("b"), &[post("d")])));
    }
    check_for(None, &[&acts[..], &[Mute(READER, CAROL)]].concat(), Some((&[], post("b"), &[post("c"), post("d")])));
    let back = [&acts[..], &[Deactivate(CAROL), Reactivate(CAROL)]].concat();
    check(&back, Some((&[], post("b"), &[post("c"), post("d")])));
}

#[test]
fn a_deleted_reply_is_shown_as_tombstone_exactly_if_it_was_shown_and_something_that_is_shown_answers_it() {
    let acts = [Post(BOB, "b"), Reply(CAROL, "c", "b"), Reply(DAVE, "d", "c"), Reply(DAVE, "dd", "d")];
    let with_tombstone: Expected<'_> = (&[], post("b"), &[deleted("c")]);
    check(&[Post(BOB, "b"), Reply(CAROL, "c", "b"), Delete("c")], Some((&[], post("b"), &[])));
    check(&[&acts[..], &[Delete("c")]].concat(), Some(with_tombstone.clone()));
    check_for(None, &[&acts[..], &[Delete("c")]].concat(), Some(with_tombstone.clone()));
    check(&[&acts[..], &[Delete("c"), Delete("d")]].concat(), Some((&[], post("b"), &[])));
    for author in [CAROL, DAVE] {
        for hiding in [Deactivate(author), Protect(author), Block(author, READER), Mute(READER, author)] {
            check(&[&acts[..], &[Delete("c"), hiding]].concat(), Some((&[], post("b"), &[])));
        }
        let admitted = [&acts[..], &[Follow(READER, author), Protect(author), Delete("c")]].concat();
        check(&admitted, Some(with_tombstone.clone()));
        check_for(None, &admitted, Some((&[], post("b"), &[])));
    }
}
