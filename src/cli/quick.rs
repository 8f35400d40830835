//! `katydid quick FILE`: a short run without a screen, with its files in `results`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::settings::Settings;

/// What the command line has where it says nothing else.
const VALUES: [(&str, &str); 6] = [
    ("users", "10"),
    ("spawn_rate", "2"),
    ("run_time", "1m"),
    ("headless", "true"),
    ("csv", "results/stats"),
    ("html", "results/report.html"),
];

/// Adds them to the flags.
pub(super) fn fill(flags: &mut BTreeMap<&'static str, OsString>, file: &Path) {
    flags.insert("file", file.into());
    for (key, value) in VALUES {
        if Settings::TABLE.iter().any(|setting| setting.key == key) {
            flags.entry(key).or_insert_with(|| value.into());
        }
    }
}
