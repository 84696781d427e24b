//! Tools beside the roles: benchmarks, replaying real data, verifying a store, and copying its log.
//!
//! Never here: what a role does, or where a setting came from (see `config` of the binary).

#![allow(clippy::disallowed_methods, reason = "a tool serves nobody: it ends with what it does, and so do its tasks")]
// These panic when their reader is gone; see `out`.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod args;
pub mod bench;
pub mod client;
pub mod logs;
pub mod out;
pub mod replay;
pub mod verify;

use std::fmt;

use shared::sql::Statement;

/// Arguments that contradict each other in a way that only the command itself can tell.
#[derive(Debug)]
pub struct Misuse(pub String);

impl fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// Every statement of this crate, for the test that prepares them on both engines.
#[must_use]
pub fn every_statement() -> Vec<&'static Statement> {
    verify::every_statement()
}
