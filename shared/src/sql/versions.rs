//! The versions of the two schemas of a store, by which a process knows whether it can serve it.
//!
//! Always: a process serves schemas of its own version and no others; upgrading one is the work of `chirp migrate up`,
//! and in a folder of the process that opens it to write. Never here: what differs between two versions.

/// The log's or the read tables' schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    name: &'static str,
    /// The version that this code serves.
    pub version: i64,
    /// What an operator can do about an older version.
    remedy: &'static str,
}

/// Version 1 had no view of positions and another function that appends, version 2 let no query server read the hash of the head.
pub const LOG: Schema = Schema {
    name: "the log",
    version: 3,
    remedy: "run `chirp migrate up`, or in a folder start a command server of this version",
};
/// Version 1 had checkpoints without hashes and owners without addresses, version 2 no index of the remembered mentions, in version
/// 3 the changes for streams were written by timelines, version 4 had posts and profiles without versions and extras, and version 5
/// no accounts that are suspended and no posts that are taken down.
pub const TABLES: Schema = Schema {
    name: "the read tables",
    version: 6,
    remedy: "run `chirp migrate up`, or in a folder start a projector of this version",
};

/// Stands in place of the version while a log is being restored, imported or copied into.
pub const UNFINISHED: i64 = 0;

/// A schema is of another version than this code serves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("{0} is not whole: a restore, import or copy into it has not ended; run that again")]
    Unfinished(&'static str),
    #[error("{0} has schema version {1}, and this build serves version {2}: start a newer build")]
    Newer(&'static str, i64, i64),
    #[error("{0} has schema version {1}, and this build serves version {2}: {3}")]
    Older(&'static str, i64, i64, &'static str),
    #[error("{0} lack {1}, which this build has projections for: {2}")]
    Lacking(&'static str, String, &'static str),
}

impl Schema {
    /// Whether this code serves a schema of this version.
    ///
    /// # Errors
    /// Names both versions, and what to do.
    pub fn check(&self, found: i64) -> Result<(), Mismatch> {
        let Self { name, version, remedy } = *self;
        if found == UNFINISHED {
            return Err(Mismatch::Unfinished(name));
        }
        match found.cmp(&version) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Mismatch::Newer(name, found, version)),
            std::cmp::Ordering::Less => Err(Mismatch::Older(name, found, version, remedy)),
        }
    }

    /// Tables that this code needs are not there, though the version is its own: projections came with this build.
    #[must_use]
    pub fn lacking(&self, tables: &[String]) -> Mismatch {
        Mismatch::Lacking(self.name, tables.join(", "), self.remedy)
    }

    /// Whether this code may upgrade a schema of this version: one that is older or equal, and complete.
    pub fn check_to_write(&self, found: i64) -> Result<(), Mismatch> {
        self.check(if found == UNFINISHED { found } else { found.max(self.version) })
    }
}
