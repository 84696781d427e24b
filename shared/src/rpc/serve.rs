//! How a server starts, the ways in to its services, which steps surround them, and how it drains.
//!
//! Always: from the first moment on a process says whether it is alive, whether it is ready, and why not, also before
//! its services are open; health says NOT_SERVING while the process is not ready, and as the first step of a shutdown;
//! a server ends once its calls have, and open streams are told to; every limit that tonic leaves open is set here;
//! tonic's own INTERNAL for undecodable input leaves here as INVALID_ARGUMENT. Never here: what the services do.

#![warn(missing_docs)]

mod age;
mod calls;
mod connect;
mod openapi;
pub mod rates;
mod room;
mod tls;

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::routing::get;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::rpc::auth::authority::Authority;
use crate::rpc::auth::principal::{Principal, Role};
use crate::rpc::errors::{ERROR_REASON_HEADER, link_to_reference};
use crate::rpc::proto::DESCRIPTORS;
use crate::rpc::tokens::CONSISTENCY_TOKEN_HEADER;
use crate::runtime::metrics;
use crate::runtime::ready::Readiness;
use crate::runtime::settings::ServerSettings;
use crate::runtime::tasks::Tasks;

pub use self::age::StreamEnd;
use self::age::{aging, ending_with_their_connection};
use self::calls::Calls;
pub use self::calls::{overloaded, undecodable};
use self::connect::{Way, way_in};
use self::rates::{RateSettings, Rates};
use self::room::Room;
pub use self::room::{Crowded, wait_outside};
pub use self::tls::Certificate;
use self::tls::begun;

/// The largest request message, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Answers of fewer bytes are sent as they are: compressing them costs more than it saves.
pub const COMPRESSED_FROM_BYTES: usize = 1_024;
const HEALTH: &str = "grpc.health.v1.Health";
/// The header with the id of a call: accepted, made when missing, echoed, logged.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// The longest silence of a stream before it sends a heartbeat, as the contract promises.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
const CONCURRENT_STREAMS_MAX: u32 = 1_024;
const HEADER_LIST_BYTES_MAX: u32 = 16 * 1024;
const PENDING_RESETS_MAX: usize = 64;
const LOCAL_RESETS_MAX: usize = 1_024;
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a browser may cache the answer to a preflight request.
const PREFLIGHT_AGE_MAX: Duration = Duration::from_secs(2 * 60 * 60);

/// A generated server that takes and sends compressed messages, and none that are too large.
#[macro_export]
macro_rules! limited {
    ($server:expr) => {
        $server
            .accept_compressed(::tonic::codec::CompressionEncoding::Zstd)
            .accept_compressed(::tonic::codec::CompressionEncoding::Gzip)
            .send_compressed(::tonic::codec::CompressionEncoding::Zstd)
            .send_compressed(::tonic::codec::CompressionEncoding::Gzip)
            .max_decoding_message_size($crate::rpc::serve::MESSAGE_BYTES_MAX)
    };
}

/// Who is let in, and how often.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Who tells whose a call is.
    pub authority: Authority,
    /// How much each may ask for.
    pub rates: RateSettings,
    /// Anybody may read `/metrics` and `/readyz?verbose`, also where callers are authenticated.
    pub has_open_pages: bool,
}

/// The services of a role, or of several roles on one port. A server can listen before they are open, since what they need may not be there yet.
#[derive(Clone, Debug, Default)]
pub struct Services {
    routes: Arc<OnceLock<Router>>,
    /// On a port of several roles, the names and services of each.
    of_roles: Vec<(&'static [&'static str], Self)>,
}

impl Services {
    /// Services that are open already.
    #[must_use]
    pub fn of(routes: Routes) -> Self {
        let services = Self::default();
        services.open(routes);
        services
    }

    /// The services of several roles, each by its names. Each role opens its own.
    #[must_use]
    pub fn together(of_roles: Vec<(&'static [&'static str], Self)>) -> Self {
        Self { of_roles, ..Self::default() }
    }

    /// Calls are answered by these routes from now on. Once only.
    pub fn open(&self, routes: Routes) {
        let opened = self.routes.set(routes.prepare().into_axum_router());
        debug_assert!(opened.is_ok(), "a role opens its services once");
    }

    /// What answers at this path; nothing before [`Self::open`].
    fn get(&self, path: &str) -> Option<&Router> {
        let service = service_of(path);
        // What nobody has is refused in the same way by each.
        let role = self.of_roles.iter().find(|(names, _)| names.contains(&service)).or(self.of_roles.first());
        role.map_or_else(|| self.routes.get(), |(_, services)| services.get(path))
    }
}

/// The name of the service at a path.
fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Serves until the process drains and the open calls have ended; what does not end is cut when this task is aborted.
/// `names` are the full names of the services, for which the health service answers; they are SERVING while the process
/// is ready. `admission` says who is let in.
///
/// # Errors
/// Fails when the listener fails, or reflection cannot be built.
pub async fn serve(
    listener: TcpListener,
    services: Services,
    names: &'static [&'static str],
    settings: &ServerSettings,
    (ready, admission): (Readiness, Admission),
    tasks: Tasks,
) -> io::Result<()> {
    metrics::start();
    if let Some(url) = &settings.errors_url {
        link_to_reference(url);
    }
    tasks.tell(ready.clone());
    let (health, health_service) = tonic_health::server::health_reporter();
    announce(&health, names, status_of(&ready)).await;
    let mut routes = Routes::new(limited!(health_service));
    if settings.reflection {
        routes = with_reflection(routes, names)?;
    }
    let routes = ending_with_their_connection(routes, tasks.draining());

    let stopping = {
        let (drain, ready) = (tasks.draining().clone(), ready.clone());
        async move {
            drain.run_until_cancelled(follow_readiness(&ready, &health, names)).await;
            announce(&health, names, ServingStatus::NotServing).await;
            // A watcher of the health has heard of the drain by then, and its open call must not hold up the end.
            for service in names.iter().chain(&[""]) {
                health.clone().clear_service_status(service).await;
            }
        }
    };
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let certificate = settings.tls.as_ref().map(Certificate::read).transpose().map_err(io::Error::other)?;
    let incoming = begun(aging(incoming, settings.connection_age, &tasks), certificate, &tasks)?;
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(CONCURRENT_STREAMS_MAX)
        .http2_max_header_list_size(HEADER_LIST_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(LOCAL_RESETS_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_connection_age(settings.connection_age)
        .add_routes(surrounded(routes, services, names, (ready, admission), tasks.clone(), settings))
        .serve_with_incoming_shutdown(incoming, stopping)
        .await
        .map_err(io::Error::other)
}

async fn announce(health: &HealthReporter, services: &[&str], status: ServingStatus) {
    // The empty name is the server as a whole.
    for service in services.iter().chain(&[""]) {
        health.set_service_status(service, status).await;
    }
}

/// Sets the health of the services, which are SERVING while the process is ready.
async fn follow_readiness(ready: &Readiness, health: &HealthReporter, names: &[&str]) -> Infallible {
    let mut changes = ready.changes();
    loop {
        // Marked before it is read, so that a change in between is seen.
        changes.mark_unchanged();
        announce(health, names, status_of(ready)).await;
        changes.changed().await;
    }
}

fn status_of(ready: &Readiness) -> ServingStatus {
    if ready.is_ready() { ServingStatus::Serving } else { ServingStatus::NotServing }
}

/// Answers reflection, which lists what this port serves: these services, health and itself.
fn with_reflection(routes: Routes, names: &[&str]) -> io::Result<Routes> {
    let configured = |itself: &str| {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            // The details of errors, so that a client that knows nothing else can show them.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        names.iter().chain(&[HEALTH, itself]).fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let v1 = configured("grpc.reflection.v1.ServerReflection").build_v1().map_err(io::Error::other)?;
    let v1alpha = configured("grpc.reflection.v1alpha.ServerReflection").build_v1alpha().map_err(io::Error::other)?;
    Ok(routes.add_service(limited!(v1)).add_service(limited!(v1alpha)))
}

/// Lets the counts of calls forget what makes no difference any more.
fn forget(rates: &Arc<Rates>, tasks: &Tasks) {
    if rates.is_unlimited() {
        return;
    }
    let (rates, drain) = (rates.clone(), tasks.draining().clone());
    tasks.spawn_vital("rates of calls", async move {
        drain.run_until_cancelled(rates.keep_forgetting()).await;
    });
}

/// The services as [`serve`] serves a ready process, without a socket: for tests and fuzzers of what anybody may send.
#[must_use]
pub fn as_served(routes: Routes, settings: &ServerSettings) -> Routes {
    let ready = Readiness::of("test", &[]);
    surrounded(Routes::default(), Services::of(routes), &[], (ready, Admission::default()), Tasks::default(), settings)
}

/// The services with the steps around every call: a request id, a span, metrics, admission, and honest errors for
/// undecodable input; by gRPC, gRPC-Web, Connect and plain JSON. Beside them, over plain HTTP, what this port is, and the
/// health and the metrics of the process.
fn surrounded(
    routes: Routes,
    services: Services,
    names: &'static [&'static str],
    (ready, admission): (Readiness, Admission),
    tasks: Tasks,
    settings: &ServerSettings,
) -> Routes {
    let pages =
        Pages { authority: if admission.has_open_pages { Authority::open() } else { admission.authority.clone() } };
    let say = {
        let (ready, tasks, pages) = (ready.clone(), tasks.clone(), pages.clone());
        move |RawQuery(query): RawQuery, headers: HeaderMap| async move {
            if is_verbose(query.as_deref()) {
                pages.let_in(&headers).await?;
            }
            Ok::<_, (StatusCode, String)>(readiness(&ready, &tasks, query.as_deref()))
        }
    };
    let measure = move |headers: HeaderMap| async move {
        pages.let_in(&headers).await?;
        Ok::<_, (StatusCode, String)>(metrics::render())
    };
    let about_the_server = routes.prepare().into_axum_router();
    let room = Room::of(settings.calls_max, settings.waiting_max);
    let Admission { authority, rates, has_open_pages: _ } = admission;
    let rates = Arc::new(Rates::of(&rates));
    forget(&rates, &tasks);
    let calls = Arc::new(Calls { about_the_server, services, names, ready, room, authority, rates });
    let by_grpc = {
        let calls = calls.clone();
        let answering = service_fn(move |request: Request<tonic::body::Body>| {
            let calls = calls.clone();
            async move { Ok::<_, Infallible>(calls.answer(request.map(Body::new)).await) }
        });
        GrpcWebLayer::new().layer(answering)
    };
    // Each way in knows its own requests, so none of them sees those of another.
    let answering = service_fn(move |request: Request<Body>| {
        let (calls, by_grpc) = (calls.clone(), by_grpc.clone());
        async move {
            match way_in(&request, names, || about(names)) {
                Way::Grpc => by_grpc.oneshot(request).await.map(|answer| answer.map(Body::new)),
                Way::Connect(call) => Ok(call.answer(&calls, request).await),
                Way::Refused(refusal) => Ok(refusal),
            }
        }
    });
    let router = Router::new()
        .fallback_service(answering.clone())
        .route("/", get(move || async move { about(names) }).fallback_service(answering))
        .route("/openapi.json", get(move || async move { openapi::served(names) }))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(say.clone()))
        .route("/healthz", get(say))
        .route("/metrics", get(measure));
    Routes::from(match settings.cors_origins.as_slice() {
        [] => router,
        origins => router.layer(cors(origins)),
    })
}

/// What this port is, for whoever looks at it with a browser or with `curl`.
fn about(names: &[&str]) -> String {
    let (version, names) = (env!("CARGO_PKG_VERSION"), names.join(", "));
    format!(
        "Chirp {version}, a social feed backend.\n\nThis port serves {names}, {HEALTH} and reflection, in four ways:\n\n  \
         gRPC (over HTTP/2)\n  gRPC-Web\n  Connect: unary calls and streams, in JSON and protobuf; GET for what has no side effects\n  \
         plain JSON: POST /SERVICE/METHOD with content-type: application/json\n\n\
         With a ticket of CreateSubscribeTicket, GET /chirp.query.v1.QueryService/Subscribe?ticket=TICKET answers with server-sent events.\n\
         GET /openapi.json describes the calls. GET /livez, /readyz (with ?verbose), /healthz and /metrics are about the process.\n"
    )
}

/// The pages that say more than whether a process is well.
#[derive(Clone)]
struct Pages {
    authority: Authority,
}

/// The scope with which a service may read them, such as that of a Prometheus.
const PAGES_SCOPE: &str = "metrics:read";

impl Pages {
    /// Passes whoever may read them.
    async fn let_in(&self, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        let caller = self.authority.identify(headers).await;
        let caller = caller.map_err(|refused| (StatusCode::UNAUTHORIZED, format!("{}\n", refused.message())))?;
        let Principal { roles, is_unrestricted, .. } = &*caller.principal;
        if *is_unrestricted || roles.contains(&Role::Administrator) || caller.principal.has_scope(PAGES_SCOPE) {
            return Ok(());
        }
        let code = if caller.principal.is_anonymous() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Err((
            code,
            format!(
                "this is for administrators, and for services with the scope {PAGES_SCOPE}; --open-pages opens it\n"
            ),
        ))
    }
}

fn is_verbose(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|word| word == "verbose" || word.starts_with("verbose=")))
}

/// The answer of `/readyz`: whether the process is ready, and with `?verbose` each check in a line of its own.
fn readiness(ready: &Readiness, tasks: &Tasks, query: Option<&str>) -> (StatusCode, String) {
    let is_verbose = is_verbose(query);
    let is_draining = tasks.draining().is_cancelled();
    let is_ready = ready.is_ready() && !is_draining;
    let code = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let said = match (is_verbose, is_draining, is_ready) {
        (true, _, _) => {
            let draining = if is_draining { "[-]drain failed: draining\n" } else { "" };
            let verdict = if is_ready { "readyz check passed" } else { "readyz check failed" };
            format!("{}{draining}{verdict}\n", ready.listed())
        }
        (false, true, _) => match tasks.failure() {
            Some(failure) => format!("draining: {}\n", failure.line()),
            None => "draining\n".to_owned(),
        },
        (false, false, true) => "ok\n".to_owned(),
        (false, false, false) => format!("not ready: {}\n", ready.failures()),
    };
    (code, said)
}

/// Allows pages of these origins to call, and to read the metadata of the answers.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = match origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok())),
    };
    let exposed = [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "content-encoding",
        "connect-content-encoding",
        CONSISTENCY_TOKEN_HEADER,
        rates::LIMIT_HEADER,
        rates::REMAINING_HEADER,
        ERROR_REASON_HEADER,
        REQUEST_ID_HEADER,
    ];
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        // Clients send headers of their own: their deadline, their name, their tokens.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(PREFLIGHT_AGE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_whose_vital_task_panicked_says_so_as_long_as_it_can() {
        let (ready, tasks) = (Readiness::of("test", &[]), Tasks::default());
        tasks.tell(ready.clone());
        assert_eq!(readiness(&ready, &tasks, None), (StatusCode::OK, "ok\n".to_owned()));
        tasks.spawn_vital("log writer", panics());
        tasks.draining().cancelled().await;
        let (code, said) = readiness(&ready, &tasks, None);
        assert_eq!(
            (code, said.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "draining: log writer panicked: as a test wants it\n")
        );
        let (code, said) = readiness(&ready, &tasks, Some("verbose"));
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert!(said.starts_with("[-]tasks failed: log writer panicked: as a test wants it\n"), "{said}");
        assert!(said.contains("[-]drain failed: draining\n"), "{said}");
        let asked = Tasks::default();
        asked.drain();
        assert_eq!(readiness(&Readiness::of("test", &[]), &asked, None).1, "draining\n");
    }

    async fn panics() {
        panic!("as a test wants it");
    }
}
