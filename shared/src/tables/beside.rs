//! Tables that are filled beside those of a projection, to take their place at once.
//!
//! Always: they are made as the schema makes those that serve, under names that begin with [`BESIDE`]; the change is one transaction, and
//! no reader sees a part of it. On PostgreSQL names are looked up outside of a reader's snapshot; so the change waits for all readers, each
//! of which has read the checkpoints first. Never here: who fills them.

use std::borrow::Borrow;
use std::time::Duration;

use crate::sql::database::{Database, Transaction, Value};
use crate::sql::{BESIDE, beside, statements};

use super::SCHEMA;

/// How long readers are kept waiting for the one who reads already, each time that tables are to be changed or dropped.
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
        drop_table(tx, &format!("{BESIDE}{table}")).await?;
    }
    Ok(())
}

/// Drops a table if it is there and nobody reads it: on a server whoever reads for long would keep this waiting, and with it all who wait for this.
pub(super) async fn drop_table(tx: &mut Transaction, table: &str) -> Result<(), sqlx::Error> {
    let dropped = format!("DROP TABLE IF EXISTS {table}");
    tx.text(match tx.is_on_server() {
        true => format!("{}; {dropped}; {WAIT_AS_USUAL}", wait_no_longer()),
        false => dropped,
    })
    .await
}

/// From here on nobody waits for a lock for longer than [`LOCK_TIMEOUT`].
fn wait_no_longer() -> String {
    format!("SET LOCAL lock_timeout = '{}ms'", LOCK_TIMEOUT.as_millis())
}

const WAIT_AS_USUAL: &str = "SET LOCAL lock_timeout = DEFAULT";

statements! {
    /// A session that reads one of the tables $1, sooner one of somebody else than one of Chirp, which does not read for long: of the locks of
    /// others, everybody may know the process.
    static SELECT_READER = "
SELECT {sqlite: 0 AS pid}{postgres: held.pid::BIGINT AS pid} FROM {rows $1 AS wanted: name text} {sqlite: WHERE FALSE}{postgres:
JOIN pg_locks AS held ON held.relation = to_regclass(wanted.name) AND held.granted AND held.pid <> pg_backend_pid()
JOIN pg_stat_activity AS sessions ON sessions.pid = held.pid
ORDER BY sessions.application_name = 'chirp' LIMIT 1}";
}

/// On PostgreSQL names are looked up outside of a reader's snapshot, so nobody may read while names change. A reader of Chirp reads the
/// checkpoints first, and is waited for there; whoever still holds one of the tables after that is somebody else, who may read for as long as
/// they like. Nobody is waited for long: everybody else would wait behind this. A file has no such readers.
pub(super) async fn lock_out_readers(tx: &mut Transaction, tables: &[impl Borrow<str>]) -> Result<(), sqlx::Error> {
    match tx.is_on_server() {
        true => {
            let (hurry, tables) = (wait_no_longer(), tables.join(", "));
            tx.text(format!(
                "{hurry}; LOCK TABLE projections IN ACCESS EXCLUSIVE MODE; \
                 LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE NOWAIT; {WAIT_AS_USUAL}"
            ))
            .await
        }
        false => Ok(()),
    }
}

/// The tables of a projection, and those beside them.
fn both(projection: &str, on_server: bool) -> Vec<String> {
    let tables = parts(projection, on_server).tables;
    tables.iter().flat_map(|table| [(*table).to_owned(), format!("{BESIDE}{table}")]).collect()
}

/// The process of the server that reads and keeps the tables of a projection from being changed, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn reader(tables: &Database, projection: &str) -> Result<Option<i64>, sqlx::Error> {
    let held = both(projection, tables.is_on_server());
    let held = held.iter().map(String::as_str).chain(["projections"]).collect();
    tables.rows(&SELECT_READER, &[Value::Rows(&held)]).await?.first().map(|row| row.get("pid")).transpose()
}

/// Lets them take the place of those that serve, which are dropped.
///
/// # Errors
/// When the database fails, or, on a server, when readers stay for long.
pub async fn take_over(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    let on_server = tx.is_on_server();
    let parts = parts(projection, on_server);
    lock_out_readers(tx, &both(projection, on_server)).await?;
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
            "changes_1",
        ]
        .map(|projection| parts(projection, false).tables.len())
        .iter()
        .sum();
        assert_eq!(names, of_projections + 4, "but for store, projections, set_aside and parked_events");
    }
}
