//! One request id, one effect; one handle, one holder; no follow across a block: also when many clients try at once.

use std::collections::{BTreeMap, BTreeSet};

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::GetRelationshipRequest;
use tokio::task::JoinSet;
use tonic::Code;

use crate::api::{Api, ask, reason, registration, request_id, up_to_date};
use crate::process::{Dev, Role, folder, verified};

const AT_ONCE: usize = 16;

#[tokio::test]
async fn the_same_request_id_gives_the_first_answer_at_once_and_after_a_restart() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let post = dev.api.post(&ada, "first").await.id;
    let register = RegisterAccountRequest { request_id: request_id(), ..registration("once") };
    let create = ask!(CreatePostRequest { author_id: &ada, text: "once", request_id: request_id() });
    let follow = ask!(FollowAccountRequest { follower_id: &bob, followee_id: &ada, request_id: request_id() });
    let like = ask!(LikePostRequest { account_id: &bob, post_id: &post, request_id: request_id() });
    let nothing = ask!(UnmuteAccountRequest { account_id: &bob, target_account_id: &ada, request_id: request_id() });
    let delete = ask!(DeletePostRequest { author_id: &ada, post_id: &post, request_id: request_id() });

    let answers = async |api: Api| {
        let mut commands = api.commands.clone();
        [
            format!("{:?}", commands.register_account(register.clone()).await.expect("once").into_inner()),
            format!("{:?}", commands.create_post(create.clone()).await.expect("once").into_inner()),
            format!("{:?}", commands.follow_account(follow.clone()).await.expect("once").into_inner()),
            format!("{:?}", commands.like_post(like.clone()).await.expect("once").into_inner()),
            format!("{:?}", commands.unmute_account(nothing.clone()).await.expect("once").into_inner()),
            format!("{:?}", commands.delete_post(delete.clone()).await.expect("once").into_inner()),
        ]
    };
    let first = answers(dev.api.clone()).await;
    let head = dev.api.head().await;
    // What has changed since does not matter: a like of a post that was deleted meanwhile is answered as before.
    assert_eq!(answers(dev.api.clone()).await, first);
    assert_eq!(dev.api.head().await, head);
    dev.process.kill().await;
    let dev = Dev::start(folder.path()).await;
    assert_eq!(answers(dev.api.clone()).await, first);
    assert_eq!(dev.api.head().await, head, "nothing was appended");
    verified(folder.path()).await;
}

#[tokio::test]
async fn the_same_request_sixteen_times_at_once_has_one_effect_and_one_answer() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    for round in 0..10 {
        let before = dev.api.head().await;
        let register = RegisterAccountRequest { request_id: request_id(), ..registration(&format!("once_{round}")) };
        let create = ask!(CreatePostRequest { author_id: &ada, text: "once", request_id: request_id() });
        let like = match round % 2 {
            0 => Some(ask!(FollowAccountRequest { follower_id: &bob, followee_id: &ada, request_id: request_id() })),
            _ => None,
        };
        let mut sending = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (mut commands, register) = (dev.api.commands.clone(), register.clone());
            let (create, like) = (create.clone(), like.clone());
            sending.spawn(async move {
                let registered = commands.register_account(register).await.expect("it is registered").into_inner();
                let created = commands.create_post(create).await.expect("it is published").into_inner();
                let followed = match like {
                    Some(like) => Some(commands.follow_account(like).await.expect("it is followed").into_inner()),
                    None => None,
                };
                format!("{registered:?} {created:?} {followed:?}")
            });
        }
        let answers: BTreeSet<String> = sending.join_all().await.into_iter().collect();
        assert_eq!(answers.len(), 1, "{answers:#?}");
        // The events of account and handle, of the post, and once of the follow.
        let events = 3 + u64::from(round == 0);
        assert_eq!(dev.api.head().await, before + events, "round {round}");
    }
    assert_eq!(dev.api.texts_of(&ada).await.len(), 10);
}

#[tokio::test]
async fn of_a_thousand_who_want_one_handle_exactly_one_has_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    race_for_handle(vec![dev.api.clone()], 1_000).await;
    assert_eq!(dev.api.head().await, 2, "an account and its handle");
    verified(folder.path()).await;
}

#[tokio::test]
async fn of_many_who_want_one_handle_from_two_servers_exactly_one_has_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let second = Role::command_server(folder.path()).await;
    let other = Api::new(&second.address, &dev.query, &dev.ops);
    race_for_handle(vec![dev.api.clone(), other.clone()], 400).await;
    assert_eq!(dev.api.head().await, 2, "an account and its handle");
    // What both servers append at once is one log.
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let mut posting = JoinSet::new();
    for (api, author) in [(dev.api.clone(), ada), (other, bob)] {
        posting.spawn(async move {
            for number in 0..40 {
                api.post(&author, &format!("post {number}")).await;
            }
        });
    }
    posting.join_all().await;
    assert_eq!(dev.api.head().await, 2 + 4 + 80);
    verified(folder.path()).await;
}

async fn race_for_handle(servers: Vec<Api>, count: usize) {
    let mut racing = JoinSet::new();
    for number in 0..count {
        let mut commands = servers[number % servers.len()].commands.clone();
        let request = RegisterAccountRequest { display_name: format!("Number {number}"), ..registration("wanted") };
        racing.spawn(async move { commands.register_account(request).await });
    }
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for outcome in racing.join_all().await {
        let told = match outcome {
            Ok(_) => "won".to_owned(),
            Err(status) => reason(&status).unwrap_or_else(|| format!("{status:?}")),
        };
        *outcomes.entry(told).or_default() += 1;
    }
    let expected = BTreeMap::from([("won".to_owned(), 1), ("HANDLE_TAKEN".to_owned(), count - 1)]);
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_follow_never_stands_beside_a_block_however_they_race() {
    const PAIRS: usize = 60;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let second = Role::command_server(folder.path()).await;
    let other = Api::new(&second.address, &dev.query, &dev.ops);
    let mut racing = JoinSet::new();
    for pair in 0..PAIRS {
        let (api, other) = (dev.api.clone(), other.clone());
        racing.spawn(async move {
            let [fan, star] = api.accounts([&*format!("fan_{pair}"), &*format!("star_{pair}")]).await;
            let follow = ask!(FollowAccountRequest { follower_id: &fan, followee_id: &star });
            let block = ask!(BlockAccountRequest { account_id: &star, target_account_id: &fan });
            // The block comes through the same server or through another one.
            let (mut follower, mut blocker) = (api.commands.clone(), [api, other][pair % 2].commands.clone());
            let (followed, blocked) = tokio::join!(follower.follow_account(follow), blocker.block_account(block));
            blocked.expect("a block is not refused");
            let was_first = match followed {
                Ok(_) => true,
                Err(status) => {
                    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
                    assert_eq!(reason(&status).as_deref(), Some("BLOCKED"));
                    false
                }
            };
            (fan, star, was_first)
        });
    }
    let mut wins = 0;
    for (fan, star, was_first) in racing.join_all().await {
        wins += usize::from(was_first);
        let request = ask!(GetRelationshipRequest {
            account_id: &fan,
            target_account_id: &star,
            viewer_account_id: &fan,
            consistency: up_to_date()
        });
        let answer = dev.api.queries.clone().get_relationship(request).await.expect("both are there").into_inner();
        let relationship = answer.relationship.expect("always set");
        assert_eq!((relationship.following, relationship.blocked_by), (false, true), "{relationship:?}");
    }
    eprintln!("the follow was first in {wins} of {PAIRS} races");
    verified(folder.path()).await;
}
