//! The projector: it folds the log into the read tables.
//!
//! Facts flow one way: events are pulled ([`runner`]), folded and written as a set ([`projections`]), and the checkpoint
//! commits with them ([`checkpoints`]). Every write to a read table is in this crate. Never here: gRPC, other than the
//! administration of the projector itself.

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

use std::sync::Arc;

use shared::log::EventLog;
use shared::model::clock::Clock;
use shared::rpc::proto::admin::admin_service_server::AdminServiceServer;
use shared::rpc::serve::MESSAGE_BYTES_MAX;
use shared::runtime::file_locks::Owners;
use shared::runtime::ready::Readiness;
use shared::runtime::settings::ProjectorSettings;
use shared::runtime::wake::Wake;
use shared::sql::Statement;
use shared::sql::database::Database;
use shared::store::{Store, StoreError};
use shared::tables::OpenError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
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

/// The services of this role, for health checks.
pub const SERVICES: &[&str] = &["chirp.admin.v1.AdminService"];

/// Orders of operators that may wait.
const ORDERS_WAITING_MAX: usize = 16;

/// A projector that owns the read tables of a store.
pub struct Projector {
    runner: Runner,
    orders: mpsc::Receiver<Order>,
    admin: admin::Admin,
    health: Health,
    /// Where the tables are, unless they are in memory.
    store: Option<Store>,
    progress: Wake,
}

/// The read tables, as a projector needs them.
pub struct ReadTables {
    /// To write them.
    pub writer: Database,
    /// To read them.
    pub reader: Database,
    /// When a projector becomes their owner.
    pub takeover: Takeover,
    /// For each projection what one process of a machine at a time may have, and must have to be its owner.
    pub owners: Option<Owners>,
}

impl Projector {
    /// Opens the read tables to write them, and becomes their owner. `progress` is woken after every batch.
    ///
    /// # Errors
    /// When the read tables cannot be written or belong to another log, or, in a folder, when another process projects there.
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

    /// The same, but where another process projects in the folder it waits until that one has ended.
    ///
    /// # Errors
    /// When the read tables cannot be written or belong to another log.
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
        let writer = store.open_tables_to_write(&*log).await?;
        let reader = store.open_tables_to_read(&*log).await?;
        let tables = ReadTables { writer, reader, takeover, owners };
        let mut projector = Self::on(tables, log, settings, clock, progress).await.map_err(OpenError::from)?;
        // Before anybody is served; what fails now is tried again while it projects.
        if let Err(cause) = projector.runner.compare_with_log().await {
            debug!(%cause, "the read tables are not compared with the log yet: {cause}");
        }
        Ok(Self { store: Some(store.clone()), ..projector })
    }

    /// The same on read tables that are open already.
    ///
    /// # Errors
    /// When they cannot be written.
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

    /// Looks at the critical projections.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Lets it say there, as `tables`, whether it can write the read tables, which it does all the time.
    #[must_use]
    pub fn telling(mut self, ready: Readiness) -> Self {
        self.runner.tell(ready);
        self
    }

    /// What the projector answers on its port; streams end with the drain.
    #[must_use]
    pub fn routes(&self, history: Arc<dyn History>, drain: CancellationToken) -> Routes {
        let admin = self.admin.clone().with(drain, history);
        Routes::new(AdminServiceServer::new(admin).max_decoding_message_size(MESSAGE_BYTES_MAX))
    }

    /// Projects until drained.
    ///
    /// # Errors
    /// When another projector has taken over.
    pub async fn run(self, drain: CancellationToken) -> Result<(), RunError> {
        // It ends with this call.
        let mut beside = JoinSet::new();
        if let Some(copying) = self.store.and_then(|store| store.copy_back(&self.progress)) {
            beside.spawn(copying);
        }
        self.runner.run(self.orders, drain).await
    }

    /// Projects everything that is in the log now, without serving anything: for tools and tests.
    ///
    /// # Errors
    /// When the store fails or another projector has taken over.
    pub async fn catch_up(&mut self) -> Result<(), RunError> {
        loop {
            match self.runner.step().await? {
                Step::Done => {}
                Step::Waiting(until) => sleep_until(until.into()).await,
                Step::Idle => return Ok(()),
            }
        }
    }

    /// Gives back what it owns, so that the next projector need not wait: for tools and tests, since [`Self::run`] does it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stop(self) -> Result<(), RunError> {
        self.runner.release().await
    }

    /// Fills one projection again.
    ///
    /// # Errors
    /// When the store fails or another projector has taken over.
    pub async fn rebuild(&mut self, name: &str) -> Result<(), RunError> {
        self.runner.rebuild(name).await
    }

    /// Tries all parked events of a projection again: for tools and tests.
    ///
    /// # Errors
    /// When the store fails or another projector has taken over.
    pub async fn retry_parked(&mut self, name: &str) -> Result<Retried, RunError> {
        self.runner.retry(name, &[]).await
    }
}

/// Every statement of this crate, for the test that prepares them.
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
