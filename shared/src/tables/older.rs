//! Read tables that an older version made, brought forward.
//!
//! Always: nothing is filled again, and no stream has to begin again, for a change of form alone; what a new column needs from the log, the
//! projector fills in beside what serves; all of it in the transaction of the schema. Never here: the schema itself.

use super::declaration::Tables;
use super::{SELECT_COLUMN, SELECT_LACKING, aside, shadow};
use crate::sql::database::{Transaction, Value};
use crate::sql::{SHADOW_PREFIX, expanded, statements};

/// Columns that tables of older versions lack: their table, their name, and what they are.
const COLUMNS_SINCE: [(&str, &str, &str); 10] = [
    ("store", "schema_version", "{number} NOT NULL DEFAULT 1"),
    ("projections", "hash", "{bytes}"),
    ("projections", "served_from", "{number} NOT NULL DEFAULT 0"),
    ("projections", "owner_address", "TEXT"),
    ("profiles_1", "version", "{number}"),
    ("profiles_1", "extras", "TEXT"),
    ("posts_1", "version", "{number}"),
    ("posts_1", "extras", "TEXT"),
    ("profiles_1", "suspended", "{flag} NOT NULL DEFAULT FALSE"),
    ("posts_1", "taken_down", "TEXT"),
];
/// Columns of those that only the log can fill: a table that lacked one is filled again by its projection, beside the one that serves.
const FILLED_FROM_THE_LOG: [(&str, &str); 2] = [("profiles_1", "version"), ("posts_1", "version")];
/// Until version 3, `timelines_1` kept the changes that are a projection of their own since.
const CHANGES_OF_TIMELINES: [(&str, &str); 2] =
    [("timelines_1_changes", "changes_1"), ("timelines_1_kept", "changes_1_kept")];

statements! {
    "older.sql": SELECT_SETS, COPY_CHECKPOINT, COPY_PARKED, FORGET_CHECKPOINT, FORGET_PARKED, BEGIN_REBUILD, KEEP_DISCARDED,
}

/// Adds what tables that are there lack; also to the table that a rebuild under way fills, which takes the place of the other. Gives the names
/// of those whose rows only the log can complete.
pub(super) async fn add_columns(setup: &mut Transaction) -> Result<Vec<&'static str>, sqlx::Error> {
    let mut incomplete = Vec::new();
    for (name, column, definition) in COLUMNS_SINCE {
        for table in [name.to_owned(), format!("{SHADOW_PREFIX}{name}")] {
            if has_table(setup, &table).await? && !has_column(setup, &table, column).await? {
                let definition = expanded(definition, setup.is_on_server());
                setup.text(format!("ALTER TABLE {table} ADD COLUMN {column} {definition}")).await?;
                if table == name && FILLED_FROM_THE_LOG.contains(&(name, column)) {
                    incomplete.push(name);
                }
            }
        }
    }
    Ok(incomplete)
}

/// Begins the rebuild of a projection, as a projector that ended right after it began one would leave it: the next projector goes on with it,
/// while the old rows serve. One that was under way begins again, since what it has filled lacks the same.
pub(super) async fn begin_rebuild(setup: &mut Transaction, tables: &Tables) -> Result<(), sqlx::Error> {
    let (projection, rebuild) = (Value::Text(tables.projection), Value::Text(tables.rebuild));
    setup.execute(&FORGET_CHECKPOINT, &[rebuild]).await?;
    let (rebuild, forgotten) = (Value::Text(tables.rebuild), Value::Text(tables.rebuild));
    setup.execute(&FORGET_PARKED, &[forgotten]).await?;
    shadow::make(setup, tables).await?;
    setup.execute(&KEEP_DISCARDED, &[projection, rebuild]).await?;
    setup.execute(&BEGIN_REBUILD, &[Value::Text(tables.rebuild)]).await.map(drop)
}

/// Gives the tables of changes their new names, before the schema makes empty ones. A rebuild that is under way, and what was set aside of a
/// lost history, have such tables, too, which nobody needs any more. Gives whether there were any.
pub(super) async fn rename_changes(setup: &mut Transaction) -> Result<bool, sqlx::Error> {
    let mut renamed = false;
    for (old, new) in CHANGES_OF_TIMELINES {
        if !has_table(setup, old).await? {
            continue;
        }
        renamed = true;
        setup.text(format!("ALTER TABLE {old} RENAME TO {new}; DROP TABLE IF EXISTS {SHADOW_PREFIX}{old}")).await?;
        if setup.is_on_server() {
            // A table that a rebuild filled has kept the name that its primary key had then.
            for key in [format!("{old}_pkey"), format!("{SHADOW_PREFIX}{old}_pkey")] {
                setup.text(format!("ALTER INDEX IF EXISTS {key} RENAME TO {new}_pkey")).await?;
            }
        }
        if has_table(setup, "set_aside").await? {
            for row in setup.rows(&SELECT_SETS, &[]).await? {
                let set_aside = aside::name(row.get("number")?, old);
                setup.text(format!("DROP TABLE IF EXISTS {set_aside}")).await?;
            }
        }
    }
    Ok(renamed)
}

/// Lets the projection of changes, whose tables were renamed, go on where timelines were.
pub(super) async fn take_over_changes(setup: &mut Transaction) -> Result<(), sqlx::Error> {
    for statement in [&COPY_CHECKPOINT, &COPY_PARKED] {
        setup.execute(statement, &[]).await?;
    }
    Ok(())
}

async fn has_table(setup: &mut Transaction, table: &str) -> Result<bool, sqlx::Error> {
    let wanted = [table].into_iter().collect();
    Ok(setup.rows(&SELECT_LACKING, &[Value::Rows(&wanted)]).await?.is_empty())
}

async fn has_column(setup: &mut Transaction, table: &str, column: &str) -> Result<bool, sqlx::Error> {
    Ok(!setup.rows(&SELECT_COLUMN, &[Value::Text(table), Value::Text(column)]).await?.is_empty())
}
