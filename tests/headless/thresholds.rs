//! Thresholds through the command: exit codes, their precedence, and what is said.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use katydid::store;

use crate::calm::calmly;
use crate::command::{err, katydid, out, run};
use crate::nginx::{Nginx, free_port};
use crate::output::{until_connected, until_it_hears};

/// One request after the other: to a page that is there, and one that is not.
fn scenario(nginx: &Nginx, thresholds: &str, path: &str) -> String {
    format!(
        "host: {}\nwait_time: constant(5ms)\ntasks: [{{ steps: [{{ get: {path} }}] }}]\nthresholds:\n  {thresholds}\n",
        nginx.url()
    )
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("s.yaml"), text).expect("the folder is there");
}

#[test]
fn every_exit_code_and_what_decides() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    // Thresholds, path, flags, code, and what the verdict says.
    for (thresholds, path, flags, code, said) in [
        ("[max < 60s]", "/", "", 0, " ✓ passed: max < 60s was met"),
        ("[max < 60s]", "/missing", "", 0, " ✓ passed: max < 60s was met, and "),
        ("[max < 60s]", "/missing", "--exit-code-on-error 7", 7, " ✗ failed: "),
        ("[max < 60s]", "/", "--exit-code-on-error 7", 0, " ✓ passed"),
        ("[]", "/missing", "", 1, " ✗ failed: "),
        ("[]", "/", "", 0, " ✓ passed: no request failed"),
        ("[max < 1us]", "/missing", "--exit-code-on-error 7", 3, " ✗ failed: max < 1us was not met: "),
        ("[max < 1us, max < 60s]", "/", "", 3, " ✗ failed: max < 1us was not met: "),
        ("[{ check: max < 1us, warn: true }, max < 60s]", "/", "", 0, " ✓ passed: max < 60s was met"),
        ("[p99.99 < 60s]", "/", "", 3, " ? undecided: cannot tell whether p99.99 < 60s was met: "),
        ("[requests >= 1000000]", "/", "", 3, " ✗ failed: requests >= 1000000 was not met: "),
        ("[{ check: max < 60s, over: 10s }]", "/", "", 3, "less than 10s were measured"),
        ("[max < 1us]", "/", "--csv s.yaml/x", 2, ""),
        ("[max < fast]", "/", "", 2, ""),
    ] {
        write(folder.path(), &scenario(&nginx, thresholds, path));
        let base = ["--headless", "--only-summary", "-t", "1s", "-f", "s.yaml"];
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let output = run(folder.path(), &[&base[..], &flags].concat());
        let all = format!("{thresholds} {path} {flags:?}:\n{}{}", out(&output), err(&output));
        assert_eq!(output.status.code(), Some(code), "{all}");
        assert!(out(&output).contains(said), "{said}: {all}");
    }
}

#[test]
fn a_file_that_cannot_be_written_comes_before_a_threshold() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &scenario(&nginx, "[max < 1us]", "/"));
    let results = folder.path().join("results");
    let args = ["--headless", "--only-summary", "-t", "10m", "--csv", "results/x", "-f", "s.yaml"];
    let before = nginx.log().len();
    let child = katydid(folder.path(), &args).spawn().unwrap();
    crate::wait::until("requests", || nginx.log().len() > before);
    // What was there when it was checked is a file now.
    let _ = fs::remove_dir_all(&results);
    fs::write(&results, "").unwrap();
    crate::command::signal("INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("max < 1us was not met"), "{}", out(&output));
}

#[test]
fn a_dead_target_meets_no_percentile() {
    let folder = tempfile::tempdir().unwrap();
    let text = |threshold: &str| {
        let steps = "[{ get: / }, { wait: 5ms }]";
        format!("host: http://127.0.0.1:{}\ntasks: [{{ steps: {steps} }}]\nthresholds: [{threshold}]\n", free_port())
    };
    for (threshold, said) in
        [("p95 < 400ms", "p95 < 400ms was not met: no response"), ("mean < 400ms", "no request got a response")]
    {
        write(folder.path(), &text(threshold));
        let output =
            run(folder.path(), &["--headless", "--only-summary", "-t", "1s", "-f", "s.yaml", "--no-preflight"]);
        assert_eq!(output.status.code(), Some(3), "{}", out(&output));
        assert!(out(&output).contains(said), "{threshold}: {}", out(&output));
        assert!(!err(&output).contains("warning"), "{}", err(&output));
    }
    // 400 seconds are hardly what is meant.
    write(folder.path(), &text("p95 < 400"));
    let output = run(folder.path(), &["--headless", "--only-summary", "-t", "1s", "-f", "s.yaml", "--no-preflight"]);
    assert!(err(&output).contains("warning: 400 is 400 seconds"), "{}", err(&output));
}

/// Of the two seconds in which a run is to end, what is left for a machine that stands still.
const STALL: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_threshold_with_abort_stops_the_run_within_two_seconds_and_is_named() {
    let nginx = Nginx::start();
    for threshold in ["[{ check: max < 1us, abort: true }]", "[max < 60s, { check: max < 1us, over: 1s, abort: true }]"]
    {
        calmly(STALL, async || {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), &scenario(&nginx, threshold, "/"));
            let args = ["--headless", "--only-summary", "-t", "10m", "-f", "s.yaml", "--runs-dir", "runs"];
            let output = run(folder.path(), &args);
            assert_eq!(output.status.code(), Some(3), "{}", err(&output));
            assert!(err(&output).contains("max < 1us"), "{}", err(&output));
            // By the clock of the run: how long the process takes to start and to end says nothing.
            let recorded = store::folder::all(&folder.path().join("runs")).unwrap();
            let last = store::read(&recorded[0]).unwrap().last;
            let failed = last.judgements.iter().find_map(|judgement| judgement.first_failed).expect("a failure");
            assert!(failed <= Duration::from_millis(1_500), "{threshold}: it fails at {failed:?}");
            let end = last.elapsed;
            assert!(end <= Duration::from_secs(2), "{threshold}: fails at {failed:?}, and the run ends at {end:?}");
            let stop = last.events.iter().find(|event| event.text.starts_with("stopped by a threshold: max < 1us"));
            assert!(stop.is_some_and(|stop| stop.elapsed <= end), "{:?}", last.events);
        })
        .await;
    }
}

#[test]
fn a_run_whose_generator_was_the_bottleneck_is_invalid_whatever_its_thresholds_say() {
    let nginx = Nginx::start();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "host: {}\nusers: 100\nspawn_rate: 100\nrun_time: 12s\nwait_time: constant(200ms)\n\
         tasks: [{{ steps: [{{ get: / }}] }}]\nthresholds: [max < 1us, requests > 10]\n",
        nginx.url()
    );
    write(folder.path(), &text);
    let run = katydid(folder.path(), &["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs"]);
    // It may open fewer files than it has users, for all of the run.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
    let variables = run.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = limited.current_dir(folder.path()).envs(variables).output().unwrap();
    let all = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(5), "{all}");
    assert!(all.contains(" ✗ invalid: the load generator was the bottleneck for 1"), "{all}");
    let recorded = store::folder::all(&folder.path().join("runs")).unwrap();
    let outcome = store::read_meta(&recorded[0]).unwrap().outcome.expect("an outcome");
    assert!(outcome.code == 5 && outcome.verdict == "invalid" && outcome.reason.contains("refused"), "{outcome:?}");
}

#[test]
fn a_hostile_threshold_cannot_write_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let text = "host: demo\ntasks: [{ steps: [{ get: /, name: \"a\\e[2Jb\\nc\" }] }]\n\
                thresholds: [{ check: \"max < 1us and  requests\\t > 5\", on: \"a\\e[2Jb\\nc\" }]\n";
    write(folder.path(), text);
    let output = run(folder.path(), &["--headless", "--only-summary", "-t", "1s", "-f", "s.yaml"]);
    let all = out(&output) + &err(&output);
    assert!(!all.contains('\u{1b}') && !all.contains('\t'), "{all}");
    assert!(matches!(output.status.code(), Some(2 | 3)), "{all}");
}

#[test]
fn a_second_signal_has_its_own_code_and_the_first_has_not() {
    // A response that takes long enough for a second signal to abort it.
    let nginx = Nginx::with("", "location / { limit_rate 10k; root FOLDER; }");
    fs::write(nginx.file("big"), vec![b'x'; 1_000_000]).unwrap();
    for (signals, code) in [(&["INT"][..], 3), (&["TERM", "INT"], 130), (&["INT", "TERM"], 143)] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &scenario(&nginx, "[requests >= 1]", "/big"));
        let stop_timeout = if signals.len() == 1 { "1s" } else { "10m" };
        let args = ["--headless", "--only-summary", "-t", "10m", "-s", stop_timeout, "-f", "s.yaml"];
        let child = katydid(folder.path(), &args).spawn().unwrap();
        until_it_hears(&child);
        // Before it there is nothing that the second signal could abort.
        until_connected(&child, &nginx);
        for (at, name) in signals.iter().enumerate() {
            if at > 0 {
                // Signals within 300 ms count as one.
                std::thread::sleep(Duration::from_millis(600));
            }
            crate::command::signal(name, child.id());
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signals:?}: {}", err(&output));
    }
}

#[test]
fn the_help_states_the_codes() {
    let folder = tempfile::tempdir().unwrap();
    let help = out(&run(folder.path(), &["--help"]));
    let codes: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Exit codes"))
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  ").map(|(code, _)| code))
        .filter(|code| !code.is_empty())
        .collect();
    assert_eq!(codes, ["2", "1", "5", "3", "1", "0"], "{help}");
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/thresholds.md")).unwrap();
    let blocks = |kind: &str| -> Vec<String> {
        let blocks = page.split("```").skip(1).step_by(2);
        blocks.filter_map(|block| block.strip_prefix(kind)).map(|block| block.trim().to_owned()).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let shop = format!("host: demo\ntasks: [{{ steps: [{{ get: / }}] }}]\n{}\n", blocks("yaml\n")[0]);
    fs::write(folder.path().join("shop.yaml"), shop).unwrap();
    let commands = blocks("sh\n");
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in commands {
        // As it is, but not for a minute.
        let args: Vec<&str> =
            command.split_whitespace().skip(1).map(|word| if word == "1m" { "1s" } else { word }).collect();
        let output = run(folder.path(), &args);
        let all = out(&output) + &err(&output);
        assert!(all.contains("p95 < 400ms") && all.contains("fail_ratio < 1%"), "{command}: {all}");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{command}: {all}");
    }
}
