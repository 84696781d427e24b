//! What moderators do: a post that is taken down and restored, an account that is suspended and back, and who is told what.

use shared::rpc::proto::command::*;
use shared::rpc::proto::common::ModerationReason;
use shared::rpc::proto::query::thread_item::Item;
use shared::rpc::proto::query::*;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{Api, Told, ask, fresh, item, reason, texts, up_to_date};
use crate::process::{DEADLINE, Dev, folder, verified};

async fn take_down(api: &Api, post: &str) -> String {
    let reason = ModerationReason::Harassment;
    let request = ask!(TakeDownPostRequest { post_id: post, reason: reason, text: " Be kind. " });
    api.commands.clone().take_down_post(request).await.expect("it is taken down").into_inner().consistency_token
}

async fn restore(api: &Api, post: &str) -> String {
    let request = ask!(RestorePostRequest { post_id: post });
    api.commands.clone().restore_post(request).await.expect("it is restored").into_inner().consistency_token
}

async fn suspend(api: &Api, account: &str) -> String {
    let request = ask!(SuspendAccountRequest { account_id: account, reason: ModerationReason::Spam, text: "No ads." });
    api.commands.clone().suspend_account(request).await.expect("it is suspended").into_inner().consistency_token
}

async fn unsuspend(api: &Api, account: &str) -> String {
    let request = ask!(UnsuspendAccountRequest { account_id: account });
    api.commands.clone().unsuspend_account(request).await.expect("it is back").into_inner().consistency_token
}

async fn like(api: &Api, account: &str, post: &str) -> Result<(), Status> {
    api.commands.clone().like_post(ask!(LikePostRequest { account_id: account, post_id: post })).await.map(drop)
}

async fn reply(api: &Api, author: &str, parent: &str, text: &str) -> Result<String, Status> {
    let request = ask!(CreatePostRequest { author_id: author, text: text, reply_to_post_id: parent });
    Ok(api.try_post(request).await?.id)
}

async fn post_as(api: &Api, post: &str, viewer: &str) -> Result<Post, Status> {
    let request = ask!(GetPostRequest { post_id: post, viewer_account_id: viewer, consistency: up_to_date() });
    Ok(api.queries.clone().get_post(request).await?.into_inner().post.expect("always set"))
}

async fn thread_as(api: &Api, post: &str, viewer: &str) -> Vec<String> {
    let request = ask!(GetThreadRequest { post_id: post, viewer_account_id: viewer, consistency: up_to_date() });
    let thread = api.queries.clone().get_thread(request).await.expect("it is shown").into_inner();
    let place = |item: ThreadItem| match item.item.expect("always set") {
        Item::Post(post) => post.text,
        Item::Tombstone(tombstone) => tombstone.cause().as_str_name().to_owned(),
    };
    thread.item.into_iter().chain(thread.replies).map(place).collect()
}

/// The reason of a refusal and its metadata, without the id that it names.
fn told(status: &Status) -> (Option<String>, Option<String>, Option<String>) {
    let metadata = status.get_details_error_info().map(|info| info.metadata).unwrap_or_default();
    (reason(status), metadata.get("reason").cloned(), metadata.get("text").cloned())
}

fn refusal(reason: &str, why: &str, text: &str) -> (Option<String>, Option<String>, Option<String>) {
    (Some(reason.to_owned()), Some(why.to_owned()), Some(text.to_owned()))
}

#[tokio::test]
async fn a_post_that_is_taken_down_is_gone_for_all_but_its_author_and_comes_back_with_everything() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    api.follow(&bob, &ada).await;
    api.follow(&eve, &bob).await;
    let older = api.post(&ada, "older").await.id;
    let post = api.post(&ada, "rude #words to @bob").await.id;
    api.post(&ada, "newer").await;
    like(api, &eve, &post).await.expect("it is liked");
    api.repost(&bob, &post).await;
    reply(api, &bob, &post, "an answer").await.expect("it is published");
    let before = post_as(api, &post, &bob).await.expect("it is shown");
    assert_eq!((before.like_count, before.repost_count, before.reply_count), (1, 1, 1));
    let notified = async |account: &str| -> Vec<NotificationReason> {
        api.notifications(account).await.iter().map(Notification::reason).collect()
    };
    let (of_ada, of_bob) = (notified(&ada).await, notified(&bob).await);
    assert!(of_ada.contains(&NotificationReason::Liked) && of_bob.contains(&NotificationReason::Mentioned));
    let mut feed = api.stream(&bob, &api.home(&bob, up_to_date()).await.resume_token).await;
    let home = texts(&api.home(&bob, up_to_date()).await.items);

    let token = take_down(api, &post).await;
    assert_eq!(take_down(api, &post).await, token, "twice changes nothing");
    assert_eq!(feed.news().await, Told::Removed(vec![post.clone()], RemovalCause::Deleted));
    assert_eq!(texts(&api.home(&bob, fresh(&token)).await.items), ["an answer", "newer", "older"]);
    assert!(api.home(&eve, up_to_date()).await.items.is_empty(), "nor through a repost");
    assert_eq!(api.texts_of(&ada).await, ["older", "newer"]);
    for viewer in [&*bob, &*eve, ""] {
        let refused = post_as(api, &post, viewer).await.expect_err("it is not found");
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::NotFound, Some("POST_NOT_FOUND")));
        assert_eq!(thread_as(api, &post, viewer).await, ["TOMBSTONE_CAUSE_DELETED", "an answer"]);
    }
    assert_eq!(thread_as(api, &post, &ada).await, ["TOMBSTONE_CAUSE_DELETED", "an answer"]);
    assert_eq!(notified(&ada).await, [NotificationReason::Replied, NotificationReason::Followed]);
    assert_eq!(notified(&bob).await, [NotificationReason::Followed]);

    // The author finds it, with the reason, and can do nothing with it but delete it.
    let own = post_as(api, &post, &ada).await.expect("it is hers");
    let why = TakenDown { reason: ModerationReason::Harassment.into(), text: "Be kind.".to_owned() };
    assert_eq!((&*own.text, own.taken_down, own.version), ("rude #words to @bob", Some(why), 2));
    let batch = ask!(BatchGetPostsRequest {
        post_ids: vec![older, post.clone()],
        viewer_account_id: &ada,
        consistency: up_to_date()
    });
    assert_eq!(api.queries.clone().batch_get_posts(batch).await.expect("answered").into_inner().posts.len(), 2);
    let edit = ask!(EditPostRequest { author_id: &ada, post_id: &post, text: "kind" });
    let refused = api.commands.clone().edit_post(edit.clone()).await.expect_err("it is taken down");
    assert_eq!(told(&refused), refusal("POST_TAKEN_DOWN", "HARASSMENT", "Be kind."));
    let refused = like(api, &ada, &post).await.expect_err("it is taken down");
    assert_eq!(told(&refused), refusal("POST_TAKEN_DOWN", "HARASSMENT", "Be kind."));
    let refused = reply(api, &bob, &post, "another").await.expect_err("there is no such post");
    assert_eq!(reason(&refused).as_deref(), Some("POST_NOT_FOUND"));
    // What one has done oneself can be taken back.
    let unlike = ask!(UnlikePostRequest { account_id: &eve, post_id: &post });
    api.commands.clone().unlike_post(unlike).await.expect("it was hers");

    restore(api, &post).await;
    assert_eq!(feed.news().await, Told::Item("rude #words to @bob".to_owned(), Some(bob.clone())));
    assert_eq!(texts(&api.home(&bob, up_to_date()).await.items), home);
    let after = post_as(api, &post, &bob).await.expect("it is shown again");
    assert_eq!((after.like_count, after.repost_count, after.reply_count, after.version), (0, 1, 1, 3));
    assert_eq!(notified(&bob).await, of_bob);
    assert!(notified(&ada).await.contains(&NotificationReason::Reposted));
    api.commands.clone().edit_post(edit).await.expect("it is hers again");
    verified(folder.path()).await;
}

/// Whoever begins to look after a post was taken down is told nothing of it, also when it is deleted.
#[tokio::test]
async fn of_a_post_that_was_taken_down_before_nothing_is_told() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "rude").await.id;
    like(api, &bob, &post).await.expect("it is liked");
    take_down(api, &post).await;
    let mut feed = api.stream(&bob, &api.home(&bob, up_to_date()).await.resume_token).await;
    api.delete(&ada, &post).await;
    api.post(&ada, "kind").await;
    assert_eq!(feed.news().await, item("kind"));
    for refused in [
        api.commands.clone().restore_post(ask!(RestorePostRequest { post_id: &post })).await.err(),
        api.commands
            .clone()
            .take_down_post(ask!(TakeDownPostRequest { post_id: &post, reason: ModerationReason::Spam }))
            .await
            .err(),
    ] {
        let refused = refused.expect("it is deleted");
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::FailedPrecondition, Some("POST_DELETED")));
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_suspended_account_is_shown_to_nobody_can_do_nothing_and_is_back_as_it_was() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "buy this").await.id;
    let mut feed = api.stream(&bob, &api.home(&bob, up_to_date()).await.resume_token).await;

    let token = suspend(api, &ada).await;
    assert_eq!(suspend(api, &ada).await, token, "twice changes nothing");
    assert_eq!(feed.news().await, Told::Removed(vec![post.clone()], RemovalCause::Deactivated));
    assert!(api.home(&bob, up_to_date()).await.items.is_empty());
    for refused in [api.account(&ada, up_to_date()).await.err(), post_as(api, &post, &ada).await.err()] {
        let refused = refused.expect("there is no such account, not even for itself");
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::NotFound, Some("ACCOUNT_NOT_FOUND")));
    }
    let list = ask!(ListFollowingRequest { account_id: &bob, viewer_account_id: &bob, consistency: up_to_date() });
    let followed = api.queries.clone().list_following(list).await.expect("it is listed").into_inner().accounts;
    let [gone] = &*followed else { panic!("{followed:?}") };
    assert!(gone.deactivated && gone.handle == "ada" && gone.display_name.is_empty(), "{gone:?}");

    let commands = api.commands.clone();
    let post_again = api.try_post(ask!(CreatePostRequest { author_id: &ada, text: "again" })).await.err();
    let reactivate = ask!(ReactivateAccountRequest { account_id: &ada });
    let deactivate = ask!(DeactivateAccountRequest { account_id: &ada });
    for refused in [
        post_again,
        commands.clone().reactivate_account(reactivate.clone()).await.err(),
        commands.clone().deactivate_account(deactivate.clone()).await.err(),
    ] {
        let refused = refused.expect("it can do nothing");
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(told(&refused), refusal("ACCOUNT_SUSPENDED", "SPAM", "No ads."));
    }
    let follow = ask!(FollowAccountRequest { follower_id: &bob, followee_id: &ada });
    commands
        .clone()
        .unfollow_account(ask!(UnfollowAccountRequest { follower_id: &bob, followee_id: &ada }))
        .await
        .expect("ended");
    let refused = commands.clone().follow_account(follow.clone()).await.expect_err("nobody is there");
    assert_eq!(reason(&refused).as_deref(), Some("TARGET_DEACTIVATED"));

    unsuspend(api, &ada).await;
    commands.clone().follow_account(follow).await.expect("it is there again");
    assert_eq!(texts(&api.home(&bob, up_to_date()).await.items), ["buy this"]);

    // Deactivation and suspension do not touch each other.
    commands.clone().deactivate_account(deactivate).await.expect("it is deactivated");
    suspend(api, &ada).await;
    unsuspend(api, &ada).await;
    assert!(api.home(&bob, up_to_date()).await.items.is_empty());
    commands.clone().reactivate_account(reactivate).await.expect("it is back");
    assert_eq!(texts(&api.home(&bob, up_to_date()).await.items), ["buy this"]);
    verified(folder.path()).await;
}

/// The author's other devices hear that a post was taken down, and why.
#[tokio::test]
async fn the_author_is_told_by_its_own_state() {
    use stream_response::Event;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada] = api.accounts(["ada"]).await;
    let post = api.post(&ada, "rude").await.id;
    api.home(&ada, up_to_date()).await;
    let topic = Some(subscription::Topic::AccountState(AccountStateTopic {}));
    let own = Subscription { subscription_id: "own".into(), viewer_account_id: ada, topic, ..Subscription::default() };
    let request = ask!(SubscribeRequest { subscriptions: vec![own] });
    let mut stream = api.queries.clone().subscribe(request).await.expect("it opens").into_inner();
    let mut next = async || loop {
        let message = timeout(DEADLINE, stream.message()).await.expect("it says something");
        let message = message.expect("no error").expect("it goes on");
        if let Event::PostState(state) = message.event.expect("always set") {
            return state.taken_down.map(|told| (told.reason(), told.text));
        }
    };
    take_down(api, &post).await;
    assert_eq!(next().await, Some((ModerationReason::Harassment, "Be kind.".to_owned())));
    restore(api, &post).await;
    assert_eq!(next().await, None);
    verified(folder.path()).await;
}
