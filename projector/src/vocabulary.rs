//! What the statements of the projector share: how tables of edges are written, and numbers of enums by their names in Rust.
//!
//! Never here: a fragment that names a table, since no two projections share one.

use shared::rpc::proto::query::NotificationReason;
use shared::sql::{Vocabulary, numbers};

/// For every file of SQL in this crate that needs it.
pub(crate) static VOCABULARY: Vocabulary = Vocabulary {
    fragments: &[include_str!("edges.sql")],
    numbers: &[numbers!(NotificationReason: Replied, Mentioned)],
};
