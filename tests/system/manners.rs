//! Repeated notifications: nobody is notified twice of the same, and an old text keeps naming whom it named.

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::*;

use crate::api::{Api, ask, up_to_date};
use crate::process::{Dev, folder, verified};

/// The notifications of an account: the reason, the place, and whether it has seen that; with how many are unread.
async fn told(api: &Api, owner: &str) -> (Vec<(NotificationReason, u64, bool)>, i32) {
    let notifications = api.notifications(owner).await;
    let count = ask!(GetUnreadNotificationCountRequest { account_id: owner });
    let count = api.queries.clone().get_unread_notification_count(count).await.expect("they are counted");
    let told = notifications.iter().map(|one| (one.reason(), one.place, one.seen)).collect();
    (told, count.into_inner().unread_count)
}

async fn see_all(api: &Api, owner: &str) {
    let newest = api.notifications(owner).await.remove(0).notification_id;
    let seen = ask!(MarkNotificationsSeenRequest { account_id: owner, up_to_notification_id: newest });
    api.commands.clone().mark_notifications_seen(seen).await.expect("they are seen");
}

/// Does something to an account, or to its post, or undoes it.
async fn act(api: &Api, what: NotificationReason, by: &str, (account, post): (&str, &str), done: bool) {
    let mut c = api.commands.clone();
    match (what, done) {
        (NotificationReason::Liked, true) => {
            c.like_post(ask!(LikePostRequest { account_id: by, post_id: post })).await.expect("it is liked");
        }
        (NotificationReason::Liked, false) => {
            c.unlike_post(ask!(UnlikePostRequest { account_id: by, post_id: post })).await.expect("it is taken back");
        }
        (NotificationReason::Reposted, true) => {
            c.repost_post(ask!(RepostPostRequest { account_id: by, post_id: post })).await.expect("it is reposted");
        }
        (NotificationReason::Reposted, false) => {
            c.undo_repost(ask!(UndoRepostRequest { account_id: by, post_id: post })).await.expect("it is undone");
        }
        (NotificationReason::Followed | NotificationReason::FollowRequested, true) => {
            let follow = ask!(FollowAccountRequest { follower_id: by, followee_id: account });
            c.follow_account(follow).await.expect("it is followed, or asked");
        }
        (NotificationReason::Followed | NotificationReason::FollowRequested, false) => {
            let unfollow = ask!(UnfollowAccountRequest { follower_id: by, followee_id: account });
            c.unfollow_account(unfollow).await.expect("it is not any more");
        }
        (other, _) => unreachable!("{other:?} is not undone"),
    }
}

#[tokio::test]
async fn what_was_seen_and_is_done_again_is_no_news() {
    use NotificationReason::{FollowRequested, Followed, Liked, Reposted};
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [bob] = api.accounts(["bob"]).await;
    for what in [Liked, Reposted, Followed, FollowRequested] {
        let ada = api.register(&format!("ada_{}", i32::from(what))).await.id;
        let post = api.post(&ada, "mine").await.id;
        if what == FollowRequested {
            let protect = ask!(ProtectAccountRequest { account_id: &ada });
            api.commands.clone().protect_account(protect).await.expect("it is protected");
        }
        let of_ada = (&*ada, &*post);
        act(api, what, &bob, of_ada, true).await;
        act(api, what, &bob, of_ada, false).await;
        assert_eq!(told(api, &ada).await, (vec![], 0));
        act(api, what, &bob, of_ada, true).await;
        let (first, unread) = told(api, &ada).await;
        let place = first[0].1;
        assert_eq!((first, unread), (vec![(what, place, false)], 1), "it was not seen yet, so it is news");
        see_all(api, &ada).await;
        for _ in 0..3 {
            act(api, what, &bob, of_ada, false).await;
            assert_eq!(told(api, &ada).await, (vec![], 0));
            act(api, what, &bob, of_ada, true).await;
            assert_eq!(told(api, &ada).await, (vec![(what, place, true)], 0), "it is back where it was seen");
        }
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_mention_that_was_seen_dropped_and_brought_back_is_no_news() {
    use NotificationReason::{Mentioned, Replied};
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let mut edit = async |post: &str, text: &str| {
        let edit = ask!(EditPostRequest { author_id: &bob, post_id: post, text: text });
        c.edit_post(edit).await.expect("it is edited");
    };
    let post = api.post(&bob, "thanks @ada").await.id;
    let (first, _) = told(api, &ada).await;
    edit(&post, "thanks").await;
    assert_eq!(told(api, &ada).await, (vec![], 0));
    edit(&post, "thanks again, @ada").await;
    let (again, unread) = told(api, &ada).await;
    let place = again[0].1;
    assert!(place > first[0].1, "it was not seen yet, so it is news");
    assert_eq!((again, unread), (vec![(Mentioned, place, false)], 1));
    see_all(api, &ada).await;
    for number in 0..3 {
        edit(&post, &format!("thanks, {number}")).await;
        assert_eq!(told(api, &ada).await, (vec![], 0));
        edit(&post, &format!("thanks, @ada, {number}")).await;
        assert_eq!(told(api, &ada).await, (vec![(Mentioned, place, true)], 0), "it is back where it was seen");
    }
    // What is remembered is deleted with the post, and a reply is no mention, however often it is edited.
    edit(&post, "thanks to nobody").await;
    let delete = ask!(DeletePostRequest { author_id: &bob, post_id: &post });
    api.commands.clone().delete_post(delete).await.expect("it is deleted");
    let mine = api.post(&ada, "mine").await.id;
    let reply = ask!(CreatePostRequest { author_id: &bob, text: "yes @ada", reply_to_post_id: &mine });
    let reply = api.commands.clone().create_post(reply).await.expect("it is answered").into_inner().post_id;
    let (replied, _) = told(api, &ada).await;
    see_all(api, &ada).await;
    for text in ["yes", "yes, @ada"] {
        edit(&reply, text).await;
        assert_eq!(told(api, &ada).await, (vec![(Replied, replied[0].1, true)], 0));
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn an_edit_does_not_move_old_mentions_to_the_new_holder_of_a_handle() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let post = api.post(&bob, "thanks @ada and @free").await.id;
    let before = told(api, &ada).await;
    assert_eq!((before.0.len(), before.0[0].0), (1, NotificationReason::Mentioned));
    for (account, handle) in [(&ada, "ada_lovelace"), (&eve, "ada")] {
        let change = ask!(ChangeHandleRequest { account_id: account, handle: handle });
        c.change_handle(change).await.expect("it is free");
    }
    let free = api.register("free").await.id;
    for text in ["many thanks @ada and @free", "many thanks, @ada!"] {
        let edit = ask!(EditPostRequest { author_id: &bob, post_id: &post, text: text });
        c.edit_post(edit).await.expect("it is edited");
        assert_eq!(told(api, &ada).await, before, "the text still means her");
        assert_eq!(told(api, &eve).await, (vec![], 0), "it never meant who has the handle now");
    }
    assert_eq!(told(api, &free).await, (vec![], 0), "nobody had it then");
    // A handle that is named anew means its present holder.
    for text in ["nobody", "now @ada"] {
        let edit = ask!(EditPostRequest { author_id: &bob, post_id: &post, text: text });
        c.edit_post(edit).await.expect("it is edited");
    }
    assert_eq!(told(api, &ada).await, (vec![], 0));
    assert_eq!(told(api, &eve).await.1, 1);
    assert_eq!(api.account(&ada, up_to_date()).await.expect("she is there").handle, "ada_lovelace");
    verified(folder.path()).await;
}
