//! A projection is rebuilt in shadow tables: the old tables go on serving, and no query notices the swap.

use std::path::Path;
use std::time::Duration;

use clients::Random;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::query::GetHomeTimelineRequest;
use tokio::time::Instant;
use tonic::Code;

use crate::api::{Api, ask, fresh, item, reason, texts, up_to_date};
use crate::process::{Dev, chirp, eventually, folder, on_postgres, verified};

/// Every batch of a rebuild is slow, and batches are small.
const SLOWLY: &str = "projector::rebuild=sleep(60)";
const SMALL_BATCHES: [&str; 2] = ["--batch-events-max", "5"];
const POSTS: usize = 40;

async fn filled(folder: &Path) -> (Dev, [String; 2]) {
    let dev = Dev::start_failing_with(folder, &SMALL_BATCHES, SLOWLY).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    for number in 0..POSTS {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    (dev, [ada, bob])
}

async fn state_of(api: &Api, name: &str) -> Projection {
    let projections = api.projections().await;
    projections.into_iter().find(|projection| projection.name == name).expect("it is listed")
}

#[tokio::test]
async fn while_a_projection_is_rebuilt_every_page_is_right_and_streams_and_page_tokens_go_on() {
    let folder = folder();
    let (dev, [ada, bob]) = filled(folder.path()).await;
    let mut expected: Vec<String> = texts(&dev.api.home(&bob, up_to_date()).await.items);
    let request = ask!(GetHomeTimelineRequest { account_id: &bob, page_size: 5 });
    let first = dev.api.queries.clone().get_home_timeline(request.clone()).await.expect("a page").into_inner();
    let whole = GetHomeTimelineRequest { page_size: 100, ..request.clone() };
    for name in ["timelines_1", "posts_1", "profiles_1"] {
        let mut stream = dev.api.stream(&bob, "").await;
        let (mut admin, asked) = (dev.api.admin.clone(), RebuildProjectionRequest { name: name.to_owned() });
        let rebuilding = tokio::spawn(async move { admin.rebuild_projection(asked).await });
        let (mut pages, mut seen_rebuilding, began) = (0, false, Instant::now());
        while !rebuilding.is_finished() {
            let text = format!("while {name} is rebuilt, {pages}");
            let token = dev.api.post(&ada, &text).await.token;
            expected.insert(0, text.clone());
            let page = GetHomeTimelineRequest { consistency: fresh(&token), ..whole.clone() };
            let page = dev.api.queries.clone().get_home_timeline(page).await.expect("a page").into_inner();
            assert_eq!(texts(&page.items), expected[..page.items.len()], "page {pages}");
            assert!(page.items.len() == expected.len().min(100), "page {pages} has {} items", page.items.len());
            assert_eq!(stream.news().await, item(&text));
            let projection = state_of(&dev.api, name).await;
            seen_rebuilding |= projection.state() == ProjectionState::Rebuilding && projection.rebuild_checkpoint > 0;
            pages += 1;
        }
        println!("{name}: {pages} pages in {:?}", began.elapsed());
        let rebuilt = rebuilding.await.expect("it does not panic").expect("it is rebuilt").into_inner();
        assert_ne!(rebuilt.projection.expect("it is told").state(), ProjectionState::Rebuilding);
        assert!(seen_rebuilding && pages > 1, "{name}: {pages} pages, {seen_rebuilding}");
        // After the swap as before it.
        let token = dev.api.post(&ada, name).await.token;
        expected.insert(0, name.to_owned());
        assert_eq!(texts(&dev.api.home(&bob, fresh(&token)).await.items), expected[..]);
        assert_eq!(stream.news().await, item(name));
        let next =
            GetHomeTimelineRequest { page_token: first.next_page_token.clone(), page_size: 100, ..request.clone() };
        let rest = dev.api.queries.clone().get_home_timeline(next).await.expect("a page").into_inner();
        assert_eq!(rest.items.len(), POSTS - first.items.len(), "from the page of before on");
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_rebuild_goes_on_after_kill_9_in_its_middle() {
    let folder = folder();
    let (mut dev, [ada, bob]) = filled(folder.path()).await;
    let seed = clients::first_seed();
    let mut random = Random::new(seed);
    for round in 0..3 {
        let (mut admin, asked) = (dev.api.admin.clone(), ask!(RebuildProjectionRequest { name: "timelines_1" }));
        let _asking = tokio::spawn(async move { admin.rebuild_projection(asked).await });
        let wanted = 1 + random.below(30) as u64;
        let has_come = |projection: &Projection| projection.rebuild_checkpoint >= wanted;
        let killed_at = eventually("it is under way", || state_of(&dev.api, "timelines_1"), has_come).await;
        dev.process.kill().await;
        println!("seed {seed}, round {round}: killed at {}", killed_at.rebuild_checkpoint);
        dev = Dev::start_failing_with(folder.path(), &SMALL_BATCHES, SLOWLY).await;
        let projection = state_of(&dev.api, "timelines_1").await;
        assert_eq!(projection.state(), ProjectionState::Rebuilding, "{projection:?}");
        assert!(projection.rebuild_checkpoint >= killed_at.rebuild_checkpoint, "it does not begin again");
        // On a server, the lease of the process that was killed must end first.
        if !on_postgres() {
            let again = ask!(RebuildProjectionRequest { name: "timelines_1" });
            let refused = dev.api.admin.clone().rebuild_projection(again).await.expect_err("it is under way");
            assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Aborted, Some("CONCURRENT_CHANGE")));
        }
        let token = dev.api.post(&ada, &format!("round {round}")).await.token;
        assert_eq!(dev.api.home(&bob, fresh(&token)).await.items.len(), POSTS + round + 1);
        let is_done = |projection: &Projection| projection.state() == ProjectionState::CaughtUp;
        eventually("it is done", || state_of(&dev.api, "timelines_1"), is_done).await;
        assert_eq!(dev.api.home(&bob, up_to_date()).await.items.len(), POSTS + round + 1);
        verified(folder.path()).await;
    }
}

#[tokio::test]
async fn a_rebuild_can_be_cancelled_and_begun_again() {
    let folder = folder();
    let (dev, [_, bob]) = filled(folder.path()).await;
    let before = dev.api.home(&bob, up_to_date()).await.items;
    let (mut admin, asked) = (dev.api.admin.clone(), ask!(RebuildProjectionRequest { name: "counts_1" }));
    let asking = tokio::spawn(async move { admin.rebuild_projection(asked).await });
    let is_under_way = |projection: &Projection| projection.rebuild_checkpoint > 0;
    let seen = eventually("it is under way", || state_of(&dev.api, "counts_1"), is_under_way).await;
    assert!(seen.rebuild_time_left.is_some(), "{seen:?}");
    let cancelled = chirp(&["projection", "cancel-rebuild", "counts_1", "--ops", &dev.ops]).await.with(0);
    assert!(cancelled.stdout.contains("caught up"), "{cancelled:#?}");
    let refused = asking.await.expect("it does not panic").expect_err("it was cancelled");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Aborted, Some("CONCURRENT_CHANGE")));
    chirp(&["projection", "cancel-rebuild", "counts_1", "--ops", &dev.ops]).await.with(0);
    assert_eq!(dev.api.home(&bob, up_to_date()).await.items, before);
    verified(folder.path()).await;
    let began = Instant::now();
    let rebuilt = chirp(&["projection", "rebuild", "counts_1", "--ops", &dev.ops]).await.with(0);
    assert!(began.elapsed() < Duration::from_secs(5) || rebuilt.stderr.contains("at position"), "{rebuilt:#?}");
    verified(folder.path()).await;
}
