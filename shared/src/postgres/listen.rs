//! Listening to what a server says, for as long as somebody wants to hear it.
//!
//! Always: a connection that hears nothing is asked whether it is there, since a peer that has fallen silent and one that has nothing to
//! say are alike; after each connection, something may have been missed. Never here: what was said.

use std::time::Duration;

use sqlx::Executor as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::pool::{Failures, PING_TIMEOUT, gone, late};

/// How long to wait before listening again.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// How long listening may take to begin.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that has heard nothing for so long is asked whether it is there.
const QUIET: Duration = Duration::from_secs(5);

/// Calls `hear` for as long as it answers true.
pub(super) async fn listen(
    options: PgConnectOptions,
    channel: &'static str,
    failures: Failures,
    mut hear: impl FnMut(&str) -> bool + Send + 'static,
) {
    while let Err(cause) = listen_once(&options, channel, &failures, &mut hear).await {
        warn!(%cause, channel, "nobody wakes this process for now: {cause}");
        sleep(LISTEN_AGAIN).await;
    }
    debug!(channel, "nobody listens any more");
}

async fn listen_once(
    options: &PgConnectOptions,
    channel: &str,
    failures: &Failures,
    hear: &mut (impl FnMut(&str) -> bool + Send),
) -> Result<(), sqlx::Error> {
    let mut failures = failures.subscribe();
    failures.mark_unchanged();
    // One for each connection: when a listener is dropped, sqlx says goodbye to its peer, in a task that has no bound. Where the peer is
    // silent, that task and its socket stay until TCP gives up, or the peer does.
    let one = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = one.acquire_timeout(BEGIN_TIMEOUT).test_before_acquire(false).connect_lazy_with(options.clone());
    let beginning = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        // A connection that is lost is another one to us.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(listener)
    };
    let mut listener = timeout(BEGIN_TIMEOUT, beginning).await.unwrap_or_else(|_| Err(late()))?;
    if !hear("") {
        return Ok(());
    }
    loop {
        tokio::select! {
            said = listener.try_recv() => {
                let Some(said) = said? else { return Err(gone()) };
                if !hear(said.payload()) {
                    return Ok(());
                }
            }
            // Another connection of this process was found to lead nowhere.
            _ = failures.changed() => return Err(gone()),
            () = sleep(QUIET) => {
                let asking = listener.execute("SELECT 1");
                timeout(PING_TIMEOUT, asking).await.unwrap_or_else(|_| Err(late()))?;
            }
        }
    }
}
