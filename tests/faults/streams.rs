//! Streams that are open while the query server is killed, again and again: each gets every post once, in order.

use std::time::Duration;

use clients::Random;
use shared::rpc::proto::query::StreamHomeTimelineRequest;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::api::{Told, ask, channel, is_passing, up_to_date};
use crate::process::{DEADLINE, Roles, folder};
use crate::{number, open_again};

/// `CHIRP_STREAM_KILLS=n` sets another number.
const KILLS: u64 = 20;
const STREAMS: usize = 100;
const STREAMS_OF_CONNECTION: usize = 20;
const AUTHORS: usize = 5;
/// Posts of one round, some before the kill and some after it.
const POSTS: usize = 30;
/// About as long as it takes to write them.
const WRITTEN_WITHIN_MICROS: usize = 50_000;

/// Whether this reader follows this author: each reader follows two or three, so that neighbours have different lists.
fn follows(reader: usize, author: usize) -> bool {
    (reader + author) % AUTHORS < 2 + reader % 2
}

/// Reads over streams that break, and publishes what it got, in that order.
async fn read(client: QueryServiceClient<Channel>, account: String, token: String, told: watch::Sender<Vec<String>>) {
    let mut request = ask!(StreamHomeTimelineRequest { account_id: &account, resume_token: token });
    loop {
        let mut feed = open_again(&client, &request).await;
        loop {
            match feed.next_or_end().await {
                Ok(Told::Item(text, None)) => told.send_modify(|told| told.push(text)),
                Ok(Told::CaughtUp | Told::FellBehind | Told::Heartbeat) => {}
                Ok(other) => panic!("{account} is told {other:?}"),
                Err(status) => {
                    assert!(is_passing(&status), "{status:?}");
                    break;
                }
            }
            request.resume_token.clone_from(&feed.token);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_streams_are_told_every_post_once_and_in_order_however_often_the_server_is_killed() {
    let kills = number("CHIRP_STREAM_KILLS").unwrap_or(KILLS);
    let seed = number("CHIRP_FAULT_SEED").unwrap_or_else(clients::first_seed);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let api = roles.api.clone();
    let mut authors = Vec::new();
    for number in 0..AUTHORS {
        authors.push(api.register(&format!("author_{number}")).await.id);
    }
    let mut connections =
        (0..STREAMS / STREAMS_OF_CONNECTION).map(|_| QueryServiceClient::new(channel(&roles.queries.address))).cycle();
    let (mut reading, mut readers) = (JoinSet::new(), Vec::new());
    for number in 0..STREAMS {
        let account = api.register(&format!("reader_{number}")).await.id;
        for (_, author) in authors.iter().enumerate().filter(|(author, _)| follows(number, *author)) {
            api.follow(&account, author).await;
        }
        let token = api.home(&account, up_to_date()).await.resume_token;
        let told = watch::channel(Vec::new()).0;
        readers.push((told.subscribe(), Vec::new()));
        reading.spawn(read(connections.next().expect("it goes round"), account, token, told));
    }

    for round in 0..kills {
        let after = Duration::from_micros(random.below(WRITTEN_WITHIN_MICROS) as u64);
        let texts: Vec<_> = (0..POSTS).map(|number| (random.below(AUTHORS), format!("{round}, {number}"))).collect();
        let write = async {
            for (author, text) in &texts {
                api.post(&authors[*author], text).await;
            }
        };
        let kill = async {
            tokio::time::sleep(after).await;
            roles.queries.kill_and_restart().await;
        };
        tokio::join!(write, kill);
        for (reader, (told, expected)) in readers.iter_mut().enumerate() {
            let mine = texts.iter().filter(|(author, _)| follows(reader, *author));
            expected.extend(mine.map(|(_, text)| text.clone()));
            let has_all = |told: &Vec<String>| told.len() >= expected.len();
            // A reader that waits in vain has missed something.
            let _ = tokio::time::timeout(DEADLINE, told.wait_for(has_all)).await;
            let told = told.borrow();
            let same = told.iter().zip(expected.iter()).take_while(|(told, expected)| told == expected).count();
            let (told, expected) = (&told[same..], &expected[same..]);
            assert_eq!(told, expected, "round {round}, reader {reader}, after {same} as they should be");
        }
    }
    let items: usize = readers.iter().map(|(_, expected)| expected.len()).sum();
    assert!(items > STREAMS, "there was something to be told");
    println!("{kills} kills of {STREAMS} streams, {items} items, each told once and in order");
    reading.shutdown().await;
}
