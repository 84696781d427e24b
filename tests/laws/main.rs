//! The laws, over random histories: whatever was materialized, capped, backfilled, pulled, rebuilt or restarted, every
//! answer is what the naive reference says, and a stream adds up to the timeline.
//!
//! A history is random commands through the real command server into a real log. Projectors with batch sizes 1, 7 and
//! 1,000 and tiny limits fold it into real tables; at several checkpoints every question is asked of the real query
//! server. The seed is printed on failure; `CHIRP_LAW_SEED=n` runs that history alone, `CHIRP_LAW_HISTORIES=n` sets how
//! many each test runs.

mod history;
mod world;

use std::collections::BTreeSet;

use clients::Random;

use crate::history::History;
use crate::world::{BATCH_SIZES, Engine, World};

/// Histories of each of the four tests of SQLite; together over 1,000.
const HISTORIES: u64 = 256;
/// The same on PostgreSQL, where each takes several times as long.
const HISTORIES_ON_POSTGRES: u64 = 24;
/// Commands of one history.
const COMMANDS: usize = 120;
/// How often the answers are checked on the way.
const CHECKPOINTS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_first_quarter_of_the_histories() {
    check(Engine::Sqlite, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_second_quarter_of_the_histories() {
    check(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_third_quarter_of_the_histories() {
    check(Engine::Sqlite, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_last_quarter_of_the_histories() {
    check(Engine::Sqlite, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_first_half_of_the_histories_on_postgres() {
    check(Engine::Postgres, 0).await;
    check(Engine::Postgres, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_laws_in_the_second_half_of_the_histories_on_postgres() {
    check(Engine::Postgres, 2).await;
    check(Engine::Postgres, 3).await;
}

/// Runs one quarter of the histories, or the one that the environment names.
async fn check(engine: Engine, quarter: u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("the number of a seed"));
    let usual = match engine {
        Engine::Sqlite => HISTORIES,
        Engine::Postgres => HISTORIES_ON_POSTGRES,
    };
    let histories = number("CHIRP_LAW_HISTORIES").unwrap_or(usual);
    let seeds = match number("CHIRP_LAW_SEED") {
        Some(seed) if seed % 4 == quarter => seed..seed + 1,
        Some(_) => return,
        None => 0..histories,
    };
    let named = seeds.end - seeds.start == 1;
    let mut happened = BTreeSet::new();
    for index in seeds {
        let seed = if named { index } else { index * 4 + quarter };
        happened.extend(one_history(engine, seed).await);
    }
    if !named && histories >= HISTORIES {
        let missing: Vec<_> = history::EVERY_TYPE.iter().filter(|kind| !happened.contains(**kind)).collect();
        assert!(missing.is_empty(), "the histories never led to {missing:?}");
    }
}

/// The types of event that happened in it.
async fn one_history(engine: Engine, seed: u64) -> BTreeSet<String> {
    let mut random = Random::new(seed);
    let mut world = World::new(engine, &mut random).await;
    let mut history = History::new(world.log());
    for checkpoint in 1..=CHECKPOINTS {
        for _ in 0..COMMANDS / CHECKPOINTS {
            history.step(&mut random, seed).await;
        }
        let some = *random.pick(&BATCH_SIZES);
        for batch_size in BATCH_SIZES {
            world.catch_up(batch_size, &mut random).await;
            if batch_size == some || checkpoint == CHECKPOINTS {
                world.check_answers(batch_size, &mut random, &format!("seed {seed}, checkpoint {checkpoint}")).await;
            }
        }
    }
    world.check_tables_are_equal(&format!("seed {seed}")).await;
    let some = *random.pick(&BATCH_SIZES);
    world.rebuild(some).await;
    world.check_tables_are_equal(&format!("seed {seed}, rebuilt")).await;
    world.check_answers(some, &mut random, &format!("seed {seed}, rebuilt")).await;
    world.types_of_events().await
}
