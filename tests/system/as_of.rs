//! Time travel: an answer that was given once is given again for that moment, whatever happened since.

use clients::Random;
use shared::rpc::proto::admin::get_as_of_request::{Moment, Subject};
use shared::rpc::proto::admin::get_as_of_response::Answer;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::Account;
use tonic::Code;

use crate::api::{Api, ask, reason, up_to_date};
use crate::process::{Dev, chirp, folder};

const CHANGES: usize = 60;
/// After how many changes the answers are copied.
const EVERY: usize = 10;

/// The answers at one moment.
struct Copy {
    position: u64,
    home: HomeTimelineAsOf,
    account: Account,
}

async fn copy(api: &Api, [ada, bob]: [&str; 2]) -> Copy {
    let page = api.home(bob, up_to_date()).await;
    let home = HomeTimelineAsOf { items: page.items, includes: page.includes };
    let account = api.account(ada, up_to_date()).await.expect("it is there");
    Copy { position: api.head().await, home, account }
}

async fn as_of(api: &Api, moment: Moment, subject: Subject) -> GetAsOfResponse {
    let request = GetAsOfRequest { moment: Some(moment), subject: Some(subject), page_size: 100 };
    api.admin.clone().get_as_of(request).await.expect("it is answered").into_inner()
}

/// A change that others can see.
async fn change(api: &Api, random: &mut Random, [ada, bob, eve]: [&str; 3], posts: &mut Vec<String>) {
    let mut commands = api.commands.clone();
    match random.below(9) {
        0 => drop(commands.unfollow_account(ask!(UnfollowAccountRequest { follower_id: bob, followee_id: ada })).await),
        1 | 2 => drop(commands.follow_account(ask!(FollowAccountRequest { follower_id: bob, followee_id: ada })).await),
        3 => drop(commands.mute_account(ask!(MuteAccountRequest { account_id: bob, target_account_id: eve })).await),
        4 => {
            drop(commands.unmute_account(ask!(UnmuteAccountRequest { account_id: bob, target_account_id: eve })).await);
        }
        5 if !posts.is_empty() => {
            let post = random.pick(posts).clone();
            drop(commands.delete_post(ask!(DeletePostRequest { post_id: &post, author_id: ada })).await);
        }
        6 if !posts.is_empty() => {
            let post = random.pick(posts).clone();
            drop(commands.repost_post(ask!(RepostPostRequest { account_id: eve, post_id: &post })).await);
        }
        _ => posts.push(api.post(ada, &format!("post {}", posts.len())).await.id),
    }
}

#[tokio::test]
async fn what_was_answered_is_answered_again_for_that_moment() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob, eve] = dev.api.accounts(["ada", "bob", "eve"]).await;
    dev.api.follow(&bob, &ada).await;
    dev.api.follow(&bob, &eve).await;
    let seed = clients::first_seed();
    println!("seed {seed}");
    let (mut random, mut posts, mut copies) = (Random::new(seed), vec![], vec![]);
    for number in 0..CHANGES {
        change(&dev.api, &mut random, [&ada, &bob, &eve], &mut posts).await;
        if number % EVERY == 0 {
            copies.push(copy(&dev.api, [&ada, &bob]).await);
        }
    }
    // The present answers are quite different.
    let renamed = ask!(ChangeHandleRequest { account_id: &ada, handle: "ada2" });
    dev.api.commands.clone().change_handle(renamed).await.expect("it is renamed");
    dev.api.deactivate(&eve).await;
    for copy in &copies {
        let at = Moment::Position(copy.position);
        let account = as_of(&dev.api, at, Subject::AccountId(ada.clone())).await;
        assert_eq!(account.answer, Some(Answer::Account(copy.account.clone())), "position {}", copy.position);
        let home = as_of(&dev.api, at, Subject::HomeTimelineAccountId(bob.clone())).await;
        assert_eq!(home.answer, Some(Answer::HomeTimeline(copy.home.clone())), "position {}", copy.position);
        // The time of an event includes at least that event.
        let time = home.recorded_at.expect("there is an event");
        let by_time = as_of(&dev.api, Moment::Time(time), Subject::Stream(format!("account-{ada}"))).await;
        assert!(by_time.position >= copy.position && by_time.recorded_at == Some(time), "{by_time:?}");
        let before = prost_types::Timestamp { seconds: time.seconds - 1, nanos: time.nanos };
        let before = as_of(&dev.api, Moment::Time(before), Subject::Stream(format!("account-{ada}"))).await;
        assert!(before.position < copy.position);
    }
    assert!(copies.iter().any(|copy| !copy.home.items.is_empty()), "there was something to see");
    let stream = as_of(&dev.api, Moment::Position(copies[0].position), Subject::Stream(format!("account-{ada}"))).await;
    let Some(Answer::Stream(stream)) = stream.answer else { panic!("it is a stream") };
    assert_eq!((stream.version, stream.events.len()), (1, 1), "the new handle came later");

    let shown = chirp(&["at", &copies[1].position.to_string(), "--account", &ada, "--ops", &dev.ops]).await.with(0);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).expect("it is JSON");
    assert_eq!(shown["was"]["handle"], "ada", "{shown}");
    let home = chirp(&["at", &copies[1].position.to_string(), "--home", &bob, "--ops", &dev.ops]).await.with(0);
    let home: serde_json::Value = serde_json::from_str(&home.stdout).expect("it is JSON");
    assert_eq!(home["was"]["items"].as_array().map(Vec::len), Some(copies[1].home.items.len()));
    chirp(&["at", "yesterday", "--account", &ada, "--ops", &dev.ops]).await.with(2);
    let nothing = GetAsOfRequest {
        moment: Some(Moment::Position(0)),
        subject: Some(Subject::AccountId(ada.clone())),
        page_size: 0,
    };
    let nothing = dev.api.admin.clone().get_as_of(nothing).await.expect_err("before the beginning");
    assert_eq!((nothing.code(), reason(&nothing).as_deref()), (Code::NotFound, Some("ACCOUNT_NOT_FOUND")));
}
