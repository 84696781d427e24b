//! How both engines are used: statements that both understand, rows, connections, and the versions of the schemas.
//!
//! Never here: what is in the log or in the read tables.

pub mod database;
pub mod long_readers;
pub mod postgres;
pub mod rows;
pub mod sections;
pub mod sqlite;
mod statement;
pub mod versions;
pub mod vocabulary;

pub use statement::*;
pub use vocabulary::{Source, Vocabulary, numbers};
