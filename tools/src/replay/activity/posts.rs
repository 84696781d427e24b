//! The posts that a replay creates, so that commands can wait for those that they refer to.

use std::sync::Mutex;

use tokio::sync::Notify;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    UnderWay,
    Made(Uuid),
    NotMade,
}

/// The posts, by their numbers.
pub struct Posts {
    outcomes: Mutex<Vec<Outcome>>,
    settled: Notify,
}

impl Posts {
    /// This many posts, none of them created yet.
    pub fn new(count: u32) -> Self {
        Self { outcomes: Mutex::new(vec![Outcome::UnderWay; count as usize]), settled: Notify::new() }
    }

    /// Records the id of a post that was created, or that it will not be.
    pub fn settle(&self, post: u32, id: Option<String>) {
        let made = id.and_then(|id| Uuid::parse_str(&id).ok()).map_or(Outcome::NotMade, Outcome::Made);
        self.outcomes.lock().expect("nobody panics with the lock")[post as usize] = made;
        self.settled.notify_waiters();
    }

    /// The id of a post, once it is created; nothing when it will not be.
    pub async fn id(&self, post: u32) -> Option<String> {
        loop {
            // Listening begins before looking, so that nothing is missed in between.
            let settled = self.settled.notified();
            let outcome = self.outcomes.lock().expect("nobody panics with the lock")[post as usize];
            match outcome {
                Outcome::Made(id) => return Some(id.to_string()),
                Outcome::NotMade => return None,
                Outcome::UnderWay => settled.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn whoever_refers_to_a_post_waits_for_it() {
        let posts = Arc::new(Posts::new(2));
        let waiting = tokio::spawn({
            let posts = posts.clone();
            async move { (posts.id(1).await, posts.id(0).await) }
        });
        let id = Uuid::now_v7().to_string();
        posts.settle(0, None);
        posts.settle(1, Some(id.clone()));
        assert_eq!(waiting.await.expect("it ends"), (Some(id), None));
    }
}
