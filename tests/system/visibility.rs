//! Who sees what, by `docs/visibility.md`: what is hidden is in no answer, and no stream sends it.

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::thread_item::Item;
use shared::rpc::proto::query::*;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::api::{Api, Told, ask, reason, up_to_date};
use crate::process::{DEADLINE, Dev, folder, verified};

/// Ada and Bob are public, Zoe is protected and followed by Fan alone.
struct People {
    ada: String,
    bob: String,
    fan: String,
    zoe: String,
}

impl People {
    async fn come(api: &Api) -> Self {
        let [ada, bob, fan, zoe] = api.accounts(["ada", "bob", "fan", "zoe"]).await;
        api.follow(&fan, &zoe).await;
        protect(api, &zoe).await;
        Self { ada, bob, fan, zoe }
    }
}

async fn protect(api: &Api, account: &str) {
    let request = ask!(ProtectAccountRequest { account_id: account });
    api.commands.clone().protect_account(request).await.expect("it is protected");
}

async fn block(api: &Api, account: &str, target: &str) {
    let request = ask!(BlockAccountRequest { account_id: account, target_account_id: target });
    api.commands.clone().block_account(request).await.expect("it is blocked");
}

async fn mute(api: &Api, account: &str, target: &str) {
    let request = ask!(MuteAccountRequest { account_id: account, target_account_id: target });
    api.commands.clone().mute_account(request).await.expect("it is muted");
}

async fn like(api: &Api, account: &str, post: &str) {
    api.commands.clone().like_post(ask!(LikePostRequest { account_id: account, post_id: post })).await.expect("liked");
}

async fn unlike(api: &Api, account: &str, post: &str) {
    let request = ask!(UnlikePostRequest { account_id: account, post_id: post });
    api.commands.clone().unlike_post(request).await.expect("it is not liked any more");
}

async fn edit(api: &Api, author: &str, post: &str, text: &str) {
    let request = ask!(EditPostRequest { author_id: author, post_id: post, text: text });
    api.commands.clone().edit_post(request).await.expect("it is edited");
}

async fn reply(api: &Api, author: &str, parent: &str, text: &str) -> String {
    let request = ask!(CreatePostRequest { author_id: author, text: text, reply_to_post_id: parent });
    api.try_post(request).await.expect("it is published").id
}

async fn thread(api: &Api, post: &str, viewer: &str) -> Result<GetThreadResponse, Status> {
    let request = ask!(GetThreadRequest { post_id: post, viewer_account_id: viewer, consistency: up_to_date() });
    Ok(api.queries.clone().get_thread(request).await?.into_inner())
}

/// The id of what is in a place of a thread, and why it is a tombstone.
fn place(item: ThreadItem) -> (String, Option<TombstoneCause>) {
    match item.item.expect("always set") {
        Item::Post(post) => (post.post_id, None),
        Item::Tombstone(tombstone) => (tombstone.post_id.clone(), Some(tombstone.cause())),
    }
}

/// The next message that is no heartbeat.
macro_rules! next_of {
    ($stream:expr, $event:ident) => {
        loop {
            let message = timeout(DEADLINE, $stream.message()).await.expect("the stream says something");
            let message = message.expect("no error").expect("the stream goes on");
            match message.event.expect("exactly one is set") {
                $event::Subscribed(_) | $event::CaughtUp(_) | $event::FellBehind(_) | $event::Heartbeat(_) => {}
                told => break told,
            }
        }
    };
}

/// The stream of a post, from the page of a viewer on.
async fn watch(api: &Api, post: &str, viewer: &str) -> Streaming<StreamPostResponse> {
    let resume_token = thread(api, post, viewer).await.expect("it is shown").resume_token;
    let request = ask!(StreamPostRequest { post_id: post, viewer_account_id: viewer, resume_token: resume_token });
    api.queries.clone().stream_post(request).await.expect("it opens").into_inner()
}

/// The ids of the replies that the stream of a post reports as gone, until it sends this text.
async fn gone_until(stream: &mut Streaming<StreamPostResponse>, text: &str) -> Vec<String> {
    use stream_post_response::Event;
    let mut gone = Vec::new();
    loop {
        match next_of!(stream, Event) {
            Event::Removed(removed) => gone.push(removed.post_id),
            Event::Item(PostReplyItem { reply: Some(reply), .. }) => match reply.item.expect("always set") {
                Item::Post(post) if post.text == text => return gone,
                _ => {}
            },
            Event::Refresh(refresh) => panic!("nothing that is shown has changed: {refresh:?}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_a_post_tells_nothing_of_replies_that_were_never_shown() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let People { ada, bob, fan, zoe } = People::come(api).await;
    let post = api.post(&ada, "in public").await.id;
    let (mut of_nobody, mut of_fan) = (watch(api, &post, "").await, watch(api, &post, &fan).await);

    // Made, edited, liked, answered and deleted by accounts that a stranger does not see.
    let hidden = reply(api, &zoe, &post, "for followers").await;
    edit(api, &zoe, &hidden, "for followers only").await;
    like(api, &fan, &hidden).await;
    let below = reply(api, &fan, &hidden, "an answer").await;
    api.delete(&zoe, &hidden).await;
    api.delete(&fan, &below).await;
    // And a reply that was deleted before, of which a hidden answer remains.
    let shown = reply(api, &bob, &post, "for all").await;
    let answer = reply(api, &zoe, &shown, "for followers").await;
    reply(api, &bob, &post, "before").await;
    assert_eq!(gone_until(&mut of_nobody, "before").await, [""; 0], "nothing was shown that could be gone");
    gone_until(&mut of_fan, "before").await;
    api.delete(&bob, &shown).await;
    reply(api, &bob, &post, "after").await;
    assert_eq!(gone_until(&mut of_nobody, "after").await, [&*shown], "nobody sees what hangs on it");
    assert_eq!(gone_until(&mut of_fan, "after").await, [""; 0], "its tombstone is shown to a follower");
    let mut late = watch(api, &post, "").await;
    unlike(api, &fan, &hidden).await;
    api.delete(&zoe, &answer).await;
    // What is hidden before and after may come and go.
    api.deactivate(&zoe).await;
    reply(api, &bob, &post, "the end").await;
    assert_eq!(gone_until(&mut late, "the end").await, [""; 0], "it was gone before");
    assert_eq!(gone_until(&mut of_nobody, "the end").await, [""; 0], "it was told once");
    verified(folder.path()).await;
}

#[tokio::test]
async fn what_is_deleted_and_what_is_hidden_are_not_told_apart_by_those_who_could_not_see_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let People { ada, bob, fan, zoe } = People::come(api).await;
    let (root, middle) = {
        let root = api.post(&zoe, "for followers").await.id;
        let middle = reply(api, &fan, &root, "an answer for all").await;
        (root, middle)
    };
    let public = api.post(&ada, "in public").await.id;
    let hidden = reply(api, &zoe, &public, "for followers").await;
    reply(api, &fan, &hidden, "for all").await;

    let above = async |viewer: &str| place(thread(api, &middle, viewer).await.expect("shown").ancestors.remove(0));
    let not_found = async |viewer: &str| {
        let asked = thread(api, &root, viewer).await.err().and_then(|status| reason(&status));
        let request = ask!(LikePostRequest { account_id: &bob, post_id: &root });
        let liked = api.commands.clone().like_post(request).await.err().and_then(|status| reason(&status));
        let request = ask!(EditPostRequest { author_id: &bob, post_id: &root, text: "mine" });
        let edited = api.commands.clone().edit_post(request).await.err().and_then(|status| reason(&status));
        let request = ask!(DeletePostRequest { author_id: &bob, post_id: &root });
        let deleted = api.commands.clone().delete_post(request).await.err().and_then(|status| reason(&status));
        let request = ask!(UnlikePostRequest { account_id: &bob, post_id: &root });
        let unliked = api.commands.clone().unlike_post(request).await.err().and_then(|status| reason(&status));
        let request = ask!(UndoRepostRequest { account_id: &bob, post_id: &root });
        let undone = api.commands.clone().undo_repost(request).await.err().and_then(|status| reason(&status));
        let request = ask!(RemoveBookmarkRequest { account_id: &bob, post_id: &root });
        let removed = api.commands.clone().remove_bookmark(request).await.err().and_then(|status| reason(&status));
        [asked, liked, edited, deleted, unliked, undone, removed].map(Option::unwrap_or_default)
    };
    assert_eq!(above("").await, (root.clone(), Some(TombstoneCause::Hidden)));
    assert_eq!(not_found(&bob).await, ["POST_NOT_FOUND"; 7]);
    api.delete(&zoe, &root).await;
    api.delete(&zoe, &hidden).await;
    assert_eq!(above("").await, (root.clone(), Some(TombstoneCause::Hidden)), "a stranger sees no difference");
    assert_eq!(not_found(&bob).await, ["POST_NOT_FOUND"; 7]);
    assert_eq!(above(&fan).await, (root.clone(), Some(TombstoneCause::Deleted)));
    assert_eq!(
        place(thread(api, &root, &fan).await.expect("a tombstone").item.expect("set")).1,
        Some(TombstoneCause::Deleted)
    );

    // A reply that was never shown leaves no tombstone either, although a visible one answers it.
    let replies = async |viewer: &str| -> Vec<_> {
        thread(api, &public, viewer).await.expect("it is shown").replies.into_iter().map(place).collect()
    };
    assert_eq!(replies("").await, []);
    assert_eq!(replies(&fan).await, [(hidden, Some(TombstoneCause::Deleted))]);
    verified(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_notifications_tells_nothing_of_what_its_owner_may_not_see() {
    use stream_notifications_response::Event;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let People { ada, bob, fan, zoe } = People::come(api).await;
    let [eve] = api.accounts(["eve"]).await;
    let post = api.post(&ada, "mine").await.id;
    block(api, &eve, &ada).await;
    mute(api, &ada, &bob).await;
    let request = ask!(StreamNotificationsRequest { account_id: &ada, consistency: up_to_date() });
    let mut stream = api.queries.clone().stream_notifications(request).await.expect("it opens").into_inner();

    let mentioned = api.post(&zoe, "hello @ada").await.id;
    edit(api, &zoe, &mentioned, "hello again @ada").await;
    like(api, &bob, &post).await;
    api.follow(&bob, &ada).await;
    let of_eve = api.post(&eve, "about @ada").await.id;
    api.delete(&eve, &of_eve).await;
    api.delete(&zoe, &mentioned).await;
    like(api, &fan, &post).await;
    match next_of!(stream, Event) {
        Event::Item(NotificationItem { notification: Some(told), .. }) => {
            assert_eq!((told.reason(), told.causer_count), (NotificationReason::Liked, 1), "{told:?}");
        }
        told => panic!("nothing happened that the owner may see: {told:?}"),
    }
    // What the owner did see is reported as gone.
    unlike(api, &fan, &post).await;
    match next_of!(stream, Event) {
        Event::Removed(removed) => assert_eq!((removed.reason(), removed.post_id), (NotificationReason::Liked, post)),
        told => panic!("the like was shown, and is taken back: {told:?}"),
    }
    verified(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_stream_tells_nothing_of_authors_whose_posts_are_hidden_from_its_owner() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve, max] = api.accounts(["ada", "bob", "eve", "max"]).await;
    api.follow(&ada, &bob).await;
    let (by_eve, also_by_eve) = (api.post(&eve, "one").await.id, api.post(&eve, "two").await.id);
    let by_max = api.post(&max, "three").await.id;
    for post in [&by_eve, &also_by_eve, &by_max] {
        api.repost(&bob, post).await;
    }
    block(api, &eve, &ada).await;
    mute(api, &ada, &max).await;
    let token = api.home(&ada, up_to_date()).await.resume_token;
    let mut stream = api.stream(&ada, &token).await;

    edit(api, &eve, &by_eve, "edited").await;
    let undo = ask!(UndoRepostRequest { account_id: &bob, post_id: &by_eve });
    api.commands.clone().undo_repost(undo).await.expect("it is undone");
    api.delete(&eve, &also_by_eve).await;
    api.delete(&max, &by_max).await;
    protect(api, &eve).await;
    api.deactivate(&eve).await;
    let shown = api.post(&bob, "the end").await.id;
    assert_eq!(stream.news().await, Told::Item("the end".to_owned(), None));
    api.delete(&bob, &shown).await;
    assert_eq!(stream.news().await, Told::Removed(vec![shown], RemovalCause::Deleted));
    verified(folder.path()).await;
}

/// The relationship of one account to another, for a viewer: what of it is true.
async fn relationship(api: &Api, one: &str, other: &str, viewer: &str) -> Vec<&'static str> {
    let request = ask!(GetRelationshipRequest {
        account_id: one,
        target_account_id: other,
        viewer_account_id: viewer,
        consistency: up_to_date(),
    });
    let answer = api.queries.clone().get_relationship(request).await.expect("both are there").into_inner();
    let there = answer.relationship.expect("always set");
    let all = [
        (there.following, "following"),
        (there.followed_by, "followed_by"),
        (there.follow_requested, "follow_requested"),
        (there.follow_requested_by, "follow_requested_by"),
        (there.blocking, "blocking"),
        (there.blocked_by, "blocked_by"),
        (there.muting, "muting"),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name).collect()
}

#[tokio::test]
async fn a_relationship_tells_each_viewer_what_it_may_know() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let People { ada, bob, fan, zoe } = People::come(api).await;
    let none: [&str; 0] = [];
    mute(api, &ada, &bob).await;
    block(api, &bob, &fan).await;
    api.follow(&bob, &zoe).await;
    api.follow(&bob, &ada).await;

    assert_eq!(relationship(api, &ada, &bob, &ada).await, ["followed_by", "muting"]);
    for viewer in ["", &bob, &zoe] {
        assert_eq!(relationship(api, &ada, &bob, viewer).await, ["followed_by"], "who is muted is nobody's business");
    }
    assert_eq!(relationship(api, &bob, &fan, &bob).await, ["blocking"]);
    assert_eq!(relationship(api, &fan, &bob, &fan).await, ["blocked_by"]);
    assert_eq!(relationship(api, &bob, &zoe, &bob).await, ["follow_requested"]);
    assert_eq!(relationship(api, &zoe, &bob, &zoe).await, ["follow_requested_by"]);
    for viewer in ["", &ada] {
        for (one, other) in [(&bob, &fan), (&fan, &bob), (&bob, &zoe), (&zoe, &bob), (&fan, &zoe), (&zoe, &fan)] {
            assert_eq!(relationship(api, one, other, viewer).await, none);
        }
    }
    for viewer in [&fan, &zoe] {
        assert_eq!(relationship(api, &fan, &zoe, viewer).await, ["following"]);
    }
    let nobody = "01920000-0000-7000-8000-000000000001";
    let request = ask!(BatchGetRelationshipsRequest {
        account_id: &bob,
        target_account_ids: vec![zoe.clone(), nobody.to_owned(), fan.clone(), zoe.clone(), bob.clone()],
        viewer_account_id: &bob,
    });
    let answer = api.queries.clone().batch_get_relationships(request).await.expect("bob is there").into_inner();
    let targets: Vec<&str> = answer.relationships.iter().map(|to| to.target_account_id.as_str()).collect();
    assert_eq!((targets, answer.missing_account_ids), (vec![zoe.as_str(), &fan, &bob], vec![nobody.to_owned()]));
    let there: Vec<_> = answer.relationships.iter().map(|to| to.relationship.expect("always set")).collect();
    assert!(there[0].follow_requested && there[1].blocking, "{there:?}");
    assert_eq!(there[2], Relationship::default(), "an account is nothing to itself");
    verified(folder.path()).await;
}

/// The ids in the lists of who follows an account and whom it follows.
async fn network(api: &Api, account: &str, viewer: &str) -> [Vec<String>; 2] {
    let ids = |accounts: Vec<Account>| accounts.into_iter().map(|account| account.account_id).collect::<Vec<_>>();
    let (mut q, fresh) = (api.queries.clone(), up_to_date());
    let followers =
        ask!(ListFollowersRequest { account_id: account, viewer_account_id: viewer, consistency: fresh.clone() });
    let following = ask!(ListFollowingRequest { account_id: account, viewer_account_id: viewer, consistency: fresh });
    let followers = q.list_followers(followers).await.expect("they are listed").into_inner().accounts;
    let following = q.list_following(following).await.expect("they are listed").into_inner().accounts;
    [ids(followers), ids(following)]
}

#[tokio::test]
async fn lists_show_what_protected_accounts_do_to_their_followers() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let People { ada, bob, fan, zoe } = People::come(api).await;
    api.follow(&zoe, &ada).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "in public").await.id;
    for account in [&zoe, &bob] {
        like(api, account, &post).await;
        api.repost(account, &post).await;
    }
    let reactions = async |viewer: &str| {
        let mut q = api.queries.clone();
        let ids = |accounts: Vec<Account>| accounts.into_iter().map(|one| one.account_id).collect::<Vec<_>>();
        let likers = ask!(ListLikersRequest { post_id: &post, viewer_account_id: viewer, consistency: up_to_date() });
        let reposters = ask!(ListRepostersRequest { post_id: &post, viewer_account_id: viewer });
        let likers = q.list_likers(likers).await.expect("they are listed").into_inner().accounts;
        let reposters = q.list_reposters(reposters).await.expect("they are listed").into_inner().accounts;
        [ids(likers), ids(reposters)]
    };
    let (bob_alone, both) = (vec![bob.clone()], vec![bob.clone(), zoe.clone()]);
    for viewer in ["", &bob] {
        assert_eq!(reactions(viewer).await, [bob_alone.clone(), bob_alone.clone()]);
        assert_eq!(network(api, &ada, viewer).await, [bob_alone.clone(), vec![]]);
        assert_eq!(network(api, &zoe, viewer).await, [const { Vec::<String>::new() }; 2]);
        let of_fan = network(api, &fan, viewer).await;
        assert_eq!(of_fan, [const { Vec::<String>::new() }; 2], "whom a public account follows, but that is protected");
    }
    for viewer in [&fan, &zoe, &ada] {
        assert_eq!(reactions(viewer).await, [both.clone(), both.clone()]);
        assert_eq!(network(api, &ada, viewer).await[0], both);
    }
    assert_eq!(network(api, &zoe, &fan).await, [vec![fan.clone()], vec![ada.clone()]]);
    block(api, &ada, &bob).await;
    assert_eq!(network(api, &ada, &bob).await, [const { Vec::<String>::new() }; 2], "to somebody who is blocked");
    let counts = api.account(&ada, up_to_date()).await.expect("she is there");
    assert_eq!(counts.follower_count, 1, "a count says how many, not who");
    verified(folder.path()).await;
}

/// What an account sees of its own lists: each entry by its handle, and whether it is deactivated.
async fn own_lists(api: &Api, owner: &str) -> [Vec<(String, bool)>; 5] {
    let mut q = api.queries.clone();
    let shown = |accounts: Vec<Account>| -> Vec<_> {
        for account in accounts.iter().filter(|account| account.deactivated) {
            let told = (account.display_name.as_str(), account.follower_count, account.created_at);
            assert_eq!(told, ("", 0, None), "of whoever is gone, no more is told than who it is");
        }
        accounts.into_iter().map(|account| (account.handle, account.deactivated)).collect()
    };
    let (followers, following) = (
        ask!(ListFollowersRequest { account_id: owner, viewer_account_id: owner, consistency: up_to_date() }),
        ask!(ListFollowingRequest { account_id: owner, viewer_account_id: owner }),
    );
    let requests = ask!(ListFollowRequestsRequest { account_id: owner });
    let (blocked, muted) =
        (ask!(ListBlockedRequest { account_id: owner }), ask!(ListMutedRequest { account_id: owner }));
    [
        shown(q.list_followers(followers).await.expect("they are listed").into_inner().accounts),
        shown(q.list_following(following).await.expect("they are listed").into_inner().accounts),
        shown(q.list_follow_requests(requests).await.expect("they are listed").into_inner().accounts),
        shown(q.list_blocked(blocked).await.expect("they are listed").into_inner().accounts),
        shown(q.list_muted(muted).await.expect("they are listed").into_inner().accounts),
    ]
}

#[tokio::test]
async fn whoever_was_away_while_an_account_was_protected_is_seen_and_removed_by_its_owner() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let (mut c, [ada, bob, eve]) = (api.commands.clone(), api.accounts(["ada", "bob", "eve"]).await);
    api.follow(&bob, &ada).await;
    api.follow(&eve, &ada).await;
    api.follow(&ada, &bob).await;
    let post = api.post(&ada, "for friends").await.id;
    api.deactivate(&bob).await;
    protect(api, &ada).await;

    let gone = |handle: &str| (handle.to_owned(), true);
    let counts = async || {
        let account = api.account(&ada, up_to_date()).await.expect("she is there");
        (account.follower_count, account.following_count)
    };
    let [followers, following, ..] = own_lists(api, &ada).await;
    assert_eq!(followers, [("eve".to_owned(), false), gone("bob")]);
    assert_eq!((following, counts().await), (vec![gone("bob")], (2, 1)), "lists and counts agree for the owner");
    assert_eq!(network(api, &ada, &eve).await, [vec![eve.clone()], vec![]], "others see nobody who is deactivated");

    let remove = ask!(RemoveFollowerRequest { account_id: &ada, follower_id: &bob });
    c.remove_follower(remove.clone()).await.expect("he is removed");
    let head = api.head().await;
    c.remove_follower(remove).await.expect("twice is fine");
    assert_eq!(api.head().await, head, "and changes nothing");
    assert_eq!((own_lists(api, &ada).await[0].len(), counts().await.0), (1, 1));
    c.reactivate_account(ask!(ReactivateAccountRequest { account_id: &bob })).await.expect("he is back");
    let read = ask!(GetPostRequest { post_id: &post, viewer_account_id: &bob, consistency: up_to_date() });
    let refused = api.queries.clone().get_post(read.clone()).await.expect_err("he does not follow her any more");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::NotFound, Some("POST_NOT_FOUND")));
    let read = GetPostRequest { viewer_account_id: eve, ..read };
    api.queries.clone().get_post(read).await.expect("whoever was kept reads on");

    // The account's other lists, whose edges it can only undo if it finds them.
    let [max, tim, ann] = api.accounts(["max", "tim", "ann"]).await;
    api.follow(&max, &ada).await;
    block(api, &ada, &tim).await;
    mute(api, &ada, &ann).await;
    for account in [&max, &tim, &ann] {
        api.deactivate(account).await;
    }
    let [.., requests, blocked, muted] = own_lists(api, &ada).await;
    assert_eq!([requests, blocked, muted], [vec![gone("max")], vec![gone("tim")], vec![gone("ann")]]);
    c.reject_follow(ask!(RejectFollowRequest { account_id: &ada, follower_id: &max })).await.expect("it is declined");
    assert_eq!(own_lists(api, &ada).await[2], []);
    verified(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_deactivated_accounts_do_not_keep_an_account_protected_however_many_they_are() {
    const REQUESTS: usize = 5_001;
    const WORKERS: usize = 64;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada] = api.accounts(["ada"]).await;
    protect(api, &ada).await;
    let mut asking = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (api, ada) = (api.clone(), ada.clone());
        asking.spawn(async move {
            for number in (worker..REQUESTS).step_by(WORKERS) {
                let account = api.register(&format!("fan_{number}")).await.id;
                let follow = ask!(FollowAccountRequest { follower_id: &account, followee_id: &ada });
                // They all write the same log stream.
                while let Err(refused) = api.commands.clone().follow_account(follow.clone()).await {
                    assert_eq!(reason(&refused).as_deref(), Some("CONCURRENT_CHANGE"), "{refused:?}");
                }
                api.deactivate(&account).await;
            }
        });
    }
    asking.join_all().await;
    let request_id = crate::api::request_id();
    let request = ask!(UnprotectAccountRequest { account_id: &ada, request_id: request_id });
    let mut c = api.commands.clone();
    let token = c.unprotect_account(request.clone()).await.expect("it is public").into_inner().consistency_token;
    let account = api.account(&ada, up_to_date()).await.expect("she is there");
    assert_eq!((account.protected, account.follower_count), (false, 5_001));
    assert_eq!(own_lists(api, &ada).await[2], []);

    // A retry is answered as before, and does not approve those who asked later.
    protect(api, &ada).await;
    let [eve] = api.accounts(["eve"]).await;
    api.follow(&eve, &ada).await;
    let again = c.unprotect_account(request).await.expect("it is answered").into_inner().consistency_token;
    assert_eq!(again, token);
    assert_eq!(own_lists(api, &ada).await[2].len(), 1);
}
