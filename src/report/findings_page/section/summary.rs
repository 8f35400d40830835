//! What a reader who stops here should know.

use super::facts::{sentence, some_of};
use super::recommendation;
use crate::report::allowance::{hours, share};
use crate::report::findings_page::model::{Block, Line, Mark, Section, Text, own, strong, words};
use crate::report::findings_page::view::{Column, View, percentile};
use crate::report::shown;
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut points: Vec<Line> = view.runs.iter().map(verdict).collect();
    points.extend(normal(view));
    points.push(stability(view));
    points.push(cost(view));
    points.push(vec![strong("Recommended plan: "), words(recommendation::sentence(view))]);
    Section::new("summary", "Summary", vec![Block::List(points)])
}

fn verdict(column: &Column<'_>) -> Line {
    vec![
        strong(format!("{}: ", column.name)),
        Text::Marked(column.mark(), column.standing.word.clone()),
        words(format!(": {}", sentence(&column.standing.reason))),
    ]
}

/// The figures of all runs that say something.
fn normal(view: &View<'_>) -> Option<Line> {
    let sound: Vec<&Column<'_>> = view.sound().collect();
    if sound.is_empty() {
        return Some(vec![strong("Normal: "), own("unknown: no run has figures from which that could be concluded.")]);
    }
    let span = |of: &dyn Fn(&Column<'_>) -> (f64, String)| {
        let mut values: Vec<(f64, String)> = sound.iter().map(|column| of(column)).collect();
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
        own(format!("p50 {p50}, p95 {p95}, p99 {p99} at {rate} requests/s; {failed} of requests fail.")),
    ])
}

fn stability(view: &View<'_>) -> Line {
    let judged: Vec<(&Column<'_>, Vec<&str>)> =
        view.runs.iter().filter_map(|column| Some((column, column.worsening()?))).collect();
    let worse: Vec<String> = judged
        .iter()
        .flat_map(|(column, words)| words.iter().map(|words| format!("{}: {words}", column.name)))
        .collect();
    let title = strong("Stability: ");
    if judged.is_empty() {
        vec![title, own("unknown: no run with figures that can be used was steady for ten minutes.")]
    } else if worse.is_empty() {
        let runs = some_of(judged.len(), view.runs.len());
        vec![title, Text::Marked(Mark::Good, "nothing gets worse".to_owned()), own(format!(" in {runs}."))]
    } else {
        vec![title, Text::Marked(Mark::Warning, "getting worse".to_owned()), words(format!(": {}.", worse.join("; ")))]
    }
}

fn cost(view: &View<'_>) -> Line {
    let allowance = view.allowance;
    let used = view.vu_hours();
    vec![
        strong("VU-hours: "),
        words(format!(
            "{} used here, {} of the allowance of {} a month; cost {}.",
            shown::vu_hours(used),
            share(allowance.share(used)),
            hours(allowance.vu_hours),
            allowance.money(allowance.cost(used)),
        )),
    ]
}
