//! `chirp serve`, and the address of `chirp dev` that has everything: all services on one port.

use std::path::Path;

use serde_json::json;
use shared::rpc::proto::command::CreatePostRequest;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::api::{Api, ask, channel, reason, registration, up_to_date};
use crate::process::{Dev, Process, Role, Surroundings, chirp, folder, on_postgres, path, store_of, verified};
use crate::roles::http;
use crate::web::{post, send};

/// Starts `chirp serve` on the store of a folder.
async fn serve(folder: &Path) -> Role {
    Role::start_in(Surroundings::default(), "serve", "--listen", &store_of(folder).await, &["--create"]).await
}

#[tokio::test]
async fn one_process_answers_commands_queries_and_operators_on_one_address_and_keeps_what_it_was_told() {
    let folder = folder();
    let mut served = serve(folder.path()).await;
    let api = Api::new(&served.address, &served.address, &served.address);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    api.post(&ada, "on one port").await;
    assert_eq!(api.home(&bob, up_to_date()).await.items.len(), 1);
    assert!(!api.events().await.is_empty());

    let mut health = HealthClient::new(channel(&served.address));
    for service in ["", "chirp.command.v1.CommandService", "chirp.query.v1.QueryService", "chirp.admin.v1.AdminService"]
    {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.expect("it is known").into_inner().status();
        assert_eq!(status, tonic_health::pb::health_check_response::ServingStatus::Serving, "{service}");
    }
    let ready = http(&served.address, "/readyz?verbose").await;
    for line in ["[+]command-server/writer ok", "[+]query-server/tables ok", "[+]projector/projections ok"] {
        assert!(ready.contains(line), "{line} in {ready}");
    }
    let about = send(&served.address, "GET", "/", &[], b"").await.text();
    assert!(
        ["gRPC-Web", "Connect", "/openapi.json", "AdminService"].iter().all(|word| about.contains(word)),
        "{about}"
    );
    let listed = chirp(&["projection", "list", "--ops", &served.address]).await.with(0);
    assert!(listed.stdout.contains("posts_1"), "{listed:?}");

    served.process.signal("TERM");
    assert_eq!(served.process.ended().await.code(), Some(0));
    let served = serve(folder.path()).await;
    let api = Api::new(&served.address, &served.address, &served.address);
    assert_eq!(api.home(&bob, up_to_date()).await.items.len(), 1);
    drop(served);
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_folder_that_is_missing_is_made_only_when_that_is_asked_for_and_no_demo_is_in_it() {
    if on_postgres() {
        return;
    }
    let folder = folder();
    let missing = folder.path().join("missing");
    let refused = chirp(&["serve", "--store", path(&missing), "--listen", "127.0.0.1:0"]).await.with(2);
    assert!(refused.stderr.contains(path(&missing)) && !missing.exists(), "{refused:?}");
    let served = Role::start_in(Surroundings::default(), "serve", "--listen", path(&missing), &["--create"]).await;
    let api = Api::new(&served.address, &served.address, &served.address);
    assert!(api.events().await.is_empty(), "nobody is there yet");
    // A second one refuses, and names the first.
    let refused = chirp(&["serve", "--store", path(&missing), "--listen", "127.0.0.1:0"]).await.with(1);
    assert!(refused.stderr.contains(&format!("process {}", served.process.id())), "{refused:?}");
}

#[tokio::test]
async fn a_call_that_panics_in_a_process_of_all_roles_is_answered_and_harms_no_other() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let failing = Surroundings::failing("shared::call=1*panic");
    let served = Role::start_in(failing, "serve", "--listen", &store, &["--create"]).await;
    let first = post(&served.address, "/chirp.query.v1.QueryService/GetAccount", "{}").await;
    assert_eq!((first.status, &first.json()["code"]), (500, &json!("internal")));
    let second = post(&served.address, "/chirp.query.v1.QueryService/GetAccount", "{}").await;
    assert_eq!(second.status, 400, "{}", second.text());
}

#[tokio::test]
async fn dev_has_everything_on_one_address_beside_the_three() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = Api::new(&dev.all, &dev.all, &dev.all);
    let ada = dev.api.register("ada").await.id;
    let made = api.commands.clone().create_post(ask!(CreatePostRequest { author_id: &ada, text: "hello" })).await;
    made.expect("it is made");
    assert_eq!(api.home(&ada, up_to_date()).await.items.len(), 1);
    assert_eq!(api.events().await.len(), dev.api.events().await.len());
    let refused = api.commands.clone().register_account(registration("ada")).await.expect_err("it is taken");
    assert_eq!(reason(&refused).as_deref(), Some("HANDLE_TAKEN"));
}

/// Two of them on one machine have three ports each, and one of them has the default address of all services.
#[tokio::test]
async fn dev_goes_on_without_the_address_of_all_services_when_nobody_asked_for_it_and_it_is_taken() {
    let folders = [folder(), folder()];
    let mut ready = Vec::new();
    let mut running = Vec::new();
    for folder in &folders {
        let any = "127.0.0.1:0";
        let listen = ["--command-listen", any, "--query-listen", any, "--ops-listen", any];
        let data = ["dev", "--no-demo", "--data", path(folder.path())];
        let mut process = Process::start(&[&data[..], &listen].concat());
        ready.push(process.says(|line| line.strip_prefix("ready ").map(str::to_owned)).await);
        running.push(process);
    }
    // Whoever else has it on this machine, the second one does not.
    assert!(!ready[1].contains("all="), "{ready:?}");
}
