//! Formats figures of the JSON document as reports do.

use std::time::Duration;

use katydid::units;
use serde_json::Value;

/// The key figures of a row: requests, failures, requests per second, p50, p95, p99, max.
pub fn key_figures(row: &Value) -> [String; 7] {
    let count = |name: &str| units::count(row[name].as_u64().expect("a count"));
    let failed = match row["failures"].as_u64().expect("a count") {
        0 => "0".to_owned(),
        _ => format!("{} ({:.2} %)", count("failures"), row["failure_ratio"].as_f64().expect("a number") * 100.0),
    };
    let rate = units::rate(row["requests_per_s"].as_f64().expect("a number"));
    let [p50, p95, p99] = ["p50", "p95", "p99"].map(|name| time(&row["response_time"]["percentiles_ms"][name]));
    [count("requests"), failed, rate, p50, p95, p99, time(&row["response_time"]["max_ms"])]
}

/// A response time in milliseconds; a dash for null.
pub fn time(millis: &Value) -> String {
    let shown = |ms: f64| units::latency(Duration::from_micros((ms * 1e3).round() as u64));
    millis.as_f64().map_or_else(|| "–".to_owned(), shown)
}
