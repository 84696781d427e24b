//! Clients of the streams that follow the rules of the contract to the letter: what they hold must always be what the question that belongs
//! to the stream would answer. The laws hold them against the naive reference, and the end-to-end tests against the server itself.

mod client;
mod home;
mod notifications;
mod posts;
mod random;

pub use client::{Client, Said, Transport, View};
pub use home::HomeView;
pub use notifications::NotificationView;
pub use posts::PostView;
pub use random::{Random, first_seed};
