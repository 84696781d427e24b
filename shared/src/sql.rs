//! How both engines are spoken to: statements in the words of both, rows, connections, and which versions of the schemas there are.
//!
//! Never here: what is in the log or in the read tables.

pub mod database;
pub mod long_readers;
pub mod postgres;
pub mod rows;
pub mod sqlite;
mod statement;
pub mod versions;

pub use statement::*;
