//! Entries for Datadog's event stream: start and end of the run, changes of its load, thresholds.

use std::time::{SystemTime, UNIX_EPOCH};

use super::tags::tag;
use crate::sink::event::Event;
use crate::stats::Snapshot;
use crate::stats::snapshot::Judged;
use crate::store::{Meta, Totals};
use crate::units;
use crate::verdict::Verdict;

/// Maximum lengths in characters: what Datadog accepts.
const MAX_TITLE: usize = 100;
const MAX_TEXT: usize = 4_000;
/// Failure ratio above which the end of a run is an error, as in Locust's reporters.
const ERROR_RATIO: f64 = 0.05;

/// An entry of the event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Title.
    pub title: String,
    /// Text, with several lines.
    pub text: String,
    /// `info`, `success`, `warning` or `error`.
    pub kind: &'static str,
    /// Tags, those of the run included.
    pub tags: Vec<String>,
    /// Seconds since 1970.
    pub at: u64,
    /// Events with the same key are shown together: the id of the run, if it is recorded.
    pub key: Option<String>,
}

/// The entry of an event; `None` if it has none. `tags` are those of the run.
pub fn of(event: &Event, meta: &Meta, tags: &[String]) -> Option<Notice> {
    let scenario = &meta.scenario;
    let (title, text, kind, test, at) = match event {
        Event::Started(snapshot) => {
            (format!("{scenario} Load Test Started"), start(meta), "info", Some("start"), unix(snapshot.at))
        }
        Event::LoadChanged(change) => {
            (format!("{scenario}: load changed"), change.text.to_string(), "info", None, unix(change.at))
        }
        Event::Threshold(judgement, at) => {
            let passes = judgement.judged == Judged::Passes;
            let (word, kind) = match (passes, judgement.warn) {
                (true, _) => ("recovered", "success"),
                (false, true) => ("failed", "warning"),
                (false, false) => ("failed", "error"),
            };
            let value = judgement.value.as_ref().map(|value| format!("\nmeasured: {value}")).unwrap_or_default();
            let text = format!("{}{value}\n{}", judgement.words, judgement.place);
            (format!("{scenario}: threshold {word}: {}", judgement.check), text, kind, None, unix(*at))
        }
        Event::Ended(last, verdict) => {
            let kind = if last.total.total.fail_ratio() > ERROR_RATIO { "error" } else { "success" };
            (format!("{scenario} Load Test Completed"), end(last, verdict), kind, Some("complete"), unix(last.at))
        }
        Event::Interval(_) => return None,
    };
    let cut = |text: &str, max| text.chars().take(max).collect();
    Some(Notice {
        title: cut(&title, MAX_TITLE),
        text: cut(&text, MAX_TEXT),
        kind,
        tags: tags.iter().cloned().chain(test.map(|test| tag("test", test))).collect(),
        at,
        key: Some(meta.id.clone()).filter(|id| !id.is_empty()),
    })
}

fn start(meta: &Meta) -> String {
    let run_time = meta.run_time.map_or_else(|| "until stopped".to_owned(), |seconds| format!("{seconds} s"));
    let rate = meta.spawn_rate_shown().map(|rate| format!("Spawn rate: {rate}\n")).unwrap_or_default();
    format!("Host: {}\nUsers: {}\n{rate}Run time: {run_time}\nRun: {}", meta.host, meta.users, meta.id)
}

fn end(last: &Snapshot, verdict: &Verdict) -> String {
    let total = &last.total.total;
    let Totals { requests, failures, p95_ms, seconds, .. } = Totals::of(last);
    let times = p95_ms.map_or_else(
        || "no response times".to_owned(),
        |p95| format!("{:.1} ms on average, p95 {p95:.1} ms", total.response.mean.as_secs_f64() * 1e3),
    );
    format!(
        "Verdict: {}: {}\nRequests: {} ({:.1}/s)\nFailures: {} ({:.2} %)\nResponse time: {times}\nUsers: {} at most\nRun time: {seconds:.0} s",
        verdict.conclusion.word(),
        verdict.reason,
        units::count(requests),
        total.rps,
        units::count(failures),
        total.fail_ratio() * 100.0,
        last.load.most_users,
    )
}

/// Seconds since 1970.
pub fn unix(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spawn_rate_that_does_not_apply_is_not_mentioned() {
        let started = |is_shaped| start(&Meta { is_shaped, ..Meta::empty() });
        assert!(started(false).contains("\nSpawn rate: 1/s\n"), "{}", started(false));
        assert!(
            !started(true).contains("Spawn rate") && started(true).contains("Users: 1\nRun time"),
            "{}",
            started(true)
        );
    }
}
