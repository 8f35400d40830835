//! Verdicts, key figures, and thresholds.

use super::facts::sentence;
use crate::report::findings_page::chart::{Chart, Range, Ranges};
use crate::report::findings_page::model::{Block, Mark, Section, Table, Text, code, trusted, untrusted};
use crate::report::findings_page::view::{Column, View, percentile};
use crate::report::shown::{self, KEY_FIGURES};
use crate::stats::snapshot::{Judged, Judgement};
use crate::units;

/// Maximum number of thresholds in the table.
const MAX_THRESHOLDS: usize = 50;

pub(super) fn section(view: &View<'_>) -> Section {
    let head = ["", "verdict", "users", "run time"].into_iter().chain(KEY_FIGURES).chain(["VU-hours"]);
    let rows = view.runs.iter().map(row).collect();
    let mut blocks = vec![Block::Table(Table::new(head.map(trusted).collect(), 2, rows))];
    let reason =
        |column: &Column<'_>| vec![trusted(format!("{}: ", column.name)), untrusted(sentence(&column.standing.reason))];
    blocks.push(Block::List(view.runs.iter().map(reason).collect()));
    blocks.extend(ranges(view));
    blocks.extend(thresholds(view));
    Section::new("results", "Results", blocks)
}

fn row(column: &Column<'_>) -> Vec<Text> {
    let users = units::count(shown::peak_users(column.run).into());
    let start = [
        trusted(column.name.clone()),
        Text::Marked(column.mark(), column.standing.word.clone()),
        trusted(users),
        trusted(units::clock(column.last().elapsed)),
    ];
    let figures = shown::key_figures(column.total()).map(trusted);
    start.into_iter().chain(figures).chain([trusted(shown::vu_hours(column.vu_hours()))]).collect()
}

/// A chart of response times; `None` for a single run.
fn ranges(view: &View<'_>) -> Option<Block> {
    let range = |column: &Column<'_>| {
        let total = column.total();
        let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percent| percentile(total, percent));
        Some(Range { name: column.name.clone(), times: [p50?, p95?, p99?].map(|time| time.as_secs_f64()) })
    };
    let runs: Vec<Range> = view.runs.iter().filter_map(range).collect();
    (runs.len() > 1)
        .then(|| Block::Chart(Chart::Ranges(Ranges { title: "Response times of the runs".to_owned(), runs })))
}

fn thresholds(view: &View<'_>) -> Vec<Block> {
    let mut known: Vec<&Judgement> = Vec::new();
    for judgement in view.runs.iter().flat_map(|column| column.last().judgements.iter()) {
        if !known.iter().any(|other| other.words == judgement.words) {
            known.push(judgement);
        }
    }
    if known.is_empty() {
        return Vec::new();
    }
    let more = known.len().saturating_sub(MAX_THRESHOLDS);
    let cell = |column: &Column<'_>, wanted: &Judgement| {
        let judgement = column.last().judgements.iter().find(|judgement| judgement.words == wanted.words);
        judgement.map_or_else(|| trusted(shown::NONE), outcome)
    };
    let rows = known.iter().take(MAX_THRESHOLDS);
    let rows = rows.map(|wanted| view.row(code(&*wanted.words), |column| cell(column, wanted))).collect();
    let mut blocks = vec![
        Block::Heading("Thresholds".to_owned()),
        Block::Table(Table::new(view.head("threshold"), view.runs.len() + 1, rows)),
    ];
    blocks.extend((more > 0).then(|| Block::paragraph(format!("and {more} more thresholds"))));
    blocks
}

/// Result, measured value and margin of a threshold.
fn outcome(judgement: &Judgement) -> Text {
    let mark = match (&judgement.judged, judgement.warn) {
        (Judged::Passes, _) => Mark::Good,
        (Judged::Failed, false) => Mark::Bad,
        _ => Mark::Warning,
    };
    let margin = judgement.margin.map(|_| format!(", margin {}", shown::margin(judgement))).unwrap_or_default();
    Text::Marked(mark, format!("{}: {}{margin}", shown::judged(judgement), shown::measured(judgement)))
}
