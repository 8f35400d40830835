//! `katydid check FILE…`: what is wrong, what looks wrong, and what a run would do and cost.

use std::path::PathBuf;
use std::process::ExitCode;

use super::check_schema::SchemaFrom;
use super::exit;
use crate::headless::console;
use crate::scenario::{Overrides, Scenario, SelectOptions, summary};

/// Checks every file; errors in any of them make the exit code 2, warnings alone do not.
pub(super) fn run(files: &[PathBuf], select: &SelectOptions, schema: &SchemaFrom) -> ExitCode {
    let mut broken = 0usize;
    for (index, file) in files.iter().enumerate() {
        if index > 0 {
            console::say("");
        }
        match one(file, select, schema) {
            Ok(text) => console::say(&text),
            Err(text) => {
                broken += 1;
                console::say(&text);
            }
        }
    }
    if broken == 0 {
        return ExitCode::from(exit::CLEAN);
    }
    console::warn(&format!("{broken} of {} files cannot be run", files.len()));
    ExitCode::from(exit::USAGE)
}

fn one(file: &std::path::Path, select: &SelectOptions, schema: &SchemaFrom) -> Result<String, String> {
    let scenario = Scenario::load_selected(file, select).map_err(|e| e.text)?;
    // Without a host the check is still of use: the host may be a flag of the run.
    let nowhere = scenario.host().is_none() && scenario.needs_host();
    let host = nowhere.then(|| "http://host-of-the-run".to_owned());
    let plan = scenario.plan(&Overrides { host, ..Overrides::default() }).map_err(|e| e.text)?;
    let held = schema.check(&scenario)?;
    let mut text = String::new();
    if !scenario.warnings().is_empty() {
        text.push_str(scenario.warnings());
        text.push_str("\n\n");
    }
    text.push_str(&plan.secrets.mask(&summary::words(&plan)));
    text.push_str(held.as_deref().unwrap_or_default());
    let profiles = scenario.profiles();
    if !profiles.is_empty() && select.profile.is_none() {
        text.push_str(&format!("  profiles, chosen with --profile: {}\n", profiles.join(", ")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_file_is_told_in_words_and_a_wrong_one_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("s.yaml");
            std::fs::write(&path, text).unwrap();
            one(&path, &SelectOptions::default(), &SchemaFrom::Nowhere)
        };
        let text = file(
            "users: 10\nspawn_rate: 10\nrun_time: 1h\nvars: { unused: 1 }\nwait_time: constant_pacing(10s)\n\
             profiles: { more: { users: 99 } }\ntasks: [{ name: t, steps: [{ repeat: 3, steps: [{ get: /a }] }] }]\n",
        )
        .unwrap();
        for wanted in [
            "the variable `unused` is never used",
            "10 users, 10 started per second, 1h",
            "User: weight 1, a task every 10s",
            "GET     /a",
            "10 users at the peak, at most about 10,829 requests, 10.00 VU-hours",
            "--profile: more",
        ] {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
        let redis = "redis: { url: 'redis://u:s3cret@cache.test:7000/1' }\ntasks: [{ steps: [{ publish: c }] }]";
        let text = file(redis).unwrap();
        assert!(text.contains("s against redis://cache.test:7000\n") && !text.contains("s3cret"), "{text}");
        assert!(file("tasks: 7").unwrap_err().contains("s.yaml:1:8"));
    }
}
