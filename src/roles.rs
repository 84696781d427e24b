//! The three roles, each alone in its process or all in one, and the pieces from which these are composed.
//!
//! Always: the port is bound and answers before anything is opened, so that a taken one is said at once, and whoever asks hears what a
//! role waits for; what a role opens is dropped when its work ends, so that the tasks of the store end, too. Never here:
//! what the roles do, and how a process ends (`shared::runtime::tasks`).

pub mod history;
pub mod together;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use projector::Projector;
use shared::log::{EventLog, LogHead};
use shared::model::clock::SystemClock;
use shared::rpc::auth::authority::Authority;
use shared::rpc::serve::{Admission, Services};
use shared::runtime::metrics;
use shared::runtime::ready::{CHECK_INTERVAL, Outcome, RARE_CHECK_INTERVAL, Readiness};
use shared::runtime::settings::{ProjectorSettings, ServerSettings};
use shared::runtime::signals::Signals;
use shared::runtime::tasks::Tasks;
use shared::sql::database::Database;
use shared::sql::long_readers;
use shared::sql::postgres::Work;
use shared::store::{Store, log_file};
use shared::tables;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use self::history::Folded;
use self::together::{Together, Working};
use crate::cli::{CommandServerArgs, ProjectorArgs, QueryServerArgs, ServeArgs, ServerTuning};
use tools::args::Address;

/// Runs the command server until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn command_server(args: CommandServerArgs) -> anyhow::Result<()> {
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let authority = args.server.auth.authority(tasks)?;
    let admission = args.server.admission(&authority)?;
    let (listener, address) = bind_for(&args.listen, &args.server, &authority).await?;
    let store = if args.create { Store::at(&args.store)? } else { Store::in_place(&args.store)? };
    let store = store.with_connections(args.connections.connections, Work::Commands);
    let (server, role) = RoleServer::waiting(listener, command_server::SERVICES, "command-server", &COMMAND_CHECKS);
    server.start("command server", &settings, &admission, tasks);
    let working = async {
        // It holds the last connections to the store, which end with this.
        let (role, drain) = (role, tasks.draining());
        let waiting = role.waiting();
        let opening = store.open_log_when_there(Arc::new(SystemClock), &waiting);
        let Some(log) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let log = log?;
        authority.opened(&log.identity(), store.access()).await;
        let progress = store.progress(log.clone(), tasks.clone());
        role.services.open(command_server::routes(log.clone(), progress, &args.commands.settings()));
        let checking = drain.run_until_cancelled(check_commands(&role.ready, &store, log));
        tokio::join!(checking, role.announce(drain, || info!(%address, "the command server answers on {address}")));
        Ok(())
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Runs the query server until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn query_server(args: QueryServerArgs) -> anyhow::Result<()> {
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let authority = args.server.auth.authority(tasks)?;
    let admission = args.server.admission(&authority)?;
    let (listener, address) = bind_for(&args.listen, &args.server, &authority).await?;
    let store = Store::named(&args.store)?.with_connections(args.connections.connections, Work::Queries);
    let (server, role) = RoleServer::waiting(listener, query_server::SERVICES, "query-server", &QUERY_CHECKS);
    server.start("query server", &settings, &admission, tasks);
    let working = async {
        let (role, drain) = (role, tasks.draining());
        let opened = drain.run_until_cancelled(store.open_to_read_when_there(&role.waiting())).await;
        let Some(opened) = opened else { return Ok(()) };
        let (log, tables) = opened?;
        authority.opened(&log.identity(), store.access()).await;
        let progress = store.hints_of_progress();
        store.wake_on_progress(&progress);
        let routes = query_server::routes(tables.clone(), log.clone(), progress, store.presence(), tasks.clone());
        role.services.open(routes);
        let checking = drain.run_until_cancelled(check_queries(&role.ready, &store, log, tables));
        tokio::join!(checking, role.announce(drain, || info!(%address, "the query server answers on {address}")));
        Ok(())
    };
    tasks.run(settings.grace_period, async || signals.next().await, working).await
}

/// Runs the projector until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn projector(args: ProjectorArgs) -> anyhow::Result<()> {
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let authority = args.server.auth.authority(tasks)?;
    let admission = args.server.admission(&authority)?;
    let (listener, address) = bind_for(&args.ops_listen, &args.server, &authority).await?;
    let store = Store::named(&args.store)?.with_connections(args.connections.connections, Work::Projecting);
    let (server, role) = RoleServer::waiting(listener, projector::SERVICES, "projector", &PROJECTOR_CHECKS);
    server.start("operators' server", &settings, &admission, tasks);
    let working = async {
        // It holds the last connections to the store, which end with this.
        let (role, drain) = (role, tasks.draining());
        let waiting = role.waiting();
        let opening = store.open_log_to_follow(&waiting);
        let Some(log) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let log = log?;
        authority.opened(&log.identity(), store.access()).await;
        let clock = Arc::new(SystemClock);
        let advertised = args.advertise.as_ref().map_or_else(|| reachable_at(address), ToString::to_string);
        let tuning = ProjectorSettings { advertised: Some(advertised), ..args.projector.settings() };
        let open = async || {
            let (tuning, progress) = (tuning.clone(), store.hints_of_progress());
            Projector::open_or_stand_by(&store, log.clone(), tuning, clock.clone(), progress).await
        };
        // A server may not answer for a moment; a file is there or will not be.
        let opened = match store.is_shared() {
            true => drain.run_until_cancelled(store.once_made("chirp migrate up", &waiting, open)).await,
            false => Some(open().await),
        };
        let Some(projector) = opened else { return Ok(()) };
        let projector = projector?;
        let projector = projector.telling(role.ready.clone());
        let past = Folded::of(log.clone(), &store, args.projector.tmp.clone(), tasks.clone());
        role.services.open(projector.routes(Arc::new(past), tasks.clone()));
        // It has just written there, as it became the owner of what is free; from now on it says so itself.
        role.ready.set("tables", Ok(()));
        let checking = check_projections(&role.ready, &store, log, projector.health());
        let projecting = async {
            role.announce(drain, || info!(%address, "the projector works and answers operators on {address}")).await;
            project(projector, tasks);
        };
        tokio::join!(projecting, drain.run_until_cancelled(checking));
        Ok(())
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Runs all three roles on one address until asked to stop.
///
/// # Errors
/// When a part cannot start or fails.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let (tasks, mut signals, settings) = (Tasks::of_process(), Signals::watch()?, args.server.settings());
    let authority = args.server.auth.authority(tasks)?;
    let admission = args.server.admission(&authority)?;
    let (listener, address) = bind_for(&args.listen, &args.server, &authority).await?;
    let store = if args.create { Store::at(&args.store)? } else { Store::in_place(&args.store)? };
    let roles = Together::waiting();
    roles.all_on(listener, "serve").start("server", &settings, &admission, tasks);
    let working = async {
        let roles = roles;
        if args.create {
            store.make(&projector::projections::tables()).await?;
        }
        let tuning = ProjectorSettings { advertised: Some(reachable_at(address)), ..args.projector.settings() };
        let working = Working {
            commands: args.commands.settings(),
            projector: tuning,
            tmp: args.projector.tmp.clone(),
            authority: authority.clone(),
        };
        let greet = async || {
            if !tasks.draining().is_cancelled() {
                info!(%address, "chirp answers commands, queries and operators on {address}");
            }
            Ok(())
        };
        roles.work(&store, working, tasks, greet).await
    };
    let ran = tasks.run(settings.grace_period, async || signals.next().await, working).await;
    store.settle().await;
    ran
}

/// Where others reach what listens there, as far as this machine knows.
pub fn reachable_at(listening: SocketAddr) -> String {
    match listening.ip().is_unspecified() {
        true => format!("{}:{}", rustix::system::uname().nodename().to_string_lossy(), listening.port()),
        false => listening.to_string(),
    }
}

/// What each role must be able to do.
pub const COMMAND_CHECKS: [&str; 2] = ["store", "writer"];
pub const QUERY_CHECKS: [&str; 3] = ["store", "tables", "history"];
pub const PROJECTOR_CHECKS: [&str; 4] = ["store", "tables", "projections", "history"];

/// Keeps saying whether a command server is ready, and never returns.
pub async fn check_commands(ready: &Readiness, store: &Store, log: Arc<dyn EventLog>) {
    tokio::join!(
        ready.keep_checking("store", store_interval(store), async || answers(&*log).await),
        ready.keep_checking("writer", CHECK_INTERVAL, async || log.can_append().await),
        name_long_readers(store),
    );
}

/// Keeps saying whether a query server is ready, and never returns.
pub async fn check_queries(ready: &Readiness, store: &Store, log: Arc<dyn LogHead>, tables: Database) {
    let epoch = log.identity().epoch;
    tokio::join!(
        ready.keep_checking("store", store_interval(store), async || answers(&*log).await),
        ready.keep_checking("tables", RARE_CHECK_INTERVAL, async || {
            tables::belonging_to(tables.clone(), epoch).await.map(drop).map_err(|cause| cause.to_string())
        }),
        ready
            .keep_checking("history", RARE_CHECK_INTERVAL, async || tables::aside::check_history(&tables, &*log).await),
    );
}

/// Keeps saying whether a projector is ready, but for `tables`, which it says itself; never returns.
pub async fn check_projections(ready: &Readiness, store: &Store, log: Arc<dyn EventLog>, health: projector::Health) {
    tokio::join!(
        ready.keep_checking("store", store_interval(store), async || answers(&*log).await),
        ready.keep_checking("projections", RARE_CHECK_INTERVAL, async || health.critical_run().await),
        ready.keep_checking("history", RARE_CHECK_INTERVAL, async || health.is_of_history(&*log).await),
        health.name_long_readers(store),
    );
}

/// Names whoever reads the log in a folder for so long that it grows; on a server the projector does it.
async fn name_long_readers(store: &Store) {
    if let Store::Folder(folder) = store {
        long_readers::of_file(&log_file(folder)).await;
    }
}

/// A server can go away at any time; a file that was opened answers, and who writes it is asked often anyway.
fn store_interval(store: &Store) -> Duration {
    if store.is_shared() { CHECK_INTERVAL } else { RARE_CHECK_INTERVAL }
}

async fn answers(log: &(impl LogHead + ?Sized)) -> Outcome {
    log.head().await.map(drop).map_err(|cause| cause.to_string())
}

/// What a role opens, once it can, and says of itself until then.
#[derive(Clone)]
pub struct Role {
    pub services: Services,
    pub ready: Readiness,
}

impl Role {
    /// A role whose services are not there yet, and whose checks have not run.
    fn of(name: &'static str, checks: &[&'static str]) -> Self {
        // Before the first check has an outcome to count.
        metrics::start();
        Self { services: Services::default(), ready: Readiness::of(name, checks) }
    }

    /// A server that answers for this role.
    fn served_on(&self, listener: TcpListener, names: &'static [&'static str]) -> RoleServer {
        if let Ok(listening) = listener.local_addr() {
            info!(%listening, "listening on {listening}");
        }
        RoleServer { listener, services: self.services.clone(), names, ready: self.ready.clone() }
    }

    /// Says that the role is there, when every check has run: whoever waits for that shall not be told that it is not ready.
    async fn announce(&self, drain: &CancellationToken, say: impl FnOnce()) {
        if drain.run_until_cancelled(self.ready.checked()).await.is_some() {
            say();
        }
    }

    /// Says what the role waits for.
    pub fn waiting(&self) -> impl Fn(String) + Send + Sync {
        let ready = self.ready.clone();
        move |cause| ready.set("store", Err(cause))
    }
}

/// A server that is about to start.
pub struct RoleServer {
    /// Where it listens.
    pub listener: TcpListener,
    /// What it answers, once that is there.
    pub services: Services,
    /// The names that its health is told by.
    pub names: &'static [&'static str],
    /// Whether it can do its work.
    pub ready: Readiness,
}

impl RoleServer {
    /// A server that answers for a role before its services are there.
    pub fn waiting(
        listener: TcpListener,
        names: &'static [&'static str],
        role: &'static str,
        checks: &[&'static str],
    ) -> (Self, Role) {
        let role = Role::of(role, checks);
        (role.served_on(listener, names), role)
    }

    /// Serves, as the task of this name, until the process drains.
    pub fn start(self, name: &'static str, settings: &ServerSettings, admission: &Admission, tasks: &Tasks) {
        let Self { listener, services, names, ready } = self;
        let (settings, admission, tasks_of_calls) = (settings.clone(), admission.clone(), tasks.clone());
        tasks.spawn_vital(name, async move {
            shared::rpc::serve::serve(listener, services, names, &settings, (ready, admission), tasks_of_calls).await
        });
    }
}

/// An address cannot be bound.
#[derive(Debug)]
pub struct CannotListen(pub Address, pub io::Error);

impl fmt::Display for CannotListen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot listen on {}", self.0)
    }
}

impl std::error::Error for CannotListen {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.1)
    }
}

/// Binds the address, and says which one it really is.
///
/// # Errors
/// When it is taken, not ours, or the name is unknown.
pub async fn bind(address: &Address) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let bound = TcpListener::bind(address.as_str()).await;
    let listener = bound.map_err(|cause| CannotListen(address.clone(), cause))?;
    let real = listener.local_addr()?;
    Ok((listener, real))
}

/// As [`bind`], if a server with this authority may listen there.
///
/// # Errors
/// Also when it may not.
pub async fn bind_for(
    address: &Address,
    server: &ServerTuning,
    authority: &Authority,
) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let (listener, real) = bind(address).await?;
    server.auth.check_listening(authority, real)?;
    Ok((listener, real))
}

/// Lets the projector work until the process drains.
pub fn project(projector: Projector, tasks: &Tasks) {
    tasks.spawn_vital("projector", projector.run(tasks.draining().clone()));
}
