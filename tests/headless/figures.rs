//! The same figures everywhere: what the tables round, the files have to the microsecond, and a run that ends in the
//! middle of a second has no rate that nobody measured.

use crate::command::{Ran, Record, err, out};
use crate::nginx::Nginx;

/// The times of `_stats.csv` beside its percentiles.
const TIMES: [&str; 4] = ["Average Response Time", "Min Response Time", "Max Response Time", "Median Response Time"];
const PERCENTILES: [&str; 11] = ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"];

fn number(row: &Record, column: &str) -> f64 {
    let cell = &row[column];
    let decimals = cell.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    assert!(decimals <= 3, "{column} is {cell}");
    cell.parse().unwrap_or_else(|_| panic!("{column} is {cell}"))
}

/// The cells behind the name of the row `Aggregated` in the table that begins with `title`.
fn aggregated(text: &str, title: &str) -> Vec<f64> {
    let table = text.split_once(title).unwrap_or_else(|| panic!("no {title} in {text}")).1;
    let line = table.lines().find(|line| line.trim_start().starts_with("Aggregated")).expect("a row");
    line.split_whitespace().skip(1).filter_map(|cell| cell.parse().ok()).collect()
}

#[test]
fn tables_round_to_the_nearest_millisecond_what_the_files_have_to_the_microsecond() {
    let nginx = Nginx::start();
    let scenario = "wait_time: constant_throughput(50)\ntasks: [{ steps: [{ get: / }, { get: /more }] }]";
    let ran = Ran::new(scenario, &format!("-H {} -u 4 -r 100 -t 2s", nginx.url()));
    assert_eq!(ran.output.status.code(), Some(0), "{}", err(&ran.output));
    let (row, text) = (ran.row("Aggregated"), out(&ran.output));
    assert_eq!(number(&row, "50%"), number(&row, "Median Response Time"));
    assert_eq!(number(&row, "100%"), number(&row, "Max Response Time"));
    // On loopback there is no whole millisecond in which all of these lie.
    let fine = PERCENTILES.iter().chain(&TIMES).filter(|column| number(&row, column).fract() != 0.0).count();
    assert!(fine > 8, "{row:?}");

    let nearest = |column: &str| number(&row, column).round_ties_even();
    let cells = aggregated(&text, "# reqs");
    assert_eq!(cells[1..5], TIMES.map(nearest), "{text}");
    let cells = aggregated(&text, "Response time percentiles");
    assert_eq!(cells[..11], PERCENTILES.map(nearest), "{text}");
    assert!(text.contains("Response times: p50 "), "{text}");

    let service = ran.file("service_time");
    let service = service.last().expect("a row");
    for column in ["Average Service Time", "Min Service Time", "Max Service Time", "Median Service Time", "99%"] {
        assert!(number(service, column) > 0.0, "{service:?}");
    }
    for row in ran.file("stats_history").iter().filter(|row| row["Total Request Count"] != "0") {
        assert_eq!(number(row, "50%"), number(row, "Total Median Response Time"), "{row:?}");
        assert_eq!(number(row, "100%"), number(row, "Total Max Response Time"), "{row:?}");
    }
}

#[test]
fn the_history_has_each_second_once_and_no_rate_that_nobody_measured() {
    let nginx = Nginx::start();
    let scenario = "wait_time: constant_throughput(50)\ntasks: [{ steps: [{ get: / }] }]";
    // In the middle of a second, right behind its beginning, and within the first one.
    for time in ["2500ms", "2005ms", "400ms"] {
        let ran = Ran::new(scenario, &format!("-H {} -u 4 -r 1000 -t {time}", nginx.url()));
        assert_eq!(ran.output.status.code(), Some(0), "{}", err(&ran.output));
        let rows = ran.file("stats_history");
        let seconds: Vec<u64> = rows.iter().map(|row| row["Timestamp"].parse().expect("whole seconds")).collect();
        assert!(seconds.windows(2).all(|pair| pair[0] < pair[1]), "{time}: {seconds:?}");
        let last = rows.last().expect("a row");
        assert_eq!(last["Total Request Count"], ran.row("Aggregated")["Request Count"], "{time}");
        assert_eq!(last["User Count"], "4", "{time}: the users of the end, before they left");
        let total: f64 = ran.row("Aggregated")["Requests/s"].parse().expect("a rate");
        for row in rows.iter().filter(|row| row["Total Request Count"] != "0") {
            let now: f64 = row["Requests/s"].parse().expect("a rate");
            assert!(now < total * 1.5, "{time}: {now}/s where the run has {total}/s");
        }
        // A run that is shorter than the window of ten seconds has one rate.
        let now: f64 = last["Requests/s"].parse().expect("a rate");
        assert!((now - total).abs() < 0.01 * total, "{time}: {now} and {total}");
    }
}
