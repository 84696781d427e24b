//! What two processes of Chirp must agree on: ids, events, the log, the schema of the read tables, tokens, errors, the
//! contract's types, and how a server starts and stops.
//!
//! It has floors, and each uses only those below it: [`store`] on [`rpc`] on [`tables`] on [`log`] on [`sql`] on [`runtime`] on [`model`].
//!
//! Never here: decisions (the command server) and queries (the query server).

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "a test spawns and is told by its environment as it likes")
)]

#[cfg(test)]
mod floors;
pub mod log;
pub mod model;
pub mod rpc;
pub mod runtime;
pub mod sql;
pub mod store;
pub mod tables;

/// Every statement of this crate, for the test that prepares them on both engines.
#[must_use]
pub fn every_statement() -> Vec<&'static sql::Statement> {
    [
        sql::long_readers::STATEMENTS,
        rpc::auth::api_keys::STATEMENTS,
        rpc::progress::STATEMENTS,
        tables::STATEMENTS,
        tables::aside::STATEMENTS,
        tables::older::STATEMENTS,
        tables::shadow::STATEMENTS,
        log::postgres::STATEMENTS,
        log::sqlite::STATEMENTS,
        log::stored::STATEMENTS,
    ]
    .concat()
}
