//! Flags of the load beside a scenario that has its own shape: the run says what they replace, and `-t` ends it on its way.
//! And keys that do nothing yet: they are named, or refused.

use std::fs;

use crate::command::{err, katydid, out, rows};

const STAGES: &str = "host: demo\nwait_time: constant(100s)\nshape: { stages: [{ duration: 500ms, users: 20 }, \
                      { duration: 2s, users: 200 }] }\ntasks: [{ steps: [{ get: / }] }]\n";

#[test]
fn a_run_time_ends_a_shape_and_other_flags_say_what_they_replace() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.yaml"), STAGES).unwrap();
    let classes = "host: demo\nuser_classes:\n  A: { weight: 3, wait_time: constant(100s), tasks: [{ steps: [{ get: / }] }] }\n  \
                   B: { tasks: [{ steps: [{ get: / }] }] }\n";
    fs::write(folder.path().join("c.yaml"), classes).unwrap();
    let base = ["--headless", "--only-summary", "-s", "1s", "--csv", "x", "-f"];
    // Flags, environment, users, and what is said.
    for (flags, environment, most, said) in [
        (&["s.yaml", "-t", "1s"][..], None, 60..=65, None),
        (&["s.yaml"], Some(("KATYDID_RUN_TIME", "1s")), 60..=65, None),
        (
            &["s.yaml", "-u", "3", "-r", "9", "-t", "1s"],
            None,
            3..=3,
            Some("replace the stages of the file: 3 users, 9"),
        ),
        (&["s.yaml", "-t", "1s"], Some(("KATYDID_USERS", "3")), 1..=2, Some("number of users replaces the stages")),
        (
            &["c.yaml", "-u", "2", "-r", "9", "-t", "1s"],
            None,
            2..=2,
            Some("2 users are too few for every class: B has no users"),
        ),
    ] {
        let mut command = katydid(folder.path(), &[&base[..], flags].concat());
        let output = command.envs(environment).output().unwrap();
        assert!(output.status.code() != Some(2), "{flags:?}: {}", err(&output));
        // Each user sends one request.
        let row = rows(folder.path().join("x_stats.csv")).pop().expect("the row of all");
        let users: u32 = row["Request Count"].parse().expect("a number");
        assert!(most.contains(&users), "{flags:?}: {users}");
        let check = katydid(folder.path(), &[&["check"], flags].concat()).envs(environment).output().unwrap();
        match said {
            Some(said) => {
                assert!(err(&output).contains(said) && out(&check).contains(said), "{flags:?}: {}", err(&output))
            }
            None => assert!(out(&check).contains("65 users at the peak"), "{flags:?}: {}", out(&check)),
        }
    }
}

#[test]
fn keys_that_do_nothing_yet_are_named_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, code, said) = ("baseline: { name: main }", 2, "s.yaml:2: `baseline` is not supported yet");
    let text = format!("host: demo\n{keys}\ntasks: [{{ steps: [{{ log: done }}, {{ stop: run }}] }}]\n");
    fs::write(folder.path().join("s.yaml"), text).unwrap();
    let run = katydid(folder.path(), &["--headless", "--only-summary", "-f", "s.yaml"]).output().unwrap();
    assert_eq!(run.status.code(), Some(code), "{keys}: {}", err(&run));
    let lines: Vec<String> = err(&run).lines().filter(|line| line.contains(said)).map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "{keys}: {}", err(&run));
    let check = katydid(folder.path(), &["check", "s.yaml"]).output().unwrap();
    assert!(check.status.code() == Some(code) && out(&check).contains(said), "{keys}: {}", out(&check));
    // A trial judges nothing and compares nothing: it shows each step.
    let tried = katydid(folder.path(), &["try", "s.yaml"]).output().unwrap();
    assert_eq!(tried.status.code(), Some(0), "{keys}: {}", err(&tried));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no files are written");
}

#[test]
fn a_seed_repeats_the_faults_of_the_demo_target() {
    let folder = tempfile::tempdir().unwrap();
    let order = "{ post: /api/checkout, json: { name: Ada, address: Main Street } }";
    let text = format!("host: demo\ntasks: [{{ steps: [{{ repeat: 60, steps: [{order}] }}, {{ stop: run }}] }}]\n");
    fs::write(folder.path().join("s.yaml"), text).unwrap();
    let run = |seed: &str| {
        let args = ["--headless", "--only-summary", "-f", "s.yaml", "--seed", seed, "--csv", "x"];
        let output = katydid(folder.path(), &args).output().unwrap();
        let row = rows(folder.path().join("x_stats.csv")).pop().expect("the row of all");
        assert_eq!(row["Request Count"], "60", "{}", err(&output));
        row["Failure Count"].parse::<u32>().expect("a number")
    };
    // A scenario that draws nothing: what differs between seeds is the target's.
    let (first, again) = (run("4"), run("4"));
    assert_eq!(first, again);
    let other: Vec<u32> = ["1", "2", "3"].map(run).to_vec();
    assert!(other.iter().any(|failures| *failures != first), "{first} {other:?}");
}
