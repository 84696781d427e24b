//! One test per sentence about accounts, posts, relationships and lists.

use super::Act::{
    Block, Bookmark, Deactivate, Delete, Describe, Edit, Follow, Like, Mute, Post, Protect, Quote, Reactivate, Rename,
    Reply, Repost, Request, Unblock, Unbookmark, UndoRepost, Unfollow, Unlike, Unmute,
};
use super::{Act, BOB, CAROL, DAVE, READER, history, names, recorded_at_us};
use crate::{Account, Model, Relationship};

/// After these acts, a question has this answer.
fn check<Answer: PartialEq + std::fmt::Debug>(acts: &[Act], ask: impl Fn(&Model) -> Answer, expected: &Answer) {
    assert_eq!(ask(&history(acts).model), *expected);
}

/// Bob's followers, accounts followed, and posts.
fn counts_of_bob(model: &Model) -> (i64, i64, i64) {
    let bob = model.account(BOB).expect("bob is active");
    (bob.follower_count, bob.following_count, bob.post_count)
}

/// The likes, reposts and replies of the post `b`.
fn counts_of_b(model: &Model) -> (i64, i64, i64) {
    let post = model.post("b", Some(BOB)).expect("an author sees their post");
    (post.like_count, post.repost_count, post.reply_count)
}

#[test]
fn an_account_says_what_it_said_last() {
    let bob = Account {
        account_id: BOB.to_owned(),
        handle: "robert".to_owned(),
        display_name: BOB.to_owned(),
        bio: "builder".to_owned(),
        kind: "user".to_owned(),
        protected: true,
        follower_count: 0,
        following_count: 0,
        post_count: 0,
        created_at_us: recorded_at_us(4),
        version: 4,
        avatar: None,
        banner: None,
    };
    let acts = [Describe(BOB, "builder"), Rename(BOB, "robert"), Protect(BOB)];
    check(&acts, |model| model.account(BOB), &Some(bob.clone()));
    check(&acts, |model| model.account_by_handle("robert"), &Some(bob));
    check(&acts, |model| model.account_by_handle(BOB), &None);
}

#[test]
fn an_unknown_or_deactivated_account_is_not_shown_but_keeps_its_handle() {
    check(&[], |model| model.account("nobody"), &None);
    check(&[Deactivate(BOB)], |model| model.account(BOB), &None);
    check(&[Deactivate(BOB)], |model| model.account_by_handle(BOB), &None);
    let handle = |model: &Model| model.account(BOB).map(|bob| bob.handle);
    check(&[Deactivate(BOB), Reactivate(BOB)], handle, &Some(BOB.to_owned()));
}

#[test]
fn a_version_counts_what_happened_to_the_account_or_the_post_itself() {
    let account = |model: &Model| model.account(BOB).map(|bob| bob.version);
    check(&[], account, &Some(1));
    check(&[Post(BOB, "b"), Follow(READER, BOB), Like(READER, "b")], account, &Some(1));
    check(&[Describe(BOB, "x"), Deactivate(BOB), Reactivate(BOB)], account, &Some(4));
    let post = |model: &Model| model.post("b", None).map(|post| post.version);
    check(&[Post(BOB, "b")], post, &Some(1));
    check(&[Post(BOB, "b"), Like(READER, "b"), Edit("b", "new"), Edit("b", "newer")], post, &Some(3));
}

#[test]
fn follower_and_following_counts_are_counts_of_the_edges_that_stand() {
    let acts = [Follow(READER, BOB), Follow(CAROL, BOB), Follow(BOB, CAROL)];
    check(&acts, counts_of_bob, &(2, 1, 0));
    check(&[&acts[..], &[Unfollow(READER, BOB)]].concat(), counts_of_bob, &(1, 1, 0));
    check(&[&acts[..], &[Block(BOB, CAROL)]].concat(), counts_of_bob, &(1, 0, 0));
    check(&[&acts[..], &[Deactivate(CAROL), Mute(BOB, READER)]].concat(), counts_of_bob, &(2, 1, 0));
}

#[test]
fn a_request_counts_as_no_follow() {
    check(&[Protect(BOB), Request(READER, BOB)], counts_of_bob, &(0, 0, 0));
}

#[test]
fn post_count_has_live_posts_and_replies_and_no_reposts() {
    let acts = [Post(CAROL, "c"), Post(BOB, "b1"), Reply(BOB, "b2", "c"), Repost(BOB, "c"), Repost(BOB, "b1")];
    check(&acts, counts_of_bob, &(0, 0, 2));
    check(&[&acts[..], &[Delete("b2")]].concat(), counts_of_bob, &(0, 0, 1));
}

#[test]
fn like_and_repost_counts_are_counts_of_the_edges_that_stand_whoever_drew_them() {
    let acts = [Post(BOB, "b"), Like(CAROL, "b"), Like(DAVE, "b"), Repost(CAROL, "b"), Repost(BOB, "b")];
    check(&acts, counts_of_b, &(2, 2, 0));
    check(&[&acts[..], &[Deactivate(CAROL), Block(BOB, DAVE)]].concat(), counts_of_b, &(2, 2, 0));
    check(&[&acts[..], &[Unlike(CAROL, "b"), UndoRepost(CAROL, "b")]].concat(), counts_of_b, &(1, 1, 0));
}

#[test]
fn reply_count_is_live_direct_replies_whatever_their_authors_state() {
    let acts = [Post(BOB, "b"), Reply(CAROL, "c1", "b"), Reply(CAROL, "c2", "b"), Reply(DAVE, "d", "c1")];
    check(&acts, counts_of_b, &(0, 0, 2));
    check(&[&acts[..], &[Delete("c1")]].concat(), counts_of_b, &(0, 0, 1));
    check(&[&acts[..], &[Deactivate(CAROL)]].concat(), counts_of_b, &(0, 0, 2));
}

#[test]
fn a_quote_counts_neither_as_reply_nor_as_repost() {
    check(&[Post(BOB, "b"), Quote(CAROL, "c", "b")], counts_of_b, &(0, 0, 0));
}

#[test]
fn a_post_has_its_last_text_and_the_time_of_its_last_edit() {
    let ask = |model: &Model| model.post("b", None).map(|post| (post.text, post.created_at_us, post.edited_at_us));
    check(&[Post(BOB, "b")], ask, &Some(("b".to_owned(), recorded_at_us(9), None)));
    check(
        &[Post(BOB, "b"), Edit("b", "two"), Edit("b", "three")],
        ask,
        &Some(("three".to_owned(), recorded_at_us(9), Some(recorded_at_us(11)))),
    );
}

#[test]
fn a_reply_names_its_parent_also_when_that_is_deleted() {
    let ask = |model: &Model| model.post("b", None).map(|post| (post.reply_to_post_id, post.reply_to_account_id));
    let parent = Some((Some("c".to_owned()), Some(CAROL.to_owned())));
    check(&[Post(CAROL, "c"), Reply(BOB, "b", "c")], ask, &parent);
    check(&[Post(CAROL, "c"), Reply(BOB, "b", "c"), Delete("c")], ask, &parent);
    check(&[Post(BOB, "b")], ask, &Some((None, None)));
}

#[test]
fn a_quote_of_something_the_viewer_may_not_see_stays_and_its_quoted_part_is_unavailable() {
    let ask =
        |model: &Model| model.post("b", Some(READER)).map(|post| (post.quoted_post_id, post.quoted_post_unavailable));
    let acts = [Post(CAROL, "c"), Quote(BOB, "b", "c")];
    let quoted = |unavailable| Some((Some("c".to_owned()), unavailable));
    check(&acts, ask, &quoted(false));
    for hiding in [Delete("c"), Deactivate(CAROL), Protect(CAROL), Block(READER, CAROL), Block(CAROL, READER)] {
        check(&[&acts[..], &[hiding]].concat(), ask, &quoted(true));
    }
    check(&[Post(BOB, "b")], ask, &Some((None, false)));
}

#[test]
fn liked_reposted_and_bookmarked_are_the_viewers() {
    let acts = [Post(BOB, "b"), Like(READER, "b"), Repost(CAROL, "b"), Bookmark(DAVE, "b")];
    for (viewer, expected) in [
        (Some(READER), (true, false, false)),
        (Some(CAROL), (false, true, false)),
        (Some(DAVE), (false, false, true)),
        (Some(BOB), (false, false, false)),
        (None, (false, false, false)),
    ] {
        let ask = |model: &Model| model.post("b", viewer).map(|post| (post.liked, post.reposted, post.bookmarked));
        check(&acts, ask, &Some(expected));
    }
    let ask = |model: &Model| model.post("b", Some(DAVE)).map(|post| post.bookmarked);
    check(&[&acts[..], &[Unbookmark(DAVE, "b")]].concat(), ask, &Some(false));
}

/// The relationship of the reader to Bob, seen by one of them, by somebody else, and by nobody.
fn relationship_seen_by(viewer: Option<&'static str>) -> impl Fn(&Model) -> Relationship {
    move |model| model.relationship(READER, BOB, viewer)
}

#[test]
fn a_relationship_is_the_edges_between_two_accounts_from_the_side_of_the_one() {
    let ask =
        |model: &Model| (model.relationship(READER, BOB, Some(READER)), model.relationship(BOB, READER, Some(BOB)));
    let none = Relationship::default;
    check(&[], ask, &(none(), none()));
    check(
        &[Follow(READER, BOB)],
        ask,
        &(Relationship { following: true, ..none() }, Relationship { followed_by: true, ..none() }),
    );
    check(
        &[Protect(BOB), Request(READER, BOB)],
        ask,
        &(Relationship { follow_requested: true, ..none() }, Relationship { follow_requested_by: true, ..none() }),
    );
    check(
        &[Follow(READER, BOB), Follow(BOB, READER), Block(READER, BOB)],
        ask,
        &(Relationship { blocking: true, ..none() }, Relationship { blocked_by: true, ..none() }),
    );
    check(&[Mute(READER, BOB)], ask, &(Relationship { muting: true, ..none() }, none()));
    check(&[], |model| model.relationship(READER, "nobody", Some(READER)), &none());
}

#[test]
fn requests_and_blocks_are_known_to_the_two_alone_and_a_mute_to_the_one_who_mutes() {
    let none = Relationship::default;
    for (acts, shown) in [
        (vec![Protect(BOB), Request(READER, BOB)], Relationship { follow_requested: true, ..none() }),
        (vec![Protect(READER), Request(BOB, READER)], Relationship { follow_requested_by: true, ..none() }),
        (vec![Block(READER, BOB)], Relationship { blocking: true, ..none() }),
        (vec![Block(BOB, READER)], Relationship { blocked_by: true, ..none() }),
    ] {
        for one in [READER, BOB] {
            check(&acts, relationship_seen_by(Some(one)), &shown);
        }
        for other in [None, Some(CAROL), Some("nobody")] {
            check(&acts, relationship_seen_by(other), &none());
        }
    }
    for other in [None, Some(CAROL), Some(BOB)] {
        check(&[Mute(READER, BOB)], relationship_seen_by(other), &none());
    }
}

#[test]
fn a_follow_is_known_to_the_two_and_to_whom_both_are_open() {
    let (none, follows) = (Relationship::default(), Relationship { following: true, ..Relationship::default() });
    let acts = [Follow(READER, BOB)];
    for viewer in [None, Some(CAROL), Some(READER), Some(BOB)] {
        check(&acts, relationship_seen_by(viewer), &follows);
    }
    for one in [READER, BOB] {
        let protected = [&acts[..], &[Follow(DAVE, one), Protect(one)]].concat();
        for (viewer, expected) in [
            (None, &none),
            (Some(CAROL), &none),
            (Some(DAVE), &follows),
            (Some(READER), &follows),
            (Some(BOB), &follows),
        ] {
            check(&protected, relationship_seen_by(viewer), expected);
        }
        check(&[&acts[..], &[Block(one, CAROL)]].concat(), relationship_seen_by(Some(CAROL)), &none);
    }
}

#[test]
fn followers_and_following_are_listed_newest_follow_first() {
    let acts =
        [Follow(CAROL, BOB), Follow(READER, BOB), Follow(READER, CAROL), Unfollow(CAROL, BOB), Follow(CAROL, BOB)];
    check(&acts, |model| model.followers(BOB, None), &names(&[CAROL, READER]));
    check(&acts, |model| model.following(READER, None), &names(&[CAROL, BOB]));
}

#[test]
fn an_approved_follow_is_as_new_as_its_approval() {
    let acts = [Protect(BOB), Request(READER, BOB), Request(CAROL, BOB), Follow(CAROL, BOB), Follow(READER, BOB)];
    check(&acts, |model| model.followers(BOB, Some(BOB)), &names(&[READER, CAROL]));
}

#[test]
fn lists_hide_deactivated_accounts_and_those_with_a_block_between_them_and_the_viewer() {
    let acts = [Follow(CAROL, BOB), Follow(DAVE, BOB)];
    let as_reader = |model: &Model| model.followers(BOB, Some(READER));
    check(&acts, as_reader, &names(&[DAVE, CAROL]));
    check(&[&acts[..], &[Deactivate(DAVE)]].concat(), as_reader, &names(&[CAROL]));
    check(&[&acts[..], &[Block(READER, DAVE)]].concat(), as_reader, &names(&[CAROL]));
    check(&[&acts[..], &[Block(CAROL, READER)]].concat(), as_reader, &names(&[DAVE]));
    check(&[&acts[..], &[Mute(READER, CAROL)]].concat(), as_reader, &names(&[DAVE, CAROL]));
    check(&[&acts[..], &[Block(READER, DAVE)]].concat(), |model| model.followers(BOB, None), &names(&[DAVE, CAROL]));
}

#[test]
fn the_owner_of_a_list_sees_all_of_it_as_many_as_the_counts_say() {
    let acts = [Follow(CAROL, BOB), Follow(DAVE, BOB), Follow(BOB, DAVE), Protect(CAROL), Deactivate(DAVE)];
    let as_bob = |model: &Model| (model.followers(BOB, Some(BOB)), model.following(BOB, Some(BOB)));
    check(&acts, as_bob, &(names(&[DAVE, CAROL]), names(&[DAVE])));
    check(&acts, counts_of_bob, &(2, 1, 0));
}

#[test]
fn the_lists_of_a_protected_account_are_for_its_followers_and_it_is_in_no_others_but_theirs() {
    let acts = [Follow(CAROL, BOB), Follow(BOB, CAROL), Follow(DAVE, BOB), Protect(BOB)];
    let lists = |viewer| move |model: &Model| (model.followers(BOB, viewer), model.following(BOB, viewer));
    for (viewer, followers, following) in [
        (None, &[][..], &[][..]),
        (Some(READER), &[], &[]),
        (Some(DAVE), &[DAVE, CAROL], &[CAROL]),
        (Some(BOB), &[DAVE, CAROL], &[CAROL]),
    ] {
        check(&acts, lists(viewer), &(names(followers), names(following)));
    }
    let of_carol = |viewer| move |model: &Model| (model.followers(CAROL, viewer), model.following(CAROL, viewer));
    for (viewer, expected) in [(None, &[][..]), (Some(READER), &[]), (Some(DAVE), &[BOB]), (Some(CAROL), &[BOB])] {
        check(&acts, of_carol(viewer), &(names(expected), names(expected)));
    }
}

#[test]
fn whoever_is_blocked_is_shown_no_followers_and_nobody_followed() {
    let acts = [Follow(CAROL, BOB), Follow(BOB, CAROL)];
    for blocked in [Block(BOB, READER), Block(READER, BOB)] {
        let acts = [&acts[..], &[blocked]].concat();
        check(&acts, |model| model.followers(BOB, Some(READER)), &names(&[]));
        check(&acts, |model| model.following(BOB, Some(READER)), &names(&[]));
    }
}

#[test]
fn the_lists_of_an_unknown_or_deactivated_account_are_empty() {
    let acts = [Follow(CAROL, BOB), Follow(BOB, CAROL), Deactivate(BOB)];
    check(&acts, |model| model.followers(BOB, None), &names(&[]));
    check(&acts, |model| model.following(BOB, None), &names(&[]));
    check(&acts, |model| model.followers("nobody", None), &names(&[]));
}

#[test]
fn follow_requests_are_the_pending_ones_newest_first_with_deactivated_accounts() {
    let acts = [Protect(BOB), Request(READER, BOB), Request(CAROL, BOB), Request(DAVE, BOB)];
    let ask = |model: &Model| model.follow_requests(BOB);
    check(&acts, ask, &names(&[DAVE, CAROL, READER]));
    check(&[&acts[..], &[Deactivate(CAROL)]].concat(), ask, &names(&[DAVE, CAROL, READER]));
    check(&[&acts[..], &[Follow(DAVE, BOB)]].concat(), ask, &names(&[CAROL, READER]));
    check(&[&acts[..], &[Act::Reject(BOB, READER), Act::Withdraw(CAROL, BOB)]].concat(), ask, &names(&[DAVE]));
    check(&[&acts[..], &[Block(BOB, DAVE), Unblock(BOB, DAVE)]].concat(), ask, &names(&[CAROL, READER]));
}

#[test]
fn likers_and_reposters_are_those_whose_edge_stands_newest_first() {
    let acts =
        [Post(BOB, "b"), Like(CAROL, "b"), Like(READER, "b"), Like(BOB, "b"), Repost(CAROL, "b"), Repost(DAVE, "b")];
    let likers = |model: &Model| model.likers("b", None);
    let reposters = |model: &Model| model.reposters("b", None);
    check(&acts, likers, &Some(names(&[BOB, READER, CAROL])));
    check(&acts, reposters, &Some(names(&[DAVE, CAROL])));
    let again = [&acts[..], &[Unlike(CAROL, "b"), Like(CAROL, "b"), UndoRepost(CAROL, "b")]].concat();
    check(&again, likers, &Some(names(&[CAROL, BOB, READER])));
    check(&again, reposters, &Some(names(&[DAVE])));
    check(&[Post(BOB, "b")], likers, &Some(names(&[])));
}

#[test]
fn likers_and_reposters_are_filtered_as_followers_are() {
    let acts = [Post(BOB, "b"), Like(CAROL, "b"), Like(DAVE, "b"), Repost(CAROL, "b"), Repost(DAVE, "b")];
    let as_reader = |model: &Model| (model.likers("b", Some(READER)), model.reposters("b", Some(READER)));
    let both = |expected: &[&str]| (Some(names(expected)), Some(names(expected)));
    check(&acts, as_reader, &both(&[DAVE, CAROL]));
    check(&[&acts[..], &[Deactivate(DAVE)]].concat(), as_reader, &both(&[CAROL]));
    check(&[&acts[..], &[Block(READER, DAVE)]].concat(), as_reader, &both(&[CAROL]));
    check(&[&acts[..], &[Block(CAROL, READER)]].concat(), as_reader, &both(&[DAVE]));
    check(&[&acts[..], &[Mute(READER, CAROL)]].concat(), as_reader, &both(&[DAVE, CAROL]));
    check(&[&acts[..], &[Block(BOB, CAROL)]].concat(), as_reader, &both(&[DAVE, CAROL]));
}

#[test]
fn what_a_protected_account_likes_and_reposts_is_for_its_followers_and_the_author() {
    let acts = [Post(BOB, "b"), Like(CAROL, "b"), Repost(CAROL, "b"), Follow(DAVE, CAROL), Protect(CAROL)];
    let lists = |viewer| move |model: &Model| (model.likers("b", viewer), model.reposters("b", viewer));
    for (viewer, expected) in
        [(None, &[][..]), (Some(READER), &[]), (Some(DAVE), &[CAROL]), (Some(CAROL), &[CAROL]), (Some(BOB), &[CAROL])]
    {
        check(&acts, lists(viewer), &(Some(names(expected)), Some(names(expected))));
    }
    check(&acts, counts_of_b, &(1, 1, 0));
    for hiding in [Deactivate(CAROL), Block(BOB, CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), lists(Some(BOB)), &(Some(names(&[])), Some(names(&[]))));
    }
}

#[test]
fn a_post_that_the_viewer_may_not_see_has_no_likers_or_reposters_to_be_found() {
    let acts = [Post(BOB, "b"), Like(CAROL, "b"), Repost(CAROL, "b")];
    let as_reader = |model: &Model| (model.likers("b", Some(READER)), model.reposters("b", Some(READER)));
    for hiding in [Delete("b"), Deactivate(BOB), Protect(BOB), Block(READER, BOB), Block(BOB, READER)] {
        check(&[&acts[..], &[hiding]].concat(), as_reader, &(None, None));
    }
    check(&acts, |model| (model.likers("x", None), model.reposters("x", None)), &(None, None));
}

#[test]
fn blocked_and_muted_accounts_are_listed_newest_first_with_deactivated_ones() {
    let acts = [Block(BOB, READER), Block(BOB, CAROL), Block(BOB, DAVE), Mute(BOB, DAVE), Mute(BOB, CAROL)];
    let ask = |model: &Model| (model.blocked(BOB), model.muted(BOB));
    check(&acts, ask, &(names(&[DAVE, CAROL, READER]), names(&[CAROL, DAVE])));
    let undone = [&acts[..], &[Unblock(BOB, CAROL), Unmute(BOB, CAROL)]].concat();
    check(&undone, ask, &(names(&[DAVE, READER]), names(&[DAVE])));
    check(&[&acts[..], &[Deactivate(DAVE)]].concat(), ask, &(names(&[DAVE, CAROL, READER]), names(&[CAROL, DAVE])));
    check(&[&acts[..], &[Deactivate(BOB)]].concat(), ask, &(names(&[]), names(&[])));
    check(&acts, |model| (model.blocked(CAROL), model.muted(CAROL)), &(names(&[]), names(&[])));
    check(&acts, |model| (model.blocked("nobody"), model.muted("nobody")), &(names(&[]), names(&[])));
}

#[test]
fn a_block_by_the_other_hides_nobody_from_the_lists_of_blocked_and_muted() {
    let acts = [Block(BOB, CAROL), Mute(BOB, CAROL), Block(CAROL, BOB)];
    check(&acts, |model| (model.blocked(BOB), model.muted(BOB)), &(names(&[CAROL]), names(&[CAROL])));
}

#[test]
fn accounts_and_posts_list_everything_ever_created_and_the_head_is_the_last_position() {
    let acts = [Post(BOB, "b1"), Post(BOB, "b2"), Delete("b1"), Deactivate(BOB)];
    check(&acts, |model| model.accounts().map(str::to_owned).collect(), &names(&[READER, BOB, CAROL, DAVE]));
    check(&acts, |model| model.posts().map(str::to_owned).collect(), &names(&["b1", "b2"]));
    check(&acts, Model::head, &12);
    assert_eq!(Model::new().head(), 0);
}
