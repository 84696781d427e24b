//! What only a PostgreSQL server can do: roles, several processes of each kind, and trouble with the server itself.

mod batches;
mod connections;
mod failover;
mod standby;
mod standing_by;

use std::sync::Arc;
use std::time::Duration;

use shared::model::clock::SystemClock;
use shared::rpc::proto::admin::{ProjectionState, RebuildProjectionRequest};
use shared::rpc::proto::command::{CreatePostRequest, FollowAccountRequest, UnfollowAccountRequest};
use shared::rpc::proto::query::GetHomeTimelineRequest;
use shared::sql::postgres::Server;
use shared::store::Store;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::api::{Api, ask, channel, fresh, reason, request_id, texts, up_to_date, within};
use crate::cluster::Cluster;
use crate::process::{Dev, Role, chirp, eventually, folder};
use crate::roles::http;

/// A database with the schemas in it, on the server of all tests.
async fn database() -> Server {
    let server = Server::for_a_test().await;
    server.migrate(&projector::projections::tables()).await.expect("the schemas can be made");
    server
}

/// Executes SQL as the role that the address names.
async fn execute(address: &str, sql: impl Into<String>) {
    let mut connection = PgConnection::connect(address).await.expect("the server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into())).execute(&mut connection).await.expect("it is done");
}

async fn verified(store: &str) {
    let finished = chirp(&["verify", "--store", store]).await.with(0);
    assert!(finished.stdout.starts_with("0 differences in "), "{finished:#?}");
}

async fn command_server(store: &str) -> Role {
    Role::start_at("command-server", "--listen", store, &[]).await
}

async fn query_server(store: &str) -> Role {
    Role::start_at("query-server", "--listen", store, &[]).await
}

async fn projector(store: &str, more: &[&str]) -> Role {
    Role::start_at("projector", "--ops-listen", store, more).await
}

#[tokio::test]
async fn each_role_may_do_its_part_and_is_refused_the_rest() {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let server = database().await;
    let may = [
        ("chirp_command", "SELECT * FROM chirp_log.events"),
        ("chirp_command", "SELECT * FROM chirp_log.requests"),
        ("chirp_command", "SELECT * FROM chirp_tables.projections"),
        ("chirp_command", "SELECT * FROM chirp_log.append_batch(0, 0, 0, '', '{}', '{}', '{}')"),
        ("chirp_projector", "SELECT * FROM chirp_log.events"),
        ("chirp_projector", "DELETE FROM chirp_tables.posts_1"),
        ("chirp_projector", "UPDATE chirp_tables.projections SET term = term"),
        ("chirp_query", "SELECT * FROM chirp_tables.timelines_1"),
        ("chirp_query", "SELECT position, hash FROM chirp_log.head"),
        ("chirp_query", "SELECT position, hash FROM chirp_log.positions"),
    ];
    let may_not = [
        ("chirp_command", "INSERT INTO chirp_log.events SELECT * FROM chirp_log.events"),
        ("chirp_command", "UPDATE chirp_log.events SET payload = ''"),
        ("chirp_command", "DELETE FROM chirp_log.events"),
        ("chirp_command", "TRUNCATE chirp_log.events"),
        ("chirp_command", "UPDATE chirp_log.head SET position = 0"),
        ("chirp_command", "DELETE FROM chirp_log.requests"),
        ("chirp_command", "SELECT * FROM chirp_tables.posts_1"),
        ("chirp_command", "UPDATE chirp_tables.projections SET checkpoint = 0"),
        ("chirp_projector", "SELECT * FROM chirp_log.append_batch(0, 0, 0, '', '{}', '{}', '{}')"),
        ("chirp_projector", "DELETE FROM chirp_log.events"),
        ("chirp_projector", "SELECT * FROM chirp_log.requests"),
        ("chirp_projector", "UPDATE chirp_tables.store SET epoch = epoch"),
        ("chirp_query", "SELECT * FROM chirp_log.events"),
        ("chirp_query", "SELECT recorded_at FROM chirp_log.head"),
        ("chirp_query", "SELECT * FROM chirp_log.requests"),
        ("chirp_query", "DELETE FROM chirp_tables.posts_1"),
        ("chirp_query", "CREATE TABLE chirp_tables.mine (x INT)"),
    ];
    let outcome = async |role: &str, sql: &'static str| {
        let mut connection = PgConnection::connect(&server.as_role(role).address()).await.expect("the role may log in");
        let done = sqlx::raw_sql(sql).execute(&mut connection).await.map(drop);
        done.map_err(|cause| cause.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned())
    };
    for (role, sql) in may {
        assert_eq!(outcome(role, sql).await, Ok(()), "{role}: {sql}");
    }
    for (role, sql) in may_not {
        assert_eq!(outcome(role, sql).await, Err(INSUFFICIENT_PRIVILEGE.to_owned()), "{role}: {sql}");
    }
}

#[tokio::test]
async fn whoever_may_not_make_roles_is_told_what_to_ask_for_and_migrates_after_that() {
    let server = Server::for_a_test().await;
    let store = server.address();
    let name = server.database().to_owned();
    let owner = format!("owner_{name}");
    // The roles belong to the whole server, and may exist already.
    database().await;
    execute(&store, format!("CREATE ROLE {owner} LOGIN; GRANT CREATE ON DATABASE {name} TO {owner}")).await;
    let owned = server.as_role(&owner).address();
    let refused = chirp(&["migrate", "up", "--store", &owned]).await.with(1);
    let grant = format!("GRANT chirp_projector TO {owner};");
    assert!(refused.stderr.contains(&grant), "{refused:#?}");
    execute(&store, grant).await;
    let up = ["migrate", "up", "--store", &owned];
    let both = tokio::join!(chirp(&up), chirp(&up));
    both.0.with(0);
    both.1.with(0);
    let projector = projector(&server.as_role("chirp_projector").address(), &[]).await;
    let commands = command_server(&server.as_role("chirp_command").address()).await;
    let queries = query_server(&server.as_role("chirp_query").address()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let made = api.register("ada").await;
    api.account(&made.id, fresh(&made.token)).await.expect("it is shown");
}

#[tokio::test]
async fn tables_of_a_projection_that_came_with_a_build_are_asked_for_by_name() {
    let server = database().await;
    let store = server.address();
    execute(&store, "DROP TABLE chirp_tables.hashtags_1").await;
    let projections = projector::projections::tables();
    let opened = Store::named(&store).expect("an address");
    let log = opened.open_log(Arc::new(SystemClock)).await.expect("the log is there");
    let refused = opened.open_tables_to_write(&*log, &projections).await.expect_err("a table is not there");
    let status = chirp(&["migrate", "status", "--store", &store]).await.with(1);
    for said in [refused.to_string(), status.stderr] {
        assert!(
            said.contains(
                "the read tables lack hashtags_1, which this build has projections for: run `chirp migrate up`"
            ),
            "{said}"
        );
    }
    chirp(&["migrate", "up", "--store", &store]).await.with(0);
    chirp(&["migrate", "status", "--store", &store]).await.with(0);
    opened.open_tables_to_write(&*log, &projections).await.expect("all is there");
}

#[tokio::test]
async fn three_processes_work_with_the_rights_of_their_roles() {
    let server = database().await;
    let at = |role: &str| server.as_role(role).address();
    let commands = command_server(&at("chirp_command")).await;
    let projector = projector(&at("chirp_projector"), &[]).await;
    let queries = query_server(&at("chirp_query")).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let made = api.post(&ada, "as somebody who may").await;
    assert_eq!(texts(&api.home(&bob, fresh(&made.token)).await.items), ["as somebody who may"]);
    for name in ["timelines_1", "posts_1"] {
        api.admin
            .clone()
            .rebuild_projection(RebuildProjectionRequest { name: name.to_owned() })
            .await
            .expect("it is rebuilt");
        let page = api.home(&bob, up_to_date()).await;
        assert_eq!(texts(&page.items), ["as somebody who may"], "the others may read what is new");
    }
    // A second upgrade changes nothing.
    server.migrate(&projector::projections::tables()).await.expect("it is up to date");
    let made = api.post(&ada, "afterwards").await;
    assert_eq!(texts(&api.home(&bob, fresh(&made.token)).await.items), ["afterwards", "as somebody who may"]);
    verified(&server.address()).await;
}

#[tokio::test]
async fn of_two_projectors_one_works_and_the_other_takes_over_when_it_is_killed_or_stands_still() {
    let server = database().await;
    let store = server.address();
    let (commands, queries) = (command_server(&store).await, query_server(&store).await);
    let mut first = projector(&store, &[]).await;
    let second = projector(&store, &[]).await;
    let api = Api::new(&commands.address, &queries.address, &second.address);
    let ada = api.register("ada").await;
    let shown = async |text: &str| {
        let made = api.post(&ada.id, text).await;
        let request = || ask!(GetHomeTimelineRequest { account_id: &ada.id, consistency: fresh(&made.token) });
        let ask_again =
            async || api.queries.clone().get_home_timeline(request()).await.ok().map(|page| page.into_inner());
        let page = eventually("somebody takes over", ask_again, Option::is_some).await.expect("just seen");
        assert_eq!(texts(&page.items).first().map(String::as_str), Some(text));
    };
    shown("both are there").await;
    first.process.kill().await;
    shown("the first is killed").await;

    let mut third = projector(&store, &[]).await;
    second.process.signal("STOP");
    shown("the second stands still").await;
    second.process.signal("CONT");
    shown("the second goes on").await;
    // The one that was stopped finds that it is superseded, stands by, and takes over when it is needed.
    third.process.signal("TERM");
    assert_eq!(third.process.ended().await.code(), Some(0));
    shown("the third has gone").await;
    verified(&store).await;
}

/// The owner is stopped, the other takes over, and the first finds that it is superseded; again and again.
/// `CHIRP_TAKEOVERS=n` sets another number.
#[tokio::test]
async fn projectors_that_take_over_from_each_other_again_and_again_double_nothing() {
    const TAKEOVERS: usize = 10;
    let takeovers = std::env::var("CHIRP_TAKEOVERS").map_or(TAKEOVERS, |text| text.parse().expect("a number"));
    let server = database().await;
    let store = server.address();
    let (commands, queries) = (command_server(&store).await, query_server(&store).await);
    let pair = [projector(&store, &[]).await, projector(&store, &[]).await];
    let api = Api::new(&commands.address, &queries.address, &pair[0].address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    for number in 0..takeovers {
        let working = &pair[number % 2];
        let posts = ["while it works", "while it stands still", "when it goes on"];
        for (text, signal) in posts.into_iter().zip([None, Some("STOP"), Some("CONT")]) {
            if let Some(signal) = signal {
                working.process.signal(signal);
            }
            let made = api.post(&ada, &format!("{text}, {number}")).await;
            let request = || ask!(GetHomeTimelineRequest { account_id: &bob, consistency: fresh(&made.token) });
            let is_shown = async || api.queries.clone().get_home_timeline(request()).await.is_ok();
            eventually("somebody projects it", is_shown, |is_shown| *is_shown).await;
        }
    }
    println!("{takeovers} takeovers");
    verified(&store).await;
}

#[tokio::test]
async fn projections_can_be_spread_over_projectors_by_name() {
    let server = database().await;
    let store = server.address();
    let (commands, queries) = (command_server(&store).await, query_server(&store).await);
    let (few, others): (Vec<_>, Vec<_>) =
        projector::projections::names().into_iter().partition(|name| ["timelines_1", "activity_1"].contains(name));
    let timelines = projector(&store, &["--projections", &few.join(",")]).await;
    let mut rest = projector(&store, &["--projections", &others.join(",")]).await;
    let api = Api::new(&commands.address, &queries.address, &timelines.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let made = api.post(&ada, "from two machines").await;
    assert_eq!(texts(&api.home(&bob, fresh(&made.token)).await.items), ["from two machines"]);
    verified(&store).await;

    // The projections of one are not done by the other; the other's go on.
    rest.process.kill().await;
    api.post(&ada, "from one machine").await;
    let checkpoints = async || {
        let all = api.projections().await;
        let of = |name: &str| all.iter().find(|one| one.name == name).map(|one| one.lag_events);
        (of("timelines_1"), of("posts_1"))
    };
    eventually("one goes on, the other not", checkpoints, |lags| *lags == (Some(0), Some(1))).await;
    let refused = chirp(&["projector", "--store", &store, "--projections", "nonsense_1"]).await.with(2);
    assert!(refused.stderr.contains("timelines_1"), "{refused:#?}");
}

#[tokio::test]
async fn three_command_servers_append_to_the_same_streams_with_one_winner_each() {
    let server = database().await;
    let store = server.address();
    let projector = projector(&store, &[]).await;
    let queries = [query_server(&store).await, query_server(&store).await];
    let mut servers = Vec::new();
    for number in 0..3 {
        let commands = command_server(&store).await;
        servers.push((Api::new(&commands.address, &queries[number % 2].address, &projector.address), commands));
    }
    let api = servers[0].0.clone();
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let mut racing = JoinSet::new();
    for (api, _) in &servers {
        for follower in [&bob, &eve] {
            let (api, follower, ada) = (api.clone(), follower.clone(), ada.clone());
            racing.spawn(async move {
                let mut outcomes = Vec::new();
                for _ in 0..25 {
                    let follow = ask!(FollowAccountRequest { follower_id: &follower, followee_id: &ada });
                    outcomes.push(api.commands.clone().follow_account(follow).await.err());
                    let unfollow = ask!(UnfollowAccountRequest { follower_id: &follower, followee_id: &ada });
                    outcomes.push(api.commands.clone().unfollow_account(unfollow).await.err());
                }
                outcomes
            });
        }
    }
    let outcomes: Vec<Option<Status>> = racing.join_all().await.into_iter().flatten().collect();
    let unexpected: Vec<_> = outcomes.iter().flatten().filter(|status| status.code() != Code::Aborted).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert!(outcomes.iter().any(Option::is_none), "somebody wins");

    // The same request through all three has one effect and one answer.
    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "once" });
    let mut asking = JoinSet::new();
    for (api, _) in &servers {
        for _ in 0..5 {
            let (api, request) = (api.clone(), request.clone());
            asking.spawn(async move { api.try_post(request).await.expect("it has an answer").id });
        }
    }
    let ids = asking.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(api.texts_of(&ada).await, ["once"]);
    // Every stream has the versions 1..n, says the reference.
    verified(&store).await;
}

/// Whether it is ready, as gRPC and plain HTTP agree.
async fn is_healthy(address: &str) -> bool {
    let asked = HealthClient::new(channel(address)).check(HealthCheckRequest::default()).await;
    let serving = asked.expect("it answers").into_inner().status() == ServingStatus::Serving;
    let ready = http(address, "/readyz").await.starts_with("HTTP/1.1 200 OK\r\n");
    serving && ready
}

#[tokio::test]
async fn when_the_server_hangs_or_restarts_calls_end_by_their_deadline_and_everything_resumes() {
    let mut cluster = Cluster::start("").await;
    let store = cluster.store();
    let (commands, queries) = (command_server(&store).await, query_server(&store).await);
    let projector = projector(&store, &[]).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;

    cluster.signal("STOP");
    // A call that is not answered before its deadline would be ended by its own client, with another code.
    let deadline = Duration::from_secs(4);
    let post = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada.id, text: "into the dark" });
    let home = ask!(GetHomeTimelineRequest { account_id: &ada.id });
    for _ in 0..2 {
        let (mut commands, mut queries) = (api.commands.clone(), api.queries.clone());
        let (posted, shown) = tokio::join!(
            commands.create_post(within(deadline, post.clone())),
            queries.get_home_timeline(within(deadline, home.clone())),
        );
        for refused in [posted.expect_err("it hangs"), shown.expect_err("it hangs")] {
            assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
            assert_eq!(reason(&refused).as_deref(), Some("STORE_UNAVAILABLE"), "{refused:?}");
            assert!(refused.get_details_retry_info().is_some(), "{refused:?}");
        }
    }
    let addresses = [&commands.address, &queries.address, &projector.address];
    for address in addresses {
        eventually("it is not healthy", || is_healthy(address), |healthy| !healthy).await;
    }
    cluster.signal("CONT");
    for address in addresses {
        eventually("it is healthy again", || is_healthy(address), |healthy| *healthy).await;
    }
    // The client that was told to retry does, with the same request id.
    let post_again = async || api.try_post(post.clone()).await.ok();
    let made = eventually("it is posted", post_again, Option::is_some).await.expect("just seen");
    let shown = async || api.queries.clone().get_home_timeline(home.clone()).await.ok().map(|page| page.into_inner());
    let is_there = |page: &Option<shared::rpc::proto::query::GetHomeTimelineResponse>| {
        page.as_ref().is_some_and(|page| texts(&page.items) == ["into the dark"])
    };
    eventually("it is shown once", shown, is_there).await;
    assert!(!made.id.is_empty());

    cluster.kill().await;
    let refused = api.queries.clone().get_home_timeline(within(deadline, home.clone())).await.expect_err("it is gone");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let refused =
        api.admin.clone().list_projections(shared::rpc::proto::admin::ListProjectionsRequest::default()).await;
    assert_eq!(refused.expect_err("nobody says that it has caught up").code(), Code::Unavailable);
    cluster.start_again("").await;
    let post_more = async || api.try_post(ask!(CreatePostRequest { author_id: &ada.id, text: "and more" })).await.ok();
    let made = eventually("it is posted", post_more, Option::is_some).await.expect("just seen");
    let shown_fresh = async || {
        let request = ask!(GetHomeTimelineRequest { account_id: &ada.id, consistency: fresh(&made.token) });
        api.queries.clone().get_home_timeline(request).await.ok().map(|page| texts(&page.into_inner().items))
    };
    let all = eventually("it is shown", shown_fresh, Option::is_some).await.expect("just seen");
    assert_eq!(all.first().map(String::as_str), Some("and more"));
    let caught_up = async || {
        let answer =
            api.admin.clone().list_projections(shared::rpc::proto::admin::ListProjectionsRequest::default()).await;
        answer.is_ok_and(|all| all.into_inner().projections.iter().all(|one| one.state() == ProjectionState::CaughtUp))
    };
    eventually("it has caught up", caught_up, |caught_up| *caught_up).await;
    verified(&store).await;
}

#[tokio::test]
async fn connections_are_encrypted_and_an_unknown_server_is_refused() {
    const ENCRYPTED: &str =
        "SELECT COUNT(*), COALESCE(BOOL_AND(ssl), FALSE) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                             WHERE application_name = 'chirp'";
    let (cluster, certificates) = Cluster::start_with_tls().await;
    let certificate = certificates.path().join("server.crt");
    let store = format!("{}?sslmode=verify-full&sslrootcert={}", cluster.store(), certificate.display());
    let (commands, projector) = (command_server(&store).await, projector(&store, &[]).await);
    let queries = query_server(&store).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;
    let mut watching = PgConnection::connect(&cluster.store()).await.expect("the server answers");
    let (connections, encrypted): (i64, bool) =
        sqlx::query_as(ENCRYPTED).fetch_one(&mut watching).await.expect("it tells");
    assert!(connections >= 3 && encrypted, "{connections} connections, all encrypted: {encrypted}");

    // Nothing on this system trusts the server's certificate.
    let unknown = format!("{}?sslmode=verify-full", cluster.store());
    let refused = chirp(&["migrate", "status", "--store", &unknown]).await.with(1);
    assert!(refused.stderr.contains("certificate"), "{refused:#?}");
}

#[tokio::test]
async fn a_server_that_is_out_of_connections_is_unavailable_until_it_has_some() {
    let cluster = Cluster::start("-c superuser_reserved_connections=0 -c max_connections=24").await;
    let store = cluster.store();
    let dev = Dev::start_at(&store).await;
    let ada = dev.api.register("ada").await;
    dev.api.home(&ada.id, fresh(&ada.token)).await;
    let mut others = Vec::new();
    while let Ok(connection) = PgConnection::connect(&store).await {
        others.push(connection);
    }
    assert!(!others.is_empty(), "there were some left");
    // More calls at once than there are connections; each succeeds or is told to retry.
    let mut asking = JoinSet::new();
    for _ in 0..64 {
        let (mut queries, id) = (dev.api.queries.clone(), ada.id.clone());
        asking.spawn(async move {
            let request = ask!(GetHomeTimelineRequest { account_id: id, consistency: up_to_date() });
            queries.get_home_timeline(within(Duration::from_secs(5), request)).await.err().map(|status| status.code())
        });
    }
    for refused in asking.join_all().await {
        assert!([None, Some(Code::Unavailable)].contains(&refused), "{refused:?}");
    }
    drop(others);
    let made = eventually(
        "it is posted",
        async || dev.api.try_post(ask!(CreatePostRequest { author_id: &ada.id, text: "x" })).await.ok(),
        Option::is_some,
    )
    .await;
    let made = made.expect("just seen");
    assert_eq!(texts(&dev.api.home(&ada.id, fresh(&made.token)).await.items), ["x"]);
}

#[tokio::test]
async fn a_log_is_copied_from_a_folder_to_a_server_and_back() {
    let (start, back) = (folder(), folder());
    let path = |folder: &tempfile::TempDir| folder.path().to_str().expect("a plain name").to_owned();
    let (start_store, back_store) = (path(&start), path(&back));
    let mut dev = Dev::start_at(&start_store).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "\0 and \u{10ffff} 0" });
    let made = dev.api.try_post(request.clone()).await.expect("it is posted");
    for number in 0..200 {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    let before = dev.api.home(&bob, up_to_date()).await;
    dev.process.kill().await;

    let server = Server::for_a_test().await;
    let address = server.address();
    let digests = |said: &str| -> Vec<String> {
        said.lines().filter_map(|line| line.rsplit_once("SHA-256 ").map(|(_, digest)| digest.to_owned())).collect()
    };
    let mut seen = Vec::new();
    for (from, to) in [(&start_store, &address), (&address, &back_store), (&start_store, &address)] {
        let copied = chirp(&["log", "copy", "--from", from, "--to", to]).await.with(0);
        seen.extend(digests(&copied.stdout));
    }
    assert!(seen.len() == 6 && seen.iter().all(|digest| *digest == seen[0]), "{seen:?}");

    for store in [&address, &back_store] {
        let dev = Dev::start_at(store).await;
        // The same request has the same answer, and an old token is refused with its own reason.
        let answered = dev.api.try_post(request.clone()).await.expect("it was answered before");
        assert_eq!(answered.id, made.id);
        let request = ask!(GetHomeTimelineRequest { account_id: &bob, consistency: fresh(&made.token) });
        let refused = dev.api.queries.clone().get_home_timeline(request).await.expect_err("it is another store");
        assert_eq!(reason(&refused).as_deref(), Some("TOKEN_FROM_ANOTHER_STORE"), "{refused:?}");
        let after = dev.api.home(&bob, up_to_date()).await;
        assert_eq!(after.items, before.items);
        verified(store).await;
    }
    let other = folder();
    let mut dev = Dev::start_at(&path(&other)).await;
    dev.api.register("mallory").await;
    dev.process.kill().await;
    let refused = chirp(&["log", "copy", "--from", &path(&other), "--to", &address]).await.with(1);
    assert!(refused.stderr.contains("another log"), "{refused:#?}");
}
