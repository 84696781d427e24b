//! Timelines as rows: one for each owner and reason. Hybrid fan-out: writes add, reads subtract.
//!
//! Always, after every batch, for every owner: each reason of an account that the owner follows (or of the owner), with a place above the
//! owner's `mark` and above the actor's `pulled_until`, has its row. Rows that should not be seen any more (undone, deleted) may linger. So
//! three things need care, and only these: whoever leaves a row out raises the mark to it; an author's class changes at a checkpoint, and
//! `pulled_until` says at which; a batch is delivered to the followers that are left at its end. The reader merges three sources by place:
//! above the mark the owner's rows and the reasons of pulled authors, below it the reasons of everyone the owner follows.
//!
//! Source of the shape: hybrid fan-out as Twitter described it (push for most, pull for celebrities), with the timeline as a capped cache
//! whose lower end is known.

pub(crate) mod read;
pub(crate) mod write;

pub use read::RowReader;
pub use write::RowWriter;

use shared::sql::{Vocabulary, numbers};
use shared::tables::declare_tables;

use crate::pull;

/// The bound of places that are served by pull: unbounded.
const PULLED_ALWAYS: i64 = i64::MAX;

/// For the files of SQL of this adapter.
static VOCABULARY: Vocabulary = Vocabulary { fragments: &[pull::FRAGMENTS], numbers: &[numbers!(PULLED_ALWAYS)] };

declare_tables! { "timelines_1" in "rows.sql" with VOCABULARY }
