//! `chirp projection` and `chirp events`: what operators ask, as clients of the AdminService.
//!
//! Always: results on stdout, everything else on stderr. Never here: the store's files; whoever may ask the service
//! needs no access to them.

mod events;
mod projections;

pub use events::{show, tail};
pub use projections::{list, rebuild};

use anyhow::Context;
use shared::proto::admin::admin_service_client::AdminServiceClient;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::cli::Address;
use crate::client::{explained, patient_channel};

/// The service at an address, and that address for messages.
struct Operator {
    client: AdminServiceClient<Channel>,
    address: String,
}

impl Operator {
    fn at(address: &Address) -> anyhow::Result<Self> {
        Ok(Self { client: AdminServiceClient::new(patient_channel(address)?), address: address.to_string() })
    }

    /// The answer, or what went wrong and where.
    fn answer<T>(&self, answered: Result<Response<T>, Status>) -> anyhow::Result<T> {
        answered
            .map(Response::into_inner)
            .map_err(|status| explained(&status))
            .with_context(|| format!("the projector at {} did not do it", self.address))
    }
}
