//! `chirp bench fanout`: a projector that catches up, beside a hand-written insert of the same rows, and Redis.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use shared::runtime::settings::{ProjectorSettings, TimelineSettings};
use shared::sql::database::{Database, Value};
use shared::sql::postgres::pool::Wait;
use shared::sql::rows::Rows;
use shared::sql::{Script, Statement};
use shared::store::{Store, tables_file};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Rounds;
use super::load::per_second;
use super::redis::{Redis, find_redis};
use super::stage::{self, Posted, Stage};
use super::stats::{Figure, Findings, Threshold};
use crate::out;
use shared::runtime::wake::Wake;

/// The least ratio to the hand-written insert.
const WANTED: f64 = 0.5;
/// The least ratio of the largest graph to the smallest, when each post has the same followers in both.
const WANTED_AT_SCALE: f64 = 1.0 / 1.5;
const POSTS_MAX: usize = 50_000;

/// On PostgreSQL a schema of its own in the same database; on SQLite a file of its own, with the store attached.
static BARE_SCHEMA: Script = Script::new(
    "
CREATE TABLE edges (followee {number} NOT NULL, follower {number} NOT NULL, PRIMARY KEY (followee, follower)){clustered};
CREATE TABLE bare (
    owner {number} NOT NULL, place {number} NOT NULL, actor {number} NOT NULL, post {number} NOT NULL,
    PRIMARY KEY (owner, place)
){clustered}",
);
static COPY_EDGES: Script = Script::new(
    "INSERT INTO edges SELECT followee, follower FROM {sqlite: store}{postgres: chirp_tables}.timelines_1_edges ORDER BY 1, 2;
{postgres: ANALYZE edges}",
);
static BARE_INSERT: Statement = Statement::new(
    "
INSERT INTO bare SELECT edges.follower, posts.place, posts.actor, posts.place
FROM {rows $1 AS posts: actor, place} {ordered join} edges ON edges.followee = posts.actor
ORDER BY edges.follower, posts.place",
);
static SUM_BARE: Statement = Statement::new(
    "SELECT COUNT(*) AS rows, CAST(SUM(owner) AS {number}) AS owners, CAST(SUM(place) AS {number}) AS places,
            CAST(SUM(actor) AS {number}) AS actors FROM bare WHERE place > $1",
);
static SUM_REAL: Statement = Statement::new(
    "SELECT COUNT(*) AS rows, CAST(SUM(owner) AS {number}) AS owners, CAST(SUM(place) AS {number}) AS places,
            CAST(SUM(actor) AS {number}) AS actors FROM {sqlite: store}{postgres: chirp_tables}.timelines_1 WHERE place > $1",
);

/// A graph to fan out over.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    pub accounts: usize,
    /// How many of the accounts post, and are followed.
    pub authors: usize,
    /// How many followers each author has.
    pub followers: usize,
}

impl Graph {
    fn name(self) -> String {
        let Self { accounts, authors, followers } = self;
        let of = if authors < accounts { format!(" of {authors}") } else { String::new() };
        format!("{accounts} × {followers}{of}")
    }
}

/// Measures each graph, and compares the last with the first.
///
/// # Errors
/// Also when the rows that were delivered are not the same.
pub async fn run(rounds: &Rounds, graphs: &[Graph]) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let redis = find_redis();
    if redis.is_none() {
        findings.notes.push("no redis-server was found, so it was not measured".to_owned());
    }
    let mut measured = Vec::new();
    for graph in graphs {
        measured.push(one_graph(rounds, *graph, redis.as_deref(), &mut findings).await?);
    }
    if let [(first, small), .., (last, large)] = &measured[..]
        && first.followers == last.followers
    {
        let name = format!("of {} accounts to {}", last.accounts, first.accounts);
        findings.compare(name, large, small, Some(Threshold::AtLeast(WANTED_AT_SCALE)));
    }
    findings.figures.extend(measured.into_iter().map(|(_, figure)| figure));
    Ok(findings)
}

/// The throughput over one graph, once its yardsticks were measured.
async fn one_graph(
    rounds: &Rounds,
    graph: Graph,
    redis: Option<&Path>,
    findings: &mut Findings,
) -> anyhow::Result<(Graph, Figure)> {
    let Graph { accounts, authors, followers } = graph;
    let folder = stage::folder(rounds.folder.as_deref())?;
    out::note(&format!("bench: making {accounts} accounts, of whom {authors} have {followers} followers each"));
    let stage = Stage::new(rounds.store(folder.path()).await?, accounts).await?;
    stage.follow(authors, followers).await?;
    let mut projector = stage.projector(Wake::default()).await?;
    projector.catch_up().await?;
    let bare = bare_database(folder.path(), &stage.store).await?;
    let mut redis = match redis {
        Some(server) => Some(Redis::start(server, folder.path()).await?),
        None => None,
    };

    let name = |what: &str| format!("{what}, {}", graph.name());
    let unit = "deliveries/s";
    let mut chirps = Figure::new(name("the projector"), unit);
    let mut bares = Figure::new(name("a hand-written insert-select"), unit);
    let mut redises = Figure::new(name("pipelined ZADD"), unit);
    for measured in rounds.each(&name("fanout")) {
        let posted = stage.post(authors, posts_of_a_round(rounds, graph)).await?;
        let before = posted.first().map_or(0, |posted| posted.place.0 - 1);
        let started = Instant::now();
        projector.catch_up().await?;
        let chirp = started.elapsed();
        let hand = insert_by_hand(&bare, &posted).await?;
        let rows = same_rows(&bare, before).await?;
        ensure!(rows == (posted.len() * (followers + 1)) as u64, "{rows} rows were delivered");
        let zadd = match &mut redis {
            Some(redis) => Some(redis.deliver(&bare, before).await?),
            None => None,
        };
        chirps.note(measured, per_second(rows, chirp));
        bares.note(measured, per_second(rows, hand));
        if let Some(elapsed) = zadd {
            redises.note(measured, per_second(rows, elapsed));
        }
    }
    findings.compare(name("to the hand-written insert-select"), &chirps, &bares, Some(Threshold::AtLeast(WANTED)));
    if redis.is_some() {
        findings.compare(name("to pipelined ZADD"), &chirps, &redises, None);
        findings.figures.push(redises);
    }
    findings.figures.push(bares);
    Ok((graph, chirps))
}

/// So many that no timeline reaches its cap in all rounds together, since a timeline that was cut cannot be compared.
fn posts_of_a_round(rounds: &Rounds, graph: Graph) -> usize {
    let cap = usize::try_from(TimelineSettings::default().timeline_cap).unwrap_or_default();
    let rows_of_an_owner = cap / (rounds.count + 1);
    // With few authors, some have the same followers.
    let owners = graph.accounts.min(graph.authors * graph.followers);
    (rows_of_an_owner * owners / (graph.followers + 1)).clamp(1, POSTS_MAX)
}

/// Fresh tables with the settings of the read tables, and a copy of the store's edges.
async fn bare_database(folder: &Path, store: &Store) -> anyhow::Result<Database> {
    let database = match store {
        Store::Folder(_) => Database::Sqlite(bare_file(folder).await?),
        Store::Server(server) => {
            let mut session = server.plain("public").acquire().await?;
            session.script(sqlx::raw_sql("CREATE SCHEMA bench"), Wait::UntilDeadline).await?;
            Database::Postgres(server.plain("bench"))
        }
    };
    let mut setup = database.begin_to_write().await?;
    setup.script(&BARE_SCHEMA).await?;
    setup.script(&COPY_EDGES).await?;
    setup.commit().await?;
    Ok(database)
}

async fn bare_file(folder: &Path) -> anyhow::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", shared::tables::WAL_AUTOCHECKPOINT_PAGES)
        .pragma("cache_size", shared::tables::CACHE_SIZE)
        .pragma("temp_store", "memory");
    let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = one.test_before_acquire(false).connect_with(options).await?;
    let tables = tables_file(folder);
    let tables = tables.to_str().context("the folder's name is not UTF-8")?;
    sqlx::query("ATTACH $1 AS store").bind(tables).execute(&pool).await?;
    Ok(pool)
}

async fn insert_by_hand(bare: &Database, posted: &[Posted]) -> anyhow::Result<Duration> {
    let started = Instant::now();
    for batch in posted.chunks(ProjectorSettings::default().batch_events_max) {
        let rows: Rows = batch.iter().map(|posted| (posted.author, posted.place)).collect();
        let mut tx = bare.begin_to_write().await?;
        tx.execute(&BARE_INSERT, &[Value::Rows(&rows)]).await?;
        tx.commit().await?;
    }
    Ok(started.elapsed())
}

/// How many rows both have after this place; fails when they are not the same.
async fn same_rows(bare: &Database, after: i64) -> anyhow::Result<u64> {
    let mut sums = Vec::new();
    for statement in [&SUM_BARE, &SUM_REAL] {
        // A sum over millions of rows may take longer than the deadline of a read.
        let mut tx = bare.begin_to_write().await?;
        let rows = tx.rows_in_their_time(statement, &[Value::Number(after)]).await?;
        let row = rows.first().context("a sum is one row")?;
        let sum: Vec<Option<i64>> =
            ["rows", "owners", "places", "actors"].iter().map(|name| row.get(name)).collect::<Result<_, _>>()?;
        sums.push(sum);
    }
    ensure!(sums[0] == sums[1], "the rows differ: by hand {:?}, by the projector {:?}", sums[0], sums[1]);
    Ok(u64::try_from(sums[0][0].unwrap_or(0))?)
}
