//! Threads: a post, what it answers, and what answers it.
//!
//! Always: a post that was deleted or taken down, which is not told apart, leaves a tombstone where something hangs on
//! it, also for its author; a tombstone tells nothing but the post's id, and that the post was deleted only to those who could see it. Never here: replies to replies, and what a post looks
//! like (`questions`).

use crate::model::{AccountNumber, Model, PostNumber};

const ANCESTORS_MAX: usize = 100;

/// A post in its conversation, as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// What the focus answers: from the root, or as far towards it as a thread reaches, down to its parent.
    pub ancestors: Vec<ThreadEntry>,
    /// The post that was asked for.
    pub focus: ThreadEntry,
    /// The direct replies, oldest first.
    pub replies: Vec<ThreadEntry>,
}

/// One post of a thread, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadEntry {
    /// The viewer may see it.
    Post(String),
    /// The tombstone of a post that is deleted or taken down, by an author whose posts the viewer may see.
    Deleted(String),
    /// The tombstone of a post that is hidden from the viewer, or would be if it were not deleted.
    Hidden(String),
}

impl Model {
    /// The post with its ancestors and direct replies; none if it never existed, or its author is hidden from the
    /// viewer.
    #[must_use]
    pub fn thread(&self, post: &str, viewer: Option<&str>) -> Option<Thread> {
        let focus = self.post_number(post)?;
        let viewer = self.viewer_number(viewer);
        let is_found = self.may_see_posts_of(self.post_state(focus).author, viewer);
        is_found.then(|| Thread {
            ancestors: self.ancestors(focus, viewer),
            focus: self.thread_entry(focus, viewer),
            replies: self.replies(focus, viewer),
        })
    }

    /// The chain goes on through tombstones of both kinds. Mutes do not matter: without its ancestors, nobody
    /// understands a post.
    fn ancestors(&self, focus: PostNumber, viewer: Option<AccountNumber>) -> Vec<ThreadEntry> {
        let parent_of = |post: &PostNumber| self.post_state(*post).reply_to;
        let upwards = std::iter::successors(parent_of(&focus), parent_of).take(ANCESTORS_MAX);
        let mut ancestors: Vec<ThreadEntry> = upwards.map(|ancestor| self.thread_entry(ancestor, viewer)).collect();
        ancestors.reverse();
        ancestors
    }

    fn replies(&self, focus: PostNumber, viewer: Option<AccountNumber>) -> Vec<ThreadEntry> {
        let mut replies = self.post_state(focus).replies.clone();
        replies.sort_by_key(|reply| self.post_state(*reply).created_at);
        replies.retain(|reply| self.is_shown_as_reply(*reply, viewer));
        replies.into_iter().map(|reply| self.thread_entry(reply, viewer)).collect()
    }

    /// A deleted reply, or one that was taken down, is shown only to hold what the viewer sees below it, and only if its author's replies are shown.
    fn is_shown_as_reply(&self, reply: PostNumber, viewer: Option<AccountNumber>) -> bool {
        let state = self.post_state(reply);
        if !state.is_gone() {
            return self.is_visible_and_not_muted(reply, viewer);
        }
        let are_shown = self.may_see_posts_of(state.author, viewer) && !self.is_muted(state.author, viewer);
        are_shown && state.replies.iter().any(|answer| self.is_visible_and_not_muted(*answer, viewer))
    }

    fn thread_entry(&self, post: PostNumber, viewer: Option<AccountNumber>) -> ThreadEntry {
        let state = self.post_state(post);
        let id = state.id.clone();
        if !self.may_see_posts_of(state.author, viewer) {
            return ThreadEntry::Hidden(id);
        }
        if state.is_gone() { ThreadEntry::Deleted(id) } else { ThreadEntry::Post(id) }
    }
}
