//! `chirp store new-epoch`: makes a store that was copied, file by file or by the database's own tools, another store.

use std::process::ExitCode;

use anyhow::Context;
use shared::store::Store;

use tools::out;

/// Gives the store a new epoch and a new key for its tokens.
pub async fn run(store: &str) -> anyhow::Result<ExitCode> {
    let store = Store::existing_at(store)?;
    let epoch = store.begin_epoch().await.with_context(|| format!("{store} keeps its epoch"))?;
    out::print(&format!("{store} has the epoch {epoch}; tokens from before are refused\n"))?;
    Ok(ExitCode::SUCCESS)
}
