//! The three roles, each alone in its process, and the pieces from which `dev` composes them.
//!
//! Always: the port is bound first, so that a taken one is said before anything is opened; however one part of a process
//! ends, the others are drained, within the grace period. Never here: what the roles do.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use projector::Projector;
use shared::clock::SystemClock;
use shared::log::LogHead;
use shared::serve::{asked_to_stop, finish_within};
use shared::settings::ServerSettings;
use shared::store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tracing::{error, info};

use crate::cli::{Address, CommandServerArgs, ProjectorArgs, QueryServerArgs};
use crate::history::Folded;

/// Runs the command server until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn command_server(args: CommandServerArgs) -> anyhow::Result<()> {
    let (listener, address) = bind(&args.listen).await?;
    let drain = drain_when_asked();
    let store = Store::at(&args.store)?;
    let Some(log) = drain.run_until_cancelled(store.open_log(Arc::new(SystemClock))).await else {
        return Ok(());
    };
    let log = log?;
    let routes = command_server::routes(log.clone(), store.progress(log.clone(), drain.clone()));
    let server = Server { listener, routes, services: command_server::SERVICES, store: log };
    info!(%address, "the command server answers on {address}");
    let served = serve(server, &args.server.settings(), drain).await;
    store.settle().await;
    served
}

/// Runs the query server until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn query_server(args: QueryServerArgs) -> anyhow::Result<()> {
    let (listener, address) = bind(&args.listen).await?;
    let drain = drain_when_asked();
    let store = Store::at(&args.store)?;
    let opened = drain.run_until_cancelled(store.open_to_read()).await;
    let Some(opened) = opened else {
        return Ok(());
    };
    let (log, tables) = opened?;
    let progress = store.hints_of_progress();
    store.wake_on_progress(&progress);
    let routes = query_server::routes(tables, log.clone(), progress, store.presence(), drain.clone());
    let server = Server { listener, routes, services: query_server::SERVICES, store: log };
    info!(%address, "the query server answers on {address}");
    serve(server, &args.server.settings(), drain).await
}

/// Runs the projector until asked to stop.
///
/// # Errors
/// When it cannot start or fails.
pub async fn projector(args: ProjectorArgs) -> anyhow::Result<()> {
    let (listener, address) = bind(&args.ops_listen).await?;
    let drain = drain_when_asked();
    let store = Store::at(&args.store)?;
    let clock = Arc::new(SystemClock);
    let Some(log) = drain.run_until_cancelled(store.open_log_to_follow(clock.clone())).await else {
        return Ok(());
    };
    let log = log?;
    let (settings, progress) = (args.projector.settings(), store.hints_of_progress());
    let projector = Projector::open_or_stand_by(&store, log.clone(), settings, clock, progress).await?;
    let routes = projector.routes(Arc::new(Folded::of(log.clone())), drain.clone());
    let server = Server { listener, routes, services: projector::SERVICES, store: log };
    info!(%address, "the projector works and answers operators on {address}");
    let settings = args.server.settings();
    let (served, projected) =
        tokio::join!(serve(server, &settings, drain.clone()), project(projector, &settings, drain.clone()));
    store.settle().await;
    served.and(projected)
}

/// A server that is about to start.
pub struct Server {
    /// Where it listens.
    pub listener: TcpListener,
    /// What it answers.
    pub routes: Routes,
    /// The names that its health is told by.
    pub services: &'static [&'static str],
    /// Without which it is not healthy.
    pub store: Arc<dyn LogHead>,
}

/// Binds the address, and says which one it really is.
///
/// # Errors
/// When it is taken, not ours, or the name is unknown.
pub async fn bind(address: &Address) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address.as_str()).await.with_context(|| format!("cannot listen on {address}"))?;
    let real = listener.local_addr()?;
    Ok((listener, real))
}

/// A token that is cancelled when the process is asked to stop.
pub fn drain_when_asked() -> CancellationToken {
    let drain = CancellationToken::new();
    let asked = drain.clone();
    tokio::spawn(async move {
        // Without signals nobody could ever stop it cleanly, so it stops now.
        let _asked = asked.drop_guard();
        if let Err(cause) = asked_to_stop().await {
            error!(%cause, "signals cannot be watched: {cause}");
        }
    });
    drain
}

/// Serves until drained, and drains the rest of the process however this ends.
///
/// # Errors
/// When the server fails.
pub async fn serve(server: Server, settings: &ServerSettings, drain: CancellationToken) -> anyhow::Result<()> {
    let _ended = drain.clone().drop_guard();
    shared::serve::serve(server.listener, server.routes, server.services, settings, server.store, drain)
        .await
        .context("the server failed")
}

/// Projects until drained, and drains the rest of the process however this ends.
///
/// # Errors
/// When the projector ends by itself.
pub async fn project(projector: Projector, settings: &ServerSettings, drain: CancellationToken) -> anyhow::Result<()> {
    let _ended = drain.clone().drop_guard();
    let mut projecting = tokio::spawn(projector.run(drain.clone()));
    tokio::select! {
        ended = &mut projecting => {
            ended.context("the projector failed")??;
            if !drain.is_cancelled() {
                bail!("the projector stopped by itself");
            }
        }
        () = drain.cancelled() => {
            let ended = async {
                match projecting.await {
                    Ok(Ok(())) => {}
                    Ok(Err(cause)) => error!(%cause, "the projector failed while draining: {cause}"),
                    Err(cause) => error!(%cause, "the projector failed while draining: {cause}"),
                }
            };
            finish_within(settings.grace_period, "the projector", ended).await;
        }
    }
    Ok(())
}
