//! What the messages say.

use std::time::Duration;

use super::message::{Markup, Message, code, joined, link, words};
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Figures, Judged, Judgement, Row, RunState};
use crate::store::{Meta, Totals};
use crate::units;
use crate::verdict::{Conclusion, Verdict};

/// Maximum thresholds and rows in a message.
const MAX_THRESHOLDS: usize = 8;
const MAX_ROWS: usize = 3;

/// An earlier run of the same scenario, profile and host.
#[derive(Debug, Clone, PartialEq)]
pub struct Previous {
    /// Id of the run.
    pub id: String,
    /// Its totals.
    pub totals: Totals,
}

/// The run started.
pub fn started(meta: &Meta) -> Message {
    let run_time = meta.run_time.map_or("until stopped".into(), |seconds| words(&time(seconds)));
    Message::new(&format!("▶️ {}: load test started", meta.scenario))
        .figures(&[
            ("Host", code(&meta.host)),
            ("Users", words(&units::count(meta.users.into()))),
            ("Spawn rate", words(&meta.spawn_rate_shown().unwrap_or_default())),
            ("Run time", run_time),
            ("Profile", code(meta.profile.as_deref().unwrap_or_default())),
        ])
        .context(&context(meta))
}

/// Thresholds failed or recovered since the last message.
pub fn thresholds(meta: &Meta, snapshot: &Snapshot, changed: &[Judgement]) -> Message {
    let failed: Vec<&Judgement> = changed.iter().filter(|judgement| is_failing(judgement)).collect();
    let what = |n: usize| units::counted(n as u64, "threshold");
    let title = match (failed.len(), changed.len() - failed.len()) {
        (0, recovered) => format!("✅ {}: {} recovered", meta.scenario, what(recovered)),
        (failed, 0) => format!("❌ {}: {} failed", meta.scenario, what(failed)),
        (failed, recovered) => format!("❌ {}: {} failed, {recovered} recovered", meta.scenario, what(failed)),
    };
    let lines: Vec<Markup> = changed.iter().take(MAX_THRESHOLDS).map(threshold).collect();
    Message::new(&title)
        .lines(&with_more(lines, changed.len()))
        .figures(&[
            ("Host", code(&meta.host)),
            ("Users", words(&units::count(snapshot.load.users.into()))),
            ("Run time so far", words(&units::clock(snapshot.elapsed))),
            ("Requests", words(&requests(&snapshot.total.total))),
        ])
        .context(&context(meta))
}

/// The run ended, as planned or before.
pub fn ended(meta: &Meta, last: &Snapshot, verdict: &Verdict, previous: Option<&Previous>) -> Message {
    let total = &last.total.total;
    let sign = match verdict.conclusion {
        Conclusion::Passed => "✅",
        Conclusion::RequestsFailed | Conclusion::ThresholdFailed | Conclusion::Broken => "❌",
        Conclusion::Undecided | Conclusion::Invalid => "⚠️",
    };
    let early = early(last).map_or_else(String::new, |why| format!(", {why}"));
    let title = format!("{sign} {}: load test {}{early}", meta.scenario, verdict.conclusion.word());
    let failing: Vec<&Judgement> = last.judgements.iter().filter(|judgement| is_failing(judgement)).collect();
    let lines: Vec<Markup> = failing.iter().take(MAX_THRESHOLDS).map(|judgement| threshold(judgement)).collect();
    let times = &total.response;
    let percentile = |p: f64| words(&response_time(total, times.p(p)));
    Message::new(&title)
        .lines(&[words(&verdict.reason)])
        .figures(&[
            ("Host", code(&meta.host)),
            ("Users", words(&units::count(last.load.most_users.into()))),
            ("Duration", words(&units::clock(last.elapsed))),
            ("Requests", words(&requests(total))),
            ("Failed", words(&failures(total))),
            ("p50", percentile(50.0)),
            ("p95", percentile(95.0)),
            ("p99", percentile(99.0)),
            ("VU-hours", words(&format!("{:.3}", last.load.vu_hours))),
        ])
        .lines(&with_more(lines, failing.len()))
        .lines(&worst(&last.endpoints))
        .lines(&previous.map(|previous| change(last, previous)).unwrap_or_default())
        .context(&context(meta))
}

/// Why a run ended before its plan; `None` if it did not.
pub fn early(last: &Snapshot) -> Option<&'static str> {
    match last.state {
        RunState::Done(End::Completed) => None,
        RunState::Done(End::Threshold) => Some("aborted by a threshold"),
        RunState::Done(End::Budget) => Some("stopped: its VU-hours are used up"),
        RunState::Done(End::NotPrefilled) => Some("not started: the prefill failed"),
        RunState::Done(End::Broken) => Some("ended by a crash of the load generator"),
        _ => Some("stopped early"),
    }
}

fn is_failing(judgement: &Judgement) -> bool {
    matches!(judgement.judged, Judged::Failed | Judged::Violated)
}

fn threshold(judgement: &Judgement) -> Markup {
    let sign: Markup = match (is_failing(judgement), judgement.warn) {
        (false, _) => "✅ ".into(),
        (true, true) => "⚠️ ".into(),
        (true, false) => "❌ ".into(),
    };
    let value = judgement.value.as_ref().map(|value| words(&format!(": {value}"))).unwrap_or_default();
    sign.and(&code(&judgement.words)).and(&value)
}

fn with_more(mut lines: Vec<Markup>, all: usize) -> Vec<Markup> {
    if all > lines.len() {
        lines.push(words(&format!("… and {}", units::counted((all - lines.len()) as u64, "more threshold"))));
    }
    lines
}

/// The rows with most failures; without failures, the slowest.
fn worst(rows: &[Row]) -> Vec<Markup> {
    let mut failing: Vec<&Row> = rows.iter().filter(|row| row.total.failures > 0).collect();
    failing.sort_by_key(|row| std::cmp::Reverse(row.total.failures));
    let mut slow: Vec<&Row> = rows.iter().filter(|row| row.total.responses > 0).collect();
    slow.sort_by_key(|row| std::cmp::Reverse(row.total.response.p(95.0)));
    let (title, rows): (Markup, _) =
        if failing.is_empty() { ("*Slowest*".into(), slow) } else { ("*Most failures*".into(), failing) };
    if rows.is_empty() {
        return Vec::new();
    }
    let line = |row: &&Row| {
        let name = format!("{} {}", row.kind, row.name);
        let figures = &row.total;
        let p95 = response_time(figures, figures.response.p(95.0));
        code(name.trim()).and(&words(&format!(": {} failed, p95 {p95}", failures(figures))))
    };
    std::iter::once(title).chain(rows.iter().take(MAX_ROWS).map(line)).collect()
}

/// Change of the key figures since an earlier run.
fn change(last: &Snapshot, previous: &Previous) -> Vec<Markup> {
    let (before, now) = (&previous.totals, Totals::of(last));
    let mut parts = Vec::new();
    if let (Some(from), Some(to)) = (before.p95_ms, now.p95_ms) {
        let ms = |ms: f64| units::latency(Duration::from_secs_f64(ms.max(0.0) / 1e3));
        let percent = if from > 0.0 { format!(" ({:+.1} %)", (to / from - 1.0) * 100.0) } else { String::new() };
        parts.push(format!("p95 {} → {}{percent}", ms(from), ms(to)));
    }
    let ratio = |totals: &Totals| match totals.requests {
        0 => 0.0,
        requests => totals.failures as f64 / requests as f64 * 100.0,
    };
    parts.push(format!("failed {:.2} % → {:.2} %", ratio(before), ratio(&now)));
    let rate = |totals: &Totals| if totals.seconds > 0.0 { totals.requests as f64 / totals.seconds } else { 0.0 };
    parts.push(format!("{} → {} requests/s", units::rate(rate(before)), units::rate(rate(&now))));
    let title = Markup::from("*Change from the run before* ").and(&code(&previous.id));
    vec![title, words(&parts.join(", "))]
}

fn context(meta: &Meta) -> [Markup; 4] {
    let commit: String = meta.commit.as_deref().unwrap_or_default().chars().take(10).collect();
    let link_text = meta.ci.as_deref().unwrap_or("job");
    [
        joined([&code(meta.branch.as_deref().unwrap_or_default()), &code(&commit)], " "),
        meta.link.as_deref().map(|url| link(url, link_text)).unwrap_or_default(),
        code(&meta.id),
        words(&format!("katydid {}", meta.version)),
    ]
}

fn requests(figures: &Figures) -> String {
    format!("{} ({}/s)", units::count(figures.requests), units::rate(figures.rps))
}

fn failures(figures: &Figures) -> String {
    format!("{} ({:.2} %)", units::count(figures.failures), figures.fail_ratio() * 100.0)
}

/// A dash where no request got a response.
fn response_time(figures: &Figures, time: Duration) -> String {
    if figures.responses == 0 { "–".to_owned() } else { units::latency(time) }
}

fn time(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or_else(|_| String::new(), units::plain)
}
