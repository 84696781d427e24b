//! `chirp dev`: the three roles in one process on one folder, each on a port of its own and all on one, with a demo and calls to paste.
//!
//! Always: the ready line is printed when all servers answer and the demo is shown. Never here: how the roles work together
//! (`roles::together`).

mod demo;
mod guide;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::runtime::settings::ProjectorSettings;
use shared::runtime::signals::Signals;
use shared::runtime::tasks::Tasks;
use shared::store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tracing::{info, warn};

use self::demo::Demo;
use self::guide::{Addresses, calls_to_paste};
use crate::cli::{DEFAULT_ALL, DevArgs};
use crate::roles::together::{Together, Working, services};
use crate::roles::{bind, reachable_at};
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
    let all = bind_all(args.listen.as_ref()).await?;
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let store = Store::at(&args.data)?;
    let roles = Together::waiting();
    roles.commands_on(command_listener).start("command server", &settings, tasks);
    roles.queries_on(query_listener).start("query server", &settings, tasks);
    roles.operators_on(ops_listener).start("operators' server", &settings, tasks);
    let all = all.map(|(listener, address)| {
        roles.all_on(listener, "dev").start("server of all roles", &settings, tasks);
        address
    });
    let working = async {
        let roles = roles;
        store.make(&projector::projections::tables()).await?;
        let tuning = ProjectorSettings { advertised: Some(reachable_at(ops)), ..args.projector.settings() };
        let working =
            Working { commands: args.commands.settings(), projector: tuning, tmp: args.projector.tmp.clone() };
        let addresses = Addresses { command, query, ops, all };
        roles.work(&store, working, tasks, async || greet(addresses, !args.no_demo, tasks.draining()).await).await
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Binds the address of all services. The default may be taken, by another `chirp dev` on this machine: the three ports do without it.
async fn bind_all(wanted: Option<&Address>) -> anyhow::Result<Option<(TcpListener, SocketAddr)>> {
    if let Some(wanted) = wanted {
        return bind(wanted).await.map(Some);
    }
    let default = DEFAULT_ALL.parse().map_err(anyhow::Error::msg)?;
    match bind(&default).await {
        Ok(bound) => Ok(Some(bound)),
        Err(cause) => {
            warn!(%cause, "there is no address with all services, since {DEFAULT_ALL} is taken; --listen gives it another one");
            Ok(None)
        }
    }
}

/// Waits for the servers, seeds the demo and says where everything is.
async fn greet(addresses: Addresses, with_demo: bool, drain: &CancellationToken) -> anyhow::Result<()> {
    let Some(demo) = drain.run_until_cancelled(prepare(addresses, with_demo)).await else { return Ok(()) };
    let demo = demo?;
    let Addresses { command, query, ops, all } = addresses;
    info!(%command, %query, %ops, "chirp answers commands on {command}, queries on {query} and operators on {ops}");
    if let Some(all) = all {
        info!(%all, "all of them are answered on {all}, too");
    }
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
    if let Some(all) = addresses.all {
        answers(all, services()).await?;
    }
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
