//! Points at which a test can end the process in the middle of the projector's work, as a power failure would.

use fail::fail_point;

/// All points, in the order of a step, of parking, of a rebuild and of a history that went back.
pub const CRASH_POINTS: [&str; 13] = [
    "projector::read",
    "projector::advanced",
    "projector::applied",
    "projector::committed",
    "projector::published",
    "projector::parking",
    "projector::parked",
    "projector::retried",
    "projector::rebuild_begun",
    "projector::taking_over",
    "projector::taken_over",
    "projector::setting_aside",
    "projector::set_aside",
];

/// Ends the process here, if a test says so.
pub fn may_crash(point: &'static str) {
    fail_point!(point, |_| std::process::abort());
    // Outside of builds with failpoints, the name is not used.
    let _ = point;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names in all calls below a folder.
    fn called(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the folder reads") {
            let path = entry.expect("the entry reads").path();
            if path.is_dir() {
                called(&path, names);
            } else if path.file_name().is_some_and(|name| name != "crash.rs") {
                let text = fs::read_to_string(&path).expect("the source reads");
                let calls = text.split("may_crash(\"").skip(1).filter_map(|rest| rest.split('"').next());
                names.extend(calls.map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_list_has_every_point() {
        let mut names = BTreeSet::new();
        called(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
        assert_eq!(names, CRASH_POINTS.map(str::to_owned).into());
    }
}
