//! The arguments of `chirp verify`.

use clap::Args;

use crate::args::{OutputChoice, store};

/// `chirp verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Folder of the store, or postgres://user@host/database
    #[arg(long, env = "CHIRP_STORE", value_name = "STORE", value_parser = store)]
    pub store: String,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputChoice,
}
