//! Why a store cannot be opened or used.
//!
//! Always: a message names the file or the folder, and shows nothing that may be a password. Never here: what is done about it.

use std::path::{Path, PathBuf};

use crate::log::ReadError;
use crate::sql::postgres::Unfit;
use crate::sql::postgres::address::AddressError;
use crate::sql::versions::Mismatch;
use crate::tables::OpenError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder could not be made.
    #[error("the store's folder {} cannot be made: {cause}", shown(.0), cause = .1)]
    Folder(PathBuf, std::io::Error),
    /// There is no store.
    #[error("there is no store in {}", shown(.0))]
    Missing(PathBuf),
    /// Another process projects in the folder.
    #[error("{0} has a projector already, {1}; stop that one, or start `chirp projector`, which stands by")]
    Owned(String, String),
    /// Nobody can say which process projects in the folder.
    #[error("{0} cannot be locked: {1}")]
    Unowned(String, std::io::Error),
    /// The folder is not there, and nobody asked for a new store.
    #[error("the store's folder {} is not there; --create makes it", shown(.0))]
    NoFolder(PathBuf),
    /// It is a file.
    #[error("the store {} is not a folder", shown(.0))]
    NotAFolder(PathBuf),
    /// There are read tables, and not the log that they were filled from.
    #[error(
        "{} has read tables and no log: put log.db back, or remove tables.db, which is filled again from a log, and restore a backup or begin anew",
        shown(.0)
    )]
    LostLog(PathBuf),
    /// Another process uses it.
    #[error("{0} is in use by another process; stop all of its processes first")]
    InUse(String),
    /// It is neither a folder nor the address of a database. It is not shown, since it may hold a password.
    #[error(
        "the store is neither a folder nor postgres://user@host/database; a folder with a colon in its name begins with ./"
    )]
    Unsupported,
    /// The address of a database is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The server is none that Chirp works with.
    #[error("{0} cannot be used: {1}")]
    Unfit(String, Unfit),
    /// The log could not be opened.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The read tables could not be opened.
    #[error(transparent)]
    Tables(#[from] OpenError),
    /// The same of a file, which the engine does not name.
    #[error("{}: {cause}", shown(.0), cause = .1)]
    File(PathBuf, Box<StoreError>),
}

impl StoreError {
    /// Whether another configuration or another build is needed, however long anybody waits.
    #[must_use]
    pub fn is_of_the_configuration(&self) -> bool {
        match self {
            Self::NoFolder(_)
            | Self::NotAFolder(_)
            | Self::Missing(_)
            | Self::Unsupported
            | Self::Address(_)
            | Self::Unfit(_, Unfit::Configuration(_)) => true,
            Self::File(_, cause) => cause.is_of_the_configuration(),
            Self::Log(ReadError::Schema(mismatch))
            | Self::Tables(OpenError::Schema(mismatch) | OpenError::Log(ReadError::Schema(mismatch))) => {
                matches!(mismatch, Mismatch::Newer(..))
            }
            _ => false,
        }
    }
}

/// What went wrong, with the file at which it did.
pub(super) fn of_file<E: Into<StoreError>>(file: &Path) -> impl Fn(E) -> StoreError {
    |cause| match cause.into() {
        // It is about the folder as a whole.
        another @ StoreError::Tables(OpenError::AnotherStore) => another,
        cause => StoreError::File(file.to_owned(), Box::new(cause)),
    }
}

/// A folder as it is shown: what stands before an `@` may be meant for a server.
pub(super) fn shown(folder: &Path) -> String {
    let text = folder.display().to_string();
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text,
    }
}
