//! Batching: everything that waits in a queue is handled together.

use tokio::sync::mpsc;

/// Takes what is waiting in a queue, at most `most`; waits if it is empty. False when the queue is closed and empty.
pub async fn gather<T>(queue: &mut mpsc::Receiver<T>, waiting: &mut Vec<T>, most: usize) -> bool {
    let any = queue.recv_many(waiting, most).await > 0;
    // Clients that were just served often send again at once: yielding once lets them into this batch, and saves a round.
    tokio::task::yield_now().await;
    while waiting.len() < most
        && let Ok(more) = queue.try_recv()
    {
        waiting.push(more);
    }
    any
}
