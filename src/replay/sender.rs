//! Sends commands, many at once and each until it is settled.
//!
//! Always: a bounded number is under way; what is sent again has the same request id; when the server does not come back,
//! everything stops. Never here: which commands.

use std::sync::Arc;

use shared::proto::command::command_service_client::CommandServiceClient;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::command::Command;
use super::tally::Tally;
use crate::cli::Address;
use crate::client::{self, PATIENCE, reason, retrying};

/// How many calls share a connection: servers bound the streams of one.
const CALLS_PER_CHANNEL_MAX: usize = 256;

/// Where commands go, and where their outcomes are counted.
pub struct Sender {
    clients: Vec<CommandServiceClient<Channel>>,
    concurrency: usize,
    tally: Arc<Tally>,
    stop: CancellationToken,
}

impl Sender {
    /// A sender to this server.
    ///
    /// # Errors
    /// When the address cannot be part of a URI.
    pub fn new(
        server: &Address,
        concurrency: usize,
        tally: Arc<Tally>,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let channels = (0..concurrency.div_ceil(CALLS_PER_CHANNEL_MAX)).map(|_| client::channel(server));
        let clients = channels.map(|channel| channel.map(CommandServiceClient::new)).collect::<Result<_, _>>()?;
        Ok(Self { clients, concurrency, tally, stop })
    }

    /// Where outcomes are counted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether nothing more will be sent.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Sends all of them, in no order, and gives the ids of what was made, each with its command's place in the iterator.
    /// Ends early when asked to stop.
    pub async fn send_all(&self, commands: impl Iterator<Item = Command>) -> Vec<(usize, String)> {
        let mut made = Vec::new();
        let mut under_way = JoinSet::new();
        for (place, command) in commands.enumerate() {
            if under_way.len() >= self.concurrency
                && let Some(settled) = under_way.join_next().await
            {
                made.extend(settled.expect("a sending task does not panic"));
            }
            if self.stop.is_cancelled() {
                break;
            }
            let client = self.clients[place % self.clients.len()].clone();
            let sending = send(client, command, self.tally.clone(), self.stop.clone());
            under_way.spawn(async move { sending.await.map(|id| (place, id)) });
        }
        while let Some(settled) = under_way.join_next().await {
            made.extend(settled.expect("a sending task does not panic"));
        }
        made
    }
}

/// Sends one command until it is settled.
async fn send(
    client: CommandServiceClient<Channel>,
    command: Command,
    tally: Arc<Tally>,
    stop: CancellationToken,
) -> Option<String> {
    let sending = retrying(PATIENCE, || command.clone().send(client.clone()), || tally.retried());
    match stop.run_until_cancelled(sending).await? {
        Ok(id) => {
            tally.succeeded(command.made());
            id
        }
        Err(failed) => {
            tally.failed(reason(&failed.status));
            if failed.gave_up {
                tally.gave_up();
                stop.cancel();
            }
            None
        }
    }
}
