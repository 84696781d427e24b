//! A query server in a process of its own, so that its cost can be told from the cost of its clients.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use shared::store::Store;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const START_DEADLINE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(1);

/// The process, which is killed when this is dropped.
pub struct QueryServer {
    process: Child,
    pub endpoint: Endpoint,
}

impl QueryServer {
    /// Starts the process, and waits until it is ready.
    pub async fn start(store: &Store, options: &[&str]) -> anyhow::Result<Self> {
        let store = match store {
            Store::Folder(folder) => folder.display().to_string(),
            Store::Server(server) => server.address(),
        };
        // The port is free again in a moment, and nobody else takes it until then.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let mut process = Command::new(std::env::current_exe()?)
            .args(["query-server", "--store", &store, "--listen", &address.to_string()])
            .args(options)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
        let (mut health, began) = (HealthClient::new(endpoint.connect_lazy()), Instant::now());
        // It answers before it is ready.
        while !is_serving(&mut health).await {
            ensure!(process.try_wait()?.is_none(), "the query server has ended");
            ensure!(began.elapsed() < START_DEADLINE, "the query server is not ready");
            sleep(TICK).await;
        }
        Ok(Self { process, endpoint })
    }

    /// The id of the process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.process.id().context("the query server has ended")
    }

    /// The CPU time of its threads since they began.
    ///
    /// # Errors
    /// When it has ended, or on systems other than Linux.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let threads = format!("/proc/{}/task", self.id()?);
        let mut nanoseconds = 0;
        for thread in fs::read_dir(&threads).with_context(|| format!("{threads} cannot be read; it is Linux's"))? {
            // A thread that has ended meanwhile did nothing since.
            let Ok(times) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let on_core = times.split_whitespace().next().context("schedstat begins with the time on a core")?;
            nanoseconds += on_core.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

async fn is_serving(health: &mut HealthClient<Channel>) -> bool {
    let checked = health.check(HealthCheckRequest::default()).await;
    checked.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
}
