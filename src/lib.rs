//! The parts of the `chirp` binary: the command line, the configuration, and the roles as they run.
//!
//! Always: everything that can be wrong with the configuration is refused before a port is bound. Never here: the logic
//! of the roles themselves.

// These panic when their reader is gone; see `out`.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod cli;
mod config;
mod dev;
mod roles;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use tools::logs::args::LogCommand;
use tools::{bench, client, logs, out, replay, verify};

use crate::cli::{Cli, Command, EventsCommand, ParkedCommand, ProjectionCommand, StoreCommand};
use crate::cli::{admin, migrate, new_epoch};
use crate::config::secrets::Secrets;

/// How long threads that still work may delay the exit.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    // Only builds of the tests have failpoints, which they name in FAILPOINTS.
    let _failing = fail::FailScenario::setup();
    let arguments: Vec<_> = std::env::args_os().collect();
    let mut secrets = Secrets::of(&arguments);
    let cli = match config::parse(arguments, &mut secrets) {
        Ok(cli) => cli,
        Err(refusal) => return refusal.report(&secrets),
    };
    match introduce(&cli).and_then(|()| start(cli)) {
        Ok(code) => code,
        // A reader that has seen enough, as `head` does, ends the output.
        Err(cause) if out::is_reader_gone(&cause) => ExitCode::SUCCESS,
        Err(cause) => {
            out::note(&format!("error: {}", secrets.hidden(&format!("{cause:#}"))));
            config::exit_code(&cause)
        }
    }
}

/// Prepares how this process calls servers, if it does.
fn introduce(cli: &Cli) -> anyhow::Result<()> {
    if let Some(token) = &cli.token {
        client::authorize(token)?;
    }
    if cli.tls || cli.tls_ca.is_some() {
        client::use_tls(cli.tls_ca.as_deref())?;
    }
    Ok(())
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    shared::runtime::telemetry::start(&cli.log).context("logging cannot be started")?;
    for target in config::log_targets::unknown_in(&cli.log) {
        // Not to the log, which may be silent by the same filter.
        out::note(&format!("warning: --log names {target}, and no crate of this build is called so"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(cli.command));
    runtime.shutdown_timeout(LAST_THREADS);
    outcome
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Dev(args) => dev::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::Serve(args) => roles::serve(args).await.map(|()| ExitCode::SUCCESS),
        Command::CommandServer(args) => roles::command_server(args).await.map(|()| ExitCode::SUCCESS),
        Command::QueryServer(args) => roles::query_server(args).await.map(|()| ExitCode::SUCCESS),
        Command::Projector(args) => roles::projector(args).await.map(|()| ExitCode::SUCCESS),
        Command::Replay(args) => replay::run(args).await,
        Command::Bench(command) => bench::run(command).await,
        Command::Log(LogCommand::Copy(args)) => logs::copy::run(args).await,
        Command::Log(LogCommand::Export(args)) => logs::lines::export(args).await,
        Command::Log(LogCommand::Import(args)) => logs::lines::import(args).await,
        Command::Backup(args) => logs::lines::backup(args).await,
        Command::Restore(args) => logs::lines::restore(args).await,
        Command::Migrate(command) => migrate::run(command).await,
        Command::Verify(args) => verify::run(&args.store, args.output.output).await,
        Command::Projection(ProjectionCommand::List(args)) => admin::list(args).await,
        Command::Projection(ProjectionCommand::Rebuild(args)) => admin::rebuild(args).await,
        Command::Projection(ProjectionCommand::CancelRebuild(args)) => admin::cancel_rebuild(args).await,
        Command::Projection(ProjectionCommand::Release(args)) => admin::release(args).await,
        Command::Store(StoreCommand::NewEpoch(args)) => new_epoch::run(&args.store).await,
        Command::Key(command) => cli::keys(command).await,
        Command::Token(args) => cli::sign(args).await,
        Command::At(args) => admin::at(args).await,
        Command::Parked(ParkedCommand::List(args)) => admin::parked::list(args).await,
        Command::Parked(ParkedCommand::Show(args)) => admin::parked::show(args).await,
        Command::Parked(ParkedCommand::Retry(args)) => admin::parked::retry(args).await,
        Command::Parked(ParkedCommand::Discard(args)) => admin::parked::discard(args).await,
        Command::Events(EventsCommand::Tail(args)) => admin::tail(args).await,
        Command::Events(EventsCommand::Show(args)) => admin::show(args).await,
    }
}
