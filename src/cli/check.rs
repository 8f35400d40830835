//! `katydid check FILE…`: errors, warnings, and what a run would do and cost.

use std::path::Path;
use std::process::ExitCode;

use super::args::Check;
use super::check_schema::SchemaFrom;
use super::{exit, load, pick};
use crate::headless::console;
use crate::scenario::estimate;
use crate::scenario::plan::Plan;
use crate::settings::Settings;
use crate::units::counted;

/// Checks every file; errors in any of them make the exit code 2, warnings alone do not.
pub(super) fn run(args: &Check, settings: &Settings) -> ExitCode {
    let mut broken = 0usize;
    for (index, file) in args.files.iter().enumerate() {
        if index > 0 {
            console::say("");
        }
        match one(file, args, settings) {
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
    if let [_, _, ..] = args.files.as_slice() {
        console::warn(&format!("{broken} of {} files cannot be run", args.files.len()));
    }
    ExitCode::from(exit::USAGE)
}

fn one(file: &Path, args: &Check, settings: &Settings) -> Result<String, String> {
    let select = settings.select();
    let scenario = pick::one(Some(file), &select).load().map_err(|e| e.text)?;
    let mut overrides = scenario.completed(&settings.overrides()).into_owned();
    // Without a host the check is still of use: the host may be a flag of the run.
    let has_no_host = overrides.host.is_none() && scenario.host().is_none() && scenario.needs_host();
    if has_no_host {
        overrides.host = Some("http://host.invalid".to_owned());
    }
    let mut plan = scenario.plan(&overrides).map_err(|e| e.text)?;
    if has_no_host {
        plan.host = "".into();
    }
    load::hide(&plan.secrets);
    let mask = |text: String| plan.secrets.mask(&text).into_owned();
    if let Some(why) = plan.not_runnable() {
        return Err(mask(format!("{}\nerror: {why}", estimate::words(&plan))));
    }
    let schema = SchemaFrom::flags(args.schema.clone(), args.introspect.clone());
    let schema = schema.check(&scenario, settings.host.as_deref()).map_err(mask)?.unwrap_or_default();
    let mut text = String::new();
    for warnings in [scenario.warnings(), &schema.warnings].into_iter().filter(|warnings| !warnings.is_empty()) {
        text.push_str(warnings);
        text.push_str("\n\n");
    }
    if settings.host.is_some() {
        text.push_str(&stays(&plan));
    }
    text.push_str(&estimate::words(&plan));
    text.push_str(&schema.line);
    let profiles = scenario.profiles();
    if !profiles.is_empty() && select.profile.is_none() {
        text.push_str(&format!("  profiles, chosen with --profile: {}\n", profiles.join(", ")));
    }
    Ok(mask(text))
}

/// A warning about the steps that the host of the command line does not change.
fn stays(plan: &Plan) -> String {
    let elsewhere = plan.elsewhere();
    if elsewhere.is_empty() {
        return String::new();
    }
    let hosts: Vec<String> = elsewhere
        .iter()
        .map(|(origin, count)| format!("{origin} ({})", counted(u64::try_from(*count).unwrap_or(u64::MAX), "step")))
        .collect();
    format!("warning: --host does not change complete addresses; still sent to {}\n\n", hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Commands;
    use crate::settings::Sources;

    fn check(path: &Path, more: &[&str]) -> Result<String, String> {
        let line = [&["katydid", "check", "some.yaml"], more].concat();
        let parsed = crate::cli::parse(line.into_iter().map(Into::into));
        let crate::cli::Parsed { cli, flags, .. } = parsed.unwrap_or_else(|error| panic!("{error}"));
        let settings = Settings::resolve(&Sources { flags, ..Sources::default() })?;
        match cli.command {
            Some(Commands::Check(args)) => one(path, &args, &settings),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_plan_is_what_a_run_with_these_flags_would_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.yaml");
        let text = "run_time: 1h\nprofiles: { small: { users: 3 } }\nuser_classes:\n  \
                    A: { tasks: [{ tags: a, steps: [{ get: /a }] }, { tags: b, steps: [{ get: /b }] }] }\n  \
                    B: { tasks: [{ tags: [a, x], steps: [{ get: /c }] }] }\n";
        std::fs::write(&path, text).unwrap();
        let shown = |flags: &[&str]| check(&path, flags).unwrap_or_else(|e| panic!("{flags:?} {e}"));
        assert!(shown(&[]).contains("s; no host: give it with --host"), "{}", shown(&[]));
        let text = shown(&["--host", "http://other", "--profile", "small", "-T", "a", "-E", "x", "--classes", "A"]);
        for (word, is) in
            [("against http://other\n", true), ("3 users", true), ("/a", true), ("/b", false), ("/c", false)]
        {
            assert_eq!(text.contains(word), is, "{word}\n{text}");
        }
        assert!(shown(&["-u", "9", "-r", "2", "-t", "5m"]).contains("9 users, 2 started per second, 5m"));
        assert!(!shown(&["--host", "http://other"]).contains("warning"));
        let whole = "host: http://h\nvars: { api: 'http://api.h' }\ntasks: [{ steps: [{ get: 'http://other/x' }, { get: /y },\n\
                     { get: '{{ api }}/{{ user.id }}' }, { repeat: 2, steps: [{ get: '{{ api }}/b' }] }] }]\n";
        std::fs::write(folder.path().join("w.yaml"), whole).unwrap();
        let moved = check(&folder.path().join("w.yaml"), &["--host", "http://other"]).unwrap();
        assert!(moved.contains("complete addresses; still sent to http://api.h (2 steps)\n"), "{moved}");
        assert!(!check(&folder.path().join("w.yaml"), &[]).unwrap().contains("warning"));
        assert!(shown(&["--host", "demo"]).contains("against embedded target"));
        assert!(check(Path::new("demo"), &[]).is_ok_and(|text| text.contains("embedded target")));
        assert!(check(&path, &["--profile", "smal"]).unwrap_err().contains("did you mean `small`?"));
    }

    #[test]
    fn only_the_named_scenario_is_compiled() {
        let folder = tempfile::tempdir().unwrap();
        for index in 0..40 {
            let text = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";
            std::fs::write(folder.path().join(format!("{index}.yaml")), text).unwrap();
        }
        // By its path, and by its name among those in ./scenarios.
        for file in [&*folder.path().join("7.yaml"), Path::new("basic")] {
            let before = crate::scenario::compiled_here();
            assert!(check(file, &[]).is_ok());
            assert_eq!(crate::scenario::compiled_here() - before, 1, "{}", file.display());
        }
    }

    #[test]
    fn a_valid_file_shows_its_plan_and_a_wrong_one_its_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("s.yaml");
            std::fs::write(&path, text).unwrap();
            check(&path, &[])
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
