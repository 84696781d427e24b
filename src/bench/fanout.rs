//! `chirp bench fanout`: a projector that catches up, beside a hand-written insert of the same rows, and Redis.

use shared::store::tables_file;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use shared::rows::Rows;
use shared::settings::{ProjectorSettings, TimelineSettings};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor, SqliteConnection};

use super::Rounds;
use super::load::per_second;
use super::redis::{Redis, find_redis};
use super::stage::{self, Posted, Stage};
use super::stats::{Figure, Findings};

/// What the ratio to the hand-written insert should be at least.
const WANTED: f64 = 0.5;
/// The most posts of one round.
const POSTS_MAX: usize = 50_000;

const BARE_SCHEMA: &str = "
CREATE TABLE edges (followee INTEGER NOT NULL, follower INTEGER NOT NULL, PRIMARY KEY (followee, follower)) STRICT, WITHOUT ROWID;
CREATE TABLE bare (
    owner INTEGER NOT NULL, place INTEGER NOT NULL, actor INTEGER NOT NULL, post INTEGER NOT NULL,
    PRIMARY KEY (owner, place)
) STRICT, WITHOUT ROWID";
const COPY_EDGES: &str = "INSERT INTO edges SELECT followee, follower FROM store.timelines_1_edges ORDER BY 1, 2";
/// $1 rows of (actor, place).
const BARE_INSERT: &str = "
INSERT INTO bare
SELECT edges.follower, post.value ->> 1, post.value ->> 0, post.value ->> 1
FROM json_each($1) AS post CROSS JOIN edges ON edges.followee = post.value ->> 0
ORDER BY edges.follower, post.value ->> 1";
const SUM_BARE: &str = "SELECT COUNT(*), SUM(owner), SUM(place), SUM(actor) FROM bare WHERE place > $1";
const SUM_REAL: &str = "SELECT COUNT(*), SUM(owner), SUM(place), SUM(actor) FROM store.timelines_1 WHERE place > $1";

/// A graph to fan out over.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// How many accounts.
    pub accounts: usize,
    /// Followers of each.
    pub followers: usize,
}

/// Measures it over each graph.
///
/// # Errors
/// When something fails, or the rows that were delivered are not the same.
pub async fn run(rounds: &Rounds, graphs: &[Graph]) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let redis = find_redis();
    if redis.is_none() {
        findings.notes.push("no redis-server was found, so it was not measured".to_owned());
    }
    for graph in graphs {
        one_graph(rounds, *graph, redis.as_deref(), &mut findings).await?;
    }
    Ok(findings)
}

async fn one_graph(rounds: &Rounds, graph: Graph, redis: Option<&Path>, findings: &mut Findings) -> anyhow::Result<()> {
    let Graph { accounts, followers } = graph;
    let followers = followers.min(accounts.saturating_sub(1));
    let folder = stage::folder(rounds.folder.as_deref())?;
    eprintln!("bench: making {accounts} accounts with {followers} followers each");
    let stage = Stage::new(folder.path(), accounts).await?;
    stage.follow(followers).await?;
    let mut projector = stage.projector().await?;
    projector.catch_up().await?;
    let mut bare = bare_database(folder.path()).await?;
    let mut redis = match redis {
        Some(server) => Some(Redis::start(server, folder.path()).await?),
        None => None,
    };

    let name = |what: &str| format!("{what}, {accounts} × {followers}");
    let unit = "deliveries/s";
    let mut chirps = Figure::new(name("the projector"), unit);
    let mut bares = Figure::new(name("a hand-written insert-select"), unit);
    let mut redises = Figure::new(name("pipelined ZADD"), unit);
    for measured in rounds.each(&name("fanout")) {
        let posted = stage.post(posts_of_a_round(rounds, accounts, followers)).await?;
        let before = posted.first().map_or(0, |posted| posted.place.0 - 1);
        let started = Instant::now();
        projector.catch_up().await?;
        let chirp = started.elapsed();
        let hand = insert_by_hand(&mut bare, &posted).await?;
        let rows = same_rows(&mut bare, before).await?;
        ensure!(rows == (posted.len() * (followers + 1)) as u64, "{rows} rows were delivered");
        let zadd = match &mut redis {
            Some(redis) => Some(redis.deliver(&mut bare, before).await?),
            None => None,
        };
        if measured {
            chirps.values.push(per_second(rows, chirp));
            bares.values.push(per_second(rows, hand));
            redises.values.extend(zadd.map(|elapsed| per_second(rows, elapsed)));
        }
    }
    findings.compare(name("to the hand-written insert-select"), &chirps, &bares, Some(WANTED));
    if redis.is_some() {
        findings.compare(name("to pipelined ZADD"), &chirps, &redises, None);
        findings.figures.push(redises);
    }
    findings.figures.extend([chirps, bares]);
    Ok(())
}

/// So many that no timeline reaches its cap in all rounds together, since what is cut cannot be compared.
fn posts_of_a_round(rounds: &Rounds, accounts: usize, followers: usize) -> usize {
    let cap = usize::try_from(TimelineSettings::default().timeline_cap).unwrap_or_default();
    let rows_of_an_owner = cap / (rounds.count + 1);
    (rows_of_an_owner * accounts / (followers + 1)).clamp(1, POSTS_MAX)
}

/// A fresh file with the settings of the read tables, the edges of the store, and the store attached to compare with.
async fn bare_database(folder: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", shared::tables::WAL_AUTOCHECKPOINT_PAGES)
        .pragma("cache_size", shared::tables::CACHE_SIZE)
        .pragma("temp_store", "memory");
    let mut bare = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(BARE_SCHEMA).execute(&mut bare).await?;
    let tables = tables_file(folder);
    let tables = tables.to_str().context("the folder's name is not UTF-8")?;
    sqlx::query("ATTACH $1 AS store").bind(tables).execute(&mut bare).await?;
    bare.execute(COPY_EDGES).await?;
    Ok(bare)
}

async fn insert_by_hand(bare: &mut SqliteConnection, posted: &[Posted]) -> anyhow::Result<Duration> {
    let started = Instant::now();
    for batch in posted.chunks(ProjectorSettings::default().batch_events_max) {
        let rows = batch.iter().map(|posted| (posted.author, posted.place)).collect::<Rows>().to_json();
        let mut tx = bare.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(BARE_INSERT).bind(rows).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(started.elapsed())
}

/// How many rows both have after this place; fails when they are not the same.
async fn same_rows(bare: &mut SqliteConnection, after: i64) -> anyhow::Result<u64> {
    let mut sums = Vec::new();
    for sql in [SUM_BARE, SUM_REAL] {
        let sum: (i64, i64, i64, i64) = sqlx::query_as(sql).bind(after).fetch_one(&mut *bare).await?;
        sums.push(sum);
    }
    ensure!(sums[0] == sums[1], "the rows differ: by hand {:?}, by the projector {:?}", sums[0], sums[1]);
    Ok(u64::try_from(sums[0].0)?)
}
