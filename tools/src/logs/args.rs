//! What can be done with a whole log, and where it is.

use clap::{Args, Subcommand};

use crate::args::store;

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
