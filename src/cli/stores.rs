//! What is done to whole stores: made, moved, kept, brought back, judged.

use clap::{Args, Subcommand};

use super::{OutputChoice, store};

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

/// What can be done with a whole log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Copy a log to an empty store of either kind, with everything but its epoch; it can be stopped and run again
    #[command(before_help = "Example:\n  chirp log copy --from ./chirp-data --to postgres://postgres@localhost/chirp")]
    Copy(LogCopyArgs),
    /// Write a log as JSON lines, with all that is needed to read it in again
    #[command(before_help = "Example:\n  chirp log export --store ./chirp-data --to - | head")]
    Export(LogExportArgs),
    /// Read what `export` wrote into an empty store; it can be stopped and run again
    #[command(
        before_help = "Example:\n  chirp log import --from log.jsonl --store postgres://postgres@localhost/chirp"
    )]
    Import(LogImportArgs),
}

/// `chirp log copy`
#[derive(Debug, Args)]
pub struct LogCopyArgs {
    /// Folder of the store, or postgres://user@host/database; nobody may write to it meanwhile
    #[arg(long, env = "CHIRP_FROM", value_name = "STORE", value_parser = store)]
    pub from: String,
    /// Folder, or postgres://user@host/database; it is made when it is missing
    #[arg(long, env = "CHIRP_TO", value_name = "STORE", value_parser = store)]
    pub to: String,
}

/// `chirp log export`
#[derive(Debug, Args)]
pub struct LogExportArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// File to make, or - for stdout
    #[arg(long, env = "CHIRP_TO", value_name = "FILE")]
    pub to: String,
}

/// `chirp log import`
#[derive(Debug, Args)]
pub struct LogImportArgs {
    /// File, or - for stdin
    #[arg(long, env = "CHIRP_FROM", value_name = "FILE")]
    pub from: String,
    /// Folder, or postgres://user@host/database; it is made when it is missing
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
}

/// `chirp backup`
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// File to make, which is there once it is complete, or - for stdout, where the last line says so
    #[arg(long, env = "CHIRP_TO", value_name = "FILE")]
    pub to: String,
}

/// `chirp restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// File that `chirp backup` made, or - for stdin
    #[arg(long, env = "CHIRP_FROM", value_name = "FILE")]
    pub from: String,
    /// Folder, or postgres://user@host/database; it is made when it is missing
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
}

/// `chirp verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    #[command(flatten)]
    pub output: OutputChoice,
}
