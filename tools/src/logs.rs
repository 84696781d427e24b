//! Whole logs: copied to another store, backed up and restored, written as lines and read in again.

pub mod args;
pub mod copy;
pub mod lines;
