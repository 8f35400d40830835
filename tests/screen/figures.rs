//! What the screen shows at the end of a run is what every report of it says, to the digit shown.

use std::path::Path;
use std::process::Command;

use crate::Terminal;

const SCENARIO: &str = "host: demo
users: 3
spawn_rate: 10
thresholds: [ p95 < 1s, fail_ratio < 1% ]
tasks:
  - steps:
      - get: /api/products
      - get: /nothing
";

/// All of these words are somewhere in the text.
#[track_caller]
fn says(what: &str, text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{what}: no {word:?} in\n{text}");
    }
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn screen_and_reports_agree() {
    let terminal = Terminal::open();
    terminal.resize((160, 50));
    let folder = terminal.folder().to_owned();
    std::fs::write(folder.join("s.yaml"), SCENARIO).expect("a scenario");
    terminal.katydid("-f s.yaml --autostart -t 3s --runs-dir runs");
    // Of the whole run, once it is over.
    let screen = terminal.until("the end of the run", |screen| screen.contains("DONE") && screen.contains("whole run"));
    let flags =
        "report latest --runs-dir runs --csv r --json r.json --html r.html --junit r.xml --md r.md --text r.txt";
    let made = Command::new(env!("CARGO_BIN_EXE_katydid")).args(flags.split(' ')).current_dir(&folder).output();
    assert!(made.expect("reports").status.success());

    let row = screen.lines().find(|line| line.contains("Aggregated")).expect("a row").split("Aggregated").nth(1);
    let cells: Vec<&str> = row.expect("cells").split_whitespace().filter(|cell| !"│%".contains(cell)).collect();
    let head = screen.lines().find(|line| line.contains("Requests") && line.contains("p95")).expect("a head");
    let names: Vec<&str> =
        head.split_whitespace().skip_while(|word| *word != "Requests").filter(|word| *word != "│").collect();
    let cell = |name: &str| {
        cells[names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name}: {names:?}"))]
    };
    let requests = cell("Requests");
    let times = ["p50", "p95", "p99", "max"].map(cell);
    let threshold = |check: &str| {
        let line = screen.lines().find(|line| line.contains(check)).unwrap_or_else(|| panic!("{check}:\n{screen}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let held = threshold("p95 < 1s");
    let margin = held.split("margin ").nth(1).and_then(|rest| rest.split('%').next()).expect("a margin").trim();
    let failed = threshold("fail_ratio < 1%");
    let missed = failed.split("missed by ").nth(1).and_then(|rest| rest.split('%').next()).expect("a margin").trim();

    let margins = [format!("+{margin} %"), format!("-{missed} %")];
    let all = [&[requests][..], &times, &[&margins[0], &margins[1]]].concat();
    for name in ["r.html", "r.md", "r.xml", "r.txt"] {
        // As Markdown and XML write what they escape.
        let text = read(&folder, name).replace("\\-", "-").replace("\\+", "+").replace("&#x2b;", "+");
        says(name, &text, &all);
    }

    // Files for programs have more digits: they are rounded as the screen does it.
    let plain = requests.replace(',', "");
    let document: serde_json::Value = serde_json::from_str(&read(&folder, "r.json")).expect("JSON");
    assert_eq!(document["totals"]["requests"].to_string(), plain);
    let percentiles = &document["totals"]["response_time"]["percentiles_ms"];
    for (name, shown) in ["p50", "p95", "p99"].into_iter().zip(times) {
        let micros = (percentiles[name].as_f64().expect("a number") * 1e3).round() as u64;
        assert_eq!(katydid::units::latency(std::time::Duration::from_micros(micros)), shown, "{name}");
    }
    let stats = read(&folder, "r_stats.csv");
    let total = stats.lines().find(|line| line.contains(",Aggregated,")).expect("a row");
    assert_eq!(total.split(',').nth(2), Some(&*plain), "{total}");
    let column = |name: &str| {
        let at =
            stats.lines().next().and_then(|head| head.split(',').position(|known| known == name)).expect("a column");
        total.split(',').nth(at).and_then(|cell| cell.parse::<f64>().ok()).expect("a number")
    };
    for (name, shown) in [("50%", times[0]), ("95%", times[1]), ("99%", times[2])] {
        let time = std::time::Duration::from_micros((column(name) * 1e3).round() as u64);
        assert_eq!(katydid::units::latency(time), shown, "{name}: {total}");
    }
    terminal.key("q");
    terminal.until_sane();
}
