//! The summary: verdicts, normal range, stability, cost and recommended plan.

use super::facts::{sentence, some_of};
use super::recommendation;
use crate::report::allowance::{hours, share};
use crate::report::findings_page::model::{Block, Line, Mark, Section, Text, strong, trusted, untrusted};
use crate::report::findings_page::view::{Column, View, percentile};
use crate::report::shown;
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut points: Vec<Line> = view.runs.iter().map(verdict).collect();
    points.extend(normal(view));
    points.push(stability(view));
    points.push(cost(view));
    points.push(vec![strong("Recommended plan: "), untrusted(recommendation::sentence(view))]);
    Section::new("summary", "Summary", vec![Block::List(points)])
}

fn verdict(column: &Column<'_>) -> Line {
    vec![
        strong(format!("{}: ", column.name)),
        Text::Marked(column.mark(), column.standing.word.clone()),
        untrusted(format!(": {}", sentence(&column.standing.reason))),
    ]
}

/// Ranges of the key figures over all usable runs.
fn normal(view: &View<'_>) -> Option<Line> {
    let usable: Vec<&Column<'_>> = view.usable().collect();
    if usable.is_empty() {
        return Some(vec![strong("Normal: "), trusted("unknown: no run has usable figures.")]);
    }
    let span = |of: &dyn Fn(&Column<'_>) -> (f64, String)| {
        let mut values: Vec<(f64, String)> = usable.iter().map(|column| of(column)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, high) = (values[0].1.clone(), values[values.len() - 1].1.clone());
        if low == high { low } else { format!("{low} to {high}") }
    };
    let time = |percent: f64| {
        span(&|column| {
            let time = percentile(column.total(), percent).unwrap_or_default();
            (time.as_secs_f64(), units::latency(time))
        })
    };
    let rate = span(&|column| (column.total().rps, units::rate(column.total().rps)));
    let failed = span(&|column| {
        let ratio = column.total().fail_ratio();
        (ratio, shown::percent(ratio))
    });
    let [p50, p95, p99] = [50.0, 95.0, 99.0].map(time);
    Some(vec![
        strong("Normal: "),
        trusted(format!("p50 {p50}, p95 {p95}, p99 {p99} at {rate} requests/s; {failed} of requests fail.")),
    ])
}

fn stability(view: &View<'_>) -> Line {
    let judged: Vec<(&Column<'_>, Vec<&str>)> =
        view.runs.iter().filter_map(|column| Some((column, column.worsening()?))).collect();
    let worse: Vec<String> = judged
        .iter()
        .flat_map(|(column, trends)| trends.iter().map(|trend| format!("{}: {trend}", column.name)))
        .collect();
    let title = strong("Stability: ");
    if judged.is_empty() {
        vec![title, trusted("unknown: no run with usable figures was steady for ten minutes.")]
    } else if worse.is_empty() {
        let runs = some_of(judged.len(), view.runs.len());
        vec![title, Text::Marked(Mark::Good, "nothing gets worse".to_owned()), trusted(format!(" in {runs}."))]
    } else {
        vec![
            title,
            Text::Marked(Mark::Warning, "getting worse".to_owned()),
            untrusted(format!(": {}.", worse.join("; "))),
        ]
    }
}

fn cost(view: &View<'_>) -> Line {
    let allowance = view.allowance;
    let used = view.vu_hours();
    vec![
        strong("VU-hours: "),
        untrusted(format!(
            "{} used here, {} of the allowance of {} a month; cost {}.",
            shown::vu_hours(used),
            share(allowance.share(used)),
            hours(allowance.vu_hours),
            allowance.money(allowance.cost(used)),
        )),
    ]
}
