//! A reader that holds its snapshot for long, on every read table and on the log: writing and reading go on and stay
//! right, and the reader is reported, since what is written meanwhile cannot be cleaned up, on neither engine.
//!
//! What is counted are pages: those of write-ahead logs that wait to be copied back, and those that a server reads for
//! a row which every batch updates. They are not checked while the snapshot is held, as nothing but its end can help,
//! but afterwards.

use std::path::Path;
use std::time::{Duration, Instant};

use shared::store::{log_file, tables_file};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

use crate::api::{Api, fresh, texts};
use crate::number;
use crate::process::{
    Process, Role, Roles, Surroundings, folder, folder_on_server, path, store_of, verified, verified_at,
};

/// Posts while the snapshot is held, each with a page that shows it; `CHIRP_HELD_SECONDS=n` goes on for that time instead.
const POSTS: u64 = 300;
/// A long reader is reported as soon as it is seen twice, and a write-ahead log of any size is looked at.
const AT_ONCE: &str = "shared::long_reader=return";
/// The most pages that wait to be copied back while nobody reads for long, of the log and of the tables: copying during
/// a commit begins at 16,384, and beside it at 1,024.
const KEPT_PAGES_MAX: [i64; 2] = [17_408, 2_048];
/// After the snapshot has ended, as many posts as before may add at most a tenth of the pages: nothing is cleaned up at once.
const GROWS_MAX: u64 = 10;

async fn start(store: &str) -> Roles {
    let start = async |role, listen| Role::start_in(Surroundings::failing(AT_ONCE), role, listen, store, &[]).await;
    let commands = start("command-server", "--listen").await;
    let (projector, queries) = (start("projector", "--ops-listen").await, start("query-server", "--listen").await);
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    Roles { commands, projector, queries, api }
}

/// Posts and reads pages until it is enough. Gives how many posts.
async fn write(roles: &Roles, owner: &str, is_enough: impl Fn(u64) -> bool) -> u64 {
    let mut written = 0;
    while !is_enough(written) {
        let text = format!("post {written}");
        let made = roles.api.post(owner, &text).await;
        assert_eq!(texts(&roles.api.home(owner, fresh(&made.token)).await.items).first(), Some(&text));
        written += 1;
    }
    written
}

fn a_few(written: u64) -> bool {
    written >= POSTS
}

/// As many as there are while a snapshot is held.
fn for_long() -> impl Fn(u64) -> bool {
    let (began, seconds) = (Instant::now(), number("CHIRP_HELD_SECONDS"));
    move |written| match seconds {
        Some(seconds) => began.elapsed() >= Duration::from_secs(seconds),
        None => a_few(written),
    }
}

async fn named(process: &mut Process, words: &[&str]) {
    process.says(|line| words.iter().all(|word| line.contains(word)).then_some(())).await;
}

/// Begins to read every table of a file, and does not end.
async fn hold(file: &Path) -> SqliteConnection {
    let mut reader = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.expect("it opens");
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut reader)
        .await
        .expect("they are listed");
    assert!(!tables.is_empty());
    sqlx::raw_sql("BEGIN").execute(&mut reader).await.expect("it begins");
    for table in tables {
        let read = format!("SELECT COUNT(*) FROM {table}");
        sqlx::raw_sql(AssertSqlSafe(read)).execute(&mut reader).await.expect("it reads");
    }
    reader
}

/// The pages in the write-ahead logs of the log and of the tables that are not copied back, so that they can neither be
/// overwritten nor freed.
async fn kept_pages(folder: &Path) -> [i64; 2] {
    let mut kept = [0; 2];
    for (kept, file) in kept.iter_mut().zip([log_file(folder), tables_file(folder)]) {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = options.connect().await.expect("it opens");
        let state = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut connection);
        let (_, pages, copied): (i64, i64, i64) = state.await.expect("it is known");
        connection.close().await.expect("it closes");
        *kept = pages - copied;
    }
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_keeps_write_ahead_logs_from_being_emptied_is_named_and_all_goes_on() {
    let folder = folder();
    let mut roles = start(path(folder.path())).await;
    let ada = roles.api.register("ada").await.id;
    write(&roles, &ada, a_few).await;
    let before = kept_pages(folder.path()).await;

    let readers = [hold(&log_file(folder.path())).await, hold(&tables_file(folder.path())).await];
    let held = write(&roles, &ada, for_long()).await;
    let grown = kept_pages(folder.path()).await;
    let reads = format!("process {} reads ", std::process::id());
    named(&mut roles.commands.process, &[&reads, "log.db"]).await;
    named(&mut roles.projector.process, &[&reads, "tables.db"]).await;

    for reader in readers {
        reader.close().await.expect("it ends");
    }
    named(&mut roles.commands.process, &["does not read", "log.db"]).await;
    named(&mut roles.projector.process, &["does not read", "tables.db"]).await;
    write(&roles, &ada, a_few).await;
    let after = kept_pages(folder.path()).await;
    println!(
        "pages of log and tables not copied back: {before:?}, {grown:?} after {held} posts beside the readers, {after:?} after {POSTS} more"
    );
    assert!(grown[1] > KEPT_PAGES_MAX[1], "{before:?} pages before, {grown:?} beside the readers");
    let is_kept = after.iter().zip(KEPT_PAGES_MAX).all(|(pages, max)| *pages <= max);
    assert!(is_kept, "{grown:?} pages beside the readers, {after:?} afterwards");
    verified(folder.path()).await;
}

/// How many pages the server reads for the rows that every batch updates.
async fn touched_pages(server: &mut PgConnection) -> u64 {
    let mut touched = 0;
    for read in ["SELECT position FROM chirp_log.head WHERE id = 1", "SELECT checkpoint FROM chirp_tables.projections"]
    {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS) {read}");
        let lines: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *server).await.expect("it is explained");
        let buffers = lines.iter().find_map(|line| line.trim().strip_prefix("Buffers: ")).unwrap_or("");
        let pages =
            |kind| buffers.split(' ').find_map(|word| word.strip_prefix(kind)?.parse::<u64>().ok()).unwrap_or(0);
        touched += pages("hit=") + pages("read=");
    }
    touched
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_keeps_old_rows_from_being_removed_is_named_and_all_goes_on_on_postgres() {
    let folder = folder_on_server().await;
    let store = store_of(folder.path()).await;
    let mut roles = start(&store).await;
    let ada = roles.api.register("ada").await.id;
    write(&roles, &ada, a_few).await;
    let mut server = PgConnection::connect(&store).await.expect("the server answers");
    let before = touched_pages(&mut server).await;

    let mut reader = PgConnection::connect(&store).await.expect("the server answers");
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('chirp_log', 'chirp_tables')",
    )
    .fetch_all(&mut reader)
    .await
    .expect("they are listed");
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut reader).await.expect("it is known");
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ").execute(&mut reader).await.expect("it begins");
    for table in &tables {
        let read = format!("SELECT COUNT(*) FROM {table}");
        sqlx::raw_sql(AssertSqlSafe(read)).execute(&mut reader).await.expect("it reads");
    }
    let held = write(&roles, &ada, for_long()).await;
    let beside = touched_pages(&mut server).await;
    named(&mut roles.projector.process, &[&format!("process {pid} of the server"), "has kept a transaction open"])
        .await;

    reader.close().await.expect("it ends");
    named(&mut roles.projector.process, &[&format!("process {pid} of the server has ended its transaction")]).await;
    write(&roles, &ada, a_few).await;
    let settled = touched_pages(&mut server).await;
    write(&roles, &ada, a_few).await;
    let after = touched_pages(&mut server).await;
    println!(
        "pages to read the head and the checkpoints: {before}, {beside} after {held} posts beside the reader of {} tables, then {settled} and {after} after {POSTS} each",
        tables.len()
    );
    assert!(beside > before, "{before} pages before, {beside} beside the reader");
    assert!(after <= settled + settled / GROWS_MAX, "they grow no more: {settled} pages, and then {after}");
    verified_at(&store).await;
}
