//! What the statements of the projector name: numbers of enums, by their names in Rust.
//!
//! Never here: fragments, since no two projections share a table.

use shared::rpc::proto::query::NotificationReason;
use shared::sql::{Vocabulary, numbers};

/// For every file of SQL in this crate that needs it.
pub(crate) static VOCABULARY: Vocabulary =
    Vocabulary { fragments: &[], numbers: &[numbers!(NotificationReason: Replied, Mentioned)] };
