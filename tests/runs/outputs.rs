//! Output paths of reports: symbolic links, standard output, and conflicts.

use std::fs;
use std::os::unix::fs::symlink;

use super::command::{err, out};
use super::place::Place;

/// A scenario that reads other files.
const READS: &str = "host: demo
include: [common.yaml]
data: { users: { file: users.csv } }
user_classes: { U: { tasks: [{ steps: [{ get: /api/products }] }] } }
";

#[test]
fn symbolic_links_are_kept_and_their_targets_are_written() {
    let place = Place::new();
    let at = |name: &str| place.path().join(name);
    for link in ["l.txt", "l.html", "l.xml", "l_stats.csv"] {
        fs::write(at(&format!("real-{link}")), "old").expect("a file");
        symlink(format!("real-{link}"), at(link)).expect("a link");
    }
    place.record("-t 1s --html l.html --junit l.xml --csv l");
    place.ok("report latest --text l.txt");
    for link in ["l.txt", "l.html", "l.xml", "l_stats.csv"] {
        assert!(at(link).is_symlink(), "{link}");
        let text = fs::read_to_string(at(&format!("real-{link}"))).expect("a file");
        assert!(text.len() > 100, "{link}: {text}");
    }
}

#[test]
fn one_report_can_be_written_to_standard_output() {
    let place = Place::new();
    let during = place.run("-f s.yaml --headless -t 1s --markdown - --junit j.xml");
    assert!(during.status.success(), "{}", err(&during));
    place.ok("report latest --markdown m.md");
    let markdown = fs::read_to_string(place.path().join("m.md")).expect("a file");
    assert_eq!(out(&during), markdown, "standard output contains only the report");
    assert!(err(&during).contains("wrote j.xml"), "{}", err(&during));
    for name in ["-", "/dev/stdout", "/dev/fd/1"] {
        let output = place.run(&format!("report latest --markdown {name} --text t.txt"));
        assert_eq!((out(&output), output.status.code()), (markdown.clone(), Some(0)), "{name}");
        assert!(err(&output).contains("wrote t.txt"), "{}", err(&output));
    }
    place.refused(
        "report latest --markdown - --text /dev/stdout",
        2,
        "two reports would be written to standard output",
    );
    place.refused("-f s.yaml --headless -t 1s --json --html -", 2, "two reports would be written to standard output");
    let archive = place.run("runs export latest --out -");
    assert_eq!(err(&archive), "wrote -\n");
    assert!(archive.stdout.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) && !archive.stdout.ends_with(b"wrote -\n"));
    assert!(!place.path().join("-").exists());
}

#[test]
fn reports_do_not_overwrite_each_other_or_input_files() {
    let place = Place::new();
    let real = place.record("-t 1s");
    let scenario = fs::read(place.path().join("s.yaml")).expect("a file");
    for (name, text) in [("reads.yaml", READS), ("common.yaml", "vars: { a: 1 }\n"), ("users.csv", "user\nann\n")] {
        fs::write(place.path().join(name), text).expect("a file");
    }
    for (line, expected) in [
        ("report latest --html x --json ./x", "./x is named twice"),
        ("report latest --csv x --text x_stats.csv", "x_stats.csv is named twice"),
        (&*format!("report latest --json runs/{real}/meta.json"), "is read by this command"),
        ("findings latest --html x --markdown x", "x is named twice"),
        ("-f s.yaml --headless -t 1s --html x --junit x", "x is named twice"),
        ("-f s.yaml --headless -t 1s -u 3 --html a/{u}.html --markdown a/3.html", "a/3.html is named twice"),
        ("-f s.yaml --headless -t 1s --logfile ./s.yaml", "./s.yaml is read by this command"),
        ("-f s.yaml --headless -t 1s --logfile log --html log", "log is named twice"),
        ("-f s.yaml --headless -t 1s --logfile x_stats.csv --csv x", "x_stats.csv is named twice"),
        ("-f s.yaml --headless -t 1s --markdown ./s.yaml", "./s.yaml is read by this command"),
        ("-f reads.yaml --headless -t 1s --markdown ./users.csv", "users.csv is read by this command"),
        ("-f reads.yaml --headless -t 1s --junit common.yaml", "common.yaml is read by this command"),
    ] {
        let output = place.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", err(&output));
        assert!(err(&output).contains(expected.trim_start_matches("./")), "{line}: {}", err(&output));
    }
    assert!(!place.path().join("x").exists());
    assert_eq!(fs::read(place.path().join("s.yaml")).expect("a file"), scenario);
}
