//! What two processes of Chirp must agree on: ids, events, the log, the schema of the read tables, tokens, errors, the
//! contract's types, and how a server starts and stops.
//!
//! Never here: decisions (the command server) and queries (the query server).

pub mod call_metrics;
pub mod errors;
pub mod log;
pub mod model;
pub mod paging;
pub mod progress;
pub mod proto;
pub mod reply;
pub mod runtime;
pub mod serve;
pub mod sql;
pub mod standby;
pub mod store;
pub mod tables;
pub mod tokens;

/// Every statement of this crate, for the test that prepares them.
#[must_use]
pub fn every_statement() -> Vec<&'static sql::Statement> {
    [
        progress::STATEMENTS,
        tables::STATEMENTS,
        tables::aside::STATEMENTS,
        tables::beside::STATEMENTS,
        log::postgres::STATEMENTS,
        log::sqlite::STATEMENTS,
        log::stored::STATEMENTS,
    ]
    .concat()
}
