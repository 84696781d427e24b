//! Whether the projections run without which nothing may be served as right.
//!
//! Always: what is stored is asked, so that it does not matter which projector works on them. Never here: what a projector does about it.

use std::sync::Arc;

use shared::clock::Clock;
use shared::database::{Database, Row, Value};
use shared::log::LogHead;
use shared::ready::Outcome;
use shared::sql::statements;
use shared::tables::aside::check_history;

/// Whoever works on a projection says so every second, and while a batch takes long only when it ends.
const SILENCE_MICROS_MAX: i64 = 20_000_000;

statements! {
    /// $1 now.
    static SELECT_STATES = "SELECT name, failure, {clock}($1) - heartbeat_at AS silent_micros FROM projections";
}

/// Looks at the critical projections.
#[derive(Clone)]
pub struct Health {
    tables: Database,
    clock: Arc<dyn Clock>,
    critical: Arc<[&'static str]>,
}

impl Health {
    pub(crate) fn new(tables: Database, clock: Arc<dyn Clock>, critical: Vec<&'static str>) -> Self {
        Self { tables, clock, critical: critical.into() }
    }

    /// Whether the read tables are of the history that this log has.
    ///
    /// # Errors
    /// Says which are not, or are being filled again.
    pub async fn is_of_history(&self, log: &dyn LogHead) -> Outcome {
        check_history(&self.tables, log).await
    }

    /// Whether all of them run, whoever works on them.
    ///
    /// # Errors
    /// Says which do not, and why.
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
            Some((None, silent_micros)) if *silent_micros > SILENCE_MICROS_MAX => {
                Some(format!("nobody works on {name}"))
            }
            Some((None, _)) => None,
        });
        let failing: Vec<String> = failing.collect();
        if failing.is_empty() { Ok(()) } else { Err(failing.join(", ")) }
    }
}
