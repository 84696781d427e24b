//! Every statement is understood by both engines, on the log or the read tables as they are made.
//!
//! A statement that was never executed is checked here. What the statements answer is checked by the laws.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use shared::model::clock::SystemClock;
use shared::sql::Statement;
use shared::sql::postgres::Server;
use shared::store::{Store, log_file, tables_file};
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
    drop(store.open_tables_to_write(&*log).await.expect("the read tables are made"));
    let open = async |file| SqliteConnectOptions::new().filename(file).connect().await.expect("it opens");
    let (mut log, mut tables) = (open(log_file(folder.path())).await, open(tables_file(folder.path())).await);
    for statement in every_statement() {
        let prepared = [
            log.prepare(statement.sqlite().into_sql_str()).await.map(drop),
            tables.prepare(statement.sqlite().into_sql_str()).await.map(drop),
        ];
        assert!(prepared.iter().any(Result::is_ok), "{statement:?}: {prepared:?}");
    }
}

#[tokio::test]
async fn postgres_understands_every_statement() {
    let server = Server::for_a_test().await;
    server.migrate().await.expect("the schemas are made");
    let options = PgConnectOptions::from_str(&server.address()).expect("it is an address");
    let open = async |schema| options.clone().options([("search_path", schema)]).connect().await.expect("it opens");
    let (mut log, mut tables) = (open("chirp_log").await, open("chirp_tables").await);
    for statement in every_statement() {
        let prepared = [
            log.prepare(statement.postgres().0.into_sql_str()).await.map(drop),
            tables.prepare(statement.postgres().0.into_sql_str()).await.map(drop),
        ];
        assert!(prepared.iter().any(Result::is_ok), "{statement:?}: {prepared:?}");
    }
}

/// Without this, a module whose list was forgotten would go unnoticed.
#[test]
fn every_statement_of_the_sources_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = ["shared/src", "timelines/src", "projector/src", "query-server/src", "tools/src"]
        .map(|folder| root.join(folder));
    let declared: usize = crates.iter().flat_map(|folder| sources(folder)).map(|file| declared_in(&file)).sum();
    assert_eq!(every_statement().len(), declared);
}

/// How many statements a file declares: a static in `statements!` has no type, a table of edges has two, and one of changes three.
fn declared_in(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).expect("the source is there");
    let untyped = |line: &&str| line.trim_start().strip_prefix("static ").is_some_and(is_word_then_equals);
    let edge_tables = text.lines().filter(|line| line.contains("edge_table!(\"")).count();
    let changes_tables = text.lines().filter(|line| line.contains("changes_table!(\"")).count();
    text.lines().filter(untyped).count() + 2 * edge_tables + 3 * changes_tables
}

fn is_word_then_equals(text: &str) -> bool {
    text.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter == '_').starts_with(" =")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}
