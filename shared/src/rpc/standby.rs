//! A standby has what it has received so far, and more a moment later.
//!
//! Always: whoever waits for it holds no room of calls that work, and is told in time how far it is. Never here: what it lacks.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::log::LogHead;
use crate::model::ids::Position;
use crate::rpc::serve::{Crowded, overloaded, wait_outside};

/// How often it is asked whether it has received what somebody waits for.
const POLL: Duration = Duration::from_millis(50);

/// Waits until it is time to look again whether it has come; gives where the log ends here when `until` is too near for that.
///
/// # Errors
/// When the log cannot be read, or more calls wait than may.
pub async fn wait_or_end(log: &dyn LogHead, until: Instant) -> Result<Option<Position>, Status> {
    let head = log.head().await?.position;
    // What would be asked of the store after another look has no time.
    if Instant::now() + POLL >= until {
        return Ok(Some(head));
    }
    wait_outside(sleep(POLL)).await.map_err(|Crowded| overloaded())?;
    Ok(None)
}
