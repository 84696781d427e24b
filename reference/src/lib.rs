//! The naive reference: what the real projector and query server are compared with.
//!
//! It folds every event of a log into plain maps and answers each query by brute force from first principles. It also
//! checks the log itself: an event that the domain forbids, given the events before it, is an error.
//!
//! Always: one event at a time, in the order of the log; an answer depends on nothing but the events applied. Never
//! here: stored timelines, stored counts, caches, pages, tokens, SQL, or code of what it is compared with.

mod activities;
pub mod chain;
mod edges;
mod event;
mod fold;
mod law;
mod listings;
mod model;
mod notifications;
mod questions;
#[cfg(test)]
mod tests;
mod threads;

pub use activities::{Activity, ActivityKind};
pub use event::LogEvent;
pub use law::Entry;
pub use model::Model;
pub use notifications::{NotificationGroup, NotificationReason};
pub use questions::{Account, Extras, LinkCard, Media, Post, Relationship, TakenDown};
pub use threads::{Thread, ThreadEntry};
