//! Thresholds of other tools.

/// Words of a metric in other tools, and what to write instead.
const METRICS: &[(&[&str], &str)] = &[
    (
        &[
            "http_req_duration",
            "http_req_waiting",
            "iteration_duration",
            "response_time",
            "responsetime",
            "latency",
            "duration",
            "http.response_time",
            "http.response_time.p95",
            "percentile",
        ],
        "write p95 < 400ms, or mean < 200ms",
    ),
    (
        &[
            "http_req_failed",
            "errorrate",
            "error_rate",
            "errors_ratio",
            "failure_rate",
            "successrate",
            "success_rate",
            "checks",
            "success_ratio",
            "maxerrorrate",
            "error_percent",
        ],
        "write fail_ratio < 1%",
    ),
    (
        &[
            "http_reqs",
            "iterations",
            "http.request_rate",
            "throughput",
            "tps",
            "qps",
            "request_rate",
            "requests_per_second",
            "req/s",
            "requests/s",
        ],
        "write rps > 50, or requests >= 1000",
    ),
    (
        &["errors", "error_count", "failed", "http.codes.500", "failed_requests", "fail"],
        "write failures == 0, or fail_ratio < 1%",
    ),
    (&["dropped_iterations"], "write dropped == 0"),
    (&["average", "avg_response_time", "med"], "write mean < 200ms, or median < 200ms"),
];

/// What to write instead of a condition whose metric is unknown.
pub(crate) fn threshold(text: &str) -> Option<String> {
    let text = text.trim();
    // k6: p(95)<500, avg<200, rate<0.01; Artillery: http.response_time.p95: 200.
    if let Some(rest) = text.strip_prefix("p(").or_else(|| text.strip_prefix("percentile("))
        && let Some((percent, limit)) = rest.split_once(')')
        && percent.trim().parse::<f64>().is_ok()
    {
        let (sign, value) = limit.trim().split_at(limit.trim().find(|c: char| !"<>=".contains(c)).unwrap_or(0));
        let value = value.trim();
        let unit = if value.parse::<f64>().is_ok() { "ms" } else { "" };
        let known = !sign.is_empty() && !value.is_empty();
        return Some(if known {
            format!("write p{} {sign} {value}{unit}", percent.trim())
        } else {
            format!("write p{} < 400ms", percent.trim())
        });
    }
    let end = text.find(|c: char| "<>=!:".contains(c) || c.is_whitespace()).unwrap_or(text.len());
    let word = text[..end].to_ascii_lowercase();
    if word == "rate" || word == "count" || word == "value" {
        return Some("write fail_ratio < 1%, rps > 50, or requests >= 1000".to_owned());
    }
    METRICS.iter().find(|(words, _)| words.contains(&&*word)).map(|(_, note)| (*note).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_of_other_tools_are_translated() {
        for (text, wanted) in [
            ("p(95)<500", Some("write p95 < 500ms")),
            ("p(99.9) <= 1s", Some("write p99.9 <= 1s")),
            ("p(95)", Some("write p95 < 400ms")),
            ("rate<0.01", Some("write fail_ratio < 1%, rps > 50, or requests >= 1000")),
            ("http_req_failed < 1%", Some("write fail_ratio < 1%")),
            ("http_req_duration: p(95)<500", Some("write p95 < 400ms, or mean < 200ms")),
            ("throughput > 5", Some("write rps > 50, or requests >= 1000")),
            ("fast", None),
        ] {
            assert_eq!(threshold(text).as_deref(), wanted, "{text}");
        }
    }
}
