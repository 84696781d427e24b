//! Poison: events that projections cannot apply, at random. They are parked with what must wait behind them, and once
//! they are retried, every table and every answer is what it would have been.

use std::fmt::Write as _;

use clients::Random;
use fail::FailScenario;
use projector::projections::best_effort;

use crate::history::History;
use crate::seeds;
use crate::world::{BATCH_SIZES, Engine, World};

const HISTORIES: u64 = 60;
/// Fewer, since each takes several times as long on PostgreSQL.
const HISTORIES_ON_POSTGRES: u64 = 8;
const COMMANDS: usize = 40;
/// Rounds with poison; one without comes before them.
const ROUNDS: usize = 3;
/// Events of a round that are poison for some projection, if it wants them.
const POISONS: usize = 25;
/// The readers that meet the poison; the last does not.
const POISONED: [usize; 2] = [BATCH_SIZES[0], BATCH_SIZES[1]];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_parked_and_tried_again_is_as_if_it_had_never_been_parked() {
    check(Engine::Sqlite, HISTORIES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_parked_and_tried_again_is_as_if_it_had_never_been_parked_on_postgres() {
    check(Engine::Postgres, HISTORIES_ON_POSTGRES).await;
}

async fn check(engine: Engine, usual: u64) {
    // Failpoints belong to the process, so one test at a time.
    let _failing = tokio::task::block_in_place(FailScenario::setup);
    fail::cfg("projector::hurry", "return").expect("it is a point");
    let seeds = seeds("CHIRP_FAULT_HISTORIES", usual);
    let (mut parked, histories) = (0, seeds.end - seeds.start);
    for seed in seeds {
        parked += one_history(engine, seed).await;
    }
    println!("{parked} events were parked in {histories} histories");
    assert!(parked as u64 >= histories, "there was poison: {parked} events in {histories} histories");
}

/// How many events were parked and applied later.
async fn one_history(engine: Engine, seed: u64) -> usize {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut world = World::new(engine, &mut random).await;
    let mut history = History::new(world.log());
    for round in 0..=ROUNDS {
        let before = head(&world).await;
        for _ in 0..COMMANDS {
            history.step(&mut random, seed).await;
        }
        let after = head(&world).await;
        let mut poison = "return(".to_owned();
        for at in 0..if round == 0 { 0 } else { POISONS } {
            let position = random.between(before + 1, after.max(before + 1));
            let plus = if at == 0 { "" } else { "+" };
            write!(poison, "{plus}{}@{position}", random.pick(&best_effort())).expect("a string takes it");
        }
        fail::cfg("projector::apply", &(poison + ")")).expect("it is a point");
        for batch_size in POISONED {
            world.catch_up(batch_size, &mut random).await;
        }
        fail::remove("projector::apply");
        for batch_size in BATCH_SIZES {
            world.catch_up(batch_size, &mut random).await;
        }
        if round == 0 {
            // Clients of streams that resume when all is over.
            for batch_size in POISONED {
                world.check_answers(batch_size, &mut random, &format!("seed {seed}, before any poison")).await;
                // An open stream hears of what was tried again with the next event only, and here none follows.
                world.disconnect(batch_size);
            }
        }
    }
    let mut parked = 0;
    for batch_size in POISONED {
        parked += retry_parked(&mut world, batch_size).await;
    }
    world.check_tables_are_equal(&format!("seed {seed}, tried again")).await;
    for batch_size in POISONED {
        world.check_answers(batch_size, &mut random, &format!("seed {seed}, tried again")).await;
    }
    parked
}

/// Retries what a reader has parked. Gives how many events were applied; none may remain.
async fn retry_parked(world: &mut World, batch_size: usize) -> usize {
    let projector = world.projector(batch_size);
    let mut applied = 0;
    for name in projector::projections::names() {
        let retried = projector.retry_parked(name).await.expect("it tries again");
        assert_eq!(retried.remaining, 0, "{name} applies what it had parked");
        applied += retried.applied;
    }
    applied
}

async fn head(world: &World) -> i64 {
    world.log().head().await.expect("the log answers").position.0
}
