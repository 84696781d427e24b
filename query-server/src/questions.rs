//! The questions, one file each.

pub mod account;
pub mod author_timeline;
pub mod home_timeline;
pub mod lists;
pub mod post;
pub mod relationship;
