//! Connections to one server: a bounded number of them, each used by one task at a time, and every wait bounded.
//!
//! Always: a connection whose statement took too long or failed is closed hard: its socket is dropped without a word to
//! the peer, and it never comes back; every ping and every acquire is bounded; after a connection was lost, no pool of
//! the process uses one again that was opened before, because what happened to the server happened to it too; a pool
//! for writing has no connection that is read-only. Never here: what a statement says.
//!
//! Why not the pool of sqlx: it pings each connection that comes back, without a bound, and while a peer is silent the
//! connection's place in the pool is taken. TCP keep-alive and `TCP_USER_TIMEOUT` of the client's own sockets are
//! deliberately absent: sqlx opens the sockets and gives no way to them. They would not help against a peer whose
//! processes are stopped, for which the kernel still answers; and against a host that is gone, the bounds here come
//! much earlier.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::metrics::counter;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{Connection as _, Error, Postgres, RawSql, Row as _};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::causes::{self, read_only};
use super::connector::{Connector, SessionId};
use super::failures::Failures;
use crate::runtime::deadlines::{STORE_DEADLINE, late, within_deadline};
use crate::runtime::metrics;
use crate::runtime::tasks::Tasks;

/// How long a call waits for its place in the pool, and then for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an idle connection may take to answer before it counts as lost.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that was idle for so long is pinged before use. A ping costs as much as most statements, so others are not.
const RESTING: Duration = Duration::from_secs(1);
/// A connection is replaced at this age, so that new settings of the server and of its roles reach every process.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// A connection that was idle for so long is closed.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
const SELECT_READ_ONLY: &str = "SELECT current_setting('transaction_read_only') = 'on' AS read_only";
const SELECT_IS_THERE: &str =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND backend_start::TEXT = $2) AS there";

/// What a pool's connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reading, for which a read-only server is good enough.
    Reading,
    /// Writing, for which a read-only connection is not accepted.
    Writing,
}

/// How long to wait for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Within the caller's deadline, and [`STORE_DEADLINE`] at most.
    UntilDeadline,
    /// As long as the server works on it: every [`STORE_DEADLINE`], another connection asks whether the server still has the session.
    WhileItRuns,
}

#[derive(Clone)]
pub struct Pool(Arc<Shared>);

impl fmt::Debug for Pool {
    /// Without the connector, which holds the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("purpose", &self.0.purpose).finish_non_exhaustive()
    }
}

struct Shared {
    connector: Connector,
    purpose: Purpose,
    room: Arc<Semaphore>,
    /// Last in, first out, so that the others become idle and are closed.
    idle: Mutex<Vec<Idle>>,
    failures: Failures,
}

#[derive(Debug)]
struct Idle {
    live: Live,
    since: Instant,
}

/// An open connection, as far as anybody knows.
#[derive(Debug)]
struct Live {
    connection: PgConnection,
    session: SessionId,
    opened_at: Instant,
    /// The count of failures when it was opened.
    failures: u64,
}

/// In which state a connection is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It can take the next statement.
    Ready,
    /// The caller gave up waiting for a statement; the connection may be put in order.
    Busy,
    /// It must be closed.
    Broken,
}

/// A connection for one task, returned when it is dropped.
#[derive(Debug)]
pub struct Session {
    live: Option<Live>,
    state: State,
    in_transaction: bool,
    pool: Pool,
    room: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// Nothing is opened before the first use.
    pub(super) fn new(connector: Connector, connections: usize, purpose: Purpose, failures: Failures) -> Self {
        let room = Arc::new(Semaphore::new(connections));
        Self(Arc::new(Shared { connector, purpose, room, idle: Mutex::default(), failures }))
    }

    /// A pool that shares its failures with no other, for tests and tools.
    pub(super) fn alone(connector: Connector, connections: usize) -> Self {
        Self::new(connector, connections, Purpose::Reading, Failures::default())
    }

    /// A connection that answers, as far as that can be known.
    ///
    /// # Errors
    /// Also when all connections stay in use for too long.
    pub async fn acquire(&self) -> Result<Session, Error> {
        let late = |_| Error::PoolTimedOut;
        let room = timeout(ACQUIRE_TIMEOUT, self.0.room.clone().acquire_owned()).await.map_err(late)?;
        let room = room.map_err(|_closed| Error::PoolClosed)?;
        let live = match self.take_idle().await {
            Some(live) => live,
            None => self.open().await?,
        };
        Ok(Session {
            live: Some(live),
            state: State::Ready,
            in_transaction: false,
            pool: self.clone(),
            room: Some(room),
        })
    }

    /// Closes all idle connections.
    pub fn clear(&self) {
        self.idle().clear();
    }

    /// The connection that was used last, if it can be relied on. When one turns out to be lost, so are the others.
    async fn take_idle(&self) -> Option<Live> {
        loop {
            let Idle { mut live, since } = self.pop_usable()?;
            if since.elapsed() < RESTING {
                return Some(live);
            }
            match timeout(PING_TIMEOUT, self.check(&mut live.connection)).await {
                Ok(Ok(())) => return Some(live),
                Ok(Err(cause)) => self.lose("lost", &causes::text(&causes::told(cause))),
                Err(_) => self.lose("silent", &"a connection that rested does not answer"),
            }
        }
    }

    fn pop_usable(&self) -> Option<Idle> {
        let mut idle = self.idle();
        idle.retain(|idle| self.is_usable(&idle.live) && idle.since.elapsed() < IDLE_MAX);
        idle.pop()
    }

    fn is_usable(&self, live: &Live) -> bool {
        live.failures == self.0.failures.count() && live.opened_at.elapsed() < AGE_MAX
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the connection answers, and can write if the pool is for writing.
    async fn check(&self, connection: &mut PgConnection) -> Result<(), Error> {
        match self.0.purpose {
            Purpose::Reading => connection.ping().await,
            Purpose::Writing => {
                let row = sqlx::query(SELECT_READ_ONLY).fetch_one(connection).await?;
                if row.try_get("read_only")? { Err(read_only()) } else { Ok(()) }
            }
        }
    }

    /// A new connection. A server that refuses is asked again within [`ACQUIRE_TIMEOUT`], since it may be starting.
    async fn open(&self) -> Result<Live, Error> {
        let until = Instant::now() + ACQUIRE_TIMEOUT;
        loop {
            if let Some((pause, cause)) = self.0.failures.wait(self.0.purpose) {
                if Instant::now() + pause >= until {
                    return Err(causes::again(&cause));
                }
                sleep(pause).await;
                continue;
            }
            let failures = self.0.failures.count();
            match self.0.connector.open(self.0.purpose).await {
                Ok((connection, session)) => {
                    self.0.failures.opened(self.0.purpose);
                    return Ok(Live { connection, session, opened_at: Instant::now(), failures });
                }
                Err(cause) => {
                    let may_pass = causes::may_pass(&cause);
                    let cause = self.0.failures.refused(self.0.purpose, cause);
                    if !may_pass || Instant::now() >= until {
                        return Err(cause);
                    }
                }
            }
        }
    }

    /// Records that a connection is lost, and with it all that were opened before now.
    fn lose(&self, reason: &'static str, cause: &dyn fmt::Display) {
        counter!(metrics::CONNECTIONS_CLOSED, "reason" => reason).increment(1);
        warn!(reason, %cause, "a connection to the server is closed, and those that are as old: {cause}");
        self.0.failures.add();
    }

    fn give_back(&self, live: Live) {
        if self.is_usable(&live) {
            self.idle().push(Idle { live, since: Instant::now() });
        }
    }

    /// Whether the server to which new connections lead still has this session; nothing when that cannot be known now.
    async fn has(&self, (pid, started): &SessionId) -> Option<bool> {
        let asking = async {
            let (mut connection, _) = self.0.connector.open(Purpose::Reading).await?;
            let row = sqlx::query(SELECT_IS_THERE).bind(pid).bind(started).fetch_one(&mut connection).await?;
            row.try_get("there")
        };
        match timeout(ACQUIRE_TIMEOUT, asking).await {
            Ok(Ok(there)) => Some(there),
            Ok(Err(cause)) => {
                debug!(%cause, "nobody says whether the session is still there: {cause}");
                None
            }
            Err(_) => None,
        }
    }

    /// Waits for a statement of a session. A wait that is over is an error.
    async fn wait_for<T>(
        &self,
        wait: Wait,
        session: &SessionId,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match wait {
            Wait::UntilDeadline => within_deadline(statement).await.unwrap_or_else(|| Err(late())),
            Wait::WhileItRuns => {
                tokio::pin!(statement);
                loop {
                    if let Ok(ended) = timeout(STORE_DEADLINE, &mut statement).await {
                        return ended;
                    }
                    // Polled meanwhile, since the statement may end.
                    tokio::select! {
                        ended = &mut statement => return ended,
                        there = self.has(session) => if there == Some(false) { return Err(gone()) },
                    }
                }
            }
        }
    }
}

impl Session {
    pub async fn fetch_all(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
        wait: Wait,
    ) -> Result<Vec<PgRow>, Error> {
        let (pool, live, began) = self.begin_statement()?;
        let ended = pool.wait_for(wait, &live.session, query.fetch_all(&mut live.connection)).await;
        self.end_statement(began, ended)
    }

    /// Executes a query whose answer is exactly one row; none is an error.
    pub async fn fetch_one(&mut self, query: Query<'_, Postgres, PgArguments>, wait: Wait) -> Result<PgRow, Error> {
        let (pool, live, began) = self.begin_statement()?;
        let ended = pool.wait_for(wait, &live.session, query.fetch_one(&mut live.connection)).await;
        self.end_statement(began, ended)
    }

    /// Executes a statement and gives the number of rows that it wrote.
    pub async fn execute(&mut self, query: Query<'_, Postgres, PgArguments>, wait: Wait) -> Result<u64, Error> {
        let (pool, live, began) = self.begin_statement()?;
        let ended = pool.wait_for(wait, &live.session, query.execute(&mut live.connection)).await;
        Ok(self.end_statement(began, ended)?.rows_affected())
    }

    /// Executes several statements, one after the other.
    pub async fn script(&mut self, script: RawSql, wait: Wait) -> Result<(), Error> {
        let (pool, live, began) = self.begin_statement()?;
        let ended = pool.wait_for(wait, &live.session, script.execute(&mut live.connection)).await;
        self.end_statement(began, ended).map(drop)
    }

    /// Begins a transaction, which is rolled back when the session is dropped.
    pub async fn begin(&mut self, text: &'static str) -> Result<(), Error> {
        self.in_transaction = true;
        self.script(sqlx::raw_sql(text), Wait::UntilDeadline).await
    }

    /// Ends the transaction, by `COMMIT` or `ROLLBACK`.
    ///
    /// # Errors
    /// After an error it is unknown whether it was committed.
    pub async fn end(mut self, text: &'static str, wait: Wait) -> Result<(), Error> {
        self.script(sqlx::raw_sql(text), wait).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// A caller that stops before [`Self::end_statement`] leaves the connection busy.
    fn begin_statement(&mut self) -> Result<(&Pool, &mut Live, Instant), Error> {
        if self.state != State::Ready {
            return Err(late());
        }
        self.state = State::Busy;
        let live = self.live.as_mut().ok_or(Error::PoolClosed)?;
        Ok((&self.pool, live, Instant::now()))
    }

    fn end_statement<T>(&mut self, began: Instant, ended: Result<T, Error>) -> Result<T, Error> {
        self.state = State::Ready;
        let ended = ended.map_err(causes::told);
        let Err(cause) = &ended else { return ended };
        let Some(reason) = distrust(cause) else { return ended };
        self.state = State::Broken;
        self.live = None;
        // A caller with a near deadline proves nothing about the server; its connection is closed all the same.
        if reason == "silent" && began.elapsed() < STORE_DEADLINE {
            counter!(metrics::CONNECTIONS_CLOSED, "reason" => "late").increment(1);
        } else {
            self.pool.lose(reason, &causes::text(cause));
        }
        ended
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        let has_runtime = Handle::try_current().is_ok();
        match (self.state, self.in_transaction) {
            (State::Ready, false) => self.pool.give_back(live),
            (State::Busy, _) | (State::Ready, true) if has_runtime => {
                let (pool, room, in_transaction) = (self.pool.clone(), self.room.take(), self.in_transaction);
                Tasks::of_process().spawn_for_call("end of a session", async move {
                    let in_order = async {
                        // Both read what is left of the answer that nobody waited for.
                        match in_transaction {
                            true => sqlx::raw_sql("ROLLBACK").execute(&mut live.connection).await.map(drop),
                            false => live.connection.ping().await,
                        }
                    };
                    if let Ok(Ok(())) = timeout(PING_TIMEOUT, in_order).await {
                        pool.give_back(live);
                    } else {
                        counter!(metrics::CONNECTIONS_CLOSED, "reason" => "given up").increment(1);
                    }
                    drop(room);
                });
            }
            (State::Broken | State::Busy | State::Ready, _) => {}
        }
    }
}

/// Why a connection cannot be relied on after this error, if so.
fn distrust(cause: &Error) -> Option<&'static str> {
    /// The SQLSTATE of a write in a read-only transaction.
    const READ_ONLY: &str = "25006";
    match cause {
        // The server has ended the session with it, whatever the reason.
        Error::Database(refused) if is_fatal(&**refused) => Some("lost"),
        Error::Database(refused) => match refused.code().as_deref() {
            Some(READ_ONLY) => Some("read-only"),
            Some(code) if is_of_the_connection(code) => Some("lost"),
            _ => None,
        },
        Error::Io(cause) if cause.kind() == io::ErrorKind::TimedOut => Some("silent"),
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed | Error::BeginFailed => Some("lost"),
        _ => None,
    }
}

fn is_fatal(refused: &(dyn DatabaseError + 'static)) -> bool {
    refused.try_downcast_ref::<causes::Explained>().is_some_and(causes::Explained::is_fatal)
}

/// Whether the statement may have been committed although it failed with this error.
pub(crate) fn is_unknown(cause: &Error) -> bool {
    match cause {
        Error::Database(refused) => {
            is_fatal(&**refused) || refused.code().is_some_and(|code| is_of_the_connection(&code))
        }
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        _ => false,
    }
}

/// SQLSTATEs of lost connections (class 08) and of servers that end them (`57P01` to `57P05`).
fn is_of_the_connection(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P")
}

pub(super) fn gone() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, "the connection leads nowhere any more"))
}

#[cfg(test)]
mod tests;
