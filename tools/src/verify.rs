//! `chirp verify`: every answer of the query server, compared with what the naive reference computes from the log; and
//! the hash chain, link by link.
//!
//! Always: the bytes of the log are judged by code that shares nothing with the projector, the query server, or those that encode events and
//! chain them. Never here: a repair.

mod answers;
mod args;
mod chain;
mod compare;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use query_server::{Queries, StreamLimits};
use serde_json::json;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::database::Database;
use shared::sql::{Statement, statements};
use shared::store::Store;
use shared::tables::VOCABULARY;
use shared::tables::aside::check_history;
use tokio::time::timeout;

pub use answers::words::{notification, thread};
pub use args::VerifyArgs;
pub use chain::LogReader;
pub use compare::{Manner, Report, compare};

use crate::args::Output;
use crate::out;

/// How long a projector may take to catch up.
const CATCH_UP_DEADLINE: Duration = Duration::from_secs(600);
/// How long a projector may take to make the read tables at all.
const TABLES_DEADLINE: Duration = Duration::from_secs(30);
const PAGE_SIZE: i32 = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(200);
statements! { "verify.sql" with VOCABULARY: SELECT_LOWEST_CHECKPOINT }

/// Verifies a store. The exit code is 0 when there is no difference, 1 when there is one.
///
/// # Errors
/// Also when the store changes meanwhile.
pub async fn run(store: &str, output: Output) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let store = Store::existing_at(store)?;
    let reader = LogReader::open(&store).await.context("the log cannot be read")?;
    let head = reader.head().await?;
    let opened = timeout(TABLES_DEADLINE, store.open_to_read()).await;
    let (log, tables) = opened.context("there are no read tables to verify; is a projector running?")??;
    wait_for_projector(&tables, head).await?;

    let mut report = Report::default();
    out::note(&format!("verify: reading {head} events and checking the hash chain"));
    let model = reader.fold(head, &mut report).await?;

    let history = check_history(&tables, &*log).await;
    let queries = Queries::new(tables.clone(), log, &Wake::default(), StreamLimits::default(), Tasks::default());
    match history {
        Ok(()) => {
            out::note("verify: comparing every answer with the log");
            compare(&queries, &model, Manner { page_size: PAGE_SIZE, salt: 0 }, &mut report).await?;
        }
        // Tables of another history are not served, so there is nothing to compare.
        Err(cause) => report.check(Some(cause), || "the read tables".to_owned()),
    }
    if reader.head().await? != head {
        bail!("the store changed while it was being verified; stop writing to it and verify again");
    }

    let elapsed = started.elapsed().as_secs_f64();
    match output {
        Output::Json => out::print(&format!(
            "{}\n",
            json!({ "events": head, "answers": report.answers, "differences": report.differences,
                    "first_differences": report.shown, "elapsed_seconds": elapsed })
        ))?,
        Output::Text => {
            for difference in &report.shown {
                out::print(&format!("{difference}\n"))?;
            }
            out::print(&format!(
                "{} differences in {} answers from {head} events ({elapsed:.1} s)\n",
                report.differences, report.answers
            ))?;
        }
    }
    Ok(if report.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Waits until the tables hold the whole log, without which they cannot be compared with it.
async fn wait_for_projector(tables: &Database, head: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut told = false;
    loop {
        let rows = tables.rows(&SELECT_LOWEST_CHECKPOINT, &[]).await?;
        let lowest: Option<i64> = rows.first().map(|row| row.get("lowest")).transpose()?.flatten();
        let lowest = u64::try_from(lowest.unwrap_or(0)).unwrap_or(0);
        if lowest >= head {
            return Ok(());
        }
        if started.elapsed() > CATCH_UP_DEADLINE {
            bail!("the read tables are at position {lowest} and the log is at {head}; is a projector running?");
        }
        if !told {
            out::note(&format!(
                "verify: waiting for a projector: the read tables are at {lowest}, the log is at {head}"
            ));
            told = true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Every statement of this module, for the test that prepares them on both engines.
pub(crate) fn every_statement() -> Vec<&'static Statement> {
    STATEMENTS.to_vec()
}
