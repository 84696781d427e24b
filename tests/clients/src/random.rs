//! Randomness from a seed: SplitMix64 (Steele, Lea and Flood, 2014).

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// How many seeds a day has. The laws use a quarter each.
const SEEDS_OF_DAY: u64 = 10_000;

/// The first seed of a test. It changes from day to day, so that what no seed has found so far may be found tomorrow;
/// `CHIRP_SEED=n` repeats another run, which prints its seed.
pub fn first_seed() -> u64 {
    static FIRST: LazyLock<u64> = LazyLock::new(|| {
        let first = match std::env::var("CHIRP_SEED") {
            Ok(text) => text.parse().expect("CHIRP_SEED is a number"),
            Err(_) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
                since.as_secs() / (24 * 60 * 60) * SEEDS_OF_DAY
            }
        };
        println!("the first seed is {first}; CHIRP_SEED={first} runs the same again");
        first
    });
    *FIRST
}

/// A pseudo-random sequence.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def0))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("low is not above high");
        low + i64::try_from(self.next() % span).expect("it is below the span")
    }

    pub fn below(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(length).expect("it fits") - 1)).expect("it is not negative")
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: i64) -> bool {
        self.between(1, n) == 1
    }

    /// An id that no other seed and no other call gives.
    pub fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }

    /// One of these, at random.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
