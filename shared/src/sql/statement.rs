//! SQL for both engines: one text where they agree, two side by side where they do not.
//!
//! A statement is written once, in a file of SQL beside its module ([`sections`](super::sections)), with marks in braces for what the engines
//! say differently:
//!
//! | mark | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{rows $1 AS edge: follower, name text}` | a subquery on `json_each($1)` | `UNNEST($1::int8[], $2::text[]) AS edge (…)` |
//! | `{ordered join}` | `CROSS JOIN`, which keeps the order of the tables | `JOIN`; connections have `join_collapse_limit = 1` |
//! | `{array}(a, b)` | `json_array(a, b)` | `json_build_array(a, b)` |
//! | `{collect}(a ORDER BY b)` | `json_group_array(…)` | `json_agg(…)`, which is NULL without rows |
//! | `{clock}($1)` | the value, which is the time of this process in microseconds | the time of the server, likewise |
//! | `{id column}` | hexadecimal text, or NULL | the id |
//! | `{sqlite: …}`, `{postgres: …}` | the one text | the other |
//!
//! and, in schemas, the types `{number}`, `{flag}`, `{id}`, `{bytes}`, and `{table}` and `{clustered}` for the end of a table. A column of
//! rows is a number unless it says `number`, `text`, `verbatim`, `bytes`, `id` or `flag`. Fragments and the names of numbers are marks, too:
//! see [`vocabulary`](super::vocabulary).
//!
//! Always: the values of a statement are numbered as they are given, and rows are one value; on PostgreSQL, where rows are an array for
//! each column, [`Statement`] numbers them again; a mark that is unknown is an error that says where, before anything is executed. Never
//! here: which engine there is.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::sections::{Heading, Section, section};
use super::vocabulary::{Source, next_mark, substituted};

/// Stands before the number of a placeholder that is right already.
const RIGHT: char = '§';

/// A statement in the words of both engines, translated when it is first used.
pub struct Statement {
    name: &'static str,
    text: Text,
    sqlite: OnceLock<String>,
    postgres: OnceLock<(String, Vec<Parameter>)>,
    shadow: OnceLock<Box<Statement>>,
}

/// Where the text of a statement comes from.
#[derive(Clone, Copy)]
enum Text {
    /// From Rust.
    Plain(&'static str),
    /// A section of a file of SQL.
    Section(Section, &'static Source),
}

/// Statements without values, to be executed one after the other.
pub struct Script(Statement);

impl Script {
    /// Statements with marks.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Statement::new(text))
    }

    /// The text for SQLite.
    pub fn sqlite(&'static self) -> &'static str {
        self.0.sqlite()
    }

    /// The text for PostgreSQL.
    pub fn postgres(&'static self) -> &'static str {
        self.0.postgres().0
    }
}

/// Declares the statements of a module, which are sections of a file of SQL beside it, and `STATEMENTS`, the list of them: a crate puts all
/// its lists together, for the test that prepares every statement on both engines. What they share with others is named by a vocabulary:
///
/// ```ignore
/// statements! { "posts.sql" with VOCABULARY: INSERT, UPDATE_TEXT }
/// ```
#[macro_export]
macro_rules! statements {
    ($file:literal: $($name:ident),+ $(,)?) => {
        $crate::statements! { @declare $file, &$crate::sql::Vocabulary::NONE, $($name)+ }
    };
    ($file:literal with $vocabulary:path: $($name:ident),+ $(,)?) => {
        $crate::statements! { @declare $file, &$vocabulary, $($name)+ }
    };
    (@declare $file:literal, $vocabulary:expr, $($name:ident)+) => {
        static SQL: $crate::sql::Source =
            $crate::sql::Source::new(file!(), $file, include_str!($file), $vocabulary);
        $(static $name: $crate::sql::Statement = $crate::sql::Statement::of(&SQL, stringify!($name));)+
        pub(crate) static STATEMENTS: &[&$crate::sql::Statement] = &[$(&$name),+];
    };
}
pub use crate::statements;

/// The type of a column of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer.
    Number,
    /// Text.
    Text,
    /// Text that is never taken for JSON, and is stored as it is.
    Verbatim,
    /// Any bytes.
    Bytes,
    /// A UUID.
    Id,
    /// A boolean.
    Flag,
}

/// What one placeholder of PostgreSQL stands for: a value by its index, or a column of the rows that a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// A value.
    Whole(usize),
    /// A column of a value.
    Column(usize, usize, Kind),
}

impl Statement {
    /// A statement with marks, but without fragments and names.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self::made_of("", Text::Plain(text))
    }

    /// The statement of this name in a file of SQL.
    ///
    /// # Panics
    /// When there is none: at compile time, where a static is made of it.
    #[must_use]
    pub const fn of(source: &'static Source, name: &'static str) -> Self {
        Self::made_of(name, Text::Section(section(source.text, Heading::Name, name), source))
    }

    const fn made_of(name: &'static str, text: Text) -> Self {
        Self { name, text, sqlite: OnceLock::new(), postgres: OnceLock::new(), shadow: OnceLock::new() }
    }

    /// The file that it stands in, from the root of the workspace, and its name there; nothing where it stands in Rust.
    #[must_use]
    pub fn place(&self) -> Option<(PathBuf, &'static str)> {
        match self.text {
            Text::Plain(_) => None,
            Text::Section(_, source) => Some((source.path(), self.name)),
        }
    }

    /// Whether both engines have words for all that it says.
    ///
    /// # Errors
    /// Says what is unknown, and where.
    pub fn check(&self) -> Result<(), String> {
        let resolved = self.resolved()?;
        let on_each = expand(&resolved, &Sqlite).and(numbered(&resolved));
        on_each.map(drop).map_err(|cause| self.placed(&cause))
    }

    /// The text for SQLite.
    pub fn sqlite(&'static self) -> &'static str {
        let expanded = || self.resolved().and_then(|text| expand(&text, &Sqlite).map_err(|cause| self.placed(&cause)));
        self.sqlite.get_or_init(|| expanded().unwrap_or_else(|mistake| panic!("{mistake}")))
    }

    /// The text for PostgreSQL, and what its placeholders stand for.
    pub fn postgres(&'static self) -> (&'static str, &'static [Parameter]) {
        let expanded = || self.resolved().and_then(|text| numbered(&text).map_err(|cause| self.placed(&cause)));
        let (text, parameters) = self.postgres.get_or_init(|| expanded().unwrap_or_else(|mistake| panic!("{mistake}")));
        (text, parameters)
    }

    /// The text with the marks of the engines only.
    fn resolved(&self) -> Result<String, String> {
        match self.text {
            Text::Plain(text) => Ok(text.to_owned()),
            Text::Section(section, source) => {
                let text = section.sql();
                let is_one = !text.contains(';');
                let resolved = is_one.then(|| source.resolved(&text));
                let resolved = resolved.unwrap_or_else(|| Err("more than one statement".to_owned()));
                resolved.map_err(|cause| self.placed(&cause))
            }
        }
    }

    fn placed(&self, cause: &str) -> String {
        match self.text {
            Text::Plain(text) => format!("{cause}: {text}"),
            Text::Section(_, source) => format!("{}, {}: {cause}", source.path().display(), self.name),
        }
    }
}

/// A part of a schema in the words of an engine.
///
/// # Panics
/// When a mark is unknown.
#[must_use]
pub fn expanded(text: &str, on_server: bool) -> String {
    in_words(text, on_server).unwrap_or_else(|mistake| panic!("{mistake}: {text}"))
}

/// What declares something of a projection, in the words of an engine, with this name in place of `{projection}`.
///
/// # Panics
/// When a mark is unknown.
#[must_use]
pub fn declaration(source: &Source, section: &Section, projection: &str, on_server: bool) -> String {
    let text = section.sql();
    let text = substituted(&text, &[("projection", &format!("'{projection}'"))]).unwrap_or(text);
    let expanded = source.resolved(&text).and_then(|text| in_words(&text, on_server));
    expanded.unwrap_or_else(|mistake| panic!("{}, {}: {mistake}", source.path().display(), section.name))
}

fn in_words(text: &str, on_server: bool) -> Result<String, String> {
    if on_server { expand(text, &Postgres { starts: &[] }) } else { expand(text, &Sqlite) }
}

/// The first part of the names of shadow tables and of rebuilds.
pub const SHADOW_PREFIX: &str = "next_";

/// A statement with the names of shadow tables in place of the tables and indexes that are declared. What is in quotes is no name.
#[must_use]
pub fn shadowed(statement: &str, declared: &[Section]) -> String {
    let is_declared = |name: &str| {
        let named = |section: &&Section| matches!(section.heading, Heading::Table | Heading::Index);
        declared.iter().filter(named).any(|section| section.name == name)
    };
    let mut written = String::with_capacity(statement.len() + statement.len() / 8);
    for (at, part) in statement.split('\'').enumerate() {
        let is_quoted = at % 2 == 1;
        written.push_str(if at == 0 { "" } else { "'" });
        let mut rest = part;
        while let Some(begin) = rest.find(is_of_name).filter(|_| !is_quoted) {
            let end = rest[begin..].find(|letter| !is_of_name(letter)).map_or(rest.len(), |length| begin + length);
            written.push_str(&rest[..begin]);
            written.push_str(if is_declared(&rest[begin..end]) { SHADOW_PREFIX } else { "" });
            written.push_str(&rest[begin..end]);
            rest = &rest[end..];
        }
        written.push_str(rest);
    }
    written
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

impl Statement {
    /// The same statement on the shadow tables of the projection that declares these, which is the only one that executes it.
    pub fn on_shadow_tables(&'static self, declared: &'static [Section]) -> &'static Self {
        self.shadow.get_or_init(|| {
            let (postgres, parameters) = self.postgres();
            Box::new(Self {
                sqlite: OnceLock::from(shadowed(self.sqlite(), declared)),
                postgres: OnceLock::from((shadowed(postgres, declared), parameters.to_vec())),
                ..Self::made_of(self.name, self.text)
            })
        })
    }
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text {
            Text::Plain(text) => formatter.write_str(text),
            Text::Section(section, source) => {
                write!(formatter, "{}, {}: {}", source.path().display(), self.name, section.sql())
            }
        }
    }
}

/// How an engine says what is marked.
trait Dialect {
    const NAME: &'static str;
    fn word(&self, mark: &str) -> Option<&'static str>;
    fn id(&self, column: &str) -> String;
    fn rows(&self, rows: &RowsMark<'_>) -> String;
}

/// `{rows $1 AS edge: follower, name text}`, taken apart.
struct RowsMark<'a> {
    value: usize,
    alias: &'a str,
    columns: Vec<(&'a str, Kind)>,
}

struct Sqlite;
struct Postgres<'a> {
    /// The first placeholder of each value.
    starts: &'a [usize],
}

impl Dialect for Sqlite {
    const NAME: &'static str = "sqlite";

    fn word(&self, mark: &str) -> Option<&'static str> {
        Some(match mark {
            "ordered join" => "CROSS JOIN",
            "array" => "json_array",
            "clock" => "",
            "collect" => "json_group_array",
            "number" | "flag" => "INTEGER",
            "id" | "bytes" => "BLOB",
            "table" => " STRICT",
            "clustered" => " STRICT, WITHOUT ROWID",
            _ => return None,
        })
    }

    fn id(&self, column: &str) -> String {
        format!("NULLIF(hex({column}), '')")
    }

    fn rows(&self, rows: &RowsMark<'_>) -> String {
        let mut text = "(SELECT ".to_owned();
        for (at, (name, kind)) in rows.columns.iter().enumerate() {
            let value = if rows.columns.len() == 1 { "value".to_owned() } else { format!("value ->> {at}") };
            let value = if [Kind::Id, Kind::Bytes].contains(kind) { format!("unhex({value}, '-')") } else { value };
            let separator = if at == 0 { "" } else { ", " };
            write!(text, "{separator}{value} AS {name}").expect("writing to a string cannot fail");
        }
        format!("{text} FROM json_each(${})) AS {}", rows.value, rows.alias)
    }
}

impl Dialect for Postgres<'_> {
    const NAME: &'static str = "postgres";

    fn word(&self, mark: &str) -> Option<&'static str> {
        Some(match mark {
            "ordered join" => "JOIN",
            "array" => "json_build_array",
            // The value is named all the same: the server wants to know the type of each.
            "clock" => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) + 0 * ",
            "collect" => "json_agg",
            "number" => "BIGINT",
            "flag" => "BOOLEAN",
            "id" => "UUID",
            "bytes" => "BYTEA",
            "table" | "clustered" => "",
            _ => return None,
        })
    }

    fn id(&self, column: &str) -> String {
        column.to_owned()
    }

    fn rows(&self, rows: &RowsMark<'_>) -> String {
        let first = self.starts.get(rows.value - 1).copied().unwrap_or(rows.value);
        let arrays = rows.columns.iter().enumerate().map(|(at, (_, kind))| {
            let kind = match kind {
                Kind::Number => "int8",
                Kind::Text | Kind::Verbatim => "text",
                Kind::Bytes => "bytea",
                Kind::Id => "uuid",
                Kind::Flag => "bool",
            };
            format!("{RIGHT}{}::{kind}[]", first + at)
        });
        let arrays: Vec<String> = arrays.collect();
        let names: Vec<&str> = rows.columns.iter().map(|(name, _)| *name).collect();
        format!("UNNEST({}) AS {} ({})", arrays.join(", "), rows.alias, names.join(", "))
    }
}

/// The text with its marks replaced.
fn expand(text: &str, dialect: &impl Dialect) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark, after)) = next_mark(rest)? {
        expanded.push_str(before);
        expanded.push_str(&replace(mark, dialect)?);
        rest = after;
    }
    Ok(expanded + rest)
}

fn replace<D: Dialect>(mark: &str, dialect: &D) -> Result<String, String> {
    if let Some(rows) = rows_mark(mark) {
        return Ok(dialect.rows(&rows?));
    }
    if let Some((engine, text)) = mark.split_once(':').filter(|(engine, _)| ["sqlite", "postgres"].contains(engine)) {
        return if engine == D::NAME { expand(text, dialect) } else { expand(text, dialect).map(|_| String::new()) };
    }
    if let Some(word) = dialect.word(mark) {
        return Ok(word.to_owned());
    }
    match mark.strip_prefix("id ") {
        Some(column) => Ok(dialect.id(column)),
        None => Err(format!("there is no mark {{{mark}}}")),
    }
}

/// The mark taken apart, if it is one of rows.
fn rows_mark(mark: &str) -> Option<Result<RowsMark<'_>, String>> {
    Some(rows(mark.strip_prefix("rows ")?).map_err(|cause| format!("{cause} in {{{mark}}}")))
}

fn rows(mark: &str) -> Result<RowsMark<'_>, String> {
    let parts = || {
        let (head, columns) = mark.strip_prefix('$')?.split_once(": ")?;
        let (value, alias) = head.split_once(" AS ")?;
        Some((value.parse().ok().filter(|value| *value > 0)?, alias, columns))
    };
    let (value, alias, columns) = parts().ok_or("rows are not written as $1 AS alias: column, column type")?;
    let columns = columns.split(", ").map(column).collect::<Result<_, _>>()?;
    Ok(RowsMark { value, alias, columns })
}

fn column(column: &str) -> Result<(&str, Kind), String> {
    let (name, kind) = column.split_once(' ').unwrap_or((column, "number"));
    let kind = match kind {
        "number" => Kind::Number,
        "text" => Kind::Text,
        "verbatim" => Kind::Verbatim,
        "bytes" => Kind::Bytes,
        "id" => Kind::Id,
        "flag" => Kind::Flag,
        unknown => return Err(format!("there is no type {unknown}")),
    };
    Ok((name, kind))
}

/// The text for PostgreSQL, with placeholders for each column of the rows in it.
fn numbered(text: &str) -> Result<(String, Vec<Parameter>), String> {
    let mut parameters = Vec::new();
    let mut starts = Vec::new();
    for value in 0..highest_value(text) {
        starts.push(parameters.len() + 1);
        match rows_of_value(text, value + 1)? {
            Some(rows) => {
                let columns = rows.columns.iter().enumerate();
                parameters.extend(columns.map(|(at, (_, kind))| Parameter::Column(value, at, *kind)));
            }
            None => parameters.push(Parameter::Whole(value)),
        }
    }
    let expanded = expand(text, &Postgres { starts: &starts })?;
    Ok((renumbered(&expanded, &starts), parameters))
}

fn highest_value(text: &str) -> usize {
    text.split('$').skip(1).filter_map(leading_number).map(|(number, _)| number).max().unwrap_or(0)
}

fn rows_of_value(text: &str, value: usize) -> Result<Option<RowsMark<'_>>, String> {
    let all = text.split('{').skip(1).filter_map(|mark| rows_mark(mark.split('}').next()?));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().find(|rows| rows.value == value))
}

/// `$n` becomes the placeholder where value n begins; a number that is right stays as it is.
fn renumbered(text: &str, starts: &[usize]) -> String {
    let mut renumbered = String::with_capacity(text.len());
    let mut parts = text.split('$');
    renumbered.push_str(parts.next().unwrap_or_default());
    for part in parts {
        renumbered.push('$');
        match leading_number(part) {
            Some((number, rest)) => write!(renumbered, "{}{rest}", starts[number - 1]),
            None => renumbered.write_str(part),
        }
        .expect("writing to a string cannot fail");
    }
    renumbered.replace(RIGHT, "$")
}

fn leading_number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Vocabulary;
    use crate::sql::sections::{count_declarations, declarations};

    static BOTH: Statement = Statement::new(
        "SELECT $1, {array}({id a.b}) FROM {rows $2 AS edge: x, y text} {ordered join} t ON t.x = $3 AND NOT t.f{sqlite: LIMIT $1}",
    );

    #[test]
    fn a_statement_on_shadow_tables_names_those_that_are_declared() {
        const FILE: &str =
            "-- table: posts_1\n-- index: posts_1_by_author\n-- table: posts_1_likes\n-- rows: reposts_1";
        static DECLARED: [Section; count_declarations(FILE)] = declarations(FILE);
        let text = "INSERT INTO posts_1 SELECT post FROM posts_1_likes, reposts_1, posts_1_kept WHERE posts_1.post = 'posts_1'";
        let expected = "INSERT INTO next_posts_1 SELECT post FROM next_posts_1_likes, reposts_1, posts_1_kept \
                        WHERE next_posts_1.post = 'posts_1'";
        assert_eq!(shadowed(text, &DECLARED), expected);
        assert_eq!(shadowed("DROP INDEX posts_1_by_author", &DECLARED), "DROP INDEX next_posts_1_by_author");
        static STATEMENT: Statement = Statement::new("SELECT {array}(post) FROM posts_1 WHERE post = $1");
        let shadow = STATEMENT.on_shadow_tables(&DECLARED);
        assert_eq!(shadow.sqlite(), "SELECT json_array(post) FROM next_posts_1 WHERE post = $1");
        assert_eq!(shadow.postgres().1, STATEMENT.postgres().1);
        assert!(std::ptr::eq(STATEMENT.on_shadow_tables(&DECLARED), shadow));
    }

    #[test]
    fn what_an_engine_has_no_words_for_is_said() {
        for (text, expected) in [
            ("SELECT {nothing}", "there is no mark {nothing}: SELECT {nothing}"),
            ("{sqlite: {nothing}}", "there is no mark {nothing}: {sqlite: {nothing}}"),
            ("{rows $1 AS a: b txt}", "there is no type txt in {rows $1 AS a: b txt}: {rows $1 AS a: b txt}"),
            (
                "{rows 1 AS a: b}",
                "rows are not written as $1 AS alias: column, column type in {rows 1 AS a: b}: {rows 1 AS a: b}",
            ),
        ] {
            assert_eq!(Statement::new(text).check(), Err(expected.to_owned()));
        }
        static FILE: Source =
            Source::new("a/b.rs", "b.sql", "-- name: A\nSELECT {nothing};\n-- name: B\n1; 2;", &Vocabulary::NONE);
        assert_eq!(Statement::of(&FILE, "A").check(), Err("a/b.sql, A: there is no mark {nothing}".to_owned()));
        assert_eq!(Statement::of(&FILE, "B").check(), Err("a/b.sql, B: more than one statement".to_owned()));
    }

    #[test]
    fn a_statement_says_the_same_to_both_engines() {
        assert_eq!(
            BOTH.sqlite(),
            "SELECT $1, json_array(NULLIF(hex(a.b), '')) FROM (SELECT value ->> 0 AS x, value ->> 1 AS y FROM json_each($2)) AS edge \
             CROSS JOIN t ON t.x = $3 AND NOT t.f LIMIT $1"
        );
        let (text, parameters) = BOTH.postgres();
        assert_eq!(
            text,
            "SELECT $1, json_build_array(a.b) FROM UNNEST($2::int8[], $3::text[]) AS edge (x, y) JOIN t ON t.x = $4 AND NOT t.f"
        );
        let expected = [
            Parameter::Whole(0),
            Parameter::Column(1, 0, Kind::Number),
            Parameter::Column(1, 1, Kind::Text),
            Parameter::Whole(2),
        ];
        assert_eq!(parameters, expected);
    }
}
