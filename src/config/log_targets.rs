//! The targets of a log filter: one under which nothing is logged here is a typing error, and would be waited for in vain.
//!
//! Always: a target begins with the name of a crate, so the crates that this build can consist of are the known ones.
//! Never here: the syntax of filters, which `tracing_subscriber` checks.

use tracing_subscriber::filter::LevelFilter;

/// The lock file of cargo, which names the crates.
const LOCK: &str = include_str!("../../Cargo.lock");

/// The targets of a filter that begin with no crate of this build.
pub fn unknown_in(filter: &str) -> Vec<&str> {
    let is_crate = |name: &str| {
        let names = LOCK.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        names.map(|known| known.replace('-', "_")).any(|known| known == name)
    };
    let targets = directives(filter).into_iter().filter_map(target);
    targets.filter(|target| !is_crate(target.split("::").next().unwrap_or(target))).collect()
}

/// The directives of a filter, which are separated by commas; there may be commas between the fields of a span, too.
fn directives(filter: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let between = |character: char| {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    filter.split(between).map(str::trim).collect()
}

/// The target of a directive such as `projector::runner=debug`, if it has one.
fn target(directive: &str) -> Option<&str> {
    let target = directive.split(['=', '[']).next().unwrap_or(directive);
    let is_level = !directive.contains(['=', '[']) && target.parse::<LevelFilter>().is_ok();
    (!target.is_empty() && !is_level).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_that_no_crate_logs_under_are_unknown() {
        for known in [
            "",
            "info",
            "3",
            "off,projector=debug",
            "command_server::streams",
            "info,[span{a=1,b=2}]=trace",
            "sqlx=warn,h2",
        ] {
            assert!(unknown_in(known).is_empty(), "{known}: {:?}", unknown_in(known));
        }
        for (filter, unknown) in [
            ("info,projctor=debug", vec!["projctor"]),
            ("verbose", vec!["verbose"]),
            ("command-server=debug, query_server::x[span{a=1,b=2}]=info,qurey::x", vec!["command-server", "qurey::x"]),
        ] {
            assert_eq!(unknown_in(filter), unknown);
        }
    }
}
