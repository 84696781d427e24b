//! Tables that are filled beside those of a projection, to take their place at once.
//!
//! Always: they are made as the schema makes those that serve, under names that begin with [`BESIDE`]; the change is one transaction, and
//! no reader sees a part of it. On PostgreSQL names are looked up outside of a reader's snapshot; so the change waits for all readers, each
//! of which has read the checkpoints first. Never here: who fills them.

use std::time::Duration;

use crate::sql::database::{Database, Transaction};
use crate::sql::{BESIDE, beside, statements};

use super::SCHEMA;

/// How long readers are kept waiting for the one who reads already, each time that the change is tried.
const LOCK_TIMEOUT: Duration = Duration::from_millis(20);

/// What a projection has in the schema.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub tables: Vec<&'static str>,
    /// By name, with the statement that makes it.
    pub indexes: Vec<(&'static str, &'static str)>,
    /// In order, those for the rows that are there from the beginning included.
    pub statements: Vec<&'static str>,
}

/// The text of the schema without its comments.
fn schema(on_server: bool) -> &'static str {
    use std::sync::OnceLock;
    static SQLITE: OnceLock<String> = OnceLock::new();
    static POSTGRES: OnceLock<String> = OnceLock::new();
    let bare = |text: &str| text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    match on_server {
        true => POSTGRES.get_or_init(|| bare(SCHEMA.postgres())),
        false => SQLITE.get_or_init(|| bare(SCHEMA.sqlite())),
    }
}

pub(super) fn parts(projection: &str, on_server: bool) -> Parts {
    const TABLE: &str = "CREATE TABLE IF NOT EXISTS ";
    const INDEX: &str = "INDEX IF NOT EXISTS ";
    const ROWS: &str = "INSERT INTO ";
    let mut parts = Parts::default();
    let is_its =
        |name: &str| name.strip_prefix(projection).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    for statement in schema(on_server).split(';').map(str::trim) {
        let name = |begin: &str| {
            let rest = statement.split_once(begin)?.1;
            rest.split([' ', '(', '\n']).next().filter(|name| is_its(name))
        };
        if let Some(table) = name(TABLE) {
            parts.tables.push(table);
        } else if let Some(index) = name(INDEX) {
            parts.indexes.push((index, statement));
        } else if name(ROWS).is_none() {
            continue;
        }
        parts.statements.push(statement);
    }
    parts
}

/// Makes them, empty, after dropping those that are there already.
///
/// # Errors
/// When the database fails.
pub async fn make(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    drop(tx, projection).await?;
    for statement in parts(projection, tx.is_on_server()).statements {
        tx.text(beside(statement, projection)).await?;
    }
    Ok(())
}

/// Drops them.
///
/// # Errors
/// When the database fails.
pub async fn drop(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    for table in parts(projection, tx.is_on_server()).tables {
        tx.text(format!("DROP TABLE IF EXISTS {BESIDE}{table}")).await?;
    }
    Ok(())
}

statements! {
    /// A session that reads the checkpoints: of the locks of others, everybody may know the process.
    static SELECT_READER = "
{sqlite: SELECT 0 AS pid WHERE FALSE}{postgres:
SELECT pid::BIGINT AS pid FROM pg_locks WHERE relation = to_regclass('projections') AND granted AND pid <> pg_backend_pid()
LIMIT 1}";
}

/// On PostgreSQL names are looked up outside of a reader's snapshot, so nobody may read while names change; every reader reads the checkpoints
/// first. A file has no such readers. Whoever reads for long is not waited for: everybody else would wait behind this.
pub(super) async fn lock_out_readers(tx: &mut Transaction) -> Result<(), sqlx::Error> {
    match tx.is_on_server() {
        true => {
            let millis = LOCK_TIMEOUT.as_millis();
            tx.text(format!(
                "SET LOCAL lock_timeout = '{millis}ms'; LOCK TABLE projections IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout = DEFAULT"
            ))
            .await
        }
        false => Ok(()),
    }
}

/// The process of the server that reads and keeps the tables from being changed, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn reader(tables: &Database) -> Result<Option<i64>, sqlx::Error> {
    tables.rows(&SELECT_READER, &[]).await?.first().map(|row| row.get("pid")).transpose()
}

/// Lets them take the place of those that serve, which are dropped.
///
/// # Errors
/// When the database fails, or, on a server, when readers stay for long.
pub async fn take_over(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    let on_server = tx.is_on_server();
    let parts = parts(projection, on_server);
    lock_out_readers(tx).await?;
    for table in &parts.tables {
        tx.text(format!("DROP TABLE {table}; ALTER TABLE {BESIDE}{table} RENAME TO {table}")).await?;
        if on_server {
            let grants = "OWNER TO chirp_projector; GRANT SELECT ON";
            tx.text(format!("ALTER TABLE {table} {grants} {table} TO chirp_query")).await?;
        }
    }
    for (index, statement) in parts.indexes {
        // SQLite has no other name for an index than to make it again.
        tx.text(match on_server {
            true => format!("ALTER INDEX {BESIDE}{index} RENAME TO {index}"),
            false => format!("DROP INDEX {BESIDE}{index}; {statement}"),
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_has_its_own_parts_of_the_schema() {
        for on_server in [false, true] {
            let parts = parts("posts_1", on_server);
            assert_eq!(
                parts.tables,
                ["posts_1", "posts_1_likes", "posts_1_reposts", "posts_1_changes", "posts_1_kept"]
            );
            assert!(parts.indexes.iter().any(|(name, _)| *name == "posts_1_by_author"), "{parts:?}");
            assert!(parts.statements.iter().any(|statement| statement.starts_with("INSERT INTO posts_1_kept")));
            assert!(!parts.statements.iter().any(|statement| statement.contains('{')));
        }
        let names = schema(false).matches("CREATE TABLE").count();
        let of_projections: usize = [
            "profiles_1",
            "posts_1",
            "graph_1",
            "counts_1",
            "bookmarks_1",
            "hashtags_1",
            "notifications_1",
            "activity_1",
            "timelines_1",
        ]
        .map(|projection| parts(projection, false).tables.len())
        .iter()
        .sum();
        assert_eq!(names, of_projections + 4, "but for store, projections, set_aside and parked_events");
    }
}
