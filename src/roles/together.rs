//! The three roles in one process, as `dev` and `serve` run them, and all of their services on one address.
//!
//! Always: the query server has its own read-only connections, as it has in a process of its own; each role has its own checks, and the
//! process is ready when all of them pass. Never here: a shortcut between the roles other than a hint to wake up.

use std::future::ready;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use projector::Projector;
use shared::model::clock::SystemClock;
use shared::rpc::auth::authority::Authority;
use shared::rpc::progress::{Progress, ProgressOnDemand};
use shared::rpc::serve::Services;
use shared::runtime::ready::Readiness;
use shared::runtime::settings::{CommandSettings, ProjectorSettings};
use shared::runtime::tasks::Tasks;
use shared::store::Store;
use tokio::net::TcpListener;

use super::history::Folded;
use super::{
    COMMAND_CHECKS, PROJECTOR_CHECKS, QUERY_CHECKS, Role, RoleServer, check_commands, check_projections, check_queries,
    project,
};

/// The services of all roles.
static SERVICES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| [command_server::SERVICES, query_server::SERVICES, projector::SERVICES].concat());

/// The names of the services of all roles.
pub fn services() -> &'static [&'static str] {
    &SERVICES
}

/// The three roles of one process.
#[derive(Clone)]
pub struct Together {
    command: Role,
    query: Role,
    projector: Role,
}

/// How the roles of the process work.
pub struct Working {
    pub commands: CommandSettings,
    pub projector: ProjectorSettings,
    /// Where the projector makes what is thrown away again.
    pub tmp: Option<PathBuf>,
    /// Who tells whose a call is, and waits for the store to be open.
    pub authority: Authority,
}

impl Together {
    /// Roles that no server answers for yet.
    pub fn waiting() -> Self {
        Self {
            command: Role::of("command-server", &COMMAND_CHECKS),
            query: Role::of("query-server", &QUERY_CHECKS),
            projector: Role::of("projector", &PROJECTOR_CHECKS),
        }
    }

    /// A server for the command server alone.
    pub fn commands_on(&self, listener: TcpListener) -> RoleServer {
        self.command.served_on(listener, command_server::SERVICES)
    }

    /// A server for the query server alone.
    pub fn queries_on(&self, listener: TcpListener) -> RoleServer {
        self.query.served_on(listener, query_server::SERVICES)
    }

    /// A server for operators alone.
    pub fn operators_on(&self, listener: TcpListener) -> RoleServer {
        self.projector.served_on(listener, projector::SERVICES)
    }

    /// A server for the services of all roles, as the process of this name.
    pub fn all_on(&self, listener: TcpListener, process: &'static str) -> RoleServer {
        let Self { command, query, projector } = self;
        let of_roles = vec![
            (command_server::SERVICES, command.services.clone()),
            (query_server::SERVICES, query.services.clone()),
            (projector::SERVICES, projector.services.clone()),
        ];
        let ready = [command, query, projector].map(|role| role.ready.clone()).to_vec();
        let all = Role { services: Services::together(of_roles), ready: Readiness::together(process, ready) };
        all.served_on(listener, services())
    }

    /// Opens the store for all roles and lets them work until the process drains. `greet` is called once every check of every role has run.
    ///
    /// # Errors
    /// When a part cannot be opened, or the greeting fails, with which the process drains.
    pub async fn work(
        self,
        store: &Store,
        working: Working,
        tasks: &Tasks,
        greet: impl AsyncFnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // They hold the last connections to the store, which end with this.
        let Self { command, query, projector: operators } = self;
        let drain = tasks.draining();
        let clock = Arc::new(SystemClock);
        let waiting = command.waiting();
        let opening = store.open_log_when_there(clock.clone(), &waiting);
        let Some(log) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let log = log?;
        working.authority.opened(&log.identity(), store.access()).await;
        let progress = store.hints_of_progress();
        if store.is_shared() {
            // The projector that works may be another's.
            store.wake_on_progress(&progress);
        }
        let projector = Projector::open(store, log.clone(), working.projector, clock, progress.clone()).await?;
        let projector = projector.telling(operators.ready.clone());
        let waiting = query.waiting();
        let opening = store.open_to_read_when_there(&waiting);
        let Some(opened) = drain.run_until_cancelled(opening).await else { return Ok(()) };
        let (head, tables) = opened?;
        let projected = {
            let (tables, head, progress, tasks) = (tables.clone(), head.clone(), progress.clone(), tasks.clone());
            ProgressOnDemand::new(Box::new(move || Progress::watch(ready(tables), head, progress.listen(), &tasks)))
        };
        command.services.open(command_server::routes(log.clone(), projected, &working.commands));
        let answers = query_server::routes(tables.clone(), head.clone(), progress, store.presence(), tasks.clone());
        query.services.open(answers);
        let past = Folded::of(log.clone(), store, working.tmp, tasks.clone());
        operators.services.open(projector.routes(Arc::new(past), tasks.clone()));
        let health = projector.health();
        let checking = async {
            tokio::join!(
                check_commands(&command.ready, store, log.clone()),
                check_queries(&query.ready, store, head, tables),
                check_projections(&operators.ready, store, log.clone(), health),
            )
        };
        let greeting = async {
            let checked = async {
                for role in [&command, &query, &operators] {
                    role.ready.checked().await;
                }
            };
            drain.run_until_cancelled(checked).await;
            let greeted = greet().await;
            if greeted.is_err() {
                tasks.drain();
            }
            greeted
        };
        project(projector, tasks);
        let (_, greeted) = tokio::join!(drain.run_until_cancelled(checking), greeting);
        greeted
    }
}
