//! A database of a store, an SQLite file or a PostgreSQL database, behind one interface: a pool, a transaction, a row.
//!
//! Always: a [`Statement`] and its values go in, rows come out; the engines differ in nothing else that a caller sees.
//! Never here: what a statement says.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Decode, Postgres, Row as _, Sqlite, SqlitePool, Type};
use uuid::Uuid;

use crate::runtime::deadlines::of_database;
use crate::sql::postgres::pool::{Pool, Session, Wait};
use crate::sql::rows::{Column, Rows};
use crate::sql::sections::Section;
use crate::sql::{Kind, Parameter, Script, Statement};

const BEGIN: &str = "BEGIN";
const BEGIN_TO_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long a transaction may keep one snapshot of a file.
const READ_TRANSACTION_MAX: Duration = Duration::from_secs(5);

/// A pool of connections.
#[derive(Clone, Debug)]
pub enum Database {
    Sqlite(SqlitePool),
    Postgres(Pool),
}

/// A value of a statement's parameter.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Id(Uuid),
    /// Any number of rows, in one parameter.
    Rows(&'a Rows),
    Bytes(&'a [u8]),
    MaybeText(Option<&'a str>),
    MaybeBytes(Option<&'a [u8]>),
}

/// One reader that asks again and again: on a file it keeps a connection, since returning and taking one costs as much as asking.
#[derive(Debug)]
pub enum Reader {
    Held(PoolConnection<Sqlite>),
    Pooled(Database),
}

impl Reader {
    /// Executes a query outside of any transaction.
    pub async fn rows(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Held(connection) => {
                Ok(to_rows(for_sqlite(statement, values).fetch_all(&mut **connection).await?, Row::Sqlite))
            }
            Self::Pooled(database) => database.rows(statement, values).await,
        }
    }
}

/// Rolled back when it is dropped.
pub struct Transaction {
    on: Engine,
    /// What the projection declares whose statements are redirected to the shadow tables of its rebuild.
    shadowed: Option<&'static [Section]>,
    /// The end of a snapshot of a file, which keeps the write-ahead log from being emptied.
    until: Option<Instant>,
}

enum Engine {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(Session),
}

impl From<Engine> for Transaction {
    fn from(on: Engine) -> Self {
        Self { on, shadowed: None, until: None }
    }
}

#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column can be read as on both engines.
pub trait Field<'r>: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}
impl<'r, T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>> Field<'r> for T {}

impl Database {
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// A reader for a task that asks again and again.
    pub async fn reader(&self) -> Result<Reader, sqlx::Error> {
        Ok(match self {
            // A pool of one connection must not be emptied by one reader.
            Self::Sqlite(pool) if pool.options().get_max_connections() > 1 => Reader::Held(pool.acquire().await?),
            // Connections to servers are lost and replaced, which the pool takes care of.
            Self::Sqlite(_) | Self::Postgres(_) => Reader::Pooled(self.clone()),
        })
    }

    /// Begins a read-only transaction on one snapshot of the tables.
    pub async fn begin_to_read(&self) -> Result<Transaction, sqlx::Error> {
        let on = match self {
            Self::Sqlite(pool) => Engine::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Engine::Postgres(of_database(begin(pool, BEGIN_TO_READ)).await?),
        };
        // PostgreSQL ends a transaction by itself that stands still for too long.
        let until = matches!(on, Engine::Sqlite(_)).then(|| Instant::now() + READ_TRANSACTION_MAX);
        Ok(Transaction { until, ..on.into() })
    }

    /// Begins a transaction that writes.
    pub async fn begin_to_write(&self) -> Result<Transaction, sqlx::Error> {
        let on = match self {
            Self::Sqlite(pool) => Engine::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Engine::Postgres(begin(pool, BEGIN).await?),
        };
        Ok(on.into())
    }

    /// Executes a query outside of any transaction.
    pub async fn rows(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => Ok(to_rows(for_sqlite(statement, values).fetch_all(pool).await?, Row::Sqlite)),
            Self::Postgres(pool) => {
                let asking = async {
                    let mut session = pool.acquire().await?;
                    session.fetch_all(for_postgres(statement, values), Wait::UntilDeadline).await
                };
                Ok(to_rows(of_database(asking).await?, Row::Postgres))
            }
        }
    }
}

impl Transaction {
    /// Redirects statements to the shadow tables of the projection that declares these; with nothing, back to the tables that they name.
    pub fn use_shadow_tables(&mut self, declared: Option<&'static [Section]>) {
        self.shadowed = declared;
    }

    fn meant(&self, statement: &'static Statement) -> &'static Statement {
        self.shadowed.map_or(statement, |declared| statement.on_shadow_tables(declared))
    }

    /// Refuses a statement on a snapshot that is too old: the file's write-ahead log grows for as long as it is held.
    fn may_go_on(&self) -> Result<(), sqlx::Error> {
        match self.until {
            Some(until) if Instant::now() >= until => {
                let seconds = READ_TRANSACTION_MAX.as_secs();
                let cause = format!("a transaction that reads has lasted {seconds} s, and is cut");
                Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, cause)))
            }
            _ => Ok(()),
        }
    }

    #[must_use]
    pub fn is_on_server(&self) -> bool {
        matches!(self.on, Engine::Postgres(_))
    }

    /// Executes SQL that was put together in this code, without any part of it from a client.
    pub(crate) async fn text(&mut self, text: String) -> Result<(), sqlx::Error> {
        let query = sqlx::raw_sql(AssertSqlSafe(text));
        match &mut self.on {
            Engine::Sqlite(tx) => query.execute(&mut **tx).await.map(drop),
            Engine::Postgres(session) => session.script(query, Wait::WhileItRuns).await,
        }
    }

    pub async fn rows(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        self.may_go_on()?;
        let statement = self.meant(statement);
        match &mut self.on {
            Engine::Sqlite(tx) => Ok(to_rows(for_sqlite(statement, values).fetch_all(&mut **tx).await?, Row::Sqlite)),
            Engine::Postgres(session) => {
                let rows = session.fetch_all(for_postgres(statement, values), Wait::UntilDeadline).await?;
                Ok(to_rows(rows, Row::Postgres))
            }
        }
    }

    /// Executes a query that may take longer than a call's deadline, for rebuilds and other background work.
    pub async fn rows_in_their_time(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        let statement = self.meant(statement);
        match &mut self.on {
            Engine::Sqlite(_) => self.rows(statement, values).await,
            Engine::Postgres(session) => {
                let rows = session.fetch_all(for_postgres(statement, values), Wait::WhileItRuns).await?;
                Ok(to_rows(rows, Row::Postgres))
            }
        }
    }

    /// Executes a query whose answer is exactly one row; none is an error.
    pub async fn row(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Row, sqlx::Error> {
        self.may_go_on()?;
        let statement = self.meant(statement);
        match &mut self.on {
            Engine::Sqlite(tx) => for_sqlite(statement, values).fetch_one(&mut **tx).await.map(Row::Sqlite),
            Engine::Postgres(session) => {
                session.fetch_one(for_postgres(statement, values), Wait::UntilDeadline).await.map(Row::Postgres)
            }
        }
    }

    /// Executes a statement and gives the number of rows that it wrote.
    pub async fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let statement = self.meant(statement);
        match &mut self.on {
            Engine::Sqlite(tx) => Ok(for_sqlite(statement, values).execute(&mut **tx).await?.rows_affected()),
            Engine::Postgres(session) => session.execute(for_postgres(statement, values), Wait::WhileItRuns).await,
        }
    }

    /// Executes several statements, one after the other.
    pub async fn script(&mut self, script: &'static Script) -> Result<(), sqlx::Error> {
        match &mut self.on {
            Engine::Sqlite(tx) => sqlx::raw_sql(script.sqlite()).execute(&mut **tx).await.map(drop),
            Engine::Postgres(session) => session.script(sqlx::raw_sql(script.postgres()), Wait::WhileItRuns).await,
        }
    }

    /// Rolls back. Should that fail, nothing is committed all the same.
    pub async fn roll_back(self) -> Result<(), sqlx::Error> {
        match self.on {
            Engine::Sqlite(tx) => tx.rollback().await,
            Engine::Postgres(session) => session.end("ROLLBACK", Wait::UntilDeadline).await,
        }
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// After an error it is unknown whether the transaction was committed.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.on {
            Engine::Sqlite(tx) => tx.commit().await,
            // A commit of many rows may take long.
            Engine::Postgres(session) => session.end("COMMIT", Wait::WhileItRuns).await,
        }
    }
}

async fn begin(pool: &Pool, text: &'static str) -> Result<Session, sqlx::Error> {
    let mut session = pool.acquire().await?;
    session.begin(text).await?;
    Ok(session)
}

impl Row {
    pub fn get<'r, T: Field<'r>>(&'r self, column: &str) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// The value of a column of 32 bytes: a hash, a digest or a key.
    pub fn bytes32(&self, column: &str) -> Result<[u8; 32], sqlx::Error> {
        self.maybe_bytes32(column)?.ok_or_else(|| sqlx::Error::Decode(format!("{column} is NULL").into()))
    }

    /// The value of a column of 32 bytes, or NULL.
    pub fn maybe_bytes32(&self, column: &str) -> Result<Option<[u8; 32]>, sqlx::Error> {
        let bytes: Option<&[u8]> = self.get(column)?;
        let wrong = |_| sqlx::Error::Decode(format!("{column} is not 32 bytes long").into());
        bytes.map(|bytes| bytes.try_into().map_err(wrong)).transpose()
    }

    /// The value of a column of JSON, with every text in it as the client wrote it. Texts of clients must be read by
    /// this or by [`Self::text`].
    pub fn json(&self, column: &str) -> Result<Option<Cow<'_, str>>, sqlx::Error> {
        self.unescaped(column, "\\u0000")
    }

    /// The value of a column with a text as the client wrote it.
    pub fn text(&self, column: &str) -> Result<Option<Cow<'_, str>>, sqlx::Error> {
        self.unescaped(column, "\0")
    }

    fn unescaped(&self, column: &str, nul: &str) -> Result<Option<Cow<'_, str>>, sqlx::Error> {
        let text: Option<&str> = self.get(column)?;
        let is_escaped = |text: &&str| matches!(self, Self::Postgres(_)) && text.contains(ESCAPE);
        Ok(text.map(|text| match is_escaped(&text) {
            true => Cow::Owned(text.replace(ESCAPED_NUL, nul).replace(ESCAPED_ESCAPE, "\u{10ffff}")),
            false => Cow::Borrowed(text),
        }))
    }
}

/// Whether the database refused the values, and not because of its own state: they break a constraint or do not fit.
#[must_use]
pub fn is_about_values(cause: &sqlx::Error) -> bool {
    /// Classes of SQLSTATE: data exceptions, integrity constraints, limits of the server.
    const CLASSES: [&str; 3] = ["22", "23", "54"];
    /// `SQLITE_TOOBIG`, `SQLITE_CONSTRAINT` and `SQLITE_MISMATCH`, the lower byte of an extended code.
    const PRIMARY_CODES: [i32; 3] = [18, 19, 20];
    match cause {
        sqlx::Error::Database(refused) => {
            let code = refused.code().unwrap_or_default();
            let of_sqlite = code.parse::<i32>().is_ok_and(|code| PRIMARY_CODES.contains(&(code & 0xff)));
            let is_of_postgres = code.len() == 5;
            if is_of_postgres { CLASSES.iter().any(|class| code.starts_with(class)) } else { of_sqlite }
        }
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
        _ => false,
    }
}

/// PostgreSQL's text cannot hold U+0000, which clients may send, in texts to store as well as to look for. This
/// character stands for it; the character itself is written twice.
const ESCAPE: char = '\u{10ffff}';
const ESCAPED_NUL: &str = "\u{10ffff}0";
const ESCAPED_ESCAPE: &str = "\u{10ffff}1";

fn without_nul(texts: &[Option<String>]) -> Vec<Option<Cow<'_, str>>> {
    texts.iter().map(|text| text.as_deref().map(escaped)).collect()
}

fn escaped(text: &str) -> Cow<'_, str> {
    match text.contains(['\0', ESCAPE]) {
        true => Cow::Owned(text.replace(ESCAPE, ESCAPED_ESCAPE).replace('\0', ESCAPED_NUL)),
        false => Cow::Borrowed(text),
    }
}

fn to_rows<R>(rows: Vec<R>, wrap: fn(R) -> Row) -> Vec<Row> {
    rows.into_iter().map(wrap).collect()
}

fn for_sqlite<'q>(statement: &'static Statement, values: &[Value<'q>]) -> Query<'q, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(statement.sqlite());
    for value in values {
        query = match *value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Id(id) => query.bind(id),
            Value::Rows(rows) => query.bind(rows.to_json()),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::MaybeText(text) => query.bind(text),
            Value::MaybeBytes(bytes) => query.bind(bytes),
        };
    }
    query
}

fn for_postgres<'q>(statement: &'static Statement, values: &[Value<'q>]) -> Query<'q, Postgres, PgArguments> {
    let (text, parameters) = statement.postgres();
    let mut query = sqlx::query(text);
    for parameter in parameters {
        query = match *parameter {
            Parameter::Whole(at) => match values[at] {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(escaped(text)),
                Value::Id(id) => query.bind(id),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::MaybeText(text) => query.bind(text.map(escaped)),
                Value::MaybeBytes(bytes) => query.bind(bytes),
                Value::Rows(rows) => unreachable!("{text} takes no rows, but was given {rows:?}"),
            },
            Parameter::Column(at, column, kind) => {
                let Value::Rows(rows) = values[at] else {
                    unreachable!("{text} takes rows, but was given {:?}", values[at])
                };
                match (rows.columns().get(column), kind) {
                    (Some(Column::Numbers(numbers)), _) => query.bind(&numbers[..]),
                    (Some(Column::Texts(texts)), Kind::Verbatim) => query.bind(&texts[..]),
                    (Some(Column::Bytes(bytes)), _) => query.bind(&bytes[..]),
                    (Some(Column::Texts(texts)), _) => query.bind(without_nul(texts)),
                    (Some(Column::Ids(ids)), _) => query.bind(&ids[..]),
                    (Some(Column::Flags(flags)), _) => query.bind(&flags[..]),
                    (None, Kind::Number) => query.bind(Vec::<i64>::new()),
                    (None, Kind::Bytes) => query.bind(Vec::<Vec<u8>>::new()),
                    (None, Kind::Text | Kind::Verbatim) => query.bind(Vec::<String>::new()),
                    (None, Kind::Id) => query.bind(Vec::<Uuid>::new()),
                    (None, Kind::Flag) => query.bind(Vec::<bool>::new()),
                }
            }
        };
    }
    query
}

/// Executes a statement that takes rows, unless there are none.
pub async fn execute(tx: &mut Transaction, statement: &'static Statement, rows: Rows) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(statement, &[Value::Rows(&rows)]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::sql::sqlite;

    static SELECT_ONE: Statement = Statement::new("SELECT 1 AS one");

    #[tokio::test]
    async fn who_reads_one_moment_of_a_file_for_too_long_is_cut() {
        let memory = SqliteConnectOptions::new().in_memory(true);
        let pool = sqlite::pool().max_connections(1).connect_with(memory).await.expect("it can be made");
        let database = Database::Sqlite(pool);
        let mut tx = database.begin_to_read().await.expect("it begins");
        tx.rows(&SELECT_ONE, &[]).await.expect("it is young");
        tx.until = Some(Instant::now());
        let cut = tx.rows(&SELECT_ONE, &[]).await.expect_err("it is old");
        assert!(cut.to_string().contains("is cut"), "{cut}");
        tx.row(&SELECT_ONE, &[]).await.expect_err("it stays so");
        drop(tx);
        let mut tx = database.begin_to_write().await.expect("it begins");
        tx.until = None;
        tx.rows(&SELECT_ONE, &[]).await.expect("whoever writes takes its time");
    }
}
