//! Every statement is understood by both engines, on the log or the read tables as they are made.
//!
//! A statement that was never executed is checked here. What the statements answer is checked by the laws.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use projector::projections::tables;
use shared::model::clock::SystemClock;
use shared::sql::Statement;
use shared::sql::postgres::Server;
use shared::sql::sections::{Heading, Section, sections};
use shared::store::{Store, access_file, log_file, tables_file};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, SqlSafeStr};

fn every_statement() -> Vec<&'static Statement> {
    let own = [
        shared::every_statement(),
        timelines::every_statement(),
        projector::every_statement(),
        query_server::every_statement(),
    ];
    own.into_iter().flatten().chain(tools::every_statement()).collect()
}

#[tokio::test]
async fn sqlite_understands_every_statement() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::in_folder(folder.path()).expect("a store");
    let log = store.open_log(Arc::new(SystemClock)).await.expect("the log is made");
    drop(store.open_tables_to_write(&*log, &tables()).await.expect("the read tables are made"));
    drop(store.open_access().await.expect("the file of API keys is made"));
    let open = async |file| SqliteConnectOptions::new().filename(file).connect().await.expect("it opens");
    let (mut log, mut tables) = (open(log_file(folder.path())).await, open(tables_file(folder.path())).await);
    let mut access = open(access_file(folder.path())).await;
    for statement in every_statement() {
        let prepared = [
            log.prepare(statement.sqlite().into_sql_str()).await.map(drop),
            tables.prepare(statement.sqlite().into_sql_str()).await.map(drop),
            access.prepare(statement.sqlite().into_sql_str()).await.map(drop),
        ];
        assert!(prepared.iter().any(Result::is_ok), "{statement:?}: {prepared:?}");
    }
}

#[tokio::test]
async fn postgres_understands_every_statement() {
    let server = Server::for_a_test().await;
    server.migrate(&tables()).await.expect("the schemas are made");
    let options = PgConnectOptions::from_str(&server.address()).expect("it is an address");
    let open = async |schema| options.clone().options([("search_path", schema)]).connect().await.expect("it opens");
    let (mut log, mut tables) = (open("chirp_log").await, open("chirp_tables").await);
    let mut access = open("chirp_access").await;
    for statement in every_statement() {
        let prepared = [
            log.prepare(statement.postgres().0.into_sql_str()).await.map(drop),
            tables.prepare(statement.postgres().0.into_sql_str()).await.map(drop),
            access.prepare(statement.postgres().0.into_sql_str()).await.map(drop),
        ];
        assert!(prepared.iter().any(Result::is_ok), "{statement:?}: {prepared:?}");
    }
}

#[test]
fn both_engines_have_words_for_every_mark() {
    let mistakes: Vec<String> = every_statement().iter().filter_map(|statement| statement.check().err()).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// A module whose list was forgotten has sections that nothing uses.
#[test]
fn every_section_of_a_file_is_there_once_and_used() {
    let files: Vec<(PathBuf, &str)> = crates().iter().flat_map(|folder| files(folder, "sql")).map(read).collect();
    let used: BTreeSet<(PathBuf, &str)> = every_statement().iter().filter_map(|statement| statement.place()).collect();
    let declared: Vec<Section> = tables().iter().flat_map(|tables| tables.sections()).copied().collect();
    let (mut found, mut wrong) = (BTreeSet::new(), Vec::new());
    for (path, text) in &files {
        for section in sections(text) {
            let name = section.name.split('(').next().expect("there is a first part");
            let is_used = match section.heading {
                Heading::Name => used.contains(&(path.clone(), name)),
                Heading::Fragment => files.iter().any(|(_, text)| text.contains(&format!("{{{name}("))),
                Heading::Table | Heading::Index | Heading::Rows => declared.contains(&section),
            };
            let is_new = found.insert((path.clone(), section.heading, name));
            if !is_used || !is_new {
                wrong.push(format!("{}, {name}: {}", path.display(), if is_new { "not used" } else { "there twice" }));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(found.iter().filter(|(_, heading, _)| *heading == Heading::Name).count(), used.len());
}

#[test]
fn every_declaration_makes_what_it_is_called() {
    let mut names = BTreeSet::new();
    for section in tables().iter().flat_map(|tables| tables.sections()) {
        let (sql, name) = (section.sql(), section.name);
        let begins = match section.heading {
            Heading::Table => vec![format!("CREATE TABLE IF NOT EXISTS {name} (")],
            Heading::Index => {
                ["", "UNIQUE "].map(|unique| format!("CREATE {unique}INDEX IF NOT EXISTS {name} ON ")).to_vec()
            }
            Heading::Rows => vec![format!("INSERT INTO {name} ")],
            Heading::Name | Heading::Fragment => vec![],
        };
        assert!(begins.iter().any(|begin| sql.starts_with(begin)), "{name}: {sql}");
        assert!(names.insert((section.heading, name)), "{name} is declared twice");
    }
}

/// A file, by its path from the root of the workspace. Sections live as long as a file that is compiled in.
fn read(file: PathBuf) -> (PathBuf, &'static str) {
    let text = std::fs::read_to_string(&file).expect("the file is there").leak();
    (file.strip_prefix(root()).expect("it is in the workspace").to_owned(), text)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn crates() -> [PathBuf; 5] {
    ["shared/src", "timelines/src", "projector/src", "query-server/src", "tools/src"].map(|folder| root().join(folder))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, here): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let wanted = here.into_iter().filter(|file| file.extension().is_some_and(|found| found == extension));
    wanted.chain(folders.iter().flat_map(|folder| files(folder, extension))).collect()
}
