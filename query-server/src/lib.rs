//! The query server: it answers queries from the read tables and streams what changes in them.
//!
//! Always: the tables are opened so that writing is impossible; an answer is read from one snapshot, whose checkpoint
//! is the lowest of the projections that the query names; what the viewer may see is decided at read. Never here:
//! events; of the log it knows its head and the hash at each position, and nothing else.
//!
//! A list is made in four steps: *skeleton* (which rows), *filter* (which of them this viewer may see), *hydrate* (what
//! they are now), *present* (as the contract has it). Every statement is for the whole page. The filter is in the statement of the skeleton,
//! but for the home timeline, whose skeleton comes from a store behind a port and is filtered by [`law`] in a statement of its own.

mod asking;
mod by_key;
mod entities;
mod freshness;
mod hydrate;
mod law;
mod pages;
mod presence;
mod questions;
mod service;
mod snapshot;
mod streams;
mod vocabulary;

use std::sync::Arc;

use shared::limited;
use shared::log::LogHead;
use shared::rpc::proto::query::query_service_server::QueryServiceServer;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::Statement;
use shared::sql::database::Database;
use shared::sql::postgres::Channel;
use tonic::service::Routes;

pub use service::Queries;
pub use streams::StreamLimits;

/// The gRPC services of this role, for the health service.
pub const SERVICES: &[&str] = &["chirp.query.v1.QueryService"];

/// The services of the query server. `progress` is woken after every batch of a projector in the same process; on
/// `presence`, query servers tell each other who is online, where there may be several; streams are tasks of `tasks`, and
/// end with their drain.
#[must_use]
pub fn routes(
    tables: Database,
    log: Arc<dyn LogHead>,
    progress: Wake,
    presence: Option<Channel>,
    tasks: Tasks,
) -> Routes {
    let queries = Queries::new(tables, log, &progress, StreamLimits::default(), tasks.clone());
    tasks.spawn_vital("presence", queries.presence().tend(presence, tasks.draining().clone()));
    Routes::new(limited!(QueryServiceServer::new(queries)))
}

/// Every statement of this crate, for the test that prepares them on both engines.
#[must_use]
pub fn every_statement() -> Vec<&'static Statement> {
    [
        hydrate::STATEMENTS,
        law::STATEMENTS,
        snapshot::STATEMENTS,
        &streams::every_statement(),
        &questions::every_statement(),
    ]
    .concat()
}
