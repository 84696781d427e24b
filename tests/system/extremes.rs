//! Extreme numbers, times and sizes, on the command line and in files: each is accepted or refused, and none ends a process.

use std::fs;

use crate::process::{Dev, chirp, folder, path, store_of};

/// Values for where a number is expected.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "1e308",
    "-1e308",
    "NaN",
    "inf",
    "",
    "٣",
];

/// Commands that end by themselves, with a place for a number.
const COMMANDS: [&[&str]; 10] = [
    &["events", "show", "{}"],
    &["events", "tail", "--after={}"],
    &["events", "tail", "--limit={}"],
    &["at", "{}", "--stream", "handle-ada"],
    &["at", "1", "--stream", "handle-ada", "--limit={}"],
    &["parked", "show", "posts_1", "{}"],
    &["parked", "retry", "posts_1", "{}"],
    &["parked", "discard", "posts_1", "{}", "--reason", "x"],
    &["bench", "append", "--rounds={}", "--seconds=-1"],
    &["bench", "append", "--rounds=0", "--seconds={}"],
];

/// Settings of commands that do not end: each is given together with another that is refused.
const SETTINGS: [&str; 9] = [
    "--celebrity-followers",
    "--timeline-cap",
    "--pull-following",
    "--backfill-rows",
    "--changes-kept",
    "--batch-events-max",
    "--grace-period",
    "--calls-max",
    "--ops-listen=127.0.0.1:",
];

/// Times before, after and beside all that a clock shows.
const TIMES: [&str; 7] = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "10000-01-01T00:00:00Z",
    "+292277026596-12-04T15:30:07Z",
    "-292277026596-12-04T15:30:07Z",
    "2026-13-32T25:61:61Z",
];

async fn ends_well(arguments: &[&str]) {
    let finished = chirp(arguments).await;
    let is_told = finished.code == Some(0) || !finished.stderr.is_empty();
    assert!(matches!(finished.code, Some(0..=2)) && is_told, "`chirp {}`: {finished:#?}", arguments.join(" "));
    assert!(!finished.stderr.contains("panicked"), "`chirp {}`: {finished:#?}", arguments.join(" "));
}

#[tokio::test]
async fn no_number_and_no_time_on_the_command_line_ends_a_command_in_a_panic() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    for command in COMMANDS {
        for number in NUMBERS {
            let mut arguments: Vec<String> = command.iter().map(|word| word.replace("{}", number)).collect();
            if command[0] != "bench" {
                arguments.push(format!("--ops={}", dev.ops));
            }
            ends_well(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
    }
    for setting in SETTINGS {
        for number in NUMBERS {
            let setting = match setting.contains('=') {
                true => format!("{setting}{number}"),
                false => format!("{setting}={number}"),
            };
            let finished = chirp(&["projector", "--store", "/nowhere", &setting, "--projections=none"]).await.with(2);
            assert!(!finished.stderr.contains("panicked"), "{setting}: {finished:#?}");
        }
    }
    for time in TIMES {
        ends_well(&["at", time, "--stream", "handle-ada", "--ops", &dev.ops]).await;
    }
    dev.api.register("bob").await;
}

#[tokio::test]
async fn a_file_with_numbers_that_no_log_has_is_refused_by_its_line() {
    let original = folder();
    let dev = Dev::start(original.path()).await;
    let ada = dev.api.register("ada").await.id;
    for number in 0..3 {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    let file = original.path().join("chirp.backup");
    chirp(&["backup", "--store", &store_of(original.path()).await, "--to", path(&file)]).await.with(0);
    let text = fs::read_to_string(&file).expect("it was written");
    let lines: Vec<&str> = text.lines().collect();
    let at =
        |kind: &str| lines.iter().position(|line| line.starts_with(&format!("{{\"{kind}\""))).expect("there is one");
    let (event, end) = (at("event") + 1, at("end"));
    let extremes =
        ["-9223372036854775808", "-1", "9223372036854775807", "18446744073709551615", "1e300", "null", "\"1\""];
    let fields = [
        (0, "format"),
        (event, "position"),
        (event, "version"),
        (event, "schema_version"),
        (event, "recorded_at"),
        (end, "position"),
        (end, "requests"),
    ];
    let elsewhere = folder();
    let target = store_of(elsewhere.path()).await;
    for (line, field) in fields {
        for extreme in extremes {
            let mut changed = lines.clone();
            // Replaced as text, since the hash chain covers the bytes of a payload.
            let with = with_number(lines[line], field, extreme);
            changed[line] = &with;
            let file = elsewhere.path().join("changed.backup");
            fs::write(&file, changed.join("\n") + "\n").expect("it can be written");
            let refused = chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(1);
            let name = format!("line {}", line + 1);
            assert!(refused.stderr.contains(&name), "{field} = {extreme} in {name}: {}", refused.stderr);
            assert!(!refused.stderr.contains("panicked"), "{field} = {extreme} in {name}: {}", refused.stderr);
        }
    }
    // A request with an answer at a position that does not exist would fail whenever it is retried.
    let (digest, max) = ("00".repeat(32), i64::MAX);
    let request = format!(
        "{{\"request\":{{\"principal\":\"\",\"request_id\":\"0190c0de-0000-7000-8000-000000000000\",\"position\":{max},\
         \"digest\":\"{digest}\",\"answer\":\"\"}}}}"
    );
    let requests = lines.iter().filter(|line| line.starts_with("{\"request\"")).count();
    let last = with_number(lines[end], "requests", &(requests + 1).to_string());
    let mut changed = lines.clone();
    changed[end] = &last;
    changed.insert(1, &request);
    let file = elsewhere.path().join("requests.backup");
    fs::write(&file, changed.join("\n") + "\n").expect("it can be written");
    let another = folder();
    let target = store_of(another.path()).await;
    let refused = chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(1);
    assert!(refused.stderr.contains(&format!("line {}", end + 2)), "{}", refused.stderr);
    assert!(refused.stderr.contains("which is not there"), "{}", refused.stderr);
}

/// A line in which one number is replaced by a text.
fn with_number(line: &str, field: &str, text: &str) -> String {
    let name = format!("\"{field}\":");
    let start = line.find(&name).unwrap_or_else(|| panic!("no {field} in {line}")) + name.len();
    let length = line[start..].find([',', '}']).expect("something comes after it");
    format!("{}{text}{}", &line[..start], &line[start + length..])
}
