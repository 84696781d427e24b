//! Sends commands, many at once and each until it is settled.
//!
//! Always: the number in flight is bounded; a retry has the same request id; when the server does not come back,
//! everything stops. Never here: which commands.

use std::sync::Arc;

use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::command::Command;
use super::people::{Namespace, People};
use super::tally::Tally;
use crate::args::Address;
use crate::client::{self, Connection, DEADLINE, reason, retrying};

/// How many calls share a connection: servers bound the calls of one.
const CALLS_PER_CHANNEL_MAX: usize = 256;

/// Where commands are sent, and where their outcomes are counted.
pub struct Sender {
    clients: Vec<CommandServiceClient<Connection>>,
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

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether nothing more will be sent.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Registers all people, and gives the id of each who is registered; nothing when asked to stop.
    pub async fn register(&self, people: &People, namespace: Namespace) -> Option<Vec<Option<String>>> {
        self.tally.begin("accounts");
        let mut ids = vec![None; people.count()];
        for (place, id) in self.send_all(people.registrations(namespace)).await {
            ids[place] = Some(id);
        }
        (!self.is_stopped()).then_some(ids)
    }

    /// Sends all commands, in no order, and gives the ids of what was created, each with its command's index in the
    /// iterator. Ends early when asked to stop.
    pub async fn send_all(&self, commands: impl Iterator<Item = Command>) -> Vec<(usize, String)> {
        let mut made = Vec::new();
        let sending = commands.enumerate().map(|(place, command)| {
            let outbox = self.outbox(place);
            async move { outbox.send(command).await.map(|id| (place, id)) }
        });
        self.run(sending, |settled| made.extend(settled)).await;
        made
    }

    /// Runs all futures, begun in this order, a bounded number at once. Ends early when asked to stop.
    pub async fn run<F>(&self, work: impl Iterator<Item = F>, mut on_settled: impl FnMut(F::Output))
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut under_way = JoinSet::new();
        for piece in work {
            if under_way.len() >= self.concurrency
                && let Some(settled) = under_way.join_next().await
            {
                on_settled(settled.expect("a sending task does not panic"));
            }
            if self.stop.is_cancelled() {
                break;
            }
            under_way.spawn(piece);
        }
        while let Some(settled) = under_way.join_next().await {
            on_settled(settled.expect("a sending task does not panic"));
        }
    }

    /// An outbox for one command.
    pub fn outbox(&self, place: usize) -> Outbox {
        let client = self.clients[place % self.clients.len()].clone();
        Outbox { client, tally: self.tally.clone(), stop: self.stop.clone() }
    }
}

/// Sends one command.
pub struct Outbox {
    client: CommandServiceClient<Connection>,
    tally: Arc<Tally>,
    stop: CancellationToken,
}

impl Outbox {
    /// Counts a command that cannot be sent, under this reason.
    pub fn leave_out(self, reason: &str) {
        self.tally.failed(reason.to_owned());
    }

    /// Sends the command until it is settled, and gives the id of what it created, if that has one.
    pub async fn send(self, command: Command) -> Option<String> {
        let call = || command.clone().send(self.client.clone());
        let sending = retrying(DEADLINE, call, || self.tally.retried());
        match self.stop.run_until_cancelled(sending).await? {
            Ok(id) => {
                self.tally.succeeded(command.made());
                id
            }
            Err(failed) => {
                self.tally.failed(reason(&failed.status));
                if failed.gave_up {
                    self.tally.gave_up();
                    self.stop.cancel();
                }
                None
            }
        }
    }
}
