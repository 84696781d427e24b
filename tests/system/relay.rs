//! An address that leads to a server, and can be led elsewhere: what a virtual address, a DNS name or a load balancer is to a cluster.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections. Open ones stay where they are.
pub struct Relay {
    address: String,
    target: Arc<watch::Sender<String>>,
    /// Connections with a smaller number get no more data.
    silent_below: Arc<watch::Sender<u64>>,
    opened: Arc<watch::Sender<u64>>,
}

impl Relay {
    /// Starts a relay to this `host:port`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let relay = Self {
            address: listener.local_addr().expect("it is bound").to_string(),
            target: Arc::new(watch::Sender::new(target.to_owned())),
            silent_below: Arc::new(watch::Sender::new(0)),
            opened: Arc::new(watch::Sender::new(0)),
        };
        let (target, silent, opened) = (relay.target.clone(), relay.silent_below.clone(), relay.opened.clone());
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("somebody connects");
                let number = *opened.borrow();
                opened.send_modify(|opened| *opened += 1);
                tokio::spawn(forward(client, target.borrow().clone(), number, silent.subscribe()));
            }
        });
        relay
    }

    /// The address at which it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Leads new connections to another `host:port`.
    pub fn lead_to(&self, target: &str) {
        self.target.send_replace(target.to_owned());
    }

    /// From now on open connections forward to the server, but not back.
    pub fn silence(&self) {
        self.silent_below.send_replace(*self.opened.borrow());
    }

    /// How many connections were opened.
    pub fn opened(&self) -> u64 {
        *self.opened.borrow()
    }
}

async fn forward(client: TcpStream, target: String, number: u64, mut silent_below: watch::Receiver<u64>) {
    let Ok(server) = TcpStream::connect(&target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let asking = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let answering = async {
        let is_silent = async { silent_below.wait_for(|below| number < *below).await.is_ok() };
        let silent = tokio::select! {
            _ = tokio::io::copy(&mut from_server, &mut to_client) => false,
            silent = is_silent => silent,
        };
        if silent {
            // The client gets neither an answer nor an end.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! { () = asking => {}, () = answering => {} }
}
