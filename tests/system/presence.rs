//! Presence: an account is online while it has a stream open, at any query server.

use std::collections::BTreeSet;
use std::time::Instant;

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::stream_presence_response::Event;
use shared::rpc::proto::query::*;
use shared::sql::postgres::Server;
use tokio::time::timeout;
use tonic::Streaming;

use crate::api::{Api, Feed, ask, up_to_date};
use crate::process::{DEADLINE, Dev, Role, eventually, folder};

/// Which of these accounts are online, for a viewer.
async fn online(api: &Api, viewer: &str, accounts: &[&String]) -> Vec<bool> {
    let account_ids: Vec<String> = accounts.iter().map(|id| (*id).clone()).collect();
    let request =
        ask!(GetPresenceRequest { viewer_account_id: viewer, account_ids: account_ids, consistency: up_to_date() });
    let answer = api.queries.clone().get_presence(request).await.expect("it is told").into_inner();
    answer.presences.iter().map(|presence| presence.online).collect()
}

/// A client of the presence stream.
struct Friends {
    stream: Streaming<StreamPresenceResponse>,
    online: BTreeSet<String>,
}

impl Friends {
    async fn open(api: &Api, owner: &str) -> Self {
        let request = ask!(StreamPresenceRequest { account_id: owner, consistency: up_to_date() });
        let stream = api.queries.clone().stream_presence(request).await.expect("it opens").into_inner();
        let mut friends = Self { stream, online: BTreeSet::new() };
        assert!(matches!(friends.next().await, Event::Subscribed(_)));
        while !matches!(friends.next().await, Event::CaughtUp(_)) {}
        friends
    }

    async fn next(&mut self) -> Event {
        let message = timeout(DEADLINE * 2, self.stream.message()).await.expect("it says something").expect("no error");
        let event = message.expect("the stream goes on").event.expect("exactly one is set");
        if let Event::Presence(Presence { account_id, online }) = &event {
            let is_news = if *online { self.online.insert(account_id.clone()) } else { self.online.remove(account_id) };
            assert!(is_news, "{account_id} was told twice");
        }
        event
    }

    /// Reads on until exactly these are online.
    async fn until(&mut self, expected: &[&String]) {
        let expected: BTreeSet<String> = expected.iter().map(|id| (*id).clone()).collect();
        let started = Instant::now();
        while self.online != expected {
            assert!(started.elapsed() < DEADLINE * 2, "{:?} are online", self.online);
            self.next().await;
        }
    }
}

async fn home(api: &Api, owner: &str) -> Feed {
    Feed::open(&api.queries, ask!(StreamHomeTimelineRequest { account_id: owner, consistency: up_to_date() })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_a_stream_open_is_online_for_those_who_may_know() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve, zoe] = api.accounts(["ada", "bob", "eve", "zoe"]).await;
    api.follow(&bob, &ada).await;
    api.follow(&bob, &eve).await;
    let all = [&ada, &bob, &eve, &zoe];
    assert_eq!(online(api, "", &all).await, [false; 4]);

    let of_ada = home(api, &ada).await;
    let mut friends = Friends::open(api, &bob).await;
    assert_eq!(friends.online, [ada.clone()].into());
    assert_eq!(online(api, "", &all).await, [true, true, false, false], "the stream of presence is one, too");
    let of_eve = home(api, &eve).await;
    friends.until(&[&ada, &eve]).await;
    // Any stream will do, and a new connection is not announced.
    let request = ask!(StreamNotificationsRequest { account_id: &ada, consistency: up_to_date() });
    let notifications = api.queries.clone().stream_notifications(request).await.expect("it opens");
    drop(of_ada);
    let of_zoe = home(api, &zoe).await;
    api.follow(&bob, &zoe).await;
    friends.until(&[&ada, &eve, &zoe]).await;
    drop(of_eve);
    friends.until(&[&ada, &zoe]).await;
    assert_eq!(online(api, "", &all).await, [true, true, false, true]);

    // A viewer who may not know gets nothing.
    let block = ask!(BlockAccountRequest { account_id: &zoe, target_account_id: &bob });
    api.commands.clone().block_account(block).await.expect("he is blocked");
    friends.until(&[&ada]).await;
    assert_eq!(online(api, &bob, &all).await, [true, true, false, false]);
    assert_eq!(online(api, &zoe, &all).await, [true, false, false, true]);
    let protect = ask!(ProtectAccountRequest { account_id: &ada });
    api.commands.clone().protect_account(protect).await.expect("it is protected");
    assert_eq!(online(api, "", &all).await, [false, true, false, true]);
    assert_eq!(online(api, &bob, &all).await, [true, true, false, false], "he follows her");
    let unfollow = ask!(UnfollowAccountRequest { follower_id: &bob, followee_id: &ada });
    api.commands.clone().unfollow_account(unfollow).await.expect("he has unfollowed her");
    friends.until(&[]).await;
    assert_eq!(online(api, &ada, &all).await, [true, true, false, true]);
    drop((notifications, of_zoe));

    let head = api.head().await;
    let nobody = "01920000-0000-7000-8000-000000000001";
    let request = ask!(GetPresenceRequest { account_ids: vec![ada.clone(), nobody.to_owned(), ada.clone()] });
    let answer = api.queries.clone().get_presence(request).await.expect("it is told").into_inner();
    assert_eq!((answer.presences.len(), answer.missing_account_ids), (1, vec![nobody.to_owned()]));
    assert_eq!(api.head().await, head, "it is never an event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn query_servers_tell_each_other_who_is_online_and_forget_one_that_crashed() {
    let server = Server::for_a_test().await;
    server.migrate(&projector::projections::tables()).await.expect("the schemas can be made");
    let store = server.address();
    let commands = Role::start_at("command-server", "--listen", &store, &[]).await;
    let projector = Role::start_at("projector", "--ops-listen", &store, &[]).await;
    // With the rights of a query server and no others.
    let role = server.as_role("chirp_query").address();
    let query_server = async || Role::start_at("query-server", "--listen", &role, &[]).await;
    let of = |queries: &Role| Api::new(&commands.address, &queries.address, &projector.address);
    let here = query_server().await;
    let api = &of(&here);
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    api.follow(&bob, &ada).await;
    api.follow(&bob, &eve).await;
    let of_ada = home(api, &ada).await;

    // It asks when it starts, and hears of changes.
    let mut other = query_server().await;
    let elsewhere = of(&other);
    let seen = |api: Api, account: String| async move { online(&api, "", &[&account]).await };
    eventually("ada is online elsewhere", || seen(elsewhere.clone(), ada.clone()), |seen| seen[0]).await;
    let of_eve = home(&elsewhere, &eve).await;
    eventually("eve is online here", || seen(api.clone(), eve.clone()), |seen| seen[0]).await;
    let mut friends = Friends::open(api, &bob).await;
    friends.until(&[&ada, &eve]).await;

    // A server that crashes announces nothing.
    other.process.kill().await;
    friends.until(&[&ada]).await;
    drop(of_eve);
    other = query_server().await;
    let elsewhere = of(&other);
    eventually("ada is online there again", || seen(elsewhere.clone(), ada.clone()), |seen| seen[0]).await;

    // A server that stops announces it.
    let of_eve = home(&elsewhere, &eve).await;
    friends.until(&[&ada, &eve]).await;
    other.process.signal("TERM");
    friends.until(&[&ada]).await;
    drop((of_ada, of_eve));
}
