//! Pull, as a fragment of SQL for whoever reads the newest of several accounts: home timelines below the mark, and activities.

/// The file with the fragment `pulled`, for vocabularies.
pub const FRAGMENTS: &str = include_str!("pull.sql");
