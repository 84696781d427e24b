//! The commands for whole stores and the schemas of a database.

use clap::{Args, Subcommand};

use tools::args::store;

/// What can be done with the schemas of a database.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Make or upgrade the two schemas and the three roles, as somebody who may
    #[command(before_help = "Example:\n  chirp migrate up --store postgres://postgres@localhost/chirp")]
    Up(MigrateArgs),
    /// Say what is there, in which versions; exit code 1 when something is missing or of another version than this build serves
    #[command(before_help = "Example:\n  chirp migrate status --store postgres://chirp_query@localhost/chirp")]
    Status(MigrateArgs),
}

/// `chirp migrate up` and `chirp migrate status`
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The database: postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
}

/// What can be done with a store as a whole.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Give a store that was copied an identity of its own, so that it refuses the tokens of the one it was copied from; stop its
    /// processes first
    #[command(before_help = "Example:\n  chirp store new-epoch --store ./copy-of-chirp-data")]
    NewEpoch(NewEpochArgs),
}

/// `chirp store new-epoch`
#[derive(Debug, Args)]
pub struct NewEpochArgs {
    /// Folder of the store, or postgres://user@host/database as the owner of its schemas
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
}
