//! Clients of the streams that follow the rules of the contract to the letter: what they keep must always be what the
//! query that belongs to the stream would answer. The laws compare them with the naive reference, and the end-to-end
//! tests with the server itself.

#![allow(clippy::disallowed_methods, reason = "its environment, or the day, says with which seed a test begins")]

mod client;
mod from_comments;
mod home;
mod notifications;
mod posts;
mod random;
mod together;

pub use client::{Client, Said, Transport, View};
pub use from_comments::{FromComments, Screen, Screens};
pub use home::HomeView;
pub use notifications::NotificationView;
pub use posts::PostView;
pub use random::{Random, first_seed};
pub use together::{Expected, Known, Together};
