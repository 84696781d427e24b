//! Metrics in the Prometheus text format, at `/metrics` of every server.
//!
//! Always: base units with the unit in the name; low cardinality, never an id in a label. Names of gRPC metrics are those
//! of the go-grpc-prometheus convention, so that existing dashboards work.

use std::sync::OnceLock;

use metrics::counter;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The position of the newest event that this process has appended.
pub const LOG_HEAD_POSITION: &str = "chirp_log_head_position";
/// How many appends one transaction had.
pub const APPEND_BATCH_SIZE: &str = "chirp_append_batch_size";
/// Appends whose expected versions did not hold any more.
pub const APPEND_CONFLICTS: &str = "chirp_append_conflicts_total";
/// Commands that were answered from the store because their request id was known.
pub const IDEMPOTENT_REPLAYS: &str = "chirp_idempotent_replays_total";
pub const PROJECTION_POSITION: &str = "chirp_projection_position";
/// Events that a projection has yet to apply.
pub const PROJECTION_LAG_EVENTS: &str = "chirp_projection_lag_events";
/// The age of the oldest event that a projection has yet to apply.
pub const PROJECTION_LAG_SECONDS: &str = "chirp_projection_lag_seconds";
/// Parked events (dead letters) of a projection: those that it could not apply, and those that wait behind one.
pub const PROJECTION_PARKED_EVENTS: &str = "chirp_projection_parked_events";
/// Sets of tables that were set aside because the log lost their history. Above 0, acknowledged events are gone: an operator must look.
pub const PROJECTION_SET_ASIDE: &str = "chirp_projection_set_aside";
/// How much later than now, by this machine's clock, the newest event was recorded. Far above 0, some clock is or was wrong.
pub const LOG_CLOCK_AHEAD_SECONDS: &str = "chirp_log_clock_ahead_seconds";
/// How long a batch took, from its first statement to the end of its commit.
pub const PROJECTION_BATCH_SECONDS: &str = "chirp_projection_batch_duration_seconds";
/// Rows that were written to timelines (push).
pub const DELIVERIES: &str = "chirp_deliveries_total";
/// Calls that were refused as overload.
pub const CALLS_SHED: &str = "chirp_calls_shed_total";
/// Calls that wait for projections or for a standby. They do not count as calls that are worked on.
pub const CALLS_WAITING: &str = "chirp_calls_waiting";
/// Whether a check of a role passes: 1, or 0. A role is ready when all of its checks pass.
pub const READY: &str = "chirp_ready";
/// Connections to PostgreSQL that were closed because they could not be relied on, by reason.
pub const CONNECTIONS_CLOSED: &str = "chirp_store_connections_closed_total";
pub const STREAMS_OPEN: &str = "chirp_streams_open";
/// Streams that have ended, by reason.
pub const STREAMS_CLOSED: &str = "chirp_streams_closed_total";
/// Reads of the tables that were shared by all streams that asked at the same time, by what was read.
pub const STREAM_READS: &str = "chirp_stream_shared_reads_total";

/// Panics of any task, also of those that were caught.
pub const PANICS: &str = "chirp_panics_total";

const SECONDS: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
const SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// All metrics of the process in the Prometheus text format.
#[must_use]
pub fn render() -> String {
    handle().map(PrometheusHandle::render).unwrap_or_default()
}

/// Starts collecting, once per process. Nothing when another recorder is installed already.
fn handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let start = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(APPEND_BATCH_SIZE.to_owned()), &SIZES))
            .and_then(PrometheusBuilder::install_recorder)
            .ok()
    };
    HANDLE.get_or_init(start).as_ref()
}

/// Starts collecting before there is anything to collect.
pub fn start() {
    handle();
    // A series that is missing looks like one that is not collected.
    counter!(PANICS).increment(0);
}
