//! The questions, one file each.

pub mod account;
pub mod activities;
pub mod author_timeline;
pub mod home_timeline;
pub mod lists;
pub mod notifications;
pub mod post;
pub mod post_lists;
pub mod relationship;
pub mod thread;
