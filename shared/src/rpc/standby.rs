//! Waiting for a PostgreSQL standby, which has what it has received so far, and receives the rest a moment later.
//!
//! Always: a call that waits for a standby takes no room of calls that are worked on, and is answered before its
//! deadline with how far the standby is. Never here: what has not arrived.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::log::LogHead;
use crate::model::ids::Position;
use crate::rpc::serve::{Crowded, overloaded, wait_outside};

/// How often the standby is asked whether it has received the position that a call waits for.
const POLL: Duration = Duration::from_millis(50);
/// What another look may take on a busy machine, and the answer after it: so long before its deadline a call hears that the standby is behind.
const LOOK: Duration = Duration::from_millis(250);

/// Waits until it is time to look again; gives where the log ends on this standby when `until` is too near for that.
///
/// # Errors
/// Also fails when more calls wait than may.
pub async fn wait_or_end(log: &dyn LogHead, until: Instant) -> Result<Option<Position>, Status> {
    let head = log.head().await?.position;
    // There is no time left for another look and the answer after it.
    if Instant::now() + POLL + LOOK >= until {
        return Ok(Some(head));
    }
    wait_outside(sleep(POLL)).await.map_err(|Crowded| overloaded())?;
    Ok(None)
}
