//! The server under the processes becomes another one, or a read-only one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::rpc::proto::command::CreatePostRequest;
use tokio::task::JoinSet;

use super::{command_server, database, execute, is_healthy, projector, query_server, verified};
use crate::api::{Api, ask, fresh, request_id};
use crate::cluster::Cluster;
use crate::process::{DEADLINE, Roles, eventually};
use crate::relay::Relay;

/// Clients that post all the while.
const WRITERS: usize = 4;

/// The three roles on one store, and an account that posts.
struct Posting {
    roles: Roles,
    ada: String,
}

impl Posting {
    async fn start(store: &str) -> Self {
        let roles = Roles::start_at(store, &[]).await;
        let ada = roles.api.register("ada").await;
        roles.api.home(&ada.id, fresh(&ada.token)).await;
        Self { roles, ada: ada.id }
    }

    /// Posts until that succeeds, and then waits until the post is shown. Gives how long each took.
    async fn post_and_see(&self, text: &str) -> (Duration, Duration) {
        let began = Instant::now();
        let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &self.ada, text: text });
        let post = async || self.roles.api.try_post(request.clone()).await.ok();
        let made = eventually("it is posted", post, Option::is_some).await.expect("just seen");
        let written = began.elapsed();
        let show = async || self.roles.api.get_post(&made.id, fresh(&made.token)).await.ok();
        let shown = eventually("it is shown", show, Option::is_some).await.expect("just seen");
        assert_eq!(shown.text, text);
        (written, began.elapsed())
    }

    /// Posts all the while, each time until it is acknowledged. Gives what was acknowledged.
    fn write(&self, stop: &Arc<AtomicBool>) -> JoinSet<Vec<String>> {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (api, ada, stop) = (self.roles.api.clone(), self.ada.clone(), stop.clone());
            writers.spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let text = format!("post {} of writer {writer}", acknowledged.len());
                    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: &text });
                    let began = Instant::now();
                    while api.try_post(request.clone()).await.is_err() {
                        assert!(began.elapsed() < 2 * DEADLINE, "{text} is never acknowledged");
                    }
                    acknowledged.push(text);
                }
                acknowledged
            });
        }
        writers
    }

    /// Stops the writers, and compares what is there with what was acknowledged.
    async fn account_for(&self, stop: &Arc<AtomicBool>, writers: JoinSet<Vec<String>>) -> usize {
        stop.store(true, Ordering::Relaxed);
        let acknowledged: BTreeSet<String> = writers.join_all().await.into_iter().flatten().collect();
        let there: Vec<String> =
            self.roles.api.texts_of(&self.ada).await.into_iter().filter(|text| text.contains("of writer")).collect();
        let distinct: BTreeSet<String> = there.iter().cloned().collect();
        assert_eq!(there.len(), distinct.len(), "something was done twice");
        assert_eq!(distinct, acknowledged, "what was acknowledged is there");
        acknowledged.len()
    }
}

/// `CHIRP_FAILOVERS=n` sets another number than one.
#[tokio::test]
async fn when_the_primary_falls_silent_its_successor_is_written_to_and_nothing_is_lost() {
    let rounds = std::env::var("CHIRP_FAILOVERS").map_or(1, |text| text.parse().expect("a number"));
    let (mut count, mut latest) = (0, Duration::ZERO);
    for round in 0..rounds {
        let (acknowledged, written) = fall_silent(round).await;
        count += acknowledged;
        latest = latest.max(written);
    }
    println!("{rounds} failovers: {count} acknowledged, 0 lost, 0 twice; written again after {latest:?} at most");
}

/// How many commands were acknowledged, and when the first was after the failure.
async fn fall_silent(round: usize) -> (usize, Duration) {
    let primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    execute(&primary.store(), "ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    execute(&primary.store(), "SELECT pg_reload_conf()").await;
    let relay = Relay::to(primary.host()).await;
    let posting = Posting::start(&primary.store_by(relay.address())).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers = posting.write(&stop);
    posting.post_and_see("before").await;

    let before = relay.opened();
    primary.signal("STOP");
    execute(&standby.store(), "SELECT pg_promote()").await;
    relay.lead_to(standby.host());
    let (written, shown) = posting.post_and_see("after").await;
    for role in [&posting.roles.commands, &posting.roles.queries, &posting.roles.projector] {
        eventually("it is ready again", || is_healthy(&role.address), |healthy| *healthy).await;
    }
    let count = posting.account_for(&stop, writers).await;
    let opened = relay.opened() - before;
    println!("round {round}: written again after {written:?}, shown after {shown:?}, {opened} new connections");
    // No process is left with the old one.
    posting.post_and_see("at the end").await;
    verified(&standby.store()).await;
    (count, written)
}

/// Without any call before, so that every connection is idle.
#[tokio::test]
async fn when_an_idle_primary_falls_silent_its_successor_is_written_to() {
    let primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    let relay = Relay::to(primary.host()).await;
    let posting = Posting::start(&primary.store_by(relay.address())).await;
    posting.post_and_see("before").await;
    primary.caught_up().await;
    primary.signal("STOP");
    execute(&standby.store(), "SELECT pg_promote()").await;
    relay.lead_to(standby.host());
    let (written, shown) = posting.post_and_see("after").await;
    println!("written again after {written:?}, shown after {shown:?}");
    verified(&standby.store()).await;
}

#[tokio::test]
async fn a_commit_whose_answer_never_comes_is_found_in_the_log() {
    let primary = Cluster::start("").await;
    let relay = Relay::to(primary.host()).await;
    let posting = Posting::start(&primary.store_by(relay.address())).await;
    // So that no connection is idle for so long that it is pinged, which it would not answer.
    posting.post_and_see("before").await;
    relay.silence();
    // Without a request id, the outcome is known in no other way.
    let made =
        posting.roles.api.try_post(ask!(CreatePostRequest { author_id: &posting.ada, text: "into the dark" })).await;
    made.expect("it was committed, and that can be known");
    let (written, shown) = posting.post_and_see("and more").await;
    println!("afterwards: written in {written:?}, shown in {shown:?}");
    assert_eq!(posting.roles.api.texts_of(&posting.ada).await, ["before", "into the dark", "and more"]);
}

#[tokio::test]
async fn a_standby_to_which_connections_led_for_a_while_keeps_no_session() {
    let primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    let relay = Relay::to(primary.host()).await;
    let posting = Posting::start(&primary.store_by(relay.address())).await;
    posting.post_and_see("before").await;

    relay.lead_to(standby.host());
    execute(&primary.store(), END_OTHER_SESSIONS).await;
    let post = async || {
        posting.roles.api.try_post(ask!(CreatePostRequest { author_id: &posting.ada, text: "x" })).await.is_err()
    };
    // It may be asked before its sessions have ended.
    eventually("nothing can be written to a standby", post, |refused| *refused).await;
    for role in [&posting.roles.commands, &posting.roles.projector] {
        eventually("it is not ready", || is_healthy(&role.address), |healthy| !healthy).await;
    }
    relay.lead_to(primary.host());
    let (written, shown) = posting.post_and_see("after").await;
    println!("written again after {written:?}, shown after {shown:?}");
    verified(&primary.store()).await;
}

const END_OTHER_SESSIONS: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chirp' AND datname = current_database()";

#[tokio::test]
async fn sessions_that_were_born_read_only_end_when_their_role_may_write_again() {
    let server = database().await;
    let store = server.address();
    let name = server.database().to_owned();
    let set = async |what: &str| {
        let sql = format!("ALTER ROLE chirp_command IN DATABASE {name} {what} default_transaction_read_only");
        let sql = if what == "SET" { format!("{sql} = on") } else { sql };
        execute(&store, sql).await;
    };
    let commands = command_server(&server.as_role("chirp_command").address()).await;
    let (projector, queries) = (projector(&store, &[]).await, query_server(&store).await);
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    set("SET").await;
    execute(&store, END_OTHER_SESSIONS).await;
    let post = async || api.try_post(ask!(CreatePostRequest { author_id: &ada, text: "x" })).await.is_err();
    eventually("nothing can be written", post, |refused| *refused).await;
    eventually("it is not ready", || is_healthy(&commands.address), |healthy| !healthy).await;
    set("RESET").await;
    let began = Instant::now();
    let post = async || api.try_post(ask!(CreatePostRequest { author_id: &ada, text: "after" })).await.is_ok();
    eventually("it is written again", post, |written| *written).await;
    println!("written again after {:?}", began.elapsed());
    eventually("it is ready again", || is_healthy(&commands.address), |healthy| *healthy).await;
}
