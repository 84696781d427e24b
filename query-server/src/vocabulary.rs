//! What the statements of the query server share: fragments, such as who may see what, and the numbers of enums by their names in Rust.
//!
//! Never here: what one question says alone, which is a fragment of its own file.

use shared::rpc::proto::query::ActivityKind;
use shared::sql::{Vocabulary, numbers};
use shared::tables::Change;
use timelines::pull;

/// For every file of SQL in this crate that needs it.
pub(crate) static VOCABULARY: Vocabulary = Vocabulary {
    fragments: &[
        include_str!("sight.sql"),
        include_str!("law.sql"),
        include_str!("hydrate.sql"),
        include_str!("streams/interests.sql"),
        pull::FRAGMENTS,
    ],
    numbers: &[Change::NUMBERS, numbers!(ActivityKind: Followed)],
};
