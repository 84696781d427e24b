//! Group work: whoever waits is served together.

use tokio::sync::mpsc;

/// Takes everything that waits in a queue, `most` at most; when nothing does, waits for something. False when nothing can come any more.
pub async fn gather<T>(queue: &mut mpsc::Receiver<T>, waiting: &mut Vec<T>, most: usize) -> bool {
    let any = queue.recv_many(waiting, most).await > 0;
    // Whoever was just served, and is about to come again, may come with these: a moment here saves a round.
    tokio::task::yield_now().await;
    while waiting.len() < most
        && let Ok(more) = queue.try_recv()
    {
        waiting.push(more);
    }
    any
}
