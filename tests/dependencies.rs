//! The crates that are built here are those that `deny.toml` allows: by their licences, names and sources.

#![allow(clippy::disallowed_methods, reason = "a test runs cargo as it was run itself")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use toml::Table;

const ALLOWED: &str = include_str!("../deny.toml");

/// Whether an SPDX expression can be satisfied by these licences: alternatives by `OR` and the older `/`, all of several by `AND`. Parentheses
/// are those of crates.io, which never nest.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for word in expression.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        match word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "AND" if depth == 0 => parts.push(std::mem::take(&mut part)),
            word => part.push_str(&format!("{word} ")),
        }
    }
    parts.push(part);
    let alternatives = |part: &String| part.split(" OR ").any(|licence| allowed.contains(licence.trim()));
    // `A OR B AND C` binds the AND first, which nobody on crates.io writes without parentheses.
    parts.iter().all(alternatives)
}

#[test]
fn every_crate_has_a_licence_a_name_and_a_source_that_are_allowed() {
    let rules: Table = ALLOWED.parse().expect("deny.toml is TOML");
    let texts = |list: &toml::Value| -> BTreeSet<String> {
        list.as_array().expect("a list").iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let licences = texts(&rules["licenses"]["allow"]);
    let sources: BTreeSet<String> =
        texts(&rules["sources"]["allow-registry"]).iter().map(|index| format!("registry+{index}")).collect();
    let denied = rules["bans"]["deny"].as_array().expect("a list");
    let denied: BTreeSet<&str> = denied.iter().filter_map(|one| one["crate"].as_str()).collect();
    assert!(denied.contains("openssl") && licences.contains("MIT"), "the rules are read");

    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut asked = Command::new(cargo);
    asked.args(["metadata", "--locked", "--format-version", "1"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let metadata = asked.output().expect("cargo runs").stdout;
    let metadata: Value = serde_json::from_slice(&metadata).expect("it prints JSON");
    let resolved = metadata["resolve"]["nodes"].as_array().expect("a list");
    let built: BTreeSet<&str> = resolved.iter().filter_map(|node| node["id"].as_str()).collect();
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for package in metadata["packages"].as_array().expect("a list") {
        let (name, source) = (package["name"].as_str().expect("a name"), package["source"].as_str());
        // Those of the workspace have no source.
        let Some(source) = source.filter(|_| built.contains(package["id"].as_str().expect("an id"))) else { continue };
        looked_at += 1;
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_allowed(licence, &licences) {
            wrong.push(format!("{name}: the licence {licence:?}"));
        }
        if denied.contains(name) {
            wrong.push(format!("{name}: it is denied by name"));
        }
        if !sources.contains(source) {
            wrong.push(format!("{name}: it comes from somewhere else than crates.io"));
        }
    }
    assert!(looked_at > 100, "{looked_at} crates");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_expression_is_allowed_if_one_of_its_alternatives_is() {
    let allowed: BTreeSet<String> = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned).into();
    for good in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT AND Apache-2.0"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
