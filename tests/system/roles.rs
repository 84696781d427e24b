//! Three roles in three processes, how each starts and stops, and who may write what.

use std::os::fd::AsRawFd;

use shared::rpc::proto::admin::RebuildProjectionRequest;
use shared::rpc::proto::query::{GetPostRequest, StreamHomeTimelineRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::api::{Api, Told, ask, channel, fresh, item, reason, texts, up_to_date, within};
use crate::process::{DEADLINE, Dev, Role, chirp_with, folder, path, verified};
use crate::raw;

/// A grace period in seconds that no process should need: a test that waits for its end fails earlier.
const LONGER_THAN_DEADLINE: &str = "600";
const COMMANDS: &str = "chirp.command.v1.CommandService";
const QUERIES: &str = "chirp.query.v1.QueryService";
const ADMIN: &str = "chirp.admin.v1.AdminService";

#[tokio::test]
async fn three_processes_on_one_store_behave_as_one_does() {
    let folder = folder();
    // The other roles wait for the command server, which makes the store.
    let store = folder.path().to_owned();
    let queries = tokio::spawn(async move { Role::query_server(&store).await });
    let store = folder.path().to_owned();
    let projector = tokio::spawn(async move { Role::projector(&store).await });
    let commands = Role::command_server(folder.path()).await;
    let (queries, projector) = (queries.await.expect("the query server starts"), projector.await.expect("it starts"));
    let api = Api::new(&commands.address, &queries.address, &projector.address);

    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let followed = api.follow(&bob, &ada).await;
    let page = api.home(&bob, fresh(&followed)).await;
    let mut feed = api.stream(&bob, &page.resume_token).await;
    for number in 0..20 {
        let text = format!("post {number}");
        let made = api.post(&ada, &text).await;
        assert_eq!(texts(&api.home(&bob, fresh(&made.token)).await.items).first(), Some(&text));
        assert_eq!(feed.news().await, item(&text));
    }
    assert_eq!(api.head().await, 2 * 2 + 1 + 20);
    verified(folder.path()).await;
}

#[tokio::test]
async fn an_order_to_a_projector_beside_dev_names_where_dev_is() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let standby = Role::projector(folder.path()).await;
    let mut admin = Api::new(&dev.command, &dev.query, &standby.address).admin;
    let request = RebuildProjectionRequest { name: "timelines_1".to_owned() };
    let refused = admin.rebuild_projection(request).await.expect_err("it stands by");
    assert_eq!(reason(&refused).as_deref(), Some("PROJECTION_OWNED_ELSEWHERE"));
    let details = refused.get_details_error_info().expect("it has details");
    assert_eq!(details.metadata.get("owner_address"), Some(&dev.ops), "{refused:?}");
}

#[tokio::test]
async fn each_role_comes_back_after_kill_9_and_the_others_go_on() {
    let folder = folder();
    let mut commands = Role::command_server(folder.path()).await;
    let mut projector = Role::projector(folder.path()).await;
    let mut queries = Role::query_server(folder.path()).await;
    let ada = Api::new(&commands.address, &queries.address, &projector.address).register("ada").await.id;
    let mut expected = Vec::new();
    for round in 0..6 {
        let killed = match round % 3 {
            0 => &mut commands,
            1 => &mut projector,
            _ => &mut queries,
        };
        killed.process.kill().await;
        *killed = match round % 3 {
            0 => Role::command_server(folder.path()).await,
            1 => Role::projector(folder.path()).await,
            _ => Role::query_server(folder.path()).await,
        };
        let api = Api::new(&commands.address, &queries.address, &projector.address);
        let text = format!("post {round}");
        let made = api.post(&ada, &text).await;
        expected.insert(0, text);
        assert_eq!(texts(&api.home(&ada, fresh(&made.token)).await.items), expected);
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn on_sigterm_an_open_stream_is_told_and_the_process_ends_well_within_its_grace_period() {
    let folder = folder();
    let mut dev = Dev::start_with(folder.path(), &["--grace-period", LONGER_THAN_DEADLINE]).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let mut feed = dev.api.stream(&bob, &dev.api.home(&bob, up_to_date()).await.resume_token).await;
    assert_eq!(feed.next().await, Told::CaughtUp);
    dev.api.post(&ada, "before").await;
    assert_eq!(feed.news().await, item("before"));

    dev.process.signal("TERM");
    assert_eq!(feed.next().await, Told::Draining);
    let token = feed.token.clone();
    let end = feed.next_or_end().await.expect_err("nothing comes after `draining`");
    assert_eq!((end.code(), reason(&end).as_deref()), (Code::Unavailable, Some("SHUTTING_DOWN")));
    assert_eq!(dev.process.ended().await.code(), Some(0));

    let dev = Dev::start(folder.path()).await;
    dev.api.post(&ada, "after").await;
    let mut feed = dev.api.stream(&bob, &token).await;
    assert_eq!(feed.news().await, item("after"));
}

#[tokio::test]
async fn a_client_that_reads_nothing_cannot_keep_a_process_from_ending() {
    let folder = folder();
    let mut dev = Dev::start_with(folder.path(), &["--grace-period", "1"]).await;
    let ada = dev.api.register("ada").await;
    dev.api.home(&ada.id, fresh(&ada.token)).await;
    // Neither the stream nor the waiting call is ever read again.
    let request = ask!(StreamHomeTimelineRequest { account_id: &ada.id });
    let _stream = dev.api.queries.clone().stream_home_timeline(request).await.expect("it opens");
    let _idle = TcpStream::connect(&dev.command).await.expect("it listens");
    for signal in ["TERM", "INT"] {
        dev.process.signal(signal);
        assert_eq!(dev.process.ended().await.code(), Some(0), "after SIG{signal}");
        dev = Dev::start_with(folder.path(), &["--grace-period", "1"]).await;
    }
}

#[tokio::test]
async fn a_call_that_waits_when_the_server_is_asked_to_stop_is_answered() {
    let folder = folder();
    let (commands, projector) = (Role::command_server(folder.path()).await, Role::projector(folder.path()).await);
    let mut queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await;
    api.home(&ada.id, fresh(&ada.token)).await;
    projector.process.signal("STOP");
    let made = api.post(&ada.id, "not projected").await;
    let waiting = tokio::spawn({
        let mut queries = api.queries.clone();
        let request = ask!(GetPostRequest { post_id: &made.id, consistency: fresh(&made.token) });
        async move { queries.get_post(within(DEADLINE, request)).await }
    });
    // Whether it has begun to wait cannot be seen from outside; but a later call on the same connection was answered.
    api.home(&ada.id, None).await;
    queries.process.signal("TERM");
    let refused = waiting.await.expect("it ends").expect_err("it cannot be that fresh");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(matches!(reason(&refused).as_deref(), Some("PROJECTION_BEHIND" | "SHUTTING_DOWN")), "{refused:?}");
    assert_eq!(queries.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn health_is_told_for_each_service_and_turns_when_the_server_stops() {
    let folder = folder();
    let (commands, projector) = (Role::command_server(folder.path()).await, Role::projector(folder.path()).await);
    let queries = Role::query_server(folder.path()).await;
    for (mut role, service) in [(commands, COMMANDS), (queries, QUERIES), (projector, ADMIN)] {
        let mut health = HealthClient::new(channel(&role.address));
        for service in ["", service] {
            let request = HealthCheckRequest { service: service.to_owned() };
            let answer = health.check(request).await.expect("it is known").into_inner();
            assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
        }
        let request = HealthCheckRequest { service: "chirp.Nothing".to_owned() };
        let unknown = health.check(request).await.expect_err("there is no such service");
        assert_eq!(unknown.code(), Code::NotFound);

        let request = HealthCheckRequest { service: service.to_owned() };
        let mut watch = health.watch(request).await.expect("it can be watched").into_inner();
        let first = watch.next().await.expect("the first word").expect("the first word");
        assert_eq!(first.status(), ServingStatus::Serving);
        role.process.signal("TERM");
        let second = watch.next().await.expect("the last word").expect("the last word");
        assert_eq!(second.status(), ServingStatus::NotServing, "{service}");
        drop(watch);
        drop(health);
        assert_eq!(role.process.ended().await.code(), Some(0));
    }
}

/// A load balancer watches for as long as it may; that must not cost the whole grace period.
#[tokio::test]
async fn a_watch_of_the_health_does_not_hold_up_the_end() {
    let folder = folder();
    let mut commands =
        Role::start("command-server", "--listen", folder.path(), &["--grace-period", LONGER_THAN_DEADLINE]).await;
    let mut health = HealthClient::new(channel(&commands.address));
    let mut watch = health.watch(HealthCheckRequest::default()).await.expect("it can be watched").into_inner();
    watch.next().await.expect("the first word").expect("the first word");
    commands.process.signal("TERM");
    assert_eq!(commands.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn reflection_in_both_versions_lists_the_services_of_every_server() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for (address, service) in [(&dev.command, COMMANDS), (&dev.query, QUERIES), (&dev.ops, ADMIN)] {
        for version in ["v1", "v1alpha"] {
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            // Field 7 is list_services, field 4 file_containing_symbol.
            let services = raw::call(&channel(address), &path, b"\x3a\x01*".to_vec()).await.expect("it is answered");
            let services = String::from_utf8_lossy(&services);
            let itself = format!("grpc.reflection.{version}.ServerReflection");
            for name in [COMMANDS, QUERIES, ADMIN, "grpc.health.v1.Health", &itself] {
                let is_served = name == service || name.starts_with("grpc.");
                assert_eq!(services.contains(name), is_served, "{version} on {address}: {name} in {services:?}");
            }
            let length = u8::try_from(service.len()).expect("a name is short");
            let ask = [b"\x22", [length].as_slice(), service.as_bytes()].concat();
            let file = raw::call(&channel(address), &path, ask).await.expect("it is answered");
            let method: &[u8] = match service {
                COMMANDS => b"RegisterAccount",
                QUERIES => b"GetHomeTimeline",
                _ => b"RebuildProjection",
            };
            assert!(file.windows(method.len()).any(|window| window == method), "{version}: the file describes it");
        }
    }
    let silent = self::folder();
    let silent = Role::start("command-server", "--listen", silent.path(), &["--no-reflection"]).await;
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let refused = raw::call(&channel(&silent.address), path, b"\x3a\x01*".to_vec()).await.expect_err("it is off");
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn livez_and_readyz_answer_over_plain_http() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for (address, page) in
        [(&dev.ops, "/livez"), (&dev.ops, "/readyz"), (&dev.command, "/readyz"), (&dev.query, "/livez")]
    {
        let answer = http(address, page).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{page}: {answer}");
    }
    let answer = http(&dev.ops, "/nothing").await;
    assert!(!answer.contains("\r\n\r\nok"), "{answer}");
}

/// What a plain HTTP client gets, with the headers.
pub async fn http(address: &str, page: &str) -> String {
    let mut connection = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {page} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("it takes a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("it answers");
    answer
}

#[tokio::test]
async fn a_bad_value_is_refused_with_its_key_before_a_port_is_bound() {
    let folder = folder();
    // The port is taken, so a process that comes as far as binding it says that instead.
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    assert!(taken.as_raw_fd() >= 0);
    let taken = taken.local_addr().expect("it is bound").to_string();
    let (store, file) = (folder.path().join("store"), folder.path().join("chirp.toml"));
    let dev: Vec<&str> = vec!["dev", "--data", path(&store), "--ops-listen", &taken, "--command-listen", &taken];
    let projector: Vec<&str> = vec!["projector", "--store", path(&store), "--ops-listen", &taken];
    let commands: Vec<&str> = vec!["command-server", "--store", path(&store), "--listen", &taken];
    let control = chirp_with(&dev, &[]).await.with(1);
    assert!(control.stderr.contains(&format!("cannot listen on {taken}")), "{control:#?}");

    let keys = [
        ("timeline_cap", "--timeline-cap", "CHIRP_TIMELINE_CAP", "0", &dev),
        ("celebrity_followers", "--celebrity-followers", "CHIRP_CELEBRITY_FOLLOWERS", "-1", &dev),
        ("pull_following", "--pull-following", "CHIRP_PULL_FOLLOWING", "many", &projector),
        ("batch_events_max", "--batch-events-max", "CHIRP_BATCH_EVENTS_MAX", "99999999999", &projector),
        ("grace_period", "--grace-period", "CHIRP_GRACE_PERIOD", "1.5", &commands),
        ("log", "--log", "CHIRP_LOG", "chirp=loud", &commands),
    ];
    for (key, flag, variable, bad, role) in keys {
        std::fs::write(&file, format!("{key} = \"{bad}\"\n")).expect("a file can be written");
        let with_flag = [role.as_slice(), &[flag, bad]].concat();
        let with_file = [role.as_slice(), &["--config", path(&file)]].concat();
        for finished in [
            chirp_with(&with_flag, &[]).await,
            chirp_with(role, &[(variable, bad)]).await,
            chirp_with(&with_file, &[]).await,
        ] {
            let finished = finished.with(2);
            assert!(finished.stderr.contains(&format!("key: {key} ")), "{key}: {finished:#?}");
            assert!(finished.stderr.contains(bad), "{key}: {finished:#?}");
        }
    }
    let with_listen = [&commands[..3], &["--listen", "nowhere"]].concat();
    let finished = chirp_with(&with_listen, &[]).await.with(2);
    assert!(finished.stderr.contains("key: listen "), "{finished:#?}");
    assert!(!store.exists(), "nothing was made");
}

#[tokio::test]
async fn an_unknown_key_of_the_file_names_the_nearest_and_a_missing_file_is_said() {
    let folder = folder();
    let file = folder.path().join("chirp.toml");
    for (text, expected) in [
        ("timeline_cpa = 5", "`timeline_cap`"),
        ("[dev]\nno_demmo = true", "`no_demo`"),
        ("[projektor]\ntimeline_cap = 5", "`projector`"),
        ("store = [1", "is not TOML"),
    ] {
        std::fs::write(&file, text).expect("a file can be written");
        let arguments = ["dev", "--config", path(&file), "--data", path(folder.path())];
        let finished = chirp_with(&arguments, &[]).await.with(2);
        assert!(finished.stderr.contains(expected), "{text}: {finished:#?}");
    }
    let missing = [("CHIRP_CONFIG", "/nowhere/chirp.toml")];
    let finished = chirp_with(&["command-server", "--store", path(folder.path())], &missing).await.with(2);
    assert!(finished.stderr.contains("/nowhere/chirp.toml"), "{finished:#?}");
    let finished = chirp_with(&["command-server"], &[]).await.with(2);
    assert!(finished.stderr.contains("key: store "), "{finished:#?}");
}

#[tokio::test]
async fn the_help_of_every_command_begins_with_an_example() {
    let commands = [
        "dev",
        "serve",
        "command-server",
        "query-server",
        "projector",
        "replay",
        "verify",
        "projection",
        "projection list",
        "projection rebuild",
        "events",
        "events tail",
        "events show",
    ];
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let finished = chirp_with(&arguments, &[]).await.with(0);
        let begin = format!("Example:\n  chirp {command}");
        assert!(finished.stdout.starts_with(&begin), "{command}: {}", finished.stdout);
    }
    let finished = chirp_with(&["dev", "--help"], &[]).await.with(0);
    for shown in ["[default: 127.0.0.1:50051]", "[default: ./chirp-data]", "[default: 800]", "CHIRP_TIMELINE_CAP"] {
        assert!(finished.stdout.contains(shown), "no {shown} in {}", finished.stdout);
    }
}
