//! Calls that wait for projections take no room from calls that do not.

use std::time::Duration;

use shared::rpc::proto::command::{CreatePostRequest, WaitFor};
use shared::rpc::proto::query::GetPostRequest;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::api::{Api, Made, ask, fresh, reason, request_id, within};
use crate::process::{Roles, eventually, folder, store_of};
use crate::roles::http;

/// How many calls each server works on at once.
const CALLS_MAX: usize = 20;
/// How many calls wait, ten times as many.
const WAITING: usize = 200;
/// How many calls do not wait, one after the other.
const CHEAP: usize = 111;
/// Longer than any of this takes; no call waits for longer than ten seconds.
const DEADLINE: Duration = Duration::from_secs(9);

/// An account, and a post of it that the read tables show.
async fn somebody_who_is_shown(api: &Api) -> (String, Made) {
    let ada = api.register("ada").await.id;
    let shown = api.post(&ada, "shown").await;
    api.get_post(&shown.id, fresh(&shown.token)).await.expect("it is shown");
    (ada, shown)
}

/// Begins calls until so many wait at a server, never more at once than are worked on.
async fn wait_at(
    address: &str,
    begin: impl Fn() -> tokio::task::JoinHandle<Result<(), Status>>,
) -> JoinSet<Result<(), Status>> {
    let mut calls = JoinSet::new();
    for number in 1..=WAITING {
        let call = begin();
        calls.spawn(async move { call.await.expect("it does not panic") });
        if number % CALLS_MAX == 0 {
            let waiting = format!("chirp_calls_waiting {number}\n");
            eventually("they wait", || http(address, "/metrics"), |page| page.contains(&waiting)).await;
        }
    }
    calls
}

#[tokio::test]
async fn calls_that_wait_hold_no_room_of_calls_that_do_not() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let max = CALLS_MAX.to_string();
    let Roles { commands, queries, projector, api } = Roles::start_at(&store, &["--calls-max", &max]).await;
    let (ada, shown) = somebody_who_is_shown(&api).await;

    projector.process.signal("STOP");
    let made = api.post(&ada, "not yet").await;
    let read = || {
        let (mut client, made) = (api.queries.clone(), made.clone());
        tokio::spawn(async move {
            let request = ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&made.token) });
            client.get_post(within(DEADLINE, request)).await.map(drop)
        })
    };
    let reads = wait_at(&queries.address, read).await;
    for _ in 0..CHEAP {
        let request = ask!(GetPostRequest { post_id: &shown.id });
        api.queries.clone().get_post(within(DEADLINE, request)).await.expect("there is room");
    }
    projector.process.signal("CONT");
    for read in reads.join_all().await {
        read.expect("it is shown in the end");
    }

    projector.process.signal("STOP");
    let write = || {
        let (mut client, ada) = (api.commands.clone(), ada.clone());
        tokio::spawn(async move {
            let (id, wait_for) = (request_id(), WaitFor::Projected);
            let request =
                ask!(CreatePostRequest { request_id: id, author_id: &ada, text: "waits", wait_for: wait_for });
            client.create_post(within(DEADLINE, request)).await.map(drop)
        })
    };
    let writes = wait_at(&commands.address, write).await;
    for number in 0..CHEAP {
        api.post(&ada, &format!("does not wait, {number}")).await;
    }
    projector.process.signal("CONT");
    for write in writes.join_all().await {
        write.expect("it is shown in the end");
    }
}

#[tokio::test]
async fn no_more_wait_than_may_and_one_address_has_half_of_the_places() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let Roles { queries, projector, api, commands: _commands } = Roles::start_at(&store, &["--waiting-max", "4"]).await;
    let (ada, _) = somebody_who_is_shown(&api).await;
    projector.process.signal("STOP");
    let made = api.post(&ada, "not yet").await;
    let read = || {
        let request = ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&made.token) });
        let mut client = api.queries.clone();
        async move { client.get_post(within(DEADLINE, request)).await.map(drop) }
    };
    let waiting = [tokio::spawn(read()), tokio::spawn(read())];
    eventually("two wait", || http(&queries.address, "/metrics"), |page| page.contains("chirp_calls_waiting 2\n"))
        .await;
    let refused = read().await.expect_err("there is no third place for this address");
    assert_eq!(
        (refused.code(), reason(&refused).as_deref()),
        (Code::ResourceExhausted, Some("OVERLOADED")),
        "{refused:?}"
    );
    projector.process.signal("CONT");
    for read in waiting {
        read.await.expect("it does not panic").expect("it is shown in the end");
    }
}
