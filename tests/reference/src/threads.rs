//! Threads: what is above a post, and the direct replies below it, with tombstones.

use crate::model::{AccountNumber, Model, PostNumber};

const ANCESTORS_MAX: usize = 100;

/// The thread around one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The posts above it, from the root down; at most the nearest 100.
    pub ancestors: Vec<ThreadEntry>,
    /// The post itself.
    pub focus: ThreadEntry,
    /// Its direct replies, oldest first.
    pub replies: Vec<ThreadEntry>,
}

/// A place in a thread: the id of the post, and what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadEntry {
    /// The post.
    Post(String),
    /// A tombstone, because it was deleted.
    Deleted(String),
    /// A tombstone, because the viewer may not see it.
    Hidden(String),
}

impl Model {
    /// The thread around a post that the viewer may see, or that was deleted; else none.
    #[must_use]
    pub fn thread(&self, post: &str, viewer: Option<&str>) -> Option<Thread> {
        let viewer = viewer.and_then(|id| self.account_number(id));
        let post = self.post_number(post)?;
        let focus = match self.thread_entry(post, viewer) {
            ThreadEntry::Hidden(_) => return None,
            shown => shown,
        };
        let mut ancestors = Vec::new();
        let mut above = self.post_state(post).reply_to;
        while let Some(ancestor) = above.filter(|_| ancestors.len() < ANCESTORS_MAX) {
            ancestors.push(self.thread_entry(ancestor, viewer));
            above = self.post_state(ancestor).reply_to;
        }
        ancestors.reverse();
        let replies = self.post_state(post).replies.iter().filter(|reply| self.is_shown_below(**reply, viewer));
        let replies = replies.map(|reply| self.thread_entry(*reply, viewer)).collect();
        Some(Thread { ancestors, focus, replies })
    }

    /// A live reply is shown to who may see it and does not mute its author. A deleted one is shown, as a tombstone, to
    /// hold what hangs on it.
    fn is_shown_below(&self, reply: PostNumber, viewer: Option<AccountNumber>) -> bool {
        let state = self.post_state(reply);
        match state.deleted {
            true => state.replies.iter().any(|below| !self.post_state(*below).deleted),
            false => self.is_welcome(reply, viewer),
        }
    }

    fn thread_entry(&self, post: PostNumber, viewer: Option<AccountNumber>) -> ThreadEntry {
        let state = self.post_state(post);
        let id = state.id.clone();
        match (state.deleted, self.is_visible(post, viewer)) {
            (true, _) => ThreadEntry::Deleted(id),
            (false, true) => ThreadEntry::Post(id),
            (false, false) => ThreadEntry::Hidden(id),
        }
    }
}
