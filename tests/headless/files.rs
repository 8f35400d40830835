//! Files that cannot be written: said before the run where that can be known, else with the names of those that were.

use std::fs;
use std::process::Command;

use crate::command::{err, katydid, out, prepared, rows};
use crate::nginx::Nginx;

fn scenario(nginx: &Nginx) -> String {
    format!("host: {}\ntasks: [{{ steps: [{{ get: / }}] }}]", nginx.url())
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.yaml"), scenario(&nginx)).unwrap();
    fs::write(folder.path().join("taken"), "").unwrap();
    fs::create_dir(folder.path().join("other_failures.csv")).unwrap();
    let long = format!("{}/x", "y".repeat(300));
    let long_name = "z".repeat(250);
    for (prefix, path, why) in [
        ("taken/x", "taken/x_stats.csv", "Not a directory"),
        ("taken/deeper/x", "taken/deeper/x_stats.csv", "Not a directory"),
        ("other", "other_failures.csv", "is a directory"),
        ("/proc/katydid/x", "/proc/katydid/x_stats.csv", "No such file"),
        (&long, "x_stats.csv", "File name too long"),
        (&long_name, "_stats.csv", "File name too long"),
    ] {
        let output = katydid(folder.path(), &["-f", "run.yaml", "--headless", "-t", "1s", "--csv", prefix]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{prefix}: {}", err(&output));
        let text = err(&output);
        assert!(text.contains("cannot write ") && text.contains(path) && text.contains(why), "{prefix}: {text}");
        assert_eq!((text.lines().count(), out(&output).as_str()), (1, ""), "{prefix}: {text}");
    }
    assert_eq!(nginx.stop_and_read_log().len(), 0);
}

#[test]
fn the_look_before_the_run_makes_folders_and_touches_nothing_that_is_there() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("run_stats.csv");
    fs::write(&old, "of an earlier run").unwrap();
    // It is refused after the look: no host of this kind.
    let output = prepared(folder.path(), &scenario(&nginx), "-H redis://127.0.0.1:1 -t 1s").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert_eq!(fs::read_to_string(&old).unwrap(), "of an earlier run");
    // The flag of `prepared` comes first, and the last one applies.
    let output = prepared(folder.path(), &scenario(&nginx), "-t 200ms --csv new/deep/run").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(fs::read_to_string(&old).unwrap(), "of an earlier run");
    let names = || fs::read_dir(folder.path().join("new/deep")).unwrap().flatten().map(|file| file.file_name());
    assert_eq!(names().count(), 4, "{:?}", names().collect::<Vec<_>>());
}

#[test]
fn a_write_that_failed_half_way_names_what_was_written() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    // A file that is missing outweighs requests that failed.
    for (path, code) in [("/", 1), ("/missing", 1)] {
        let steps: String = (0..40).map(|n| format!("{{ get: {path}, name: 'row {n}' }}, ")).collect();
        let scenario = format!("host: {}\ntasks: [{{ steps: [{steps}] }}]", nginx.url());
        let command = prepared(folder.path(), &scenario, "-t 3s --exit-code-on-error 7");
        // 1 KiB a file: more than the header of the smaller ones, less than 40 rows.
        let mut shell = Command::new("bash");
        shell.args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
        let output = shell.current_dir(folder.path()).env("HOME", folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}{}", out(&output), err(&output));
        let text = err(&output);
        // While the run goes on, and at its end.
        let early = "the CSV files cannot be written for now: cannot write run_stats.csv";
        assert_eq!(text.matches(early).count(), 1, "{text}");
        let line = text.lines().rfind(|line| line.contains("cannot write run_")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains("cannot write run_stats.csv: File too large"), "{text}");
        assert!(line.contains("written: ") && line.contains("run_exceptions.csv"), "{text}");
        assert!(!folder.path().join("run_stats.csv").exists());
        assert_eq!(rows(folder.path().join("run_exceptions.csv")).len(), 0);
        let left = fs::read_dir(folder.path()).unwrap().flatten();
        let left: Vec<_> = left.filter(|file| file.file_name().to_string_lossy().ends_with(".tmp")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_folder_that_is_removed_during_the_run_is_there_again_at_its_end() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.yaml"), scenario(&nginx)).unwrap();
    let args = ["-f", "run.yaml", "--headless", "--only-summary", "-t", "4s", "--csv", "out/run"];
    let mut child = katydid(folder.path(), &args).spawn().unwrap();
    let history = folder.path().join("out/run_stats_history.csv");
    let begun = loop {
        let text = fs::read_to_string(&history).unwrap_or_default();
        if text.lines().count() > 2 {
            break text;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    };
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let whole = fs::read_to_string(&history).unwrap();
    let first = begun.lines().next_back().unwrap();
    assert!(whole.starts_with(begun.trim_end().trim_end_matches(first)) && whole.lines().count() >= 4, "{whole}");
    assert!(folder.path().join("out/run_stats.csv").exists());
}

#[test]
fn commands_that_write_files_leave_no_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let url = "http://127.0.0.1:1/?q=".to_owned() + &"x".repeat(6_000);
    fs::write(folder.path().join("line.sh"), format!("curl '{url}'")).unwrap();
    for (args, words) in [
        // The schema is larger than the limit, the other files are not.
        ("init new", "katydid.schema.json: File too large; written: new/scenarios/starter.yaml, "),
        ("import line.sh -o new.yaml", "cannot write new.yaml: File too large"),
        ("schema", "cannot write to standard output: File too large"),
    ] {
        let script = format!("ulimit -f 4; exec \"$0\" {args} >out.txt");
        let program = katydid(folder.path(), &[]);
        let mut shell = Command::new("bash");
        let output =
            shell.args(["-c", &script]).arg(program.get_program()).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args}: {}", err(&output));
        assert!(err(&output).contains(words), "{args}: {}", err(&output));
    }
    assert!(folder.path().join("new/.env.example").exists());
    assert!(
        !folder.path().join("new.yaml").exists() && !folder.path().join("new/scenarios/katydid.schema.json").exists()
    );
}

#[test]
fn certificates_that_nobody_checks_are_told_before_and_after() {
    let nginx = Nginx::secure(false, "location / { return 200 'hello'; }");
    let words = "TLS certificates are not verified (tls.insecure)";
    for (insecure, code) in [(true, 0), (false, 1)] {
        let scenario = format!(
            "host: {}\ndefaults: {{ tls: {{ insecure: {insecure} }} }}\ntasks: [{{ steps: [{{ get: / }}] }}]",
            nginx.url()
        );
        let folder = tempfile::tempdir().unwrap();
        let output = prepared(folder.path(), &scenario, "-t 300ms --no-preflight").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", err(&output));
        assert_eq!(err(&output).lines().next().is_some_and(|line| line.contains(words)), insecure, "{}", err(&output));
        assert_eq!(out(&output).contains(words), insecure, "{}", out(&output));
        for command in ["check", "try"] {
            let output = katydid(folder.path(), &[command, "run.yaml"]).output().unwrap();
            assert_eq!(out(&output).contains(words), insecure, "{command}: {}", out(&output));
        }
    }
}
