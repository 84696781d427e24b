//! A backlog: a great deal was written while no projector worked. Pages are served while one catches up, and while
//! every projection is rebuilt.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clients::Random;
use shared::rpc::proto::admin::RebuildProjectionRequest;
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::{Consistency, TimelineItem};
use tokio::task::JoinSet;

use crate::api::{Api, ask, text, texts, up_to_date};
use crate::number;
use crate::process::{DEADLINE, Roles, folder, verified};

/// Commands while no projector works, nearly all with an event; `CHIRP_BACKLOG=n` sets another number.
const COMMANDS: u64 = 30_000;
/// One of so many commands registers an account.
const COMMANDS_OF_ACCOUNT: u64 = 100;
const AT_ONCE: usize = 256;
/// One of so many commands is a post of the only account that the reader of the pages follows.
const WATCHED_ONE_IN: u64 = 50;
/// The pause between two pages.
const PAUSE: Duration = Duration::from_millis(20);
/// The least events per second while catching up: fewer mean that it does not progress.
const EVENTS_PER_SECOND_MIN: u64 = 20;

/// The newest items of a home timeline.
async fn page(api: &Api, owner: &str, consistency: Option<Consistency>) -> Vec<TimelineItem> {
    api.home(owner, consistency).await.items
}

/// The accounts and posts so far, for commands to refer to.
#[derive(Default)]
struct Known {
    accounts: Vec<String>,
    posts: Vec<String>,
}

/// A random command, so that every projection has work.
async fn something(api: Api, known: Arc<Mutex<Known>>, number: u64) {
    let mut random = Random::new(number);
    let ([one, other], post) = {
        let known = known.lock().expect("nobody panics with it");
        ([0; 2].map(|_| random.pick(&known.accounts).clone()), random.pick(&known.posts).clone())
    };
    let mut commands = api.commands.clone();
    if number.is_multiple_of(COMMANDS_OF_ACCOUNT) {
        let account = api.register(&format!("account_{number}")).await.id;
        known.lock().expect("nobody panics with it").accounts.push(account);
        return;
    }
    // Some commands are refused, such as following oneself.
    match random.below(5) {
        0 | 1 => {
            let made = api.post(&one, &format!("#some {number}")).await.id;
            known.lock().expect("nobody panics with it").posts.push(made);
        }
        2 => drop(commands.follow_account(ask!(FollowAccountRequest { follower_id: one, followee_id: other })).await),
        3 => drop(commands.like_post(ask!(LikePostRequest { account_id: one, post_id: post })).await),
        _ => drop(commands.repost_post(ask!(RepostPostRequest { account_id: one, post_id: post })).await),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_caught_up_with_and_rebuilt_while_every_page_is_served_and_right() {
    let many = number("CHIRP_BACKLOG").unwrap_or(COMMANDS);
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let api = roles.api.clone();
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "0").await.id;
    let known = Arc::new(Mutex::new(Known { accounts: vec![eve], posts: vec![post] }));
    page(&api, &bob, up_to_date()).await;

    let (before, began) = (api.head().await, Instant::now());
    roles.projector.process.kill().await;
    let (mut writing, mut posts) = (JoinSet::new(), 1);
    for number in 0..many {
        if writing.len() >= AT_ONCE {
            writing.join_next().await;
        }
        if number.is_multiple_of(WATCHED_ONE_IN) {
            api.post(&ada, &posts.to_string()).await;
            posts += 1;
        }
        writing.spawn(something(api.clone(), known.clone(), number));
    }
    writing.join_all().await;
    let wrote = began.elapsed();
    assert_eq!(texts(&page(&api, &bob, None).await), ["0"], "nobody folds");

    let began = Instant::now();
    roles.projector.restart().await;
    let (head, mut pages, mut newest) = (api.head().await, 0, 0);
    let backlog = head - before;
    while newest < posts - 1 || api.projections().await.iter().any(|projection| projection.checkpoint < head) {
        let items = page(&api, &bob, None).await;
        let numbers: Vec<usize> = items.iter().map(|item| text(item).parse().expect("a number")).collect();
        let first = *numbers.first().expect("there was one before");
        assert!(first >= newest, "a page went back from {newest} to {first}");
        let whole: Vec<usize> = (0..=first).rev().take(100).collect();
        assert_eq!(numbers, whole, "page {pages} has a hole");
        (newest, pages) = (first, pages + 1);
        assert!(began.elapsed() < DEADLINE + Duration::from_secs(backlog / EVENTS_PER_SECOND_MIN), "it goes on");
        tokio::time::sleep(PAUSE).await;
    }
    println!("{backlog} events in {wrote:.1?}, caught up with in {:.1?}, and {pages} pages meanwhile", began.elapsed());
    assert!(pages > 1, "there was something to catch up with");

    let expected = page(&api, &bob, up_to_date()).await;
    let (mut admin, name) = (api.admin.clone(), "timelines_1".to_owned());
    let (began, mut pages) = (Instant::now(), 0);
    let rebuilding = tokio::spawn(async move { admin.rebuild_projection(RebuildProjectionRequest { name }).await });
    while !rebuilding.is_finished() {
        assert_eq!(page(&api, &bob, None).await, expected, "page {pages} beside a rebuild");
        pages += 1;
        tokio::time::sleep(PAUSE).await;
    }
    rebuilding.await.expect("it does not panic").expect("it is rebuilt");
    assert_eq!(page(&api, &bob, None).await, expected, "once they have taken the place of the others");
    println!("timelines were rebuilt in {:.1?}, and {pages} pages meanwhile", began.elapsed());
    verified(folder.path()).await;
}
