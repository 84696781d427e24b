//! One test per sentence about bookmarks, hashtags and quotes.

use super::Act::{
    Block, Bookmark, Deactivate, Delete, Edit, Follow, Mute, Post, Protect, Quote, Reactivate, Reply, Repost, Unblock,
    Unbookmark,
};
use super::{Act, BOB, CAROL, DAVE, History, READER, history, names};
use crate::{Entry, Model};

/// A post, and the act at whose place it stands, counted from 1.
type Expected = (&'static str, usize);

fn entries(history: &History, expected: &[Expected]) -> Vec<Entry> {
    let entry = |(post, act): &Expected| Entry {
        post_id: (*post).to_owned(),
        place: history.position_of(*act),
        reposted_by: None,
    };
    expected.iter().map(entry).collect()
}

/// After these acts, the reader's bookmarks are these.
fn check_bookmarks(acts: &[Act], expected: &[Expected]) {
    let history = history(acts);
    assert_eq!(history.model.bookmarks(READER), entries(&history, expected));
}

/// After these acts, the posts with the hashtag `tag` are these to the viewer.
fn check_hashtag(acts: &[Act], viewer: Option<&str>, expected: &[Expected]) {
    let history = history(acts);
    assert_eq!(history.model.hashtag_timeline("tag", viewer), entries(&history, expected));
}

/// After these acts, the quotes of the post `b` are these to the viewer.
fn check_quotes(acts: &[Act], viewer: Option<&str>, expected: Option<&[Expected]>) {
    let history = history(acts);
    let expected = expected.map(|expected| entries(&history, expected));
    assert_eq!(history.model.quotes("b", viewer), expected);
}

#[test]
fn bookmarks_are_those_that_stand_newest_bookmark_first() {
    let acts =
        [Post(BOB, "b1"), Post(BOB, "b2"), Bookmark(READER, "b2"), Bookmark(READER, "b1"), Bookmark(CAROL, "b1")];
    check_bookmarks(&acts, &[("b1", 4), ("b2", 3)]);
    check_bookmarks(&[&acts[..], &[Unbookmark(READER, "b1")]].concat(), &[("b2", 3)]);
    let again = [&acts[..], &[Unbookmark(READER, "b2"), Bookmark(READER, "b2")]].concat();
    check_bookmarks(&again, &[("b2", 7), ("b1", 4)]);
}

#[test]
fn own_posts_may_be_bookmarked() {
    check_bookmarks(&[Post(READER, "r"), Bookmark(READER, "r"), Protect(READER)], &[("r", 2)]);
}

#[test]
fn bookmarks_of_posts_that_are_not_visible_are_left_out_and_come_back() {
    let acts = [Post(BOB, "b"), Bookmark(READER, "b")];
    for hiding in [Delete("b"), Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check_bookmarks(&[&acts[..], &[hiding]].concat(), &[]);
    }
    check_bookmarks(&[&acts[..], &[Block(BOB, READER), Unblock(BOB, READER)]].concat(), &[("b", 2)]);
    check_bookmarks(&[&acts[..], &[Follow(READER, BOB), Protect(BOB)]].concat(), &[("b", 2)]);
}

#[test]
fn mutes_do_not_matter_for_bookmarks() {
    check_bookmarks(&[Post(BOB, "b"), Bookmark(READER, "b"), Mute(READER, BOB)], &[("b", 2)]);
}

#[test]
fn an_unknown_or_deactivated_account_has_no_bookmarks() {
    let acts = [Post(BOB, "b"), Bookmark(READER, "b"), Deactivate(READER)];
    check_bookmarks(&acts, &[]);
    check_bookmarks(&[&acts[..], &[Reactivate(READER)]].concat(), &[("b", 2)]);
    assert_eq!(history(&acts).model.bookmarks("nobody"), []);
}

#[test]
fn a_hashtag_has_the_posts_replies_and_quotes_with_it_newest_post_first() {
    let acts = [
        Post(BOB, "b #tag"),
        Post(CAROL, "c"),
        Reply(DAVE, "d #other #tag", "c"),
        Quote(BOB, "#tag", "c"),
        Post(BOB, "b #tags"),
        Repost(CAROL, "b #tag"),
    ];
    check_hashtag(&acts, None, &[("#tag", 4), ("d #other #tag", 3), ("b #tag", 1)]);
    check_hashtag(&[Post(READER, "#tag")], Some(READER), &[("#tag", 1)]);
    check_hashtag(&[], None, &[]);
}

#[test]
fn a_hashtag_has_the_posts_whose_present_text_has_it_at_the_place_of_their_creation() {
    let acts = [Post(BOB, "b"), Post(CAROL, "c #tag"), Edit("b", "now #tag")];
    check_hashtag(&acts, None, &[("c #tag", 2), ("b", 1)]);
    let dropped = [&acts[..], &[Edit("c #tag", "no more")]].concat();
    check_hashtag(&dropped, None, &[("b", 1)]);
    check_hashtag(&[&dropped[..], &[Edit("c #tag", "again #tag")]].concat(), None, &[("c #tag", 2), ("b", 1)]);
}

#[test]
fn a_hashtag_is_asked_for_in_any_case() {
    let history = history(&[Post(BOB, "#tag"), Post(CAROL, "#\u{e9}t\u{e9}")]);
    assert_eq!(history.model.hashtag_timeline("TaG", None), entries(&history, &[("#tag", 1)]));
    assert_eq!(history.model.hashtag_timeline("\u{c9}T\u{c9}", None), entries(&history, &[("#\u{e9}t\u{e9}", 2)]));
    assert_eq!(history.model.hashtag_timeline("#tag", None), []);
}

#[test]
fn a_hashtag_has_only_posts_that_the_viewer_may_see() {
    let acts = [Post(BOB, "b #tag"), Post(CAROL, "c #tag")];
    for hiding in [Delete("b #tag"), Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check_hashtag(&[&acts[..], &[hiding]].concat(), Some(READER), &[("c #tag", 2)]);
    }
    check_hashtag(&[&acts[..], &[Protect(BOB)]].concat(), Some(BOB), &[("c #tag", 2), ("b #tag", 1)]);
    check_hashtag(&[&acts[..], &[Protect(BOB)]].concat(), None, &[("c #tag", 2)]);
}

#[test]
fn a_hashtag_has_no_posts_of_those_the_viewer_mutes() {
    let acts = [Post(BOB, "b #tag"), Post(CAROL, "c #tag"), Mute(READER, BOB)];
    check_hashtag(&acts, Some(READER), &[("c #tag", 2)]);
    check_hashtag(&acts, Some(BOB), &[("c #tag", 2), ("b #tag", 1)]);
    check_hashtag(&acts, None, &[("c #tag", 2), ("b #tag", 1)]);
}

#[test]
fn hashtags_are_all_that_any_post_ever_had_in_order() {
    let acts = [Post(BOB, "#b #a"), Post(CAROL, "#a #c"), Edit("#b #a", "none"), Delete("#a #c")];
    let tags: Vec<String> = history(&acts).model.hashtags().map(str::to_owned).collect();
    assert_eq!(tags, names(&["a", "b", "c"]));
    assert_eq!(Model::new().hashtags().next(), None);
}

#[test]
fn quotes_are_live_posts_that_quote_this_one_newest_first() {
    let acts =
        [Post(BOB, "b"), Quote(CAROL, "c", "b"), Reply(DAVE, "d1", "b"), Quote(DAVE, "d2", "c"), Quote(BOB, "bb", "b")];
    check_quotes(&acts, None, Some(&[("bb", 5), ("c", 2)]));
    check_quotes(&[&acts[..], &[Edit("c", "new")]].concat(), None, Some(&[("bb", 5), ("c", 2)]));
    check_quotes(&[Post(BOB, "b")], None, Some(&[]));
}

#[test]
fn quotes_are_those_that_the_viewer_may_see_by_authors_they_do_not_mute() {
    let acts = [Post(BOB, "b"), Quote(CAROL, "c", "b"), Quote(DAVE, "d", "b")];
    for hiding in [
        Delete("c"),
        Deactivate(CAROL),
        Protect(CAROL),
        Block(READER, CAROL),
        Block(CAROL, READER),
        Mute(READER, CAROL),
    ] {
        check_quotes(&[&acts[..], &[hiding]].concat(), Some(READER), Some(&[("d", 3)]));
    }
    check_quotes(&[&acts[..], &[Mute(READER, CAROL)]].concat(), None, Some(&[("d", 3), ("c", 2)]));
    check_quotes(&[&acts[..], &[Mute(READER, BOB)]].concat(), Some(READER), Some(&[("d", 3), ("c", 2)]));
}

#[test]
fn the_quotes_of_a_post_that_the_viewer_may_not_see_are_not_found() {
    let acts = [Post(BOB, "b"), Quote(CAROL, "c", "b")];
    for hiding in [Delete("b"), Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check_quotes(&[&acts[..], &[hiding]].concat(), Some(READER), None);
    }
    check_quotes(&[], None, None);
}
