//! The laws, over random histories: whatever was stored, capped, backfilled, pulled, rebuilt or restarted, every answer
//! is what the naive reference says, and a stream adds up to the timeline.
//!
//! A history is random commands through the real command server into a real log. Projectors with batch sizes 1, 7 and
//! 1,000 and tiny limits fold it into real tables; at several checkpoints every query is sent to the real query server.
//! The seeds change from day to day and are printed, the first one always; `CHIRP_SEED=n` begins with another,
//! `CHIRP_LAW_SEED=n` runs one history alone, and `CHIRP_LAW_HISTORIES=n` sets how many each test of SQLite runs, and
//! `CHIRP_LAW_HISTORIES_ON_POSTGRES=n` those of PostgreSQL. `scripts/faults --full` runs over a thousand.

#![allow(clippy::disallowed_methods, reason = "a test spawns and is told by its environment as it likes")]

mod history;
mod world;

use std::collections::BTreeSet;

use clients::{Random, first_seed};
use shared::model::event::Event;

use crate::history::History;
use crate::world::{BATCH_SIZES, Engine, World};

/// Histories of each of the four tests of SQLite.
const HISTORIES: u64 = 20;
/// Histories of each of the four tests of PostgreSQL, where each takes several times as long.
const HISTORIES_ON_POSTGRES: u64 = 2;
/// From so many histories on, every type of event must have happened.
const HISTORIES_OF_EVERY_TYPE: u64 = 256;
/// Tests that share the histories of an engine.
const QUARTERS: u64 = 4;
const COMMANDS: usize = 120;
/// How often the answers are checked within a history.
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
    let histories = match engine {
        Engine::Sqlite => number("CHIRP_LAW_HISTORIES").unwrap_or(HISTORIES),
        Engine::Postgres => number("CHIRP_LAW_HISTORIES_ON_POSTGRES").unwrap_or(HISTORIES_ON_POSTGRES),
    };
    let seeds: Vec<u64> = match number("CHIRP_LAW_SEED") {
        Some(seed) if seed % QUARTERS == quarter => vec![seed],
        Some(_) => return,
        None => (0..histories).map(|index| first_seed() + index * QUARTERS + quarter).collect(),
    };
    let mut happened = BTreeSet::new();
    for seed in &seeds {
        println!("seed {seed}");
        happened.extend(one_history(engine, *seed).await);
    }
    if seeds.len() as u64 >= HISTORIES_OF_EVERY_TYPE {
        let missing: Vec<_> = Event::types().into_iter().filter(|kind| !happened.contains(*kind)).collect();
        assert!(missing.is_empty(), "the histories never led to {missing:?}");
    }
}

/// The types of event that happened in the history.
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
            if random.one_in(4) {
                world.disconnect(batch_size);
            }
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
