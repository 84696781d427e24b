//! The README's sample calls, run as they are printed, give the answers that are printed.
//!
//! Ids, tokens and times differ from run to run: each is compared by its kind, and what the README calls one id must be
//! one id here, too, in answers and in later calls. Needs buf, which `scripts/test` installs.

#![allow(clippy::disallowed_methods, reason = "a test spawns and is told by its environment as it likes")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Deserializer, Value};

const README: &str = include_str!("../README.md");
/// The addresses that the README prints, in the order of the ready line.
const PRINTED: [&str; 4] = ["127.0.0.1:50051", "127.0.0.1:50052", "127.0.0.1:50053", "127.0.0.1:50050"];
const UUID_LENGTH: usize = 36;

/// A call and the answer that the README gives.
struct Sample {
    call: String,
    answer: Vec<Value>,
}

/// `chirp dev` with its demo, killed at the end of the test.
struct Dev {
    process: Child,
    addresses: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_calls_of_the_readme_give_the_answers_of_the_readme() {
    let samples = samples();
    assert!(samples.len() >= 7, "the README must have calls, found {}", samples.len());
    let dev = start();
    let mut known: HashMap<String, String> = HashMap::new();
    for sample in &samples {
        let mut call = sample.call.clone();
        for (printed, real) in PRINTED.iter().zip(&dev.addresses).map(|(printed, real)| (*printed, real)) {
            call = call.replace(printed, real);
        }
        for (printed, real) in &known {
            call = call.replace(printed, real);
        }
        let output = run(&call);
        let is_refusal = sample.answer.first().is_some_and(|answer| answer.get("code").is_some());
        // `curl` prints whatever is answered.
        let is_refusal = is_refusal && call.contains("buf curl");
        let text = String::from_utf8_lossy(if is_refusal { &output.stderr } else { &output.stdout }).into_owned();
        let answer = documents(&text);
        assert_eq!(answer.len(), sample.answer.len(), "{call}\ngave {text}\n{output:?}");
        for (printed, real) in sample.answer.iter().zip(&answer) {
            if let Err(difference) = same(printed, real, "", &mut known) {
                panic!("{call}\ngave {real:#}\ninstead of {printed:#}\n{difference}");
            }
        }
    }
}

/// Every call by `buf curl` or `curl` in the console blocks.
fn samples() -> Vec<Sample> {
    let blocks = README.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let calls = blocks.filter(|block| block.contains("curl ") && block.contains("Service/"));
    calls
        .map(|block| {
            let (call, answer) = block.split_once("\n{").expect("a call is followed by its answer");
            let call = call.strip_prefix("$ ").expect("a call begins with a prompt").to_owned();
            Sample { call, answer: documents(&format!("{{{answer}")) }
        })
        .collect()
}

fn documents(text: &str) -> Vec<Value> {
    let documents: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    documents.unwrap_or_else(|cause| panic!("not JSON ({cause}): {text}"))
}

fn start() -> Dev {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command.arg("dev").arg("--data").arg(folder.path());
    for flag in ["--command-listen", "--query-listen", "--ops-listen", "--listen"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary is there");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let ready = lines
        .find_map(|line| line.expect("it is text").strip_prefix("ready ").map(ToOwned::to_owned))
        .expect("it says that it is ready");
    let address = |part: &str| part.split_once('=').expect("NAME=ADDR").1.to_owned();
    Dev { process, addresses: ready.split(' ').map(address).collect(), _folder: folder }
}

fn run(call: &str) -> Output {
    let tools: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules/.bin");
    assert!(tools.join("buf").exists(), "buf is not installed; scripts/test installs it");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    Command::new("bash").args(["-c", call]).env("PATH", path).output().expect("bash is there")
}

/// Compares a printed answer with a real one, and learns what the printed ids and tokens are here.
fn same(printed: &Value, real: &Value, key: &str, known: &mut HashMap<String, String>) -> Result<(), String> {
    match (printed, real) {
        (Value::Object(printed), Value::Object(real)) => {
            if !printed.keys().eq(real.keys()) {
                return Err(format!("{key}: other fields: {:?}", real.keys()));
            }
            printed.iter().try_for_each(|(key, value)| same(value, &real[key], key, known))
        }
        (Value::Array(printed), Value::Array(real)) if printed.len() == real.len() => {
            printed.iter().zip(real).try_for_each(|(printed, real)| same(printed, real, key, known))
        }
        (Value::String(printed), Value::String(real)) => same_text(printed, real, key, known),
        _ if printed == real => Ok(()),
        _ => Err(format!("{key}: {real} instead of {printed}")),
    }
}

fn same_text(printed: &str, real: &str, key: &str, known: &mut HashMap<String, String>) -> Result<(), String> {
    let is_time = key.ends_with("At") && printed.ends_with('Z');
    let is_token = key.ends_with("Token") || (key == "readAt" && !is_time);
    let is_id = key.ends_with("Id") && printed.len() == UUID_LENGTH;
    if is_time {
        return real.ends_with('Z').then_some(()).ok_or(format!("{key}: {real} is no time"));
    }
    if is_id || is_token {
        let expected = known.entry(printed.to_owned()).or_insert_with(|| real.to_owned());
        let is_same = !real.is_empty() && (expected == real || is_token);
        return is_same.then_some(()).ok_or(format!("{key}: {real} instead of {expected}"));
    }
    // The details of a refusal are messages in base64 that name the same things.
    (printed == real || key == "value").then_some(()).ok_or(format!("{key}: {real} instead of {printed}"))
}
