//! The projector: it folds the log into the read tables.
//!
//! Facts flow one way: events are pulled ([`runner`]), folded and written as a set ([`projections`]), and the
//! checkpoint is committed with them ([`checkpoints`]). Every write of projected rows is in this crate. Never here:
//! gRPC, other than the administration of the projector itself.

mod admin;
mod breaker;
mod changes;
pub mod checkpoints;
mod crash;
mod edges;
mod health;
mod parking;
pub mod projection;
pub mod projections;
pub mod runner;
mod running;
mod vocabulary;

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use shared::log::EventLog;
use shared::model::clock::Clock;
use shared::rpc::proto::admin::admin_service_server::AdminServiceServer;
use shared::runtime::file_locks::Owners;
use shared::runtime::ready::Readiness;
use shared::runtime::settings::ProjectorSettings;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::Statement;
use shared::sql::database::Database;
use shared::store::{Store, StoreError};
use shared::tables::OpenError;
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tracing::debug;

pub use crate::admin::History;
pub use crate::crash::CRASH_POINTS;
pub use crate::health::Health;
use crate::health::Silence;
use crate::projection::{Policy, Projection};
use crate::runner::{Order, Retried, RunError, Runner, Step, Takeover};

/// The gRPC services of this role, for the health service.
pub const SERVICES: &[&str] = &["chirp.admin.v1.AdminService"];

/// Orders of operators that can wait for the runner.
const ORDERS_WAITING_MAX: usize = 16;

/// A projector on the read tables of a store.
pub struct Projector {
    runner: Runner,
    orders: mpsc::Receiver<Order>,
    admin: admin::Admin,
    health: Health,
    /// Nothing where the tables are in memory.
    store: Option<Store>,
    progress: Wake,
}

/// Read tables that are open, as a projector needs them.
pub struct ReadTables {
    pub writer: Database,
    pub reader: Database,
    /// When the projector becomes the owner of projections that have one.
    pub takeover: Takeover,
    /// For each projection the file lock that its owner must hold, where processes share a folder.
    pub owners: Option<Owners>,
}

impl Projector {
    /// Opens the read tables for writing, and claims the projections. `progress` is woken after every batch.
    ///
    /// # Errors
    /// When the read tables belong to another log, or another process projects into the same folder.
    pub async fn open(
        store: &Store,
        log: Arc<dyn EventLog>,
        settings: ProjectorSettings,
        clock: Arc<dyn Clock>,
        progress: Wake,
    ) -> Result<Self, StoreError> {
        let mut owners = store.owners(&projections::names());
        for ownership in owners.iter_mut().flat_map(Owners::values_mut) {
            if !ownership.take().map_err(|cause| StoreError::Unowned(store.to_string(), cause))? {
                return Err(StoreError::Owned(store.to_string(), ownership.owner()));
            }
        }
        Self::open_with(owners, store, log, settings, clock, progress).await
    }

    /// As [`Self::open`], but where another process projects into the same folder, it stands by until that one has ended.
    ///
    /// # Errors
    /// When the read tables belong to another log.
    pub async fn open_or_stand_by(
        store: &Store,
        log: Arc<dyn EventLog>,
        settings: ProjectorSettings,
        clock: Arc<dyn Clock>,
        progress: Wake,
    ) -> Result<Self, StoreError> {
        Self::open_with(store.owners(&projections::names()), store, log, settings, clock, progress).await
    }

    async fn open_with(
        owners: Option<Owners>,
        store: &Store,
        log: Arc<dyn EventLog>,
        settings: ProjectorSettings,
        clock: Arc<dyn Clock>,
        progress: Wake,
    ) -> Result<Self, StoreError> {
        let takeover = Takeover::WhenSilent;
        let writer = store.open_tables_to_write(&*log, &projections::tables()).await?;
        let reader = store.open_tables_to_read(&*log).await?;
        let tables = ReadTables { writer, reader, takeover, owners };
        let mut projector = Self::on(tables, log, settings, clock, progress).await.map_err(OpenError::from)?;
        // Before anything is served. What fails now is tried again while it projects.
        if let Err(cause) = projector.runner.compare_with_log().await {
            debug!(%cause, "the read tables are not compared with the log yet: {cause}");
        }
        Ok(Self { store: Some(store.clone()), ..projector })
    }

    /// A projector on read tables that are open already.
    pub async fn on(
        tables: ReadTables,
        log: Arc<dyn EventLog>,
        settings: ProjectorSettings,
        clock: Arc<dyn Clock>,
        progress: Wake,
    ) -> Result<Self, sqlx::Error> {
        let all = projections::all(&settings.timelines);
        let names = all.iter().map(|projection| projection.name()).collect();
        let is_wanted = |projection: &Arc<dyn Projection>| {
            settings.only.is_empty() || settings.only.iter().any(|name| name == projection.name())
        };
        let wanted: Vec<Arc<dyn Projection>> = all.into_iter().filter(is_wanted).collect();
        let is_critical = |projection: &&Arc<dyn Projection>| projection.policy() == Policy::Critical;
        let critical = wanted.iter().filter(is_critical).map(|projection| projection.name()).collect();
        let silence = Silence::new(wanted.iter().map(|projection| projection.name()).collect());
        let ReadTables { writer, reader, takeover, owners } = tables;
        let batch = (settings.batch_events_max, settings.advertised);
        let runner =
            Runner::claim(log.clone(), writer, clock.clone(), wanted, (takeover, owners), batch, progress.clone())
                .await?;
        let (order, orders) = mpsc::channel(ORDERS_WAITING_MAX);
        let health = Health::new(reader.clone(), clock.clone(), critical, silence.clone());
        let admin = admin::Admin::new(log, reader, clock, names, order, (runner.rates(), silence));
        Ok(Self { runner, orders, admin, health, store: None, progress })
    }

    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Reports as `tables`, after every step, whether the read tables can be written.
    #[must_use]
    pub fn telling(mut self, ready: Readiness) -> Self {
        self.runner.tell(ready);
        self
    }

    /// The services on the projector's port; event streams end with the drain.
    #[must_use]
    pub fn routes(&self, history: Arc<dyn History>, tasks: Tasks) -> Routes {
        let admin = self.admin.clone().with(tasks, history);
        Routes::new(shared::limited!(AdminServiceServer::new(admin)))
    }

    /// Projects until drained.
    ///
    /// # Errors
    /// When the projections cannot be released at the end or, with [`Takeover::AtOnce`], when another projector has taken over.
    pub async fn run(self, drain: CancellationToken) -> Result<(), RunError> {
        let copying = async {
            if let Some(copying) = self.store.and_then(|store| store.copy_back(&self.progress)) {
                copying.await;
            }
            pending::<Infallible>().await
        };
        tokio::select! {
            ran = self.runner.run(self.orders, drain) => ran,
            never = copying => match never {},
        }
    }

    /// Projects everything that is in the log now, and returns: for tools and tests.
    pub async fn catch_up(&mut self) -> Result<(), RunError> {
        loop {
            match self.runner.step().await? {
                Step::Done => {}
                Step::Waiting(until) => sleep_until(until.into()).await,
                Step::Idle => return Ok(()),
            }
        }
    }

    /// Releases the projections, so that the next projector need not wait: for tools and tests, since [`Self::run`] does it.
    pub async fn stop(self) -> Result<(), RunError> {
        self.runner.release().await
    }

    /// Rebuilds one projection, to its end: for tools and tests.
    pub async fn rebuild(&mut self, name: &str) -> Result<(), RunError> {
        self.runner.rebuild(name).await
    }

    /// Retries all parked events of a projection: for tools and tests.
    pub async fn retry_parked(&mut self, name: &str) -> Result<Retried, RunError> {
        self.runner.retry(name, &[]).await
    }
}

/// Every statement of this crate, for the test that prepares them on both engines.
#[must_use]
pub fn every_statement() -> Vec<&'static Statement> {
    [
        admin::STATEMENTS,
        admin::parked::STATEMENTS,
        checkpoints::STATEMENTS,
        health::STATEMENTS,
        parking::STATEMENTS,
        &projections::every_statement(),
    ]
    .concat()
}
