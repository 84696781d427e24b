//! What every process needs while it runs, whatever its role: wake-ups, deadlines, locks, settings, metrics, readiness,
//! tasks.
//!
//! Never here: events, SQL or gRPC.

pub mod deadlines;
pub mod file_locks;
pub mod gather;
pub mod metrics;
pub mod ready;
pub mod settings;
pub mod signals;
pub mod tasks;
pub mod telemetry;
pub mod wake;
