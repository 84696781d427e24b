//! `chirp projection`, `chirp parked`, `chirp events` and `chirp at`: clients of the AdminService for operators.
//!
//! Always: results on stdout, everything else on stderr. Never here: the store's files; an operator who may call the
//! service needs no access to them.

mod as_of;
mod events;
pub mod parked;
mod projections;

pub use as_of::at;
pub use events::{show, tail};
pub use projections::{cancel_rebuild, list, rebuild, release};

use anyhow::Context;
use shared::rpc::errors::{ErrorReason, reason_name};
use shared::rpc::proto::admin::admin_service_client::AdminServiceClient;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use tools::args::Address;
use tools::client::{Connection, channel_for_operators, explained};
use tools::out::{in_one_line, note};

const COLUMN_GAP: usize = 2;

/// A client of the service at an address, which messages name.
struct Operator {
    client: AdminServiceClient<Connection>,
    address: String,
}

impl Operator {
    fn at(address: &Address) -> anyhow::Result<Self> {
        Ok(Self { client: AdminServiceClient::new(channel_for_operators(address)?), address: address.to_string() })
    }

    /// Calls, and calls the owner of the projection where this projector says that it stands by.
    async fn ask_owner<T>(
        &mut self,
        ask: impl AsyncFn(AdminServiceClient<Connection>) -> Result<Response<T>, Status>,
    ) -> anyhow::Result<T> {
        let mut answered = ask(self.client.clone()).await;
        if let Some(owner) = answered.as_ref().err().and_then(owner_of) {
            note(&format!("{} stands by; asking the owner, {owner}", self.address));
            *self = Self::at(&owner.parse().map_err(|cause| anyhow::anyhow!("{owner}: {cause}"))?)?;
            answered = ask(self.client.clone()).await;
        }
        self.answer(answered)
    }

    /// The answer, or an error that says what went wrong at which address.
    fn answer<T>(&self, answered: Result<Response<T>, Status>) -> anyhow::Result<T> {
        answered
            .map(Response::into_inner)
            .map_err(|status| explained(&status))
            .with_context(|| format!("the projector at {} did not do it", self.address))
    }
}

/// The address of the projection's owner, if a call was refused because another projector owns it.
fn owner_of(refused: &Status) -> Option<String> {
    let info = refused.get_details_error_info()?;
    let is_elsewhere = info.reason == reason_name(ErrorReason::ProjectionOwnedElsewhere);
    info.metadata.get("owner_address").filter(|address| is_elsewhere && !address.is_empty()).cloned()
}

/// A table with headings, whose columns are as wide as they must be.
fn table<const COLUMNS: usize>(headings: [&str; COLUMNS], rows: Vec<[String; COLUMNS]>) -> String {
    let rows: Vec<[String; COLUMNS]> = [headings.map(str::to_owned)]
        .into_iter()
        .chain(rows)
        .map(|row| row.map(|cell| in_one_line(&cell).into_owned()))
        .collect();
    let widths: Vec<usize> = (0..COLUMNS)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default() + COLUMN_GAP)
        .collect();
    let mut text = String::new();
    for row in &rows {
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.trim_end());
        text.push('\n');
    }
    text
}

/// A line for each value, behind its name.
fn named(fields: &[(&str, String)]) -> String {
    let line =
        |(name, value): &(&str, String)| format!("{name:<14}  {}", in_one_line(value)).trim_end().to_owned() + "\n";
    fields.iter().map(line).collect()
}
