//! The schemas and roles of a store on a server: made, and brought forward.

use sqlx::Row as _;
use uuid::Uuid;

use crate::log::stored;
use crate::rpc::auth::api_keys;
use crate::sql::database::Database;
use crate::sql::postgres::pool::{Purpose, Wait};
use crate::sql::postgres::{ROLES, Server, is_lack_of_right, reading};
use crate::sql::{Script, Statement};
use crate::tables::{self, Tables};

static LOG_SCHEMA: Script = Script::new(include_str!("../log/postgres.schema.sql"));
static GRANTS: Script = Script::new(include_str!("grants.sql"));
static TABLES_ARE_NEXT: Script =
    Script::new("CREATE SCHEMA IF NOT EXISTS chirp_tables; SET LOCAL search_path = chirp_tables");
static ACCESS_IS_NEXT: Script =
    Script::new("CREATE SCHEMA IF NOT EXISTS chirp_access; SET LOCAL search_path = chirp_access");
static SELECT_EPOCH: Statement = Statement::new("SELECT epoch FROM chirp_log.store");
/// Two processes may make the same database at once.
static LOCK_FOR_MIGRATION: Script = Script::new("SELECT pg_advisory_xact_lock(hashtext('chirp migrate'))");
/// Whoever reads for long is not waited for, since everybody else would wait behind the migration.
static WAIT_NO_LONGER: Script = Script::new("SET LOCAL lock_timeout = '3s'");
const SELECT_STATUS: &str = "
SELECT to_regclass('chirp_log.events') IS NOT NULL AS log, to_regclass('chirp_tables.store') IS NOT NULL AS tables,
       (SELECT COUNT(*) FROM pg_roles WHERE rolname = ANY ($1)) AS roles";

/// What is there of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// All, in this version.
    Version(i64),
    /// It is there, and whoever asks may not read its version.
    Unreadable,
}

impl Found {
    fn of(version: Result<i64, sqlx::Error>) -> Result<Self, sqlx::Error> {
        match version {
            Ok(version) => Ok(Self::Version(version)),
            Err(cause) if is_lack_of_right(&cause) => Ok(Self::Unreadable),
            Err(cause) => Err(cause),
        }
    }
}

/// What is there of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The schema of the log.
    pub log: Found,
    /// The schema of the read tables.
    pub tables: Found,
    /// Tables of projections that are not there, of a schema that is.
    pub lacking: Vec<String>,
    /// How many of [`ROLES`].
    pub roles: i64,
}

impl Server {
    /// Makes or upgrades the schemas and the roles, as somebody who may.
    ///
    /// # Errors
    /// When the server refuses, or the read tables belong to another log.
    pub async fn migrate(&self, projections: &[&Tables]) -> Result<(), tables::OpenError> {
        let pool = self.pool("chirp_log", &[], 1, Purpose::Writing);
        let mut setup = Database::Postgres(pool).begin_to_write().await?;
        for script in [&LOCK_FOR_MIGRATION, &WAIT_NO_LONGER, &LOG_SCHEMA, &TABLES_ARE_NEXT] {
            setup.script(script).await?;
        }
        stored::raise_version(&mut setup).await?;
        let epoch: Uuid = setup.row(&SELECT_EPOCH, &[]).await?.get("epoch")?;
        tables::make(&mut setup, epoch, projections).await?;
        for script in [&ACCESS_IS_NEXT, &api_keys::SCHEMA, &GRANTS] {
            setup.script(script).await?;
        }
        Ok(setup.commit().await?)
    }

    /// What is there of all that these projections need.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn status(&self, projections: &[&Tables]) -> Result<Status, sqlx::Error> {
        let pool = self.pool("chirp_log", &reading(), 1, Purpose::Reading);
        let query = sqlx::query(SELECT_STATUS).bind(&ROLES[..]);
        let row = pool.acquire().await?.fetch_one(query, Wait::UntilDeadline).await?;
        let database = Database::Postgres(pool);
        let (mut log, mut tables, mut lacking) = (Found::Missing, Found::Missing, vec![]);
        if row.try_get("log")? {
            log = Found::of(stored::version(&database).await)?;
        }
        if row.try_get("tables")? {
            tables = Found::of(tables::version(&database).await)?;
            lacking = tables::lacking(&database, projections).await?;
        }
        Ok(Status { log, tables, lacking, roles: row.try_get("roles")? })
    }
}
