//! How a process is asked to stop.

use std::io;

use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// A token that is cancelled when the process is asked to stop.
pub fn drain_when_asked() -> CancellationToken {
    let drain = CancellationToken::new();
    let asked = drain.clone();
    tokio::spawn(async move {
        // Without signals nobody could ever stop it cleanly, so it stops now.
        let _asked = asked.drop_guard();
        if let Err(cause) = asked_to_stop().await {
            error!(%cause, "signals cannot be watched: {cause}");
        }
    });
    drain
}

/// Completes when the process is asked to stop: SIGTERM or SIGINT.
///
/// # Errors
/// When the signals cannot be watched.
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM: draining"),
        _ = interrupt.recv() => info!("SIGINT: draining"),
    }
    Ok(())
}
