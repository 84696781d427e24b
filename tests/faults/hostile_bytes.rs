//! Hostile payloads: the corpora of the fuzzers, unchanged and mutated at random. `scripts/fuzz` looks further, with a fuzzer.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use clients::Random;
use tonic::Code;

use crate::number;

/// Inputs of each target; `CHIRP_HOSTILE=n` sets another number.
const INPUTS: u64 = 100_000;
const CHANGES_MAX: usize = 4;
/// Bytes that have a meaning in messages, in JSON and in tokens.
const TELLING: [u8; 12] = [0, 1, 0x7f, 0x80, 0xff, b'\n', b'"', b'\\', b'{', b'-', b'9', 0x0a];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("there is a corpus").map(|entry| entry.expect("it reads").path()).collect();
    files.sort_unstable();
    files.iter().map(|file| fs::read(file).expect("it reads")).collect()
}

fn changed(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(corpus).clone();
    for _ in 0..=random.below(CHANGES_MAX) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, *random.pick(&TELLING)),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            4 if at < bytes.len() => bytes[at] = *random.pick(&TELLING),
            // The end of one input behind the beginning of another.
            _ => {
                let other = random.pick(corpus);
                let from = random.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

/// Otherwise a fuzzer would test refusals only.
#[test]
fn most_of_what_the_corpora_ask_is_answered() {
    for (target, run) in [("commands", hostile::command as fn(&[u8]) -> _), ("queries", hostile::query)] {
        let corpus = corpus(target);
        let answers: Vec<_> = corpus.iter().filter_map(|bytes| run(bytes)).collect();
        // A command that waits for projections is done when it says that it is not projected yet.
        let is_done = |code: &&Code| matches!(code, Code::Ok | Code::DeadlineExceeded);
        let good = answers.iter().filter(is_done).count();
        assert!(answers.len() == corpus.len() && good * 2 > corpus.len(), "{target}: {answers:?}");
    }
}

#[test]
fn no_bytes_make_a_server_panic_or_say_that_it_is_its_own_fault() {
    let inputs = number("CHIRP_HOSTILE").unwrap_or(INPUTS);
    let seed = number("CHIRP_FAULT_SEED").unwrap_or_else(clients::first_seed);
    println!("seed {seed}");
    for (target, run) in hostile::TARGETS {
        let corpus = corpus(target);
        assert!(corpus.len() >= 10, "{target} has a corpus");
        let mut random = Random::new(seed);
        let changed = (0..inputs).map(|_| changed(&mut random, &corpus));
        for bytes in corpus.iter().cloned().chain(changed) {
            let ended = catch_unwind(|| run(&bytes));
            assert!(ended.is_ok(), "{target}: {}", bytes.escape_ascii());
        }
    }
}
