//! The command server: it decides on commands and appends the resulting events to the log.
//!
//! Facts flow one way: a request is parsed ([`service`], [`fields`]), the log streams that it depends on are loaded
//! ([`session`], [`streams`]), the domain decides ([`commands`], [`domain`]), the events are appended ([`execute`]).
//! Never here: a read table; no read model is ever asked to decide.

pub mod commands;
pub mod domain;
pub mod execute;
pub mod fields;
mod refusals;
pub mod service;
pub mod session;
pub mod streams;

use std::sync::Arc;

use shared::limited;
use shared::log::EventLog;
use shared::rpc::progress::ProgressOnDemand;
use shared::rpc::proto::command::command_service_server::CommandServiceServer;
use shared::runtime::settings::CommandSettings;
use tonic::service::Routes;

/// The gRPC services of this role, for the health service.
pub const SERVICES: &[&str] = &["chirp.command.v1.CommandService"];

/// The services of the command server. `progress` is used once a client waits for the read tables.
#[must_use]
pub fn routes(log: Arc<dyn EventLog>, progress: ProgressOnDemand, settings: &CommandSettings) -> Routes {
    Routes::new(limited!(CommandServiceServer::new(service::Commands::new(log, progress, settings))))
}
