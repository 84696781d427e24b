//! A projector that crashes at any point of its work: the next one goes on from what it left.

use std::path::Path;
use std::time::Duration;

use clients::Random;
use projector::CRASH_POINTS;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::LikePostRequest;
use shared::rpc::proto::query::GetHomeTimelineRequest;

use crate::api::{Api, ask, fresh, reason, up_to_date};
use crate::around::{Half, tamper};
use crate::process::{Role, eventually, folder, on_postgres, verified};

/// How often each point is passed before the process ends there, in one round each. `CHIRP_CRASH_ROUNDS=n` runs more, at random.
const PASSED: [usize; 2] = [0, 4];
/// How many projectors are killed at random times; `CHIRP_PROJECTOR_KILLS=n` sets another number.
const KILLS: usize = 50;
/// Fewer, since on a server the lease of the killed projector must end each time.
const KILLS_ON_POSTGRES: usize = 6;

/// The pause between two writes, so that there is no more to verify than there are rounds.
const PACE: Duration = Duration::from_millis(10);

/// Makes the tables of a projection those of a history that the log does not have.
const FORGE_HASH: &str = "
UPDATE projections SET hash = {sqlite: zeroblob(32)}{postgres: decode(repeat('00', 32), 'hex')} WHERE name = 'posts_1'";

/// Two servers that go on running, and the accounts.
struct Around {
    commands: Role,
    queries: Role,
    ada: String,
    bob: String,
}

impl Around {
    /// Starts them, and gives the position of the newest event.
    async fn start(folder: &Path) -> (Self, u64) {
        let commands = Role::command_server(folder).await;
        let (projector, queries) = (Role::projector(folder).await, Role::query_server(folder).await);
        let api = Api::new(&commands.address, &queries.address, &projector.address);
        let [ada, bob] = api.accounts(["ada", "bob"]).await;
        let token = api.follow(&bob, &ada).await;
        api.home(&bob, fresh(&token)).await;
        let head = api.head().await;
        stop(projector).await;
        (Self { commands, queries, ada, bob }, head)
    }

    fn api(&self, projector: &Role) -> Api {
        Api::new(&self.commands.address, &self.queries.address, &projector.address)
    }

    /// A post with a like and a repost.
    async fn write(&self, api: &Api, text: &str) {
        let post = api.post(&self.ada, text).await.id;
        let like = ask!(LikePostRequest { account_id: &self.bob, post_id: &post });
        api.commands.clone().like_post(like).await.expect("it is liked");
        api.repost(&self.bob, &post).await;
    }
}

/// Stops a projector, which releases its projections, so that the next one need not wait.
async fn stop(mut projector: Role) {
    projector.process.signal("TERM");
    assert!(projector.process.ended().await.success());
}

/// Calls what leads to a point, until the projector has ended. On a server it may not own anything at first.
async fn lead_to(point: &str, api: &Api) {
    let mut admin = api.admin.clone();
    loop {
        match point {
            "projector::rebuild_begun" | "projector::taking_over" | "projector::taken_over" => {
                let _ = admin.rebuild_projection(ask!(RebuildProjectionRequest { name: "timelines_1" })).await;
            }
            "projector::retried" => {
                let _ = admin.retry_parked_events(ask!(RetryParkedEventsRequest { projection: "posts_1" })).await;
            }
            _ => {}
        }
        tokio::time::sleep(PACE).await;
    }
}

#[tokio::test]
async fn wherever_a_projector_ends_its_successor_goes_on_from_there() {
    let folder = folder();
    let (around, mut head) = Around::start(folder.path()).await;
    let more: usize = std::env::var("CHIRP_CRASH_ROUNDS").ok().map_or(0, |text| text.parse().expect("a number"));
    let seed = clients::first_seed();
    let mut random = Random::new(seed);
    println!("seed {seed}");
    let mut ends = 0;
    for point in CRASH_POINTS {
        let once = ![
            "projector::read",
            "projector::advanced",
            "projector::applied",
            "projector::committed",
            "projector::published",
        ]
        .contains(&point);
        // Some points are passed only once; on a server, each round takes a lease.
        let usual = if once || on_postgres() { &PASSED[..1] } else { &PASSED };
        let more = (0..more).map(|_| if once { 0 } else { random.below(10) });
        for passed in usual.iter().copied().chain(more).collect::<Vec<_>>() {
            let poisoned = format!("projector::hurry=return;projector::apply=return(posts_1@{})", head + 1);
            if point == "projector::retried" {
                let mut before = Role::start_failing("projector", "--ops-listen", folder.path(), &poisoned).await;
                let api = around.api(&before);
                around.write(&api, "for parking").await;
                let is_parked = |all: &Vec<Projection>| all.iter().any(|projection| projection.parked_count > 0);
                eventually("it is parked", || api.projections(), is_parked).await;
                before.process.kill().await;
            }
            let is_parking = ["projector::parking", "projector::parked"].contains(&point);
            let poison = if is_parking { format!(";{poisoned}") } else { String::new() };
            let points = format!("{point}={passed}*off->return{poison}");
            let mut doomed = Role::start_failing("projector", "--ops-listen", folder.path(), &points).await;
            let api = around.api(&doomed);
            let is_of_history = ["projector::setting_aside", "projector::set_aside"].contains(&point);
            if is_of_history {
                // As if the log had lost the event of the checkpoint. The next heartbeat finds it.
                let changed = tamper(folder.path(), Half::Tables, FORGE_HASH).await;
                assert_eq!(changed, 1);
            }
            let writing = async {
                if is_of_history {
                    std::future::pending::<()>().await;
                }
                for number in 0.. {
                    around.write(&api, &format!("{point}, {number}")).await;
                    tokio::time::sleep(PACE).await;
                }
            };
            let ended = tokio::select! {
                () = writing => unreachable!("it goes on"),
                () = lead_to(point, &api) => unreachable!("it goes on"),
                ended = doomed.process.ended() => ended,
            };
            assert!(!ended.success(), "{point}: it ended as if nothing were wrong");
            ends += 1;

            let successor = Role::projector(folder.path()).await;
            let api = around.api(&successor);
            // Tables that are being filled again refuse queries until they are.
            let home = || async {
                let request = ask!(GetHomeTimelineRequest { account_id: &around.bob, consistency: up_to_date() });
                api.queries.clone().get_home_timeline(request).await.map(drop).map_err(|refused| reason(&refused))
            };
            eventually("the successor projects", home, Result::is_ok).await.expect("just seen");
            // On a server it stands by until the lease of the one before has ended.
            let retry = || async {
                let request = ask!(RetryParkedEventsRequest { projection: "posts_1" });
                api.admin.clone().retry_parked_events(request).await.map(drop)
            };
            eventually("it heals", retry, Result::is_ok).await.expect("just seen");
            let is_whole = |all: &Vec<Projection>| {
                all.iter().all(|one| one.state() == ProjectionState::CaughtUp && one.parked_count == 0)
            };
            eventually("all is well", || api.projections(), is_whole).await;
            verified(folder.path()).await;
            head = api.head().await;
            stop(successor).await;
        }
    }
    println!("{ends} ends at {} points", CRASH_POINTS.len());
}

#[tokio::test]
async fn a_projector_that_is_killed_at_random_misses_nothing_and_doubles_nothing() {
    let folder = folder();
    let (around, _) = Around::start(folder.path()).await;
    let usual = if on_postgres() { KILLS_ON_POSTGRES } else { KILLS };
    let kills = std::env::var("CHIRP_PROJECTOR_KILLS").map_or(usual, |text| text.parse().expect("a number"));
    let seed = clients::first_seed();
    println!("seed {seed}, {kills} kills");
    let mut random = Random::new(seed);
    let mut projector = Role::projector(folder.path()).await;
    let api = around.api(&projector);
    let writing = async {
        for number in 0.. {
            around.write(&api, &format!("post {number}")).await;
            tokio::time::sleep(PACE).await;
        }
    };
    let killing = async {
        for _ in 0..kills {
            tokio::time::sleep(Duration::from_micros(random.below(60_000) as u64)).await;
            projector.kill_and_restart().await;
        }
    };
    tokio::select! { () = writing => unreachable!("it goes on"), () = killing => {} }
    around.api(&projector).home(&around.bob, up_to_date()).await;
    verified(folder.path()).await;
}

/// Every notification is lost, in every process; polling is enough.
#[tokio::test]
async fn without_any_wake_up_everything_comes_by_polling() {
    const DEAF: &str = "shared::runtime::wake=return";
    let folder = folder();
    let commands = Role::start_failing("command-server", "--listen", folder.path(), DEAF).await;
    let projector = Role::start_failing("projector", "--ops-listen", folder.path(), DEAF).await;
    let queries = Role::start_failing("query-server", "--listen", folder.path(), DEAF).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let token = api.follow(&bob, &ada).await;
    api.home(&bob, fresh(&token)).await;
    let mut stream = api.stream(&bob, "").await;
    let mut lags = vec![];
    for number in 0..10 {
        let made = api.post(&ada, &format!("post {number}")).await;
        let began = tokio::time::Instant::now();
        assert_eq!(stream.news().await, crate::api::item(&format!("post {number}")));
        lags.push(began.elapsed());
        api.home(&bob, fresh(&made.token)).await;
    }
    println!("lags: {lags:?}");
}
