//! Crowds: thousands of streams that reconnect at once, and an author whom everybody follows.

use std::time::{Duration, Instant};

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::api::{Api, Feed, Told, ask, channel, fresh, item, up_to_date};
use crate::process::{Role, Roles, folder};
use crate::{number, open_again, resident_kib};

const STREAMS: usize = 5_000;
const STREAMS_OF_CONNECTION: usize = 500;
const READERS: usize = 100;
/// How soon all streams must be back, by themselves. The report says how long it took.
const BACK_WITHIN: Duration = Duration::from_secs(300);

/// Followers of the celebrity; `CHIRP_CELEBRITY=n` sets another number.
const FOLLOWERS: u64 = 3_000;
/// From so many followers on, an author is a celebrity here.
const CELEBRITY_FOLLOWERS: &str = "1000";
/// The most rows for a post while a celebrity posts: those of its author, and of the reader who follows an ordinary author.
const DELIVERIES_OF_POST_MAX: u64 = 2;
const AT_ONCE: usize = 256;
/// Streams that are never read, and how many of them an account has.
const SILENT: usize = 200;
const STREAMS_OF_ACCOUNT: usize = 50;
const SILENT_KIB_MAX: u64 = 256;
/// Posts whose latency is measured, before and during the crowd.
const MEASURED: usize = 300;

/// A stream that was open, and the last token it got.
struct Reader {
    account: String,
    token: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_streams_that_come_back_at_once_miss_nothing() {
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let api = roles.api.clone();
    let ada = api.register("ada").await.id;
    let mut readers = Vec::new();
    for number in 0..READERS {
        let reader = api.register(&format!("reader_{number}")).await.id;
        api.follow(&reader, &ada).await;
        readers.push(reader);
    }
    api.home(&readers[0], up_to_date()).await;
    let everybody = (0..STREAMS).map(|number| readers[number % READERS].clone()).collect();
    let before = come(&roles.queries.address, everybody).await;

    roles.queries.process.signal("KILL");
    let expected = [item("while everybody was away"), item("and another")];
    api.post(&ada, "while everybody was away").await;
    api.post(&ada, "and another").await;
    let began = Instant::now();
    roles.queries.restart().await;
    let back = come_back(&roles.queries.address, &before, &expected).await;
    println!("{back} streams were back {:?} after the restart", began.elapsed());
    assert_eq!(back, STREAMS);
    assert!(began.elapsed() < BACK_WITHIN, "it took {:?}", began.elapsed());
}

/// Opens streams over several connections, and waits until each has caught up.
async fn come(address: &str, accounts: Vec<String>) -> Vec<Reader> {
    let mut coming = JoinSet::new();
    for mine in accounts.chunks(STREAMS_OF_CONNECTION) {
        let (client, mine) = (QueryServiceClient::new(channel(address)), mine.to_vec());
        coming.spawn(async move {
            let mut here = Vec::new();
            for account in mine {
                let request = ask!(StreamHomeTimelineRequest { account_id: &account });
                let mut feed = Feed::open(&client, request).await;
                while feed.next().await != Told::CaughtUp {}
                here.push((Reader { account, token: feed.token.clone() }, feed));
            }
            here
        });
    }
    // All are open at the same time, before any ends.
    coming.join_all().await.into_iter().flatten().map(|(reader, _feed)| reader).collect()
}

/// Resumes all streams at once; each must get exactly what is expected.
async fn come_back(address: &str, readers: &[Reader], expected: &[Told]) -> usize {
    let mut coming = JoinSet::new();
    for together in readers.chunks(STREAMS_OF_CONNECTION) {
        let client = QueryServiceClient::new(channel(address));
        for Reader { account, token } in together {
            let (client, expected) = (client.clone(), expected.to_vec());
            let (account, token) = (account.clone(), token.clone());
            coming.spawn(async move {
                let request = ask!(StreamHomeTimelineRequest { account_id: &account, resume_token: token });
                let mut feed = open_again(&client, &request).await;
                let mut told = vec![];
                loop {
                    match feed.next().await {
                        Told::CaughtUp => break,
                        Told::Heartbeat => {}
                        next => told.push(next),
                    }
                }
                assert_eq!(told, expected, "of {account}");
                feed
            });
        }
    }
    coming.join_all().await.len()
}

/// Streams that are opened and never read have a bounded cost each, and do not delay a reader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_reads_cost_little_each_and_hold_up_nobody() {
    let folder = folder();
    let roles = Roles::start(folder.path()).await;
    let api = roles.api.clone();
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let alone = post_to_visible(&api, &ada, &bob).await;
    let before = resident_kib(&roles.queries.process);
    let mut silent = Vec::new();
    for _ in 0..SILENT / STREAMS_OF_ACCOUNT {
        let reader = api.register(&format!("reader_{}", silent.len())).await.id;
        let token = api.follow(&reader, &ada).await;
        api.home(&reader, fresh(&token)).await;
        let client = QueryServiceClient::new(channel(&roles.queries.address));
        for _ in 0..STREAMS_OF_ACCOUNT {
            let request = ask!(StreamHomeTimelineRequest { account_id: &reader });
            silent.push(client.clone().stream_home_timeline(request).await.expect("it opens"));
        }
    }
    let meanwhile = post_to_visible(&api, &ada, &bob).await;
    let each = resident_kib(&roles.queries.process).saturating_sub(before) / silent.len() as u64;
    let times = meanwhile.as_secs_f64() / alone.as_secs_f64();
    println!(
        "{} silent streams cost {each} KiB each; 99 of 100 after {alone:?}, and after {meanwhile:?} beside them, {times:.2} times",
        silent.len()
    );
    assert!(each <= SILENT_KIB_MAX, "{each} KiB each");
}

/// The 99th percentile of the time until posts can be read.
async fn post_to_visible(api: &Api, author: &str, reader: &str) -> Duration {
    let mut took = Vec::new();
    for number in 0..MEASURED {
        let began = Instant::now();
        let made = api.post(author, &format!("post {number}")).await;
        api.home(reader, fresh(&made.token)).await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[took.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_whom_everybody_follows_holds_up_nobody_else() {
    let followers =
        usize::try_from(number("CHIRP_CELEBRITY").unwrap_or(FOLLOWERS)).expect("it is a number of accounts");
    let folder = folder();
    let commands = Role::command_server(folder.path()).await;
    let more = ["--celebrity-followers", CELEBRITY_FOLLOWERS];
    let projector = Role::start("projector", "--ops-listen", folder.path(), &more).await;
    let queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let [star, ada, bob] = api.accounts(["star", "ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let mut following = JoinSet::new();
    for number in 0..followers {
        if following.len() >= AT_ONCE {
            following.join_next().await;
        }
        let (api, star) = (api.clone(), star.clone());
        following.spawn(async move {
            let follower = api.register(&format!("f_{number}")).await.id;
            api.follow(&follower, &star).await;
        });
    }
    following.join_all().await;
    while api.projections().await.iter().any(|projection| projection.checkpoint < projection.head) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let alone = post_to_visible(&api, &ada, &bob).await;
    let (before, mut posts) = (deliveries(&projector.address).await, 0);
    let posting = async {
        loop {
            let request = ask!(CreatePostRequest { author_id: &star, text: format!("to everybody, {posts}") });
            api.try_post(request).await.expect("it is published");
            posts += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let meanwhile =
        tokio::select! { () = posting => unreachable!("it goes on"), took = post_to_visible(&api, &ada, &bob) => took };
    let times = meanwhile.as_secs_f64() / alone.as_secs_f64();
    println!(
        "with {followers} followers: 99 of 100 after {alone:?}, and after {meanwhile:?} beside the celebrity, {times:.2} times"
    );
    let delivered = deliveries(&projector.address).await - before;
    let most = (posts + MEASURED as u64) * DELIVERIES_OF_POST_MAX;
    assert!(posts > 0 && delivered <= most, "{delivered} rows were delivered for {posts} posts to everybody");
}

/// Rows that a projector has pushed to timelines, by its metrics.
async fn deliveries(address: &str) -> u64 {
    let mut connection = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("it is taken");
    let mut page = String::new();
    connection.read_to_string(&mut page).await.expect("it is text");
    let value = page.lines().find_map(|line| line.strip_prefix("chirp_deliveries_total "));
    value.expect("it is counted").parse().expect("it is a number")
}
