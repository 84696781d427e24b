//! How processes connect to a server: by several hosts, through a pooler, or not at all, and then they say why.

use std::time::Duration;

use shared::rpc::proto::admin::RebuildProjectionRequest;
use shared::rpc::proto::command::{CreatePostRequest, WaitFor};
use shared::rpc::proto::query::GetHomeTimelineRequest;
use shared::sql::postgres::Server;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinSet;

use super::{database, execute, query_server, verified};
use crate::api::{Api, ask, fresh, request_id, texts, within};
use crate::cluster::{Cluster, Pooler};
use crate::process::{Process, Role, Roles, chirp, eventually};
use crate::relay::Relay;
use crate::roles::http;

/// Clients at once of processes with few connections.
const FEW_CLIENTS: usize = 30;
/// A role of each kind, as they are started by hand.
const ROLES: [(&str, &str); 3] =
    [("command-server", "--listen"), ("query-server", "--listen"), ("projector", "--ops-listen")];

/// The `host:port` of an address.
fn host_of(store: &str) -> &str {
    store.split(['@', '/']).nth(3).expect("an address has a host")
}

/// The store of an address by way of another `host:port`, with more parameters.
fn by(store: &str, host: &str, parameters: &str) -> String {
    let (start, rest) = store.split_once('@').expect("an address has a user");
    let (_, path) = rest.split_once('/').expect("and a database");
    let path = path.split('?').next().expect("there is always one part");
    format!("{start}@{host}/{path}{parameters}")
}

/// Asserts that the three roles work there together.
async fn works(store: &str) {
    let Roles { api, .. } = &Roles::start_at(store, &[]).await;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let made = api.post(&ada, "it works").await;
    assert_eq!(texts(&api.home(&bob, fresh(&made.token)).await.items), ["it works"]);
}

#[tokio::test]
async fn everything_works_through_a_pooler_in_session_mode() {
    let server = database().await;
    let store = server.address();
    let host = host_of(&store);
    let pooler = Pooler::start(host, "session").await;
    works(&by(&store, pooler.host(), "")).await;
    verified(&by(&store, pooler.host(), "")).await;
}

#[tokio::test]
async fn two_connections_are_enough_for_each_process() {
    let server = database().await;
    let store = server.address();
    let name = server.database();
    // Roles belong to the whole server, so the limit is set on other roles with the same rights.
    let roles = ["command", "projector", "query"].map(|role| (role, format!("few_{role}_{name}")));
    for (role, few) in &roles {
        let make = format!("CREATE ROLE {few} LOGIN CONNECTION LIMIT 2 IN ROLE chirp_{role}");
        execute(&store, make).await;
    }
    let [commands, projects, queries] = roles.map(|(_, few)| server.as_role(&few).address());
    let few = ["--connections", "2"];
    let commands = Role::start_at("command-server", "--listen", &commands, &few).await;
    let projector = Role::start_at("projector", "--ops-listen", &projects, &few).await;
    let queries = Role::start_at("query-server", "--listen", &queries, &few).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let mut asking = JoinSet::new();
    for number in 0..FEW_CLIENTS {
        let (api, ada, bob) = (api.clone(), ada.clone(), bob.clone());
        asking.spawn(async move {
            let text = format!("post {number}");
            let (id, wait_for) = (request_id(), WaitFor::Projected);
            let request = ask!(CreatePostRequest { request_id: id, author_id: &ada, text: &text, wait_for: wait_for });
            let made = api.try_post(request).await.expect("it is posted, and projected");
            let page = api.home(&bob, fresh(&made.token)).await;
            assert!(texts(&page.items).contains(&text));
            api.notifications(&ada).await;
        });
    }
    asking.join_all().await;
    assert_eq!(api.projections().await.len(), projector::projections::names().len());
    verified(&store).await;
}

#[tokio::test]
async fn every_role_refuses_a_pooler_that_lends_less_than_a_session_by_name() {
    let server = database().await;
    let store = server.address();
    let host = host_of(&store);
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(host, mode).await;
        let store = by(&store, pooler.host(), "");
        for (role, listen) in ROLES {
            let refused = chirp(&[role, listen, "127.0.0.1:0", "--store", &store]).await.with(2);
            assert!(refused.stderr.contains("pooler in transaction mode"), "{mode}, {role}: {}", refused.stderr);
        }
    }
}

#[tokio::test]
async fn the_host_that_can_be_written_to_is_found_among_several() {
    let primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    let nobody = Relay::to("127.0.0.1:1").await;
    let hosts = format!("{},{},{}", nobody.address(), standby.host(), primary.host());
    works(&primary.store_by(&hosts)).await;
    let store = format!("{}?target_session_attrs=read-write", primary.store_by(&hosts));
    verified(&store).await;
    let store = format!("{}?target_session_attrs=standby", primary.store_by(&hosts));
    let queries = query_server(&store).await;
    assert!(queries.address.contains(':'), "it answers from the standby");
    // The address then leads to a read-only server, and the process says so.
    let mut commands = Process::start(&["command-server", "--listen", "127.0.0.1:0", "--store", &store]);
    commands.says(|line| line.contains("nothing can be written there").then_some(())).await;
}

#[tokio::test]
async fn an_encoding_that_cannot_hold_every_text_is_refused_by_name() {
    let server = Server::for_a_test().await;
    let store = server.address();
    let name = format!("latin_{}", uuid::Uuid::now_v7().simple());
    execute(&store, format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).await;
    let (start, _) = store.rsplit_once('/').expect("an address has a database");
    let store = format!("{start}/{name}");
    let refused = chirp(&["migrate", "up", "--store", &store]).await.with(1);
    assert!(refused.stderr.contains("LATIN1"), "{}", refused.stderr);
    for (role, listen) in ROLES {
        let refused = chirp(&[role, listen, "127.0.0.1:0", "--store", &store]).await.with(2);
        assert!(refused.stderr.contains("encoding is LATIN1"), "{role}: {}", refused.stderr);
    }
}

#[tokio::test]
async fn whatever_stands_in_the_way_is_named_and_never_a_line_of_the_servers_source() {
    let server = database().await;
    let store = server.address();
    let host = host_of(&store).to_owned();
    let (start, path) = store.rsplit_once('/').expect("an address has a database");
    let name = path.split('?').next().expect("there is always one part");
    let role = format!("nobody_{}", uuid::Uuid::now_v7().simple());
    execute(&store, format!("CREATE ROLE {role} LOGIN")).await;
    execute(&store, format!("CREATE ROLE full_{role} LOGIN CONNECTION LIMIT 0")).await;
    let cases = [
        (format!("{start}/no_such_database"), "there is no database no_such_database"),
        (format!("postgres://no_such_role@{host}/{name}"), "does not let role no_such_role in"),
        (format!("postgres://{role}@{host}/{name}"), "lack"),
        (format!("postgres://full_{role}@{host}/{name}"), "no connection left"),
        (format!("postgres://postgres@127.0.0.1:1/{name}"), "nothing listens at 127.0.0.1:1"),
        (format!("{store}&options[no_such_setting]=1"), "no_such_setting"),
    ];
    for (store, cause) in cases {
        for (role, listen) in ROLES {
            let mut process = Process::start(&[role, listen, "127.0.0.1:0", "--store", &store]);
            let address = process.says(|line| line.split("listening on ").nth(1).map(port_of)).await;
            let said = eventually("the cause is told", || http(&address, "/readyz"), |said| said.contains(cause)).await;
            assert!(!said.contains(" at line "), "{role} of {store}: {said}");
        }
    }
}

/// The port at the beginning of a text.
fn port_of(text: &str) -> String {
    text.chars().take_while(|character| character.is_ascii_digit() || ".:".contains(*character)).collect()
}

#[tokio::test]
async fn a_rebuild_beside_a_long_reader_says_for_whom_it_waits_and_lets_others_read() {
    /// How many pages are read while the rebuild waits, each within [`PAGE_DEADLINE`].
    const PAGES: usize = 100;
    /// Far above the time of a page, and far below the time of a queue behind the reader.
    const PAGE_DEADLINE: Duration = Duration::from_secs(2);
    let server = database().await;
    let store = server.address();
    let mut roles = Roles::start_at(&store, &[]).await;
    let api = roles.api.clone();
    let ada = api.register("ada").await;
    let made = api.post(&ada.id, "still there").await;
    api.home(&ada.id, fresh(&made.token)).await;

    // The table that every reader of Chirp reads first, and others that only an operator reads alone.
    for table in ["projections", "timelines_1_accounts", "timelines_1"] {
        let mut reader = PgConnection::connect(&store).await.expect("the server answers");
        let reading = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM chirp_tables.{table}");
        sqlx::raw_sql(AssertSqlSafe(reading)).execute(&mut reader).await.expect("it reads");
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut reader).await.expect("it is known");
        let rebuilding = tokio::spawn({
            let mut admin = api.admin.clone();
            async move { admin.rebuild_projection(RebuildProjectionRequest { name: "timelines_1".to_owned() }).await }
        });
        let named = format!("waits for process {pid} of the server");
        roles.projector.process.says(|line| line.contains(&named).then_some(())).await;
        for _ in 0..PAGES {
            let request = ask!(GetHomeTimelineRequest { account_id: &ada.id, page_size: 10 });
            let page = api.queries.clone().get_home_timeline(within(PAGE_DEADLINE, request)).await;
            assert_eq!(texts(&page.expect("it is read beside the long reader").into_inner().items), ["still there"]);
        }
        assert!(!rebuilding.is_finished());
        sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.expect("it ends");
        rebuilding.await.expect("it does not panic").expect("it is rebuilt");
        assert_eq!(texts(&api.home(&ada.id, fresh(&made.token)).await.items), ["still there"]);
    }
}
