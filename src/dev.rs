//! `chirp dev`: the three roles in one process on one folder, with a demo and calls to paste.
//!
//! Always: the ready line is printed when all three servers answer and the demo is shown; the query server has its own
//! read-only connections, as it has in a process of its own. Never here: a shortcut between the roles other than a hint
//! to wake up.

mod demo;
mod guide;

use std::future::ready;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use projector::Projector;
use shared::model::clock::SystemClock;
use shared::rpc::progress::{Progress, ProgressOnDemand};
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::runtime::settings::ProjectorSettings;
use shared::runtime::signals::Signals;
use shared::runtime::tasks::Tasks;
use shared::store::Store;
use tokio_util::sync::CancellationToken;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tracing::{info, warn};

use self::demo::Demo;
use self::guide::{Addresses, calls_to_paste};
use crate::cli::DevArgs;
use crate::roles::history::Folded;
use crate::roles::{
    COMMAND_CHECKS, PROJECTOR_CHECKS, QUERY_CHECKS, RoleServer, bind, check_commands, check_projections, check_queries,
    project, reachable_at,
};
use tools::args::Address;
use tools::client::{self, Failed, explained, retrying};

/// How long the servers of this very process may take to answer.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Runs all until asked to stop.
///
/// # Errors
/// When a part cannot start or fails.
pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    let (command_listener, command) = bind(&args.command_listen).await?;
    let (query_listener, query) = bind(&args.query_listen).await?;
    let (ops_listener, ops) = bind(&args.ops_listen).await?;
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let store = Store::at(&args.data)?;
    let (commands, command_role) =
        RoleServer::waiting(command_listener, command_server::SERVICES, "command-server", &COMMAND_CHECKS);
    let (queries, query_role) =
        RoleServer::waiting(query_listener, query_server::SERVICES, "query-server", &QUERY_CHECKS);
    let (operators, projector_role) =
        RoleServer::waiting(ops_listener, projector::SERVICES, "projector", &PROJECTOR_CHECKS);
    commands.start("command server", &settings, tasks);
    queries.start("query server", &settings, tasks);
    operators.start("operators' server", &settings, tasks);
    let working = async {
        // They hold the last connections to the store, which end with this.
        let (command_role, query_role, projector_role) = (command_role, query_role, projector_role);
        let drain = tasks.draining();
        store.make(&projector::projections::tables()).await?;
        let clock = Arc::new(SystemClock);
        let waiting = command_role.waiting();
        let opening = store.open_log_when_there(clock.clone(), &waiting);
        let Some(log) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let log = log?;
        let progress = store.hints_of_progress();
        if store.is_shared() {
            // The projector that works may be another's.
            store.wake_on_progress(&progress);
        }
        let tuning = ProjectorSettings { advertised: Some(reachable_at(ops)), ..args.projector.settings() };
        let projector = Projector::open(&store, log.clone(), tuning, clock, progress.clone()).await?;
        let projector = projector.telling(projector_role.ready.clone());
        let waiting = query_role.waiting();
        let opening = store.open_to_read_when_there(&waiting);
        let Some(opened) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let (head, tables) = opened?;
        let projected = {
            let (tables, head, progress) = (tables.clone(), head.clone(), progress.clone());
            ProgressOnDemand::new(Box::new(move || Progress::watch(ready(tables), head, progress.listen(), tasks)))
        };
        command_role.services.open(command_server::routes(log.clone(), projected, &args.commands.settings()));
        let answers = query_server::routes(tables.clone(), head.clone(), progress, store.presence(), tasks.clone());
        query_role.services.open(answers);
        let past = Folded::of(log.clone(), &store, args.projector.tmp.clone(), tasks.clone());
        projector_role.services.open(projector.routes(Arc::new(past), tasks.clone()));
        let health = projector.health();
        let checking = async {
            tokio::join!(
                check_commands(&command_role.ready, &store, log.clone()),
                check_queries(&query_role.ready, &store, head, tables),
                check_projections(&projector_role.ready, &store, log.clone(), health),
            )
        };
        let greeting = async {
            let checked = async {
                for role in [&command_role, &query_role, &projector_role] {
                    role.ready.checked().await;
                }
            };
            drain.run_until_cancelled(checked).await;
            let greeted = greet(Addresses { command, query, ops }, !args.no_demo, drain).await;
            if greeted.is_err() {
                tasks.drain();
            }
            greeted
        };
        project(projector, tasks);
        let (_, greeted) = tokio::join!(drain.run_until_cancelled(checking), greeting);
        greeted
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Waits for the servers, seeds the demo and says where everything is.
async fn greet(addresses: Addresses, with_demo: bool, drain: &CancellationToken) -> anyhow::Result<()> {
    let Some(demo) = drain.run_until_cancelled(prepare(addresses, with_demo)).await else { return Ok(()) };
    let demo = demo?;
    let Addresses { command, query, ops } = addresses;
    info!(%command, %query, %ops, "chirp answers commands on {command}, queries on {query} and operators on {ops}");
    let mut stdout = io::stdout().lock();
    let greeting = format!("{}\n{}", addresses.ready_line(), calls_to_paste(addresses, demo.as_ref()));
    // Servers go on when nobody reads what they say.
    let _ = stdout.write_all(greeting.as_bytes()).and_then(|()| stdout.flush());
    Ok(())
}

async fn prepare(addresses: Addresses, with_demo: bool) -> anyhow::Result<Option<Demo>> {
    answers(addresses.command, command_server::SERVICES).await?;
    answers(addresses.query, query_server::SERVICES).await?;
    answers(addresses.ops, projector::SERVICES).await?;
    if !with_demo {
        return Ok(None);
    }
    let commands = CommandServiceClient::new(client::channel(&reachable(addresses.command)?)?);
    let queries = QueryServiceClient::new(client::channel(&reachable(addresses.query)?)?);
    match demo::seed(commands, queries).await {
        Ok(demo) => Ok(Some(demo)),
        Err(status) => {
            // A store that is in use may have other accounts by these names, and that is fine.
            let cause = explained(&status);
            warn!(%cause, "the demo was not seeded: {cause}");
            Ok(None)
        }
    }
}

/// Returns when the server says that its services are healthy.
async fn answers(address: SocketAddr, services: &[&str]) -> anyhow::Result<()> {
    let channel = client::channel(&reachable(address)?)?;
    for service in services {
        let request = HealthCheckRequest { service: (*service).to_owned() };
        let ask = || {
            let (mut health, request) = (HealthClient::new(channel.clone()), request.clone());
            async move { health.check(request).await }
        };
        retrying(START_DEADLINE, ask, || {})
            .await
            .map_err(|Failed { status, .. }| explained(&status))
            .with_context(|| format!("{service} on {address} does not answer"))?;
    }
    Ok(())
}

fn reachable(address: SocketAddr) -> anyhow::Result<Address> {
    address.to_string().parse().map_err(anyhow::Error::msg)
}
