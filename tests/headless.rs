//! The command without a screen, as a script sees it: exit codes, streams and files.

#[path = "headless/begun.rs"]
mod begun;
#[path = "common/calm.rs"]
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod calm;
#[path = "headless/command.rs"]
mod command;
#[path = "headless/connections.rs"]
mod connections;
#[path = "headless/figures.rs"]
mod figures;
#[path = "headless/files.rs"]
mod files;
#[path = "headless/flags.rs"]
mod flags;
#[path = "headless/heavy.rs"]
mod heavy;
#[path = "headless/hostile.rs"]
mod hostile;
#[path = "headless/http2.rs"]
mod http2;
#[path = "headless/inputs.rs"]
mod inputs;
#[path = "headless/names.rs"]
mod names;
#[path = "headless/nginx.rs"]
mod nginx;
#[path = "headless/origins.rs"]
mod origins;
#[path = "headless/outage.rs"]
mod outage;
#[path = "headless/output.rs"]
mod output;
#[path = "headless/protocol.rs"]
mod protocol;
#[path = "headless/proxies.rs"]
mod proxies;
#[path = "headless/raw.rs"]
mod raw;
#[path = "headless/secrets.rs"]
mod secrets;
#[path = "headless/signals.rs"]
mod signals;
#[path = "headless/silence.rs"]
mod silence;
#[path = "headless/thresholds.rs"]
mod thresholds;
#[path = "headless/traces.rs"]
mod traces;
#[path = "headless/unmeasured.rs"]
mod unmeasured;
#[path = "headless/unnamed.rs"]
mod unnamed;
#[path = "common/wait.rs"]
mod wait;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use command::{err, katydid, out, rows, run};
use nginx::Nginx;
use wait::until;

const STATS_HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,\
50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
const HISTORY_HEADER: &str = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,\
50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,Total Request Count,Total Failure Count,Total Median Response Time,\
Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size";

fn first_line(path: PathBuf) -> String {
    fs::read_to_string(path).expect("a file").lines().next().unwrap_or_default().to_owned()
}

const TWO_TASKS: &str = r#"
name: two
wait_time: constant(10ms)
tasks:
  - name: home
    weight: 2
    steps:
      - get: /
      - get: /page
        query: { n: "{{ random_int(1, 9) }}" }
  - name: missing
    steps:
      - get: /missing
"#;

#[test]
fn a_secret_is_in_no_name_and_the_ci_system_is_told_of_it_first() {
    const SECRET: &str = "sup3r%s3cret";
    let folder = tempfile::tempdir().unwrap();
    let scenario = format!(
        "name: n {SECRET}\nsecrets: [TOK]\nrun_time: 1s\ntasks: [{{ name: 't {SECRET}', steps: [{{ get: /, name: 'row {SECRET}' }}, \
         {{ log: '{{{{ env.TOK }}}}' }}, {{ stop: run }}] }}]\n"
    );
    fs::write(folder.path().join("s.yaml"), scenario).unwrap();
    let runs = [
        &["--headless", "-f", "s.yaml", "-H", "demo", "--csv", "x"][..],
        &["check", "s.yaml", "-H", "demo"],
        &["try", "s.yaml", "-H", "demo"],
    ];
    for args in runs {
        for ci in [true, false] {
            let mut command = katydid(folder.path(), args);
            command.env("TOK", SECRET).envs(ci.then_some(("GITHUB_ACTIONS", "true")));
            let output = command.output().unwrap();
            let (mut out, err) = (out(&output), err(&output));
            if ci {
                let first = format!("::add-mask::{}\n", SECRET.replace('%', "%25"));
                out = out.strip_prefix(&first).unwrap_or_else(|| panic!("{args:?}: {out}{err}")).to_owned();
            }
            assert!(
                !out.contains(SECRET) && !err.contains(SECRET) && !out.contains("add-mask"),
                "{args:?}: {out}{err}"
            );
            // A trial names no rows.
            assert!(args[0] == "try" || out.contains("row ***"), "{args:?}: {out}{err}");
        }
    }
    let stats = fs::read_to_string(folder.path().join("x_stats.csv")).unwrap();
    assert!(stats.contains("row ***") && !stats.contains(SECRET), "{stats}");
}

#[test]
fn our_counts_are_the_access_logs_lines() {
    let folder = tempfile::tempdir().unwrap();
    let nginx = Nginx::start();
    fs::write(folder.path().join("two.yaml"), TWO_TASKS).unwrap();
    let url = nginx.url();
    let args =
        ["-f", "two.yaml", "-H", &url, "-u", "10", "-r", "50", "-t", "3s", "-s", "5s", "--headless", "--csv", "r/x"];
    let output = run(folder.path(), &args);
    // `/missing` answers 404, which is a failure.
    assert_eq!(output.status.code(), Some(1), "{}{}", out(&output), err(&output));
    let logged = nginx.stop_and_read_log();
    let stats = rows(folder.path().join("r/x_stats.csv"));
    let count = |name: &str| -> usize {
        let row = stats.iter().find(|r| r["Name"] == name).unwrap_or_else(|| panic!("no row {name}: {stats:?}"));
        row["Request Count"].parse().unwrap()
    };
    let lines = |part: &str| logged.iter().filter(|line| line.contains(part)).count();
    assert!(logged.len() > 100, "only {} requests", logged.len());
    assert_eq!(count("Aggregated"), logged.len());
    assert_eq!(count("/"), lines("GET / "));
    assert_eq!(count("/page"), lines("GET /page?n="));
    assert_eq!(count("/missing"), lines("GET /missing "));
    let failures = rows(folder.path().join("r/x_failures.csv"));
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["Occurrences"].parse::<usize>().unwrap(), lines("GET /missing "));
    assert!(out(&output).contains("Aggregated") && out(&output).contains("Error report"), "{}", out(&output));
}

#[test]
fn a_server_that_is_not_there_is_counted_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two.yaml"), TWO_TASKS).unwrap();
    let url = format!("http://127.0.0.1:{}", nginx::free_port());
    let base = ["-f", "two.yaml", "-H", &url, "-u", "2", "-r", "10", "-t", "1s", "--headless", "--only-summary"];
    let output = run(folder.path(), &base);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(out(&output).contains("connection refused"), "{}", out(&output));
    let output = run(folder.path(), &[&base[..], &["--exit-code-on-error", "7"]].concat());
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn what_cannot_be_run_is_code_2_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), "host: http://127.0.0.1:1\nuser: 3\ntasks: []\n").unwrap();
    fs::write(folder.path().join("empty.yaml"), "").unwrap();
    fs::write(folder.path().join("latin1.yaml"), b"name: caf\xe9\nhost: http://127.0.0.1:1\n").unwrap();
    fs::write(folder.path().join("zeros.yaml"), [0; 64]).unwrap();
    fs::write(folder.path().join("long.yaml"), format!("name: a\n# {}\n", "x".repeat(1_000_000))).unwrap();
    fs::create_dir(folder.path().join("folder.yaml")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", folder.path().join("loop.yaml")).unwrap();
    for (args, hint) in [
        (&["--headless", "-u", "many"][..], "number of users"),
        (&["--headless", "-r", "-1"], "spawn rate"),
        (&["--headless", "-t", "soon"], "is not a duration"),
        (&["--headless", "-H", "nowhere"], "base URL"),
        (&["--no-such-flag"], "--no-such-flag"),
        (&["--headless", "-f", "missing.yaml"], "missing.yaml"),
        (&["--headless", "-f", "bad.yaml"], "bad.yaml"),
        (&["--headless", "-f", "empty.yaml"], "empty.yaml"),
        (&["--headless", "-f", "latin1.yaml"], "invalid UTF-8"),
        (&["--headless", "-f", "zeros.yaml"], "zeros.yaml"),
        (&["--headless", "-f", "long.yaml"], "larger than 1 MB"),
        (&["--headless", "-f", "folder.yaml"], "it is a directory"),
        (&["--headless", "-f", "loop.yaml"], "cannot read the scenario loop.yaml"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert!(err(&output).contains(hint), "{args:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{args:?}");
        assert!(!err(&output).contains("panicked") && err(&output).len() < 2_000, "{args:?}: {}", err(&output));
    }
}

#[test]
fn the_demo_runs_without_a_terminal_and_writes_locusts_files() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(folder.path(), &["-u", "10", "-r", "20", "-t", "3s", "--csv", "demo", "--exit-code-on-error", "0"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("not a terminal"), "{}", err(&output));
    let at = |name: &str| folder.path().join(format!("demo_{name}.csv"));
    assert_eq!(first_line(at("stats")), STATS_HEADER);
    assert_eq!(first_line(at("stats_history")), HISTORY_HEADER);
    assert_eq!(first_line(at("failures")), "Method,Name,Error,Occurrences,First Seen,Last Seen");
    assert_eq!(first_line(at("exceptions")), "Count,Message,Traceback,Nodes");
    let stats = rows(at("stats"));
    let total = stats.last().expect("an aggregated row");
    assert_eq!(total["Name"], "Aggregated");
    assert!(total["Request Count"].parse::<u64>().unwrap() > 10);
    assert!(!rows(at("stats_history")).is_empty());
}

#[test]
fn flags_come_from_the_environment_and_a_dotenv_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "KATYDID_RUN_TIME=1s\nKATYDID_USERS=none\n").unwrap();
    let mut command = katydid(folder.path(), &["--only-summary"]);
    // The environment wins over the file, whose number of users is wrong.
    let output = command.env("KATYDID_USERS", "2").env("KATYDID_HEADLESS", "true").output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", err(&output));
    assert!(!err(&output).contains("not a terminal"), "{}", err(&output));
    let output = run(folder.path(), &["--headless"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
}

#[test]
fn an_interrupt_ends_gracefully_with_tables_and_files() {
    let folder = tempfile::tempdir().unwrap();
    for (signal, name) in [("INT", "int"), ("TERM", "term")] {
        let csv = format!("{name}/x");
        let args = ["--headless", "-u", "5", "-r", "50", "-t", "10m", "--csv", &csv, "--exit-code-on-error", "0"];
        let mut command = katydid(folder.path(), &args);
        let log = folder.path().join(format!("{name}.log"));
        let child = command.stdout(fs::File::create(&log).unwrap()).spawn().unwrap();
        // The first table says that the run lives and that signals are heard.
        until("a table with requests", || fs::read_to_string(&log).unwrap_or_default().contains("Aggregated"));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let asked = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(12), "{signal} took {:?}", asked.elapsed());
        assert_eq!(output.status.code(), Some(0), "{signal}: {}", err(&output));
        assert!(err(&output).contains("stopping"), "{}", err(&output));
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.contains("Response time percentiles") && text.contains("VU-hours"), "{signal}: {text}");
        assert!(folder.path().join(format!("{csv}_stats.csv")).exists());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = katydid(folder.path(), &["--headless", "-u", "2", "-t", "3s", "--exit-code-on-error", "0"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
}
