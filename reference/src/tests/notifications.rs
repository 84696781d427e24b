//! One test per sentence about notifications.

use super::Act::{
    Block, Deactivate, Delete, Edit, Follow, Like, Mute, Post, Protect, Quote, Reactivate, Register, Reject, Reply,
    Repost, Request, See, Sleep, Unblock, UndoRepost, Unfollow, Unlike, Unmute, Unprotect, Withdraw,
};
use super::{Act, BOB, CAROL, DAVE, History, READER, history, names, recorded_at_us};
use crate::NotificationGroup;
use crate::NotificationReason::{self, FollowRequested, Followed, Liked, Mentioned, Quoted, Replied, Reposted};

/// A group nobody has seen, by its reason and post, its newest act, counted from 1, and all its causers, of whom there
/// are at most three.
type Expected = (NotificationReason, Option<&'static str>, usize, &'static [&'static str]);

fn groups(history: &History, expected: &[Expected]) -> Vec<NotificationGroup> {
    let group = |(reason, post, act, causers): &Expected| NotificationGroup {
        reason: *reason,
        post_id: post.map(str::to_owned),
        place: history.position_of(*act),
        causer_count: i64::try_from(causers.len()).expect("few"),
        newest_causers: names(causers),
        seen: false,
        at_us: recorded_at_us(history.position_of(*act)),
    };
    expected.iter().map(group).collect()
}

/// After these acts, the reader's notifications are these.
fn check(acts: &[Act], expected: &[Expected]) {
    let history = history(acts);
    assert_eq!(history.model.notifications(READER), groups(&history, expected));
}

/// After these acts, the reader has seen these of their groups, and this many are unread.
fn check_seen(acts: &[Act], seen: &[bool], unread: i64) {
    let model = history(acts).model;
    assert_eq!(model.notifications(READER).iter().map(|group| group.seen).collect::<Vec<_>>(), seen);
    assert_eq!(model.unread_notification_count(READER), unread);
}

#[test]
fn all_follows_that_stand_are_one_group_without_a_post() {
    let acts = [Follow(BOB, READER), Follow(CAROL, READER), Follow(READER, DAVE)];
    check(&acts, &[(Followed, None, 2, &[CAROL, BOB])]);
    check(&[&acts[..], &[Unfollow(CAROL, READER)]].concat(), &[(Followed, None, 1, &[BOB])]);
    check(&[&acts[..], &[Unfollow(BOB, READER), Follow(BOB, READER)]].concat(), &[(Followed, None, 5, &[BOB, CAROL])]);
}

#[test]
fn all_pending_requests_are_one_group_and_an_approved_one_is_a_follow() {
    let acts = [Protect(READER), Request(BOB, READER), Request(CAROL, READER)];
    check(&acts, &[(FollowRequested, None, 3, &[CAROL, BOB])]);
    let approved = [&acts[..], &[Follow(BOB, READER)]].concat();
    check(&approved, &[(Followed, None, 4, &[BOB]), (FollowRequested, None, 3, &[CAROL])]);
    for end in [Reject(READER, CAROL), Withdraw(CAROL, READER)] {
        check(&[&acts[..], &[end]].concat(), &[(FollowRequested, None, 2, &[BOB])]);
    }
    let public = history(&[&acts[..], &[Unprotect(READER)]].concat()).model.notifications(READER);
    let found: Vec<_> = public.iter().map(|group| (group.reason, group.causer_count)).collect();
    assert_eq!(found, [(Followed, 2)]);
}

#[test]
fn likes_and_reposts_are_grouped_by_post() {
    let acts = [
        Post(READER, "r1"),
        Post(READER, "r2"),
        Like(BOB, "r1"),
        Like(BOB, "r2"),
        Repost(BOB, "r1"),
        Like(CAROL, "r1"),
        Post(DAVE, "d"),
        Like(BOB, "d"),
    ];
    check(
        &acts,
        &[(Liked, Some("r1"), 6, &[CAROL, BOB]), (Reposted, Some("r1"), 5, &[BOB]), (Liked, Some("r2"), 4, &[BOB])],
    );
    check(
        &[&acts[..], &[Unlike(CAROL, "r1"), UndoRepost(BOB, "r1")]].concat(),
        &[(Liked, Some("r2"), 4, &[BOB]), (Liked, Some("r1"), 3, &[BOB])],
    );
}

#[test]
fn likes_and_reposts_go_with_the_deleted_post() {
    check(&[Post(READER, "r"), Like(BOB, "r"), Repost(BOB, "r"), Delete("r")], &[]);
}

#[test]
fn each_reply_and_each_quote_is_a_group_with_the_new_post_and_stays_when_the_old_one_is_deleted() {
    let acts = [Post(READER, "r"), Reply(BOB, "b1", "r"), Reply(BOB, "b2", "r"), Quote(CAROL, "c", "r")];
    let told: [Expected; 3] =
        [(Quoted, Some("c"), 4, &[CAROL]), (Replied, Some("b2"), 3, &[BOB]), (Replied, Some("b1"), 2, &[BOB])];
    check(&acts, &told);
    check(&[&acts[..], &[Delete("r")]].concat(), &told);
    check(&[&acts[..], &[Delete("b2"), Delete("c")]].concat(), &told[2..]);
}

#[test]
fn only_direct_replies_and_quotes_are_told() {
    let acts =
        [Post(READER, "r"), Reply(READER, "rr", "r"), Post(BOB, "b"), Reply(CAROL, "c", "b"), Quote(DAVE, "d", "b")];
    check(&acts, &[]);
    check(
        &[&acts[..], &[Reply(BOB, "b2", "rr"), Reply(CAROL, "c2", "b2")]].concat(),
        &[(Replied, Some("b2"), 6, &[BOB])],
    );
}

#[test]
fn a_mention_stands_since_the_event_that_brought_it_into_the_text() {
    let acts = [Post(BOB, "b @carol @reader"), Post(CAROL, "c"), Edit("c", "hi @reader")];
    let told: [Expected; 2] = [(Mentioned, Some("c"), 3, &[CAROL]), (Mentioned, Some("b @carol @reader"), 1, &[BOB])];
    check(&acts, &told);
    let kept = [&acts[..], &[Edit("c", "@dave and still @reader"), Edit("b @carol @reader", "only @reader")]].concat();
    check(&kept, &told);
    let dropped = [&kept[..], &[Edit("b @carol @reader", "@dave")]].concat();
    check(&dropped, &told[..1]);
    let back = [&dropped[..], &[Edit("b @carol @reader", "@reader again")]].concat();
    check(&back, &[(Mentioned, Some("b @carol @reader"), 7, &[BOB]), told[0]]);
    check(&[&back[..], &[Delete("c")]].concat(), &[(Mentioned, Some("b @carol @reader"), 7, &[BOB])]);
}

#[test]
fn a_post_notifies_once_as_a_reply_before_a_quote_before_a_mention() {
    check(
        &[Post(READER, "r"), Reply(BOB, "b @reader", "r"), Quote(CAROL, "c @reader", "r")],
        &[(Quoted, Some("c @reader"), 3, &[CAROL]), (Replied, Some("b @reader"), 2, &[BOB])],
    );
}

#[test]
fn nobody_is_told_of_what_they_did_themselves() {
    check(
        &[
            Post(READER, "r @reader"),
            Like(READER, "r @reader"),
            Repost(READER, "r @reader"),
            Reply(READER, "reply", "r @reader"),
            Quote(READER, "quote", "r @reader"),
        ],
        &[],
    );
}

#[test]
fn causes_by_accounts_that_are_deactivated_blocked_or_muted_are_hidden() {
    let acts = [
        Post(READER, "r"),
        Like(BOB, "r"),
        Like(CAROL, "r"),
        Repost(CAROL, "r"),
        Reply(CAROL, "reply", "r"),
        Quote(CAROL, "quote", "r"),
        Post(CAROL, "c @reader"),
        Follow(CAROL, READER),
    ];
    let bobs: [Expected; 1] = [(Liked, Some("r"), 2, &[BOB])];
    for hiding in [Deactivate(CAROL), Block(READER, CAROL), Block(CAROL, READER), Mute(READER, CAROL)] {
        check(&[&acts[..], &[hiding]].concat(), &bobs);
    }
    let back: [&[Act]; 3] = [
        &[Deactivate(CAROL), Reactivate(CAROL)],
        &[Mute(READER, CAROL), Unmute(READER, CAROL)],
        &[Mute(CAROL, READER), Block(BOB, CAROL)],
    ];
    for back in back {
        let model = history(&[&acts[..], back].concat()).model;
        assert_eq!(model.notifications(READER).len(), 6);
    }
    // A block has ended the follow, but the rest comes back.
    let unblocked = [&acts[..], &[Block(CAROL, READER), Unblock(CAROL, READER)]].concat();
    assert_eq!(history(&unblocked).model.notifications(READER).len(), 5);
}

#[test]
fn requests_by_accounts_that_are_deactivated_or_muted_are_hidden() {
    for hiding in [Deactivate(BOB), Mute(READER, BOB)] {
        check(&[Protect(READER), Request(BOB, READER), hiding], &[]);
    }
}

#[test]
fn replies_quotes_and_mentions_that_the_recipient_may_not_see_are_hidden_and_other_causes_are_not() {
    let acts = [
        Post(READER, "r"),
        Reply(BOB, "reply", "r"),
        Quote(BOB, "quote", "r"),
        Post(BOB, "b @reader"),
        Like(BOB, "r"),
        Repost(BOB, "r"),
        Follow(BOB, READER),
        Protect(BOB),
    ];
    let others: [Expected; 3] =
        [(Followed, None, 7, &[BOB]), (Reposted, Some("r"), 6, &[BOB]), (Liked, Some("r"), 5, &[BOB])];
    check(&acts, &others);
    check(&[&acts[..], &[Protect(READER)]].concat(), &others);
    let admitted = [&[Follow(READER, BOB)], &acts[..]].concat();
    assert_eq!(history(&admitted).model.notifications(READER).len(), 6);
}

#[test]
fn the_place_of_a_group_is_that_of_its_newest_visible_cause_and_groups_are_newest_first() {
    let acts = [Post(READER, "r"), Like(BOB, "r"), Follow(DAVE, READER), Like(CAROL, "r")];
    check(&acts, &[(Liked, Some("r"), 4, &[CAROL, BOB]), (Followed, None, 3, &[DAVE])]);
    check(
        &[&acts[..], &[Mute(READER, CAROL)]].concat(),
        &[(Followed, None, 3, &[DAVE]), (Liked, Some("r"), 2, &[BOB])],
    );
}

/// Enough accounts to reach every bound, each of which follows the reader.
fn many_followers(many: usize) -> History {
    let mut history = history(&[]);
    for number in 0..many {
        let follower: &'static str = format!("follower{number}").leak();
        assert_eq!(history.play(Register(follower)), Ok(()));
        assert_eq!(history.play(Follow(follower, READER)), Ok(()));
    }
    history
}

#[test]
fn a_group_names_its_newest_three_causers_and_counts_at_most_a_thousand() {
    for (many, counted) in [(4, 4), (999, 999), (1_000, 1_000), (1_001, 1_000)] {
        let groups = many_followers(many).model.notifications(READER);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].causer_count, counted);
        let newest: Vec<String> = (many - 3..many).rev().map(|number| format!("follower{number}")).collect();
        assert_eq!(groups[0].newest_causers, newest);
    }
}

#[test]
fn a_group_is_seen_if_its_place_is_at_or_below_what_was_seen() {
    let acts = [Follow(BOB, READER), Post(READER, "r"), Like(BOB, "r")];
    check_seen(&acts, &[false, false], 2);
    check_seen(&[&acts[..], &[See(READER, 1)]].concat(), &[false, true], 1);
    check_seen(&[&acts[..], &[See(READER, 2)]].concat(), &[false, true], 1);
    check_seen(&[&acts[..], &[See(READER, 3)]].concat(), &[true, true], 0);
    check_seen(&[&acts[..], &[See(BOB, 3)]].concat(), &[false, false], 2);
    check_seen(&[&acts[..], &[See(READER, 1), See(READER, 3)]].concat(), &[true, true], 0);
}

#[test]
fn a_new_cause_makes_a_seen_group_unread_and_undoing_it_makes_it_seen_again() {
    let acts = [Post(READER, "r"), Like(BOB, "r"), See(READER, 2), Like(CAROL, "r")];
    check_seen(&acts, &[false], 1);
    check_seen(&[&acts[..], &[Unlike(CAROL, "r")]].concat(), &[true], 0);
    check_seen(&[&acts[..], &[Mute(READER, CAROL)]].concat(), &[true], 0);
}

/// What can be undone, how, and by whom.
const UNDOABLE: [[Act; 2]; 5] = [
    [Like(BOB, "r"), Unlike(BOB, "r")],
    [Repost(BOB, "r"), UndoRepost(BOB, "r")],
    [Follow(BOB, DAVE), Unfollow(BOB, DAVE)],
    [Request(BOB, READER), Withdraw(BOB, READER)],
    [Request(BOB, READER), Reject(READER, BOB)],
];

/// After a post, its author's protection where requests need it, and these acts, the group that Bob caused is of this
/// act, counted from the first of these, and seen or not.
fn check_again(acts: &[Act], expected: (usize, bool)) {
    let is_request = acts.iter().any(|act| matches!(act, Request(..)));
    let is_of_dave = acts.iter().any(|act| matches!(act, Follow(_, DAVE)));
    let before = if is_request { [Post(READER, "r"), Protect(READER)] } else { [Post(READER, "r"), Post(DAVE, "d")] };
    let history = history(&[&before[..], acts].concat());
    let recipient = if is_of_dave { DAVE } else { READER };
    let groups = history.model.notifications(recipient);
    let places: Vec<_> = groups.iter().map(|group| (group.place, group.seen)).collect();
    assert_eq!(places, [(history.position_of(before.len() + expected.0), expected.1)]);
    assert_eq!(history.model.unread_notification_count(recipient), i64::from(!expected.1));
}

#[test]
fn what_was_seen_and_is_done_again_within_a_day_is_no_news() {
    for [done, undone] in UNDOABLE {
        let see = if matches!(done, Follow(..)) { See(DAVE, 3) } else { See(READER, 3) };
        check_again(&[done, see, undone, done], (1, true));
        check_again(&[done, see, undone, done, undone, done], (1, true));
        check_again(&[done, undone, done], (3, false));
        check_again(&[done, undone, see, done], (4, false));
        check_again(&[done, see, undone, Sleep, done], (5, false));
        check_again(&[done, see, Sleep, undone, done], (5, false));
        // A day after the first, doing it again is news, and then not.
        check_again(&[done, see, undone, Sleep, done, undone, done], (7, false));
    }
}

#[test]
fn a_mention_that_was_seen_dropped_and_brought_back_within_a_day_is_no_news() {
    let (with, without) = (Edit("b @reader", "again @reader"), Edit("b @reader", "nobody"));
    let checked = |acts: &[Act], expected: (usize, bool)| {
        let history = history(&[&[Post(BOB, "b @reader")], acts].concat());
        let groups = history.model.notifications(READER);
        let places: Vec<_> = groups.iter().map(|group| (group.place, group.seen)).collect();
        assert_eq!(places, [(history.position_of(expected.0), expected.1)]);
    };
    let see = See(READER, 1);
    checked(&[see, without, with], (1, true));
    checked(&[see, without, with, without, with], (1, true));
    checked(&[without, with], (3, false));
    checked(&[without, see, with], (4, false));
    checked(&[see, without, Sleep, with], (5, false));
    checked(&[see, Sleep, without, with], (5, false));
}

#[test]
fn the_unread_count_counts_groups_and_at_most_a_thousand() {
    check_seen(&[Follow(BOB, READER), Follow(CAROL, READER)], &[false], 1);
    for (many, unread) in [(999, 999), (1_000, 1_000), (1_001, 1_000)] {
        let mut history = history(&[]);
        for number in 0..many {
            assert_eq!(history.play(Post(BOB, format!("b{number} @reader").leak())), Ok(()));
        }
        assert_eq!(history.model.unread_notification_count(READER), unread);
        assert_eq!(history.model.notifications(READER).len(), many);
    }
}

#[test]
fn an_unknown_or_deactivated_account_has_no_notifications() {
    let acts = [Post(READER, "r"), Like(BOB, "r"), Follow(CAROL, READER), Deactivate(READER)];
    check_seen(&acts, &[], 0);
    check_seen(&[&acts[..], &[Reactivate(READER)]].concat(), &[false, false], 2);
    let model = history(&acts).model;
    assert_eq!((model.notifications("nobody"), model.unread_notification_count("nobody")), (vec![], 0));
}
