//! Each floor of this crate uses only those below it: read from the sources, tests included.

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first.
const FLOORS: [&str; 7] = ["model", "runtime", "sql", "log", "tables", "rpc", "store"];
/// Files of the crate's root that are on no floor.
const OUTSIDE: [&str; 2] = ["lib", "floors"];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == name)
}

/// The modules of this crate that a line of code names by their path from its root.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn each_floor_uses_only_those_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for file in sources(&root) {
        let path = file.strip_prefix(&root).expect("it is in the crate");
        let first = path.iter().next().and_then(|first| first.to_str()).expect("it has a name");
        let name = first.trim_end_matches(".rs");
        if OUTSIDE.contains(&name) {
            continue;
        }
        let own = floor(name).unwrap_or_else(|| panic!("{} is on no floor", path.display()));
        let text = fs::read_to_string(&file).expect("the source is there");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for used in code.flat_map(named) {
            looked_at += 1;
            // A macro of the crate's root has no floor.
            if floor(used).is_some_and(|used| used > own) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(looked_at > FLOORS.len(), "the sources name other modules");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_path_from_the_root_is_found_wherever_it_is() {
    let found = |line| named(line).collect::<Vec<_>>();
    assert_eq!(found("use crate::sql::{Statement, statements};"), ["sql"]);
    assert_eq!(found("pub(crate) fn of(head: crate::log::Hash, at: &crate::store_of_it)"), ["log", "store_of_it"]);
    assert!(found("pub(crate) use shared::log;").is_empty());
}
