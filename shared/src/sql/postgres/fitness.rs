//! Whether a role can work with a database, which is checked before anything is opened.
//!
//! Always: it names what only a person can mend: a pooler that gives each transaction another session, a right that the
//! role lacks. The encoding is checked whenever a session is opened. Never here: the versions of the schemas.

use std::time::Duration;

use sqlx::{Error, Row as _};
use tokio::time::timeout;

use super::causes;
use super::pool::{Pool, Session, Wait};
use crate::runtime::deadlines::late;

/// How many sessions the check takes.
pub(super) const SESSIONS: usize = 2;
/// How often two sessions are compared: between two statements, others may use the pooler, too.
const COMPARISONS: usize = 3;
const COMPARISON_TIMEOUT: Duration = Duration::from_secs(3);

/// What a process does with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Commands,
    Projecting,
    Queries,
}

/// Why a process cannot work with a database.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Waiting does not help: the configuration must change.
    #[error("{0}")]
    Configuration(String),
    /// The process may wait: an administrator can mend it meanwhile.
    #[error("{0}")]
    NotYet(String),
}

/// The missing rights, of those on the objects in $1 with the privileges in $2. What does not exist yet is left out.
const SELECT_MISSING_RIGHTS: &str = "
SELECT COALESCE(STRING_AGG(needed.privilege || ' on ' || needed.object, ', '), '') AS missing
FROM UNNEST($1::TEXT[], $2::TEXT[]) AS needed (object, privilege)
WHERE CASE needed.privilege
    WHEN 'EXECUTE' THEN EXISTS (
        SELECT FROM pg_proc WHERE oid = to_regproc(needed.object) AND NOT has_function_privilege(oid, 'EXECUTE'))
    ELSE EXISTS (
        SELECT FROM pg_class WHERE oid = to_regclass(needed.object) AND NOT has_table_privilege(oid, needed.privilege))
END";
/// A part of PgBouncer's message about a transaction in statement pooling.
const STATEMENT_MODE: &str = "statement pooling mode";
const SELECT_PROCESS: &str = "SELECT pg_backend_pid() AS pid";

impl Work {
    fn rights(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Commands => &[
                ("chirp_log.append_batch", "EXECUTE"),
                ("chirp_log.events", "SELECT"),
                ("chirp_log.requests", "SELECT"),
                ("chirp_tables.projections", "SELECT"),
            ],
            Self::Projecting => &[
                ("chirp_log.events", "SELECT"),
                ("chirp_tables.projections", "SELECT"),
                ("chirp_tables.projections", "INSERT"),
                ("chirp_tables.projections", "UPDATE"),
                ("chirp_tables.posts_1", "INSERT"),
                ("chirp_tables.posts_1", "DELETE"),
            ],
            Self::Queries => &[
                ("chirp_log.positions", "SELECT"),
                ("chirp_tables.projections", "SELECT"),
                ("chirp_tables.posts_1", "SELECT"),
            ],
        }
    }
}

/// Whether a process can do its work with this database, and if not, why. It takes two sessions of this pool.
pub(super) async fn check(pool: &Pool, work: Work) -> Result<(), Unfit> {
    let not_yet = |cause: Error| match causes::is_of_the_database(&cause) {
        true => Unfit::Configuration(causes::text(&cause)),
        false => Unfit::NotYet(causes::text(&cause)),
    };
    let mut session = pool.acquire().await.map_err(not_yet)?;
    let comparing = timeout(COMPARISON_TIMEOUT, shares_sessions(pool, &mut session)).await;
    if comparing.unwrap_or_else(|_| Err(late())).map_err(not_yet)? {
        let cause = "a pooler in transaction mode, or in statement mode, stands before the server; Chirp needs a session for each connection: \
                     set pool_mode = session for this database (PgBouncer), or connect to the server itself";
        return Err(Unfit::Configuration(cause.to_owned()));
    }
    let (objects, privileges): (Vec<&str>, Vec<&str>) = work.rights().iter().copied().unzip();
    let asking = sqlx::query(SELECT_MISSING_RIGHTS).persistent(false).bind(objects).bind(privileges);
    let row = session.fetch_one(asking, Wait::UntilDeadline).await.map_err(not_yet)?;
    let missing: String = row.try_get("missing").map_err(not_yet)?;
    if missing.is_empty() { Ok(()) } else { Err(Unfit::NotYet(format!("the role of this process lacks {missing}"))) }
}

/// Whether two connections share a session of the server, or one changes between sessions, or has no transactions: all
/// signs of a pooler that lends sessions for a transaction or a statement.
async fn shares_sessions(pool: &Pool, one: &mut Session) -> Result<bool, Error> {
    for _ in 0..COMPARISONS {
        let before = process(one).await?;
        let mut other = pool.acquire().await?;
        match other.begin("BEGIN").await {
            Err(cause) if causes::text(&cause).contains(STATEMENT_MODE) => return Ok(true),
            begun => begun?,
        }
        let others = process(&mut other).await?;
        let after = process(one).await?;
        other.end("ROLLBACK", Wait::UntilDeadline).await?;
        if before == others || before != after {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn process(session: &mut Session) -> Result<i32, Error> {
    session.fetch_one(sqlx::query(SELECT_PROCESS).persistent(false), Wait::UntilDeadline).await?.try_get("pid")
}
