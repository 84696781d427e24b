//! What all servers share towards their clients: the contract's types, errors, tokens, pages, serving, and waiting for projections.
//!
//! Never here: an answer to a question, or a decision about a command.

pub mod auth;
pub mod call_metrics;
pub mod common_fields;
pub mod errors;
pub mod json;
pub mod media;
pub mod methods;
pub mod moderation;
pub mod paging;
pub mod progress;
pub mod proto;
pub mod reply;
pub mod serve;
pub mod standby;
pub mod tokens;
