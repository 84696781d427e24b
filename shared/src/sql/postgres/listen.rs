//! Listening on a channel of the server, until nobody wants to hear it any more.
//!
//! Always: a connection that is silent for long is probed, since a dead peer and one with nothing to say look alike;
//! after each connection, notifications may have been missed. Never here: what was said.

use std::time::{Duration, Instant};

use sqlx::Executor as _;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::causes;
use super::connector::Connector;
use super::failures::Failures;
use super::pool::{PING_TIMEOUT, Purpose, gone};
use crate::runtime::deadlines::late;

/// The pause before listening again; it doubles where listening fails at once.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
const LISTEN_AGAIN_MAX: Duration = Duration::from_secs(10);
/// How long it may take to begin listening.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that has been silent for so long is probed.
const QUIET: Duration = Duration::from_secs(5);

/// Calls `hear` until it answers false. Listening in vain, as on a standby, is logged once: readers poll all the same.
pub(super) async fn listen(
    connector: Connector,
    channel: &'static str,
    failures: Failures,
    mut hear: impl FnMut(&str) -> bool + Send + 'static,
) {
    let (mut pause, mut told) = (LISTEN_AGAIN, String::new());
    loop {
        let began = Instant::now();
        let Err(cause) = listen_once(&connector, channel, &failures, &mut hear).await else { break };
        let text = causes::text(&causes::told(cause));
        if began.elapsed() > QUIET {
            (pause, told) = (LISTEN_AGAIN, String::new());
        }
        match text == told {
            true => debug!(cause = text, channel, "nobody wakes this process still: {text}"),
            false => warn!(cause = text, channel, "nobody wakes this process for now, so it looks by itself: {text}"),
        }
        told = text;
        sleep(pause).await;
        pause = (pause * 2).min(LISTEN_AGAIN_MAX);
    }
    debug!(channel, "nobody listens any more");
}

async fn listen_once(
    connector: &Connector,
    channel: &str,
    failures: &Failures,
    hear: &mut (impl FnMut(&str) -> bool + Send),
) -> Result<(), sqlx::Error> {
    let mut failures = failures.subscribe();
    failures.mark_unchanged();
    let host = connector.host_for(Purpose::Writing).await?;
    // A pool for each connection: when a listener is dropped, sqlx closes its connection politely, in a task without a
    // bound. Where the peer is silent, that task and its socket stay until TCP or the peer gives up.
    let one = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = one.acquire_timeout(BEGIN_TIMEOUT).test_before_acquire(false).connect_lazy_with(host);
    let beginning = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        // After a lost connection, notifications may have been missed, which must not pass unnoticed.
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
            // Another connection of this process was found to be lost.
            _ = failures.changed() => return Err(gone()),
            () = sleep(QUIET) => {
                let asking = listener.execute("SELECT 1");
                timeout(PING_TIMEOUT, asking).await.unwrap_or_else(|_| Err(late()))?;
            }
        }
    }
}
