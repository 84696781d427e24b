//! Overload: clients that go on to ask, whether they are answered or not, get as much done as those who wait their turn.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shared::proto::query::query_service_client::QueryServiceClient;
use shared::proto::query::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::Code;
use tonic::transport::Channel;

use crate::api::{Api, ask, channel, fresh, reason, up_to_date, within};
use crate::process::{Role, folder};

/// What a page costs the server, against what it costs to refuse it, decides how much overload it takes.
const POSTS: usize = 100;
/// As many clients, when they wait their turn: what they get done is what the server can do.
const CONNECTIONS: usize = 16;
const PHASE: Duration = Duration::from_secs(3);
/// When an answer is worth nothing any more.
const DEADLINE: Duration = Duration::from_secs(1);
const TIMES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];
/// What must get done at ten times as many calls as the server can answer, of what it can do: 0.8 in a release build; what the tests build
/// refuses more slowly.
const GOODPUT_MIN: f64 = 0.75;
/// The machine is shared, so that a phase may be somebody else's.
const ATTEMPTS: usize = 5;

/// Binds all threads of a process to a core, so that those who ask do not take the time of those who answer.
fn bind(process: u32, core: &str) {
    let bound = Command::new("taskset").args(["-a", "-c", "-p", core, &process.to_string()]).output();
    let bound = bound.expect("taskset is missing (Debian: apt-get install util-linux)");
    assert!(bound.status.success(), "{bound:?}");
}

#[derive(Default)]
struct Answers {
    good: AtomicU64,
    shed: AtomicU64,
    late: AtomicU64,
}

async fn ask_once(mut client: QueryServiceClient<Channel>, account: &str, answers: &Answers) {
    let request = ask!(GetHomeTimelineRequest { account_id: account, page_size: 100 });
    match client.get_home_timeline(within(DEADLINE, request)).await {
        Ok(_) => answers.good.fetch_add(1, Ordering::Relaxed),
        Err(status) if reason(&status).as_deref() == Some("OVERLOADED") => {
            assert_eq!(status.code(), Code::ResourceExhausted);
            answers.shed.fetch_add(1, Ordering::Relaxed)
        }
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            answers.late.fetch_add(1, Ordering::Relaxed)
        }
        Err(status) => panic!("neither answered nor refused as overload: {status:?}"),
    };
}

/// Calls a second that are answered when everybody waits for the answer before asking again.
async fn peak(clients: &[QueryServiceClient<Channel>], account: &str) -> f64 {
    let (answers, until) = (Arc::new(Answers::default()), Instant::now() + PHASE);
    let mut asking = JoinSet::new();
    for client in clients {
        let (client, account, answers) = (client.clone(), account.to_owned(), answers.clone());
        asking.spawn(async move {
            while Instant::now() < until {
                ask_once(client.clone(), &account, &answers).await;
            }
        });
    }
    asking.join_all().await;
    answers.good.load(Ordering::Relaxed) as f64 / PHASE.as_secs_f64()
}

/// Good answers a second when so many calls a second are made, whatever becomes of them; and the calls that were made.
async fn goodput(clients: &[QueryServiceClient<Channel>], account: &str, rate: f64) -> (f64, f64) {
    let (answers, began) = (Arc::new(Answers::default()), Instant::now());
    let (mut asking, mut made) = (JoinSet::new(), 0_u32);
    let mut next_clients = clients.iter().cycle();
    while began.elapsed() < PHASE {
        while f64::from(made) < began.elapsed().as_secs_f64() * rate {
            let client = next_clients.next().expect("it goes round").clone();
            let (account, answers) = (account.to_owned(), answers.clone());
            asking.spawn(async move { ask_once(client, &account, &answers).await });
            made += 1;
        }
        sleep_until(Instant::now() + Duration::from_millis(1)).await;
        while asking.try_join_next().is_some() {}
    }
    asking.join_all().await;
    let [good, shed, late] = [&answers.good, &answers.shed, &answers.late].map(|count| count.load(Ordering::Relaxed));
    println!("  {made} calls: {good} answered, {shed} refused, {late} late");
    (good as f64 / began.elapsed().as_secs_f64(), f64::from(made) / PHASE.as_secs_f64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_ten_times_what_it_can_do_a_server_still_does_it() {
    let folder = folder();
    let commands = Role::command_server(folder.path()).await;
    let projector = Role::projector(folder.path()).await;
    let queries = Role::start("query-server", "--listen", folder.path(), &["--calls-max", "64"]).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let mut token = api.follow(&bob, &ada).await;
    for number in 0..POSTS {
        token = api.post(&ada, &format!("post {number}")).await.token;
    }
    assert_eq!(api.home(&bob, fresh(&token)).await.items.len(), POSTS);
    bind(queries.process.id(), "0");
    bind(std::process::id(), "1");
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| QueryServiceClient::new(channel(&queries.address))).collect();

    let mut seen = vec![];
    for _ in 0..ATTEMPTS {
        let peak = peak(&clients, &bob).await;
        println!("peak: {peak:.0} answers/s");
        let mut lowest = f64::MAX;
        for times in TIMES {
            let (good, made) = goodput(&clients, &bob, peak * times).await;
            println!("{:.1} times as many calls: {good:.0} answers/s, {:.2} of the peak", made / peak, good / peak);
            // Whoever asks more slowly than meant to has shown less than meant.
            let is_meant = made >= peak * times * 0.9;
            lowest = lowest.min(if is_meant { good / peak } else { 0.0 });
        }
        // And then all is as before.
        let began = Instant::now();
        api.home(&bob, up_to_date()).await;
        assert!(began.elapsed() < DEADLINE, "an answer took {:?} once there was no overload", began.elapsed());
        seen.push(lowest);
        if lowest >= GOODPUT_MIN {
            return;
        }
    }
    panic!("the goodput was {seen:.2?} of the peak");
}
