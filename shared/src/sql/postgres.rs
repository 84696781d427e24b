//! A PostgreSQL server: how Chirp connects to it, with which settings, and as which roles.
//!
//! Always: reads and appends have a timeout on the server, so none goes on for long when nobody waits for it; a
//! connection that was left in the middle of a transaction is ended, so that a stopped process blocks nobody; a
//! notification is only a wake-up; every wait for a server that does not answer is bounded (see [`pool`]). Never here:
//! SQL of the log or of the read tables.

pub mod address;
mod causes;
mod connector;
mod failures;
mod fitness;
mod listen;
pub mod pool;
pub mod shares;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use self::address::AddressError;
use self::connector::Connector;
use self::failures::Failures;
pub use self::fitness::{Unfit, Work};
use self::pool::{Pool, Purpose, Wait};
use self::shares::Shares;
use crate::runtime::deadlines::{STORE_DEADLINE, late, of_database};
use crate::runtime::tasks::Tasks;
use crate::sql::database::Database;

/// Notified when the log has grown.
pub const LOG_CHANNEL: &str = "chirp_log";
/// Notified by a projector when the read tables have changed.
pub const TABLES_CHANNEL: &str = "chirp_tables";

/// On which query servers tell each other who is online.
const PRESENCE_CHANNEL: &str = "chirp_presence";

/// The `statement_timeout` of readers, for a statement that goes on although its caller has given up after [`STORE_DEADLINE`].
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The `statement_timeout` of appends: a little less than callers wait, so that they hear that the append was rolled back.
const WRITE_TIMEOUT: Duration = STORE_DEADLINE.saturating_sub(Duration::from_millis(500));
/// The `statement_timeout` of a batch while a log is copied.
const COPY_TIMEOUT: Duration = Duration::from_secs(30);
/// The `statement_timeout` of what is read and written about access.
const ACCESS_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a transaction may stand still between two statements. Nothing in Chirp pauses for so long, unless its process was stopped.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(3);
/// How long connecting may take in order to create or drop a database.
const MAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// How the server notices that a client is gone: after so long without traffic it probes at the interval below, so many
/// times. What was sent must be acknowledged within `USER_TIMEOUT`.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_COUNT: u32 = 3;
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// Names a server on which tests may create databases.
const TEST_SERVER: &str = "CHIRP_TEST_POSTGRES";

/// The roles of a command server, a projector and a query server.
pub const ROLES: [&str; 3] = ["chirp_command", "chirp_projector", "chirp_query"];

/// Sessions of Chirp are known by their application name, or by their role where the address sets another name.
const SELECT_IS_IN_USE: &str = "
SELECT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (application_name = 'chirp' OR usename IN ('chirp_command', 'chirp_projector', 'chirp_query'))
) AS is_in_use";
/// How long sessions of processes that have just ended may take to go, and how often that is looked at.
const ENDING_SESSIONS: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A database on a PostgreSQL server, with what this process may open there.
#[derive(Clone)]
pub struct Server {
    connector: Connector,
    /// Shared by all pools of the process: what one of them learns of the server, all know.
    failures: Failures,
    shares: Shares,
    /// The pool that reads the log, opened by its first user.
    log_readers: Arc<OnceLock<Pool>>,
    access: Arc<OnceLock<Pool>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Server {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.connector.hosts();
        let places: Vec<String> = hosts.iter().map(connector::place).collect();
        write!(formatter, "postgres://{}@{}/{}", self.role(), places.join(","), self.database())
    }
}

impl Server {
    /// The server at an address; nothing if it is no address of PostgreSQL.
    #[must_use]
    pub fn named(address: &str) -> Option<Result<Self, AddressError>> {
        let named = |options: PgConnectOptions| match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("chirp"),
        };
        Some(address::read(address)?.map(|address| Self::of(Connector::to(address).map(named))))
    }

    fn of(connector: Connector) -> Self {
        let (failures, shares) = (Failures::default(), Shares::default());
        Self { connector, failures, shares, log_readers: Arc::default(), access: Arc::default() }
    }

    fn first(&self) -> &PgConnectOptions {
        self.connector.hosts().first().expect("an address has a host")
    }

    /// Limits the connections that this process opens, which must be at least [`shares::CONNECTIONS_MIN`].
    #[must_use]
    pub fn with_connections(self, connections: usize, work: Work) -> Self {
        Self { shares: Shares::of(connections, work), log_readers: Arc::default(), ..self }
    }

    /// The same database with another role.
    #[must_use]
    pub fn as_role(&self, role: &str) -> Self {
        Self::of(self.connector.map(|options| options.username(role)))
    }

    /// A new and empty database on the server that `CHIRP_TEST_POSTGRES` names, for tests; `scripts/test` starts one.
    /// Nobody drops it: the server is thrown away.
    ///
    /// # Panics
    /// Without such a server.
    pub async fn for_a_test() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test is told by its environment where it may make databases")]
        let address = std::env::var(TEST_SERVER).unwrap_or_else(|_| {
            panic!("{TEST_SERVER} must name a throw-away PostgreSQL server; scripts/test starts one")
        });
        let server = Self::named(&address).expect("it starts with postgres://").expect("it is an address");
        server.new_database("test").await.expect("the server makes a database")
    }

    /// A new and empty database on the same server, for the caller to drop.
    pub async fn new_database(&self, prefix: &str) -> Result<Self, sqlx::Error> {
        let name = format!("{prefix}_{}", Uuid::now_v7().simple());
        self.execute(format!("CREATE DATABASE {name}")).await?;
        Ok(Self::of(self.connector.map(|options| options.database(&name))))
    }

    /// Drops a database that [`Self::new_database`] made, also while others are connected to it.
    pub async fn drop_database(&self, made: &Self) -> Result<(), sqlx::Error> {
        let Some(name) = made.first().get_database() else { return Ok(()) };
        self.execute(format!("DROP DATABASE {name} WITH (FORCE)")).await
    }

    /// Executes SQL that was put together in this code.
    async fn execute(&self, text: String) -> Result<(), sqlx::Error> {
        let connecting = timeout(MAKE_TIMEOUT, PgConnection::connect_with(self.first())).await;
        let mut connection = connecting.unwrap_or_else(|_| Err(late()))?;
        sqlx::query(AssertSqlSafe(text)).execute(&mut connection).await.map(drop).map_err(causes::told)
    }

    #[must_use]
    pub fn role(&self) -> &str {
        self.first().get_username()
    }

    #[must_use]
    pub fn database(&self) -> &str {
        self.first().get_database().unwrap_or_else(|| self.role())
    }

    /// A pool of one connection without Chirp's settings, for tests and tools.
    #[must_use]
    pub fn plain(&self, schema: &str) -> Pool {
        let settings = [("search_path", schema.to_owned()), ("synchronous_commit", "off".to_owned())];
        Pool::alone(self.connector.with(settings), 1)
    }

    /// The first of the hosts as an address, for another process.
    #[must_use]
    pub fn address(&self) -> String {
        sqlx::ConnectOptions::to_url_lossy(self.first()).to_string()
    }

    fn connector(&self, schema: &str, settings: &[(&'static str, String)]) -> Connector {
        let millis = |duration: Duration| duration.as_millis().to_string();
        let of_all = [
            ("search_path", schema.to_owned()),
            ("default_transaction_isolation", "read committed".to_owned()),
            ("idle_in_transaction_session_timeout", millis(IDLE_IN_TRANSACTION_TIMEOUT)),
            ("tcp_keepalives_idle", KEEPALIVE_IDLE.as_secs().to_string()),
            ("tcp_keepalives_interval", KEEPALIVE_INTERVAL.as_secs().to_string()),
            ("tcp_keepalives_count", KEEPALIVE_COUNT.to_string()),
            ("tcp_user_timeout", millis(USER_TIMEOUT)),
        ];
        self.connector.with(of_all.into_iter().chain(settings.iter().cloned()))
    }

    pub(crate) fn pool(
        &self,
        schema: &str,
        settings: &[(&'static str, String)],
        connections: usize,
        purpose: Purpose,
    ) -> Pool {
        Pool::new(self.connector(schema, settings), connections, purpose, self.failures.clone())
    }

    /// For the one task that appends.
    pub(crate) fn log_to_write(&self) -> Pool {
        // Its one function joins arrays with each other, for which there is no index: the planner must be free to hash them.
        let mut settings = vec![("enable_seqscan", "off".to_owned()), ("jit", "off".to_owned())];
        settings.push(("plan_cache_mode", "force_generic_plan".to_owned()));
        settings.push(("synchronous_commit", "on".to_owned()));
        settings.push(("statement_timeout", WRITE_TIMEOUT.as_millis().to_string()));
        self.pool("chirp_log", &settings, 1, Purpose::Writing)
    }

    /// For the target of a copy of a log.
    pub(crate) fn log_to_copy(&self) -> Database {
        let settings = [("synchronous_commit", "on".to_owned()), timeout_of(COPY_TIMEOUT)];
        Database::Postgres(self.pool("chirp_log", &settings, 1, Purpose::Writing))
    }

    /// For every reader of the log.
    pub(crate) fn log_to_read(&self) -> Database {
        Database::Postgres(self.readers_of_log())
    }

    /// Also for reading the tables: only `store` exists in both schemas, and statements name it with its schema.
    fn readers_of_log(&self) -> Pool {
        let settings = || [reading(), planned_as_written()].concat();
        let open = || self.pool("chirp_log, chirp_tables", &settings(), self.shares.log_readers, Purpose::Reading);
        self.log_readers.get_or_init(open).clone()
    }

    /// For a projector, whose batches may take long.
    pub(crate) fn tables_to_write(&self) -> Database {
        let mut settings = planned_as_written();
        // Losing the newest batches is fine: their checkpoint is lost with them, and the log still has the events.
        settings.push(("synchronous_commit", "off".to_owned()));
        Database::Postgres(self.pool("chirp_tables", &settings, 1, Purpose::Writing))
    }

    /// For a query server.
    pub(crate) fn tables_to_read(&self) -> Database {
        let Some(connections) = self.shares.table_readers else { return self.log_to_read() };
        let settings = [reading(), planned_as_written()].concat();
        Database::Postgres(self.pool("chirp_tables", &settings, connections, Purpose::Reading))
    }

    /// For who may call, of which there is little.
    pub(crate) fn access(&self) -> Database {
        let open = || self.pool("chirp_access", &[timeout_of(ACCESS_TIMEOUT)], 1, Purpose::Writing);
        Database::Postgres(self.access.get_or_init(open).clone())
    }

    /// Calls `hear` with every notification on a channel, and once after each connection, since some may have been
    /// missed, until it answers false. It never does so where there are too few connections.
    pub fn listen(&self, channel: &'static str, hear: impl FnMut(&str) -> bool + Send + 'static) {
        if !self.shares.listens {
            return;
        }
        let listening = listen::listen(self.connector("chirp_log", &[]), channel, self.failures.clone(), hear);
        Tasks::of_process().spawn_until_drained("listener of the server", listening);
    }

    /// The channel on which query servers tell each other who is online.
    pub(crate) fn presence(&self) -> Channel {
        let pool = match self.shares.speaks {
            true => self.pool("chirp_tables", &reading(), 1, Purpose::Writing),
            false => self.readers_of_log(),
        };
        Channel { server: self.clone(), name: PRESENCE_CHANNEL, pool }
    }

    /// Whether a process can do its work with this database, and if not, why.
    pub async fn check(&self, work: Work) -> Result<(), Unfit> {
        // With the failures that all pools share, so that a server that refuses is asked as rarely by this.
        let pool = Pool::new(self.connector.clone(), fitness::SESSIONS, Purpose::Reading, self.failures.clone());
        fitness::check(&pool, work).await
    }

    /// Whether another process of Chirp has a session in the database. Sessions of processes that have just ended get time to go.
    pub(crate) async fn is_in_use(&self) -> Result<bool, sqlx::Error> {
        let pool = self.pool("chirp_log", &reading(), 1, Purpose::Reading);
        let until = Instant::now() + ENDING_SESSIONS;
        loop {
            let row = pool.acquire().await?.fetch_one(sqlx::query(SELECT_IS_IN_USE), Wait::UntilDeadline).await?;
            let is_in_use: bool = row.try_get("is_in_use")?;
            if !is_in_use || Instant::now() >= until {
                return Ok(is_in_use);
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// Whether a right was missing, by SQLSTATE.
#[must_use]
pub fn is_lack_of_right(cause: &sqlx::Error) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    cause.as_database_error().and_then(|error| error.code()).as_deref() == Some(INSUFFICIENT_PRIVILEGE)
}

/// A channel of notifications that are not stored: a process that does not listen misses them.
#[derive(Clone, Debug)]
pub struct Channel {
    server: Server,
    name: &'static str,
    pool: Pool,
}

impl Channel {
    /// As [`Server::listen`]. It hears this process, too.
    pub fn listen(&self, hear: impl FnMut(&str) -> bool + Send + 'static) {
        self.server.listen(self.name, hear);
    }

    /// Notifies all listeners. The text has less than 8,000 bytes and is not empty.
    pub async fn say(&self, text: &str) -> Result<(), sqlx::Error> {
        let saying = async {
            let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(self.name).bind(text);
            self.pool.acquire().await?.execute(notify, Wait::UntilDeadline).await
        };
        of_database(saying).await.map(drop)
    }
}

pub(crate) fn reading() -> Vec<(&'static str, String)> {
    vec![timeout_of(READ_TIMEOUT)]
}

fn timeout_of(duration: Duration) -> (&'static str, String) {
    ("statement_timeout", duration.as_millis().to_string())
}

/// Every statement is a few index probes for each row, written in the order in which they should be made. So the
/// planner is asked to keep to that, whatever it knows of the tables, and to plan once. Left alone, it plans when the
/// tables are new and empty, and reads them in full ever after.
fn planned_as_written() -> Vec<(&'static str, String)> {
    let off = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan", "jit"];
    let mut settings: Vec<(&'static str, String)> = off.into_iter().map(|name| (name, "off".to_owned())).collect();
    settings.push(("join_collapse_limit", "1".to_owned()));
    settings.push(("plan_cache_mode", "force_generic_plan".to_owned()));
    settings
}
