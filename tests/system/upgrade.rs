//! Stores that older versions made: each is opened by this one, answers as it did, and can be written to.
//!
//! `tests/stores` has, for each such version, by its commit, a folder with the two files and a dump of a database. They
//! stay for ever. To add one, run `chirp dev` of that version on a new folder and on an empty database, stop it with
//! SIGTERM, and take the files after `PRAGMA wal_checkpoint(TRUNCATE)`, and `pg_dump --inserts`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shared::model::clock::SystemClock;
use shared::rpc::proto::admin::{Projection, ProjectionState};
use shared::rpc::proto::query::{GetAccountRequest, get_account_request};
use shared::sql::Statement;
use shared::sql::postgres::Server;
use shared::sql::postgres::pool::Wait;
use shared::store::Store;
use sqlx::AssertSqlSafe;

use crate::api::{Api, fresh, texts, up_to_date};
use crate::around::{Half, open};
use crate::process::{Dev, Role, eventually, folder, is_on_server, store_of, verified};

/// The versions of which there are stores: one without hashes at its checkpoints, one with them and without versions of its schemas, one
/// without versions of accounts and posts, one without what moderators do.
const VERSIONS: [&str; 4] = ["d24cf53", "dfc43d4", "664b767", "0ff142b"];

fn stores() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores")
}

/// The store that an older version left.
async fn put(version: &str, folder: &Path) {
    if !is_on_server(folder) {
        for name in ["log.db", "tables.db"] {
            fs::copy(stores().join(version).join(name), folder.join(name)).expect("it is copied");
        }
        return;
    }
    let server = Server::for_a_test().await;
    // The roles belong to the whole server, and the dump grants them their rights.
    server
        .new_database("roles")
        .await
        .expect("it is made")
        .migrate(&projector::projections::tables())
        .await
        .expect("the roles are made");
    let dump = fs::read_to_string(stores().join(version).join("postgres.sql")).expect("there is a dump");
    // Lines with a backslash are for psql alone.
    let script: String = dump.lines().filter(|line| !line.starts_with('\\')).map(|line| format!("{line}\n")).collect();
    let mut session = server.plain("public").acquire().await.expect("it answers");
    session.script(sqlx::raw_sql(AssertSqlSafe(script)), Wait::WhileItRuns).await.expect("the dump is read in");
    drop(session);
    server.migrate(&projector::projections::tables()).await.expect("it is upgraded");
    fs::write(folder.join("address"), server.address()).expect("there is room for an address");
}

/// Every column and every index of a store.
async fn schema(folder: &Path) -> Vec<String> {
    static SELECT_PARTS: Statement = Statement::new(
        "{sqlite: SELECT tables.name || ' has ' || columns.name AS part FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
UNION SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY 1}{postgres:
SELECT table_name || ' has ' || column_name AS part FROM information_schema.columns WHERE table_schema = current_schema()
UNION SELECT indexname::TEXT FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1}",
    );
    let mut parts = Vec::new();
    for half in [Half::Log, Half::Tables] {
        let rows = open(folder, half).await.rows(&SELECT_PARTS, &[]).await.expect("they are listed");
        parts.extend(rows.iter().map(|row| {
            let part = row.get::<String>("part").expect("it is a text");
            // The keys of a table that a rebuild filled keep their names on PostgreSQL.
            match part.strip_prefix("next_").filter(|key| key.ends_with("_key") || key.ends_with("_pkey")) {
                Some(key) => key.to_owned(),
                None => part,
            }
        }));
    }
    parts.sort_unstable();
    parts
}

#[tokio::test]
async fn a_store_of_an_older_version_is_upgraded_and_goes_on() {
    let newest = folder();
    drop(Dev::start(newest.path()).await);
    let newest = schema(newest.path()).await;
    assert!(newest.iter().any(|part| part == "store has schema_version"), "{newest:?}");
    for version in VERSIONS {
        let folder = folder();
        put(version, folder.path()).await;
        let dev = Dev::start(folder.path()).await;
        let handle = Some(get_account_request::Account::Handle("grace".to_owned()));
        let request = GetAccountRequest { account: handle, consistency: up_to_date(), ..GetAccountRequest::default() };
        let answer = dev.api.queries.clone().get_account(request).await.expect("it is there").into_inner();
        let grace = answer.account.expect("always set").account_id;
        let before = texts(&dev.api.home(&grace, up_to_date()).await.items);
        assert!(before.iter().any(|text| text.contains("weave algebra")), "{version}: {before:?}");
        // Its tables are of this log, and were not filled again.
        let projections = dev.api.projections().await;
        assert!(projections.iter().all(|one| one.set_aside.is_empty() && one.checkpoint > 0), "{projections:#?}");
        let made = dev.api.post(&grace, "after the upgrade").await;
        let now = texts(&dev.api.home(&grace, fresh(&made.token)).await.items);
        assert_eq!(now[0], "after the upgrade");
        assert_eq!(now[1..], before);
        // What only the log has, the projector fills in beside what serves.
        let is_whole =
            |projections: &Vec<Projection>| projections.iter().all(|one| one.state() != ProjectionState::Rebuilding);
        eventually("it is whole", || dev.api.projections(), is_whole).await;
        assert_eq!(version_of_oldest_post(&dev.api, &grace).await, 1, "{version}");
        verified(folder.path()).await;
        assert_eq!(schema(folder.path()).await, newest, "{version}: it has all that a new store has, and nothing else");
        drop(dev);
        let store = store_of(folder.path()).await;
        println!("{version}: {store} was upgraded");
    }
}

/// The version of the oldest post in a home timeline.
async fn version_of_oldest_post(api: &Api, owner: &str) -> i64 {
    let page = api.home(owner, up_to_date()).await;
    page.items.last().and_then(|item| item.post.as_ref()).expect("there is a post").version
}

/// Until the projector has been there, the versions of what is there already are not known, and nothing else is said.
#[tokio::test]
async fn a_version_that_is_not_known_yet_is_said_to_be_so_and_is_known_after_the_rebuild_that_the_upgrade_began() {
    static SELECT_STATE: Statement = Statement::new(
        "SELECT (SELECT COUNT(*) FROM profiles_1 WHERE version IS NOT NULL) + (SELECT COUNT(*) FROM posts_1 WHERE version IS NOT NULL) AS known,
                (SELECT COUNT(*) FROM profiles_1) + (SELECT COUNT(*) FROM posts_1) AS all_rows,
                (SELECT COUNT(*) FROM projections WHERE name IN ('next_profiles_1', 'next_posts_1') AND checkpoint = 0) AS begun",
    );
    let folder = folder();
    put("664b767", folder.path()).await;
    if !is_on_server(folder.path()) {
        let store = Store::in_folder(folder.path()).expect("it is there");
        let log = store.open_log(Arc::new(SystemClock)).await.expect("it is upgraded");
        drop(store.open_tables_to_write(&*log, &projector::projections::tables()).await.expect("they are upgraded"));
    }
    let state = async || {
        let rows = open(folder.path(), Half::Tables).await.rows(&SELECT_STATE, &[]).await.expect("they are there");
        ["known", "all_rows", "begun"].map(|name| rows[0].get::<i64>(name).expect("it is a number"))
    };
    let [known, rows, begun] = state().await;
    assert!(rows > 0 && known == 0 && begun == 2, "{known} of {rows} rows have a version, {begun} rebuilds are begun");
    let store = store_of(folder.path()).await;
    let queries = Role::start("query-server", "--listen", folder.path(), &[]).await;
    let api = Api::new(&queries.address, &queries.address, &queries.address);
    let named = get_account_request::Account::Handle("ada".to_owned());
    let request = GetAccountRequest { account: Some(named), ..GetAccountRequest::default() };
    let ada = api.queries.clone().get_account(request.clone()).await.expect("it is there").into_inner().account;
    let ada = ada.expect("always set");
    assert_eq!((&*ada.handle, ada.version), ("ada", 0), "{store}");
    drop(queries);
    let dev = Dev::start(folder.path()).await;
    let is_known = |[known, rows, begun]: &[i64; 3]| known == rows && *begun == 0;
    eventually("every version is known", state, is_known).await;
    let ada = dev.api.queries.clone().get_account(request).await.expect("it is there").into_inner().account;
    assert_eq!(ada.expect("always set").version, 1);
}

/// Streams that are resumed after the upgrade find what happened before it.
#[tokio::test]
async fn the_changes_that_timelines_kept_go_on_as_a_projection_of_their_own() {
    static SELECT_CHANGES: Statement = Statement::new(
        "SELECT (SELECT COUNT(*) FROM changes_1) AS kept, (SELECT kept_after FROM changes_1_kept) AS kept_after,
                changes.checkpoint - timelines.checkpoint AS ahead, changes.hash = timelines.hash AS has_its_hash
         FROM projections AS changes JOIN projections AS timelines ON timelines.name = 'timelines_1'
         WHERE changes.name = 'changes_1'",
    );
    for (version, kept) in [("d24cf53", 12), ("dfc43d4", 12)] {
        let folder = folder();
        put(version, folder.path()).await;
        if !is_on_server(folder.path()) {
            let store = Store::in_folder(folder.path()).expect("it is there");
            let log = store.open_log(Arc::new(SystemClock)).await.expect("it is upgraded");
            drop(
                store.open_tables_to_write(&*log, &projector::projections::tables()).await.expect("they are upgraded"),
            );
        }
        let rows = open(folder.path(), Half::Tables).await.rows(&SELECT_CHANGES, &[]).await.expect("they are there");
        let [row] = rows.as_slice() else { panic!("{version}: {} checkpoints", rows.len()) };
        let numbers = ["kept", "kept_after", "ahead"].map(|name| row.get::<i64>(name).expect("it is a number"));
        assert_eq!(numbers, [kept, 0, 0], "{version}");
        let has_its_hash: Option<bool> = row.get("has_its_hash").expect("it is there");
        assert_eq!(has_its_hash, (version != "d24cf53").then_some(true), "{version}");
    }
}
