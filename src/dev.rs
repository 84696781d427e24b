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
use shared::model::clock::{Clock as _, SystemClock};
use shared::rpc::auth::access::SCOPES;
use shared::rpc::auth::authority::Authority;
use shared::rpc::auth::development::{Bearer, DevelopmentKey};
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
use crate::cli::{DEFAULT_ALL, DevArgs, ServerTuning};
use crate::roles::together::{Together, Working, services};
use crate::roles::{bind, bind_for, reachable_at};
use tools::Misuse;
use tools::args::Address;
use tools::client::{self, Failed, explained, retrying};

/// Said before anything else, so that nobody takes this for more than it is.
const NOTICE: &str =
    "\nNobody is authenticated: everybody on this machine may do everything. `chirp dev --auth` shows it otherwise.\n";
/// How long the servers of this very process may take to answer.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Runs all until asked to stop.
///
/// # Errors
/// When a part cannot start or fails.
pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let mut server = args.server.clone();
    server.auth.development_tokens |= args.auth;
    server.auth.api_keys |= args.auth;
    let authority = server.auth.authority(tasks)?;
    if server.tls_cert.is_some() {
        let message = "chirp dev is for trying on this machine, and has no TLS; chirp serve does";
        return Err(Misuse(message.to_owned()).into());
    }
    let admission = server.admission(&authority)?;
    let (command_listener, command) = bind_for(&args.command_listen, &server, &authority).await?;
    let (query_listener, query) = bind_for(&args.query_listen, &server, &authority).await?;
    let (ops_listener, ops) = bind_for(&args.ops_listen, &server, &authority).await?;
    let all = bind_all(args.listen.as_ref(), &server, &authority).await?;
    let store = Store::at(&args.data)?;
    let roles = Together::waiting();
    roles.commands_on(command_listener).start("command server", &settings, &admission, tasks);
    roles.queries_on(query_listener).start("query server", &settings, &admission, tasks);
    roles.operators_on(ops_listener).start("operators' server", &settings, &admission, tasks);
    let all = all.map(|(listener, address)| {
        roles.all_on(listener, "dev").start("server of all roles", &settings, &admission, tasks);
        address
    });
    let working = async {
        let roles = roles;
        store.make(&projector::projections::tables()).await?;
        let tuning = ProjectorSettings { advertised: Some(reachable_at(ops)), ..args.projector.settings() };
        let working = Working {
            commands: args.commands.settings(),
            projector: tuning,
            tmp: args.projector.tmp.clone(),
            authority: authority.clone(),
        };
        let addresses = Addresses { command, query, ops, all };
        let greet = async || {
            let keys = if server.auth.development_tokens { Some(development_key(&store).await?) } else { None };
            greet(addresses, !args.no_demo, keys.as_ref(), tasks.draining()).await
        };
        roles.work(&store, working, tasks, greet).await
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Binds the address of all services. The default may be taken, by another `chirp dev` on this machine: the three ports do without it.
async fn bind_all(
    wanted: Option<&Address>,
    server: &ServerTuning,
    authority: &Authority,
) -> anyhow::Result<Option<(TcpListener, SocketAddr)>> {
    if let Some(wanted) = wanted {
        return bind_for(wanted, server, authority).await.map(Some);
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
async fn greet(
    addresses: Addresses,
    with_demo: bool,
    key: Option<&DevelopmentKey>,
    drain: &CancellationToken,
) -> anyhow::Result<()> {
    if let Some(key) = key {
        // The demo is made by a service that may do what a backend may.
        let demo = Bearer::Service("demo".to_owned());
        let scopes: Vec<String> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        client::authorize(&key.sign(&demo, &scopes, &[], SystemClock.now(), START_DEADLINE * 10))?;
    }
    let Some(demo) = drain.run_until_cancelled(prepare(addresses, with_demo)).await else { return Ok(()) };
    let demo = demo?;
    let Addresses { command, query, ops, all } = addresses;
    info!(%command, %query, %ops, "chirp answers commands on {command}, queries on {query} and operators on {ops}");
    if let Some(all) = all {
        info!(%all, "all of them are answered on {all}, too");
    }
    let mut stdout = io::stdout().lock();
    let notice = if key.is_some() { "" } else { NOTICE };
    let greeting = format!("{}\n{notice}{}", addresses.ready_line(), calls_to_paste(addresses, demo.as_ref(), key));
    // Servers go on when nobody reads what they say.
    let _ = stdout.write_all(greeting.as_bytes()).and_then(|()| stdout.flush());
    Ok(())
}

async fn development_key(store: &Store) -> anyhow::Result<DevelopmentKey> {
    Ok(DevelopmentKey::of(&store.open_whole_log().await?.identity()))
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
