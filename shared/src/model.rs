//! The vocabulary of the log: ids, events, times, hashtags, references to media, reasons of moderators, and the names of log streams.
//!
//! Never here: input or output, or anything that waits.

pub mod clock;
pub mod entities;
pub mod event;
pub mod golden;
pub mod hashtag;
pub mod ids;
pub mod media;
pub mod moderation;
pub mod streams;
pub mod text;
pub mod upcasting;
