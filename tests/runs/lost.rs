//! Recorded runs of which files are lost or damaged, as after a power failure.

use std::fs;

use serde_json::Value;

use super::command::{err, out};
use super::place::Place;

/// Takes the end of a run away: its process was killed, or the power failed.
fn cut_short(meta: &mut Value) {
    (meta["ended"], meta["outcome"]) = (Value::Null, Value::Null);
}

/// What a JSON report has of a run.
fn report(place: &Place, id: &str) -> Value {
    let output = place.run(&format!("report {id} --json -"));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    serde_json::from_str(&out(&output)).expect("JSON")
}

#[test]
fn a_run_without_its_snapshot_is_reported_from_the_other_files() {
    let place = Place::new();
    fs::write(
        place.path().join("s.yaml"),
        "host: demo\nusers: 3\nspawn_rate: 100\nwait_time: constant(20ms)\nthresholds: [ p95 < 9s ]\n\
         tasks: [{ steps: [{ get: /_count }, { get: /nothing }] }]\n",
    )
    .expect("a scenario");
    let real = place.record("-t 2300ms");
    let whole = report(&place, &real);
    let half = fs::read_to_string(place.runs().join(&real).join("snapshot.json")).expect("a file");
    let half = &half[..half.len() / 2];
    for (at, (text, words)) in [
        (Some(""), "snapshot.json is damaged: it is empty"),
        (Some(half), "snapshot.json is damaged: it ends in the middle of a value, in line 1"),
        (Some("\0\0\0\0"), "snapshot.json is damaged: it is not valid JSON, in line 1 at column 1"),
        (None, "snapshot.json is missing"),
    ]
    .into_iter()
    .enumerate()
    {
        for is_cut in [false, true] {
            let id = format!("2026-01-0{}_000000_{is_cut}", at + 1);
            place.copy(&real, &id, |meta| {
                if is_cut {
                    cut_short(meta)
                }
            });
            let path = place.runs().join(&id).join("snapshot.json");
            match text {
                Some(text) => fs::write(path, text).expect("a file"),
                None => fs::remove_file(path).expect("a file"),
            }
            let found = report(&place, &id);
            let reason = found["verdict"]["reason"].as_str().expect("a reason");
            assert!(
                reason.contains(&format!("the recording is incomplete: {words}; the totals are those of ")),
                "{reason}"
            );
            assert!(
                reason.contains("thresholds, connection times and the health of the generator are missing"),
                "{reason}"
            );
            let word = if is_cut { "cut short" } else { "passed" };
            assert_eq!((&found["verdict"]["word"], &found["generator"]["level"]), (&word.into(), &"unknown".into()));
            for name in ["requests", "failures", "responses"] {
                assert_eq!(found["totals"][name], whole["totals"][name], "{name}");
            }
            assert_eq!(found["totals"]["response_time"], whole["totals"]["response_time"]);
            for (row, real) in
                found["rows"].as_array().expect("rows").iter().zip(whole["rows"].as_array().expect("rows"))
            {
                for name in ["type", "name", "requests", "failures", "responses"] {
                    assert_eq!(row[name], real[name], "{name} of {row}");
                }
                let p95 = |row: &Value| row["response_time"]["percentiles_ms"]["p95"].as_f64().expect("a time");
                assert!((p95(row) - p95(real)).abs() <= p95(real) / 500.0, "{row} {real}");
            }
            assert_eq!(found["failures"]["kinds"][0]["count"], whole["failures"]["kinds"][0]["count"]);
            let [hours, real] = [&found, &whole].map(|run| run["load"]["vu_hours"].as_f64().expect("a number"));
            assert!(hours > real * 0.8 && hours < real * 1.2 && (is_cut || hours == real), "{hours} {real}");
            let text = place.ok(&format!("report {id}"));
            assert!(
                text.contains(words) && text.contains("GET /nothing") && !text.contains("✓ generator healthy"),
                "{text}"
            );
            let state = if is_cut { "cut short: The process was killed" } else { "passed: p95 < 9s was met" };
            assert!(text.contains(state), "{text}");
            place.ok(&format!("report {id} --html h.html --md m.md --text t.txt --junit j.xml --csv c"));
            let markdown = fs::read_to_string(place.path().join("m.md")).expect("a file");
            assert!(markdown.contains("the health of the generator are missing"), "{markdown}");
            assert!(place.ok("runs").contains(&id));
        }
    }
}

#[test]
fn nothing_is_reported_of_a_run_that_has_lost_all_figures() {
    let place = Place::new();
    let real = place.record("-t 1s");
    for (id, words) in
        [("2026-01-01_000000_a", "snapshot.json is damaged: it is empty"), ("2026-01-02_000000_b", "no figures")]
    {
        place.copy(&real, id, cut_short);
        fs::write(place.runs().join(id).join("series.jsonl"), "\0\0\n").expect("a file");
        fs::write(place.runs().join(id).join("snapshot.json"), "").expect("a file");
        if id.ends_with('b') {
            fs::remove_file(place.runs().join(id).join("snapshot.json")).expect("a file");
        }
        let output = place.run(&format!("report {id}"));
        assert!(err(&output).contains(words) && out(&output).is_empty(), "{}", err(&output));
        assert_ne!(output.status.code(), Some(0));
    }
}

#[test]
fn lines_that_cannot_be_read_are_left_out_and_counted() {
    let place = Place::new();
    let real = place.record("-t 2300ms");
    let whole = report(&place, &real);
    for (file, gap) in [
        ("series.jsonl", "1 line of series.jsonl cannot be read (line 1)"),
        ("events.jsonl", "1 line of events.jsonl cannot be read (line 1)"),
    ] {
        let id = format!("2026-01-01_000000_{file}");
        place.copy(&real, &id, |_| {});
        let path = place.runs().join(&id).join(file);
        let mut bytes = fs::read(&path).expect("a file");
        if bytes.is_empty() {
            bytes = b"{\"t\":0.5,\"at\":1,\"text\":\"noted\"}\n".to_vec();
        }
        bytes[2] = 0xff;
        bytes.extend(b"not a whole line");
        fs::write(&path, &bytes).expect("a file");
        let found = report(&place, &id);
        assert_eq!(found["totals"], whole["totals"]);
        let reason = found["verdict"]["reason"].as_str().expect("a reason");
        assert!(reason.ends_with(&format!("the recording is incomplete: {gap}")), "{reason}");
        let text = place.ok(&format!("report {id}")).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(gap), "{text}");
        fs::remove_file(&path).expect("a file");
        let text = place.ok(&format!("report {id}")).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("{file} is missing")), "{text}");
    }
    // Of the failures, reports need the file only where the snapshot is lost.
    let id = "2026-01-02_000000_failures";
    place.copy(&real, id, cut_short);
    fs::write(place.runs().join(id).join("failures.jsonl"), b"\xff\n{}\n").expect("a file");
    let reason = |found: Value| found["verdict"]["reason"].as_str().expect("a reason").to_owned();
    assert!(!reason(report(&place, id)).contains("incomplete"));
    fs::write(place.runs().join(id).join("snapshot.json"), "").expect("a file");
    let found = reason(report(&place, id));
    assert!(found.contains("2 lines of failures.jsonl cannot be read (the first is line 1)"), "{found}");
}
