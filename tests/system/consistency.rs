//! How fresh an answer is, how waiting ends, and paging while the data changes.

use std::time::Duration;

use shared::rpc::proto::query::consistency::Requirement;
use shared::rpc::proto::query::*;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{ask, fresh, reason, requiring, text, texts, up_to_date, within};
use crate::process::{Dev, Roles, folder};

const ATTEMPTS_MAX: usize = 3;

#[tokio::test]
async fn a_read_after_a_write_is_as_fresh_as_it_asks_to_be() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    for number in 0..50 {
        let text = format!("post {number}");
        let made = api.post(&ada, &text).await;
        let consistency = if number % 2 == 0 { fresh(&made.token) } else { up_to_date() };
        let page = api.home(&bob, consistency).await;
        assert_eq!(texts(&page.items).first(), Some(&text));
        // A client that has seen it once never sees anything older.
        assert_eq!(texts(&api.home(&bob, fresh(&page.read_at)).await.items).first(), Some(&text));
    }
    for requirement in [None, Some(Requirement::MinimizeLatency(true)), Some(Requirement::MinimizeLatency(false))] {
        let page = api.home(&bob, Some(Consistency { requirement })).await;
        assert_eq!(page.items.len(), 50, "the tables have caught up already");
    }
}

#[tokio::test]
async fn a_read_that_waits_for_a_stopped_projector_ends_before_its_deadline_and_says_how_far_it_is() {
    let folder = folder();
    let Roles { commands: _commands, mut projector, queries: _queries, api } = Roles::start(folder.path()).await;
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;

    projector.process.signal("STOP");
    let mut made = api.post(&ada.id, "one").await;
    for text in ["two", "three"] {
        made = api.post(&ada.id, text).await;
    }
    for consistency in [fresh(&made.token), up_to_date()] {
        let deadline = Duration::from_millis(1_500);
        let request = ask!(GetHomeTimelineRequest { account_id: &ada.id, consistency: consistency.clone() });
        let mut refused = Status::cancelled("not yet");
        for _ in 0..ATTEMPTS_MAX {
            // On a busy machine our own timer may fire in the moment in which the server sends its answer.
            if refused.code() == Code::Cancelled {
                let answered = api.queries.clone().get_home_timeline(within(deadline, request.clone())).await;
                refused = answered.expect_err("it cannot be that fresh");
            }
        }
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("PROJECTION_BEHIND")));
        let delay = refused.get_details_retry_info().and_then(|info| info.retry_delay);
        assert!(delay.is_some_and(|delay| delay > Duration::ZERO), "{refused:?}");
        let told = refused.get_details_error_info().expect("it has a reason").metadata;
        assert_eq!(told.get("lag_events").map(String::as_str), Some("3"), "{told:?}");
        assert!(told.get("projection").is_some_and(|name| name.ends_with("_1")), "{told:?}");
    }
    let mut opening = api.queries.clone();
    let request = ask!(StreamHomeTimelineRequest { account_id: &ada.id, consistency: fresh(&made.token) });
    let refused = opening.stream_home_timeline(within(Duration::from_millis(800), request)).await;
    assert_eq!(refused.err().as_ref().and_then(reason).as_deref(), Some("PROJECTION_BEHIND"));

    // A query that requires no freshness is answered at once, with what there is.
    let not_asking = [None, requiring(Requirement::MinimizeLatency(true))];
    for consistency in not_asking {
        assert_eq!(texts(&api.home(&ada.id, consistency).await.items), Vec::<String>::new());
    }
    projector.process.signal("CONT");
    assert_eq!(texts(&api.home(&ada.id, fresh(&made.token)).await.items), ["three", "two", "one"]);
    assert!(!projector.process.has_ended());
}

/// The contract: an empty token requires nothing, and `fully_consistent: false` means `minimize_latency`.
#[tokio::test]
async fn an_empty_token_and_a_false_requirement_require_nothing() {
    let folder = folder();
    let Roles { commands: _commands, projector, queries: _queries, api } = Roles::start(folder.path()).await;
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;
    projector.process.signal("STOP");
    api.post(&ada.id, "nobody projects this").await;
    let mut wrong = Vec::new();
    for requirement in [
        Requirement::AtLeastAsFresh(String::new()),
        Requirement::FullyConsistent(false),
        Requirement::MinimizeLatency(false),
    ] {
        let request = ask!(GetHomeTimelineRequest { account_id: &ada.id, consistency: requiring(requirement.clone()) });
        let answered = api.queries.clone().get_home_timeline(within(Duration::from_secs(1), request)).await;
        if let Err(status) = answered {
            wrong.push(format!("{requirement:?}: {:?} {}", reason(&status), status.message()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_projection_that_is_behind_is_told_with_its_lag_in_seconds() {
    let folder = folder();
    let Roles { commands: _commands, projector, queries: _queries, api } = Roles::start(folder.path()).await;
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;
    projector.process.signal("STOP");
    let made = api.post(&ada.id, "nobody projects this").await;
    let request = ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&made.token) });
    let refused = api.queries.clone().get_post(within(Duration::from_secs(2), request)).await;
    let refused = refused.expect_err("it cannot be that fresh");
    let told = refused.get_details_error_info().expect("it has a reason").metadata;
    let seconds = told.iter().find(|(key, _)| key.contains("seconds") || key.ends_with("_ms") || *key == "lag");
    assert!(seconds.is_some(), "the contract promises the lag in events and seconds: {told:?}");
}

#[tokio::test]
async fn paging_to_the_end_shows_every_post_once_while_new_ones_arrive() {
    const POSTS: usize = 130;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let mut newest = api.follow(&bob, &ada).await;
    let mut all: Vec<String> = (0..POSTS).map(|number| format!("post {number}")).collect();
    for text in &all {
        newest = api.post(&ada, text).await.token;
    }
    all.reverse();
    // 0 means 20, and more than 100 is lowered to 100.
    for (page_size, most) in [(0, 20), (1, 1), (7, 7), (100, 100), (101, 100), (i32::MAX, 100)] {
        let mut request =
            ask!(GetHomeTimelineRequest { account_id: &bob, consistency: fresh(&newest), page_size: page_size });
        // Pages of one entry are slow, so only the first ones are read.
        let pages_max = if page_size == 1 { 25 } else { usize::MAX };
        let (mut seen, mut pages) = (Vec::new(), 0);
        while pages < pages_max {
            let page = api.queries.clone().get_home_timeline(request.clone()).await.expect("a page").into_inner();
            assert!(page.items.len() <= most, "{} entries of {page_size}", page.items.len());
            if pages == 0 {
                assert_eq!(page.items.len(), most, "a first page of {page_size} is full");
            }
            seen.extend(page.items.iter().map(text));
            pages += 1;
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
            // Consistency and page size may change from page to page; what is new does not appear below.
            let arrived = api.post(&ada, &format!("new {page_size} {pages}")).await;
            request.consistency = fresh(&arrived.token);
            newest = arrived.token;
        }
        let mut expected = all.clone();
        expected.truncate(if page_size == 1 { pages_max } else { usize::MAX });
        assert_eq!(seen, expected, "pages of {page_size}");
        let everything = api.texts_of(&ada).await;
        all = everything.into_iter().rev().collect();
    }
}

#[tokio::test]
async fn lists_are_paged_to_their_end_with_every_account_once() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let star = api.register("star").await.id;
    let mut expected = Vec::new();
    for number in 0..23 {
        let fan = api.register(&format!("fan_{number}")).await.id;
        api.follow(&fan, &star).await;
        expected.insert(0, fan);
    }
    for page_size in [1, 5, 23, 200] {
        let mut seen = Vec::new();
        let mut request =
            ask!(ListFollowersRequest { account_id: &star, consistency: up_to_date(), page_size: page_size });
        loop {
            let page = api.queries.clone().list_followers(request.clone()).await.expect("a page").into_inner();
            assert!(i32::try_from(page.accounts.len()).is_ok_and(|length| length <= page_size));
            seen.extend(page.accounts.into_iter().map(|account| account.account_id));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
            let late = api.register(&format!("late_{page_size}_{}", seen.len())).await.id;
            api.follow(&late, &star).await;
        }
        assert_eq!(seen, expected, "pages of {page_size}");
        let request = ask!(ListFollowersRequest { account_id: &star, consistency: up_to_date(), page_size: 200 });
        let all = api.queries.clone().list_followers(request).await.expect("a page").into_inner();
        expected = all.accounts.into_iter().map(|account| account.account_id).collect();
    }
}
