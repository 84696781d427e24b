//! Clients whose connection breaks after a message, whichever: when they have come back, they have what is there.
//!
//! What one change hides, another may hide as well, and between the two a connection may break: the tables are ahead of what was sent, so that
//! neither looks like what hid it.

use std::fmt::Debug;

use clients::{HomeView, NotificationView, Said, View};
use shared::rpc::proto::command::*;
use tokio::time::timeout;

use crate::api::{Api, ask, up_to_date};
use crate::process::{DEADLINE, Dev, folder};

/// More than the messages of any of these streams until they have caught up.
const MESSAGES_MAX: usize = 16;

/// Clients that have all fetched the same.
async fn clients_of<V: View>(api: &Api, name: &str) -> Vec<(V, String)> {
    let mut clients = Vec::new();
    for _ in 0..MESSAGES_MAX {
        let mut view = V::of(name);
        let token = view.fetch(&api.queries, up_to_date()).await.expect("it is there");
        clients.push((view, token));
    }
    clients
}

/// Reads this many messages at most, and gives the last token; whether that was all.
async fn read<V: View>(api: &Api, (view, token): &mut (V, String), messages_max: usize) -> bool {
    let mut stream = view.open(&api.queries, up_to_date(), token.clone()).await.expect("it opens");
    for _ in 0..messages_max {
        let message = timeout(DEADLINE, stream.message()).await.expect("something comes").expect("the stream goes on");
        let (resume_token, said) = view.take(message.expect("a stream ends with a status"));
        *token = resume_token;
        match said {
            Said::Something => {}
            Said::CaughtUp => return true,
            Said::Refresh => {
                *token = view.fetch(&api.queries, up_to_date()).await.expect("it is there");
                return true;
            }
        }
    }
    false
}

/// One connection breaks after the first message, one after the second, and so on.
async fn check<V: View<Shown: Debug>>(api: &Api, name: &str, clients: Vec<(V, String)>) {
    let mut there = V::of(name);
    there.fetch(&api.queries, up_to_date()).await.expect("it is there");
    let mut is_all = false;
    for (messages, mut client) in clients.into_iter().enumerate() {
        is_all = read(api, &mut client, messages).await;
        if !is_all {
            assert!(read(api, &mut client, MESSAGES_MAX).await, "it catches up");
        }
        assert_eq!(client.0.shown(), there.shown(), "broken after {messages} messages");
    }
    assert!(is_all, "the last connection did not break");
}

async fn unfollow(api: &Api, follower: &str, followee: &str) {
    let request = ask!(UnfollowAccountRequest { follower_id: follower, followee_id: followee });
    api.commands.clone().unfollow_account(request).await.expect("it is unfollowed");
}

async fn mute(api: &Api, account: &str, target: &str) {
    let request = ask!(MuteAccountRequest { account_id: account, target_account_id: target });
    api.commands.clone().mute_account(request).await.expect("it is muted");
}

async fn protect(api: &Api, account: &str) {
    api.commands.clone().protect_account(ask!(ProtectAccountRequest { account_id: account })).await.expect("protected");
}

#[tokio::test]
async fn an_entry_that_two_changes_take_away_is_gone_wherever_the_connection_breaks_between_them() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [bob, followed, muted, unseen, undone] = api.accounts(["bob", "followed", "muted", "unseen", "undone"]).await;
    let [stays, leaves, undoes] = api.accounts(["stays", "leaves", "undoes"]).await;
    for followee in [&followed, &stays, &leaves, &undoes] {
        api.follow(&bob, followee).await;
    }
    api.post(&followed, "of somebody whom bob follows").await;
    api.repost(&stays, &api.post(&muted, "of somebody whom bob mutes").await.id).await;
    api.repost(&leaves, &api.post(&unseen, "by a reposter whom bob unfollows").await.id).await;
    let of_undone = api.post(&undone, "by a reposter who undoes it, and whom bob unfollows").await.id;
    api.repost(&undoes, &of_undone).await;
    assert_eq!(api.home(&bob, up_to_date()).await.items.len(), 4);
    let clients = clients_of::<HomeView>(api, &bob).await;

    api.deactivate(&followed).await;
    api.deactivate(&muted).await;
    protect(api, &unseen).await;
    protect(api, &undone).await;
    api.post(&bob, "between").await;
    unfollow(api, &bob, &followed).await;
    mute(api, &bob, &muted).await;
    unfollow(api, &bob, &leaves).await;
    let undo = ask!(UndoRepostRequest { account_id: &undoes, post_id: &of_undone });
    api.commands.clone().undo_repost(undo).await.expect("it is undone");
    unfollow(api, &bob, &undoes).await;
    assert_eq!(api.home(&bob, up_to_date()).await.items.len(), 1);
    check(api, &bob, clients).await;
}

#[tokio::test]
async fn a_notification_that_two_changes_take_away_is_gone_wherever_the_connection_breaks_between_them() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let of_bob = api.post(&bob, "liked").await.id;
    let mention = api.post(&eve, "see @bob").await.id;
    let clients = clients_of::<NotificationView>(api, &bob).await;

    mute(api, &bob, &eve).await;
    let like = ask!(LikePostRequest { account_id: &ada, post_id: &of_bob });
    api.commands.clone().like_post(like).await.expect("it is liked");
    api.delete(&eve, &mention).await;
    check(api, &bob, clients).await;
}
