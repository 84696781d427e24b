//! Whether the critical projections run, without which no answer counts as right.
//!
//! Always: what is stored decides, so that it does not matter which projector works on them. Never here: what a projector does about it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::log::LogHead;
use shared::model::clock::Clock;
use shared::runtime::ready::Outcome;
use shared::sql::database::{Database, Row, Value};
use shared::sql::{long_readers, statements};
use shared::store::{Store, tables_file};
use shared::tables::aside::check_history;

use crate::checkpoints::LEASE;
use crate::runner::HEARTBEAT;

/// Owners renew their lease every second, or every eight where no other machine can take over; during a long batch only when it ends.
const SILENCE_MICROS_MAX: i64 = 20_000_000;
/// A projector that has been running for this long has waited for the lease of a silent owner, and has looked again.
const TAKEOVER_TIME_MAX: Duration = Duration::from_secs(LEASE.as_secs() + 2 * HEARTBEAT.as_secs());

statements! { "health.sql": SELECT_STATES }

/// Decides what it means that a projection's owner has been silent.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// The projections that this projector takes over when nobody else works on them.
    wanted: Arc<[&'static str]>,
    started_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Its heartbeat is recent.
    Working,
    /// This projector has just started, and takes over when the lease has ended.
    BeingReplaced,
    /// Nobody works on the projection.
    Gone,
}

impl Silence {
    pub(crate) fn new(wanted: Vec<&'static str>) -> Self {
        Self { wanted: wanted.into(), started_at: Instant::now() }
    }

    /// What is known of an owner whose heartbeat is this old.
    pub(crate) fn of(&self, name: &str, silent_micros: i64) -> Owner {
        let is_replaced = self.wanted.contains(&name) && self.started_at.elapsed() < TAKEOVER_TIME_MAX;
        match silent_micros > SILENCE_MICROS_MAX {
            false => Owner::Working,
            true if is_replaced => Owner::BeingReplaced,
            true => Owner::Gone,
        }
    }
}

/// Checks of the critical projections.
#[derive(Clone)]
pub struct Health {
    tables: Database,
    clock: Arc<dyn Clock>,
    critical: Arc<[&'static str]>,
    silence: Silence,
}

impl Health {
    pub(crate) fn new(tables: Database, clock: Arc<dyn Clock>, critical: Vec<&'static str>, silence: Silence) -> Self {
        Self { tables, clock, critical: critical.into(), silence }
    }

    /// Whether the read tables are of the history that this log has. The error says which are not, or are being filled again.
    pub async fn is_of_history(&self, log: &dyn LogHead) -> Outcome {
        check_history(&self.tables, log).await
    }

    /// Reports processes that read the read tables, or anything on the server, for so long that others pay for it; never returns.
    pub async fn name_long_readers(&self, store: &Store) -> Infallible {
        match store {
            Store::Folder(folder) => long_readers::of_file(&tables_file(folder)).await,
            Store::Server(_) => long_readers::on_server(&self.tables).await,
        }
    }

    /// Whether all critical projections run, whoever works on them. The error says which do not, and why.
    pub async fn critical_run(&self) -> Outcome {
        let now = Value::Number(self.clock.now().0);
        let rows = self.tables.rows(&SELECT_STATES, &[now]).await.map_err(|cause| cause.to_string())?;
        let state = |row: &Row| Ok((row.get("name")?, (row.get("failure")?, row.get("silent_micros")?)));
        let states: Result<std::collections::HashMap<String, (Option<String>, i64)>, sqlx::Error> =
            rows.iter().map(state).collect();
        let states = states.map_err(|cause| cause.to_string())?;
        let failing = self.critical.iter().filter_map(|name| match states.get(*name) {
            None => Some(format!("nobody has begun {name}")),
            Some((Some(failure), _)) => Some(format!("{name} has stopped: {failure}")),
            Some((None, silent_micros)) => match self.silence.of(name, *silent_micros) {
                Owner::Working => None,
                Owner::BeingReplaced => Some(format!("waiting for the lease of the owner before on {name}")),
                Owner::Gone => Some(format!("nobody works on {name}")),
            },
        });
        let failing: Vec<String> = failing.collect();
        if failing.is_empty() { Ok(()) } else { Err(failing.join(", ")) }
    }
}
