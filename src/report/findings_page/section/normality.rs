//! Normal ranges: the band of each metric within a run, and across runs.

use std::time::Duration;

use crate::report::findings_page::chart::{Chart, Lines, Series};
use crate::report::findings_page::model::{Block, Section, Table, Text, head, trusted};
use crate::report::findings_page::normal::{self, Band, FIGURES, Figure, Unit};
use crate::report::findings_page::spark::spark;
use crate::report::findings_page::view::{Column, View, percentile};
use crate::report::shown;
use crate::stats::snapshot::Bucket;
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let about = "Within a run: the seconds of the steady part, in which the number of users is constant. \"8 of 10 \
                 seconds\" excludes the lowest and the highest 10 %. \"Whole run\" is computed from all requests, not a \
                 mean of seconds.";
    let mut blocks = vec![Block::paragraph(about)];
    blocks.extend(view.runs.iter().flat_map(within));
    blocks.extend(across(view));
    Section::new("normal", "What is normal", blocks)
}

/// Bands and charts of a run.
fn within(column: &Column<'_>) -> Vec<Block> {
    let seconds = &column.run.seconds;
    let steady = normal::steady(seconds, column.meta().is_open);
    let mut blocks = vec![Block::Heading(title(column, steady))];
    if let Some(why) = column.unusable_reason() {
        blocks.push(Block::paragraph(format!("Not a measure of what is normal: {why}.")));
    }
    let rows: Vec<Vec<Text>> = FIGURES.iter().filter_map(|figure| row(column, steady, figure)).collect();
    if rows.is_empty() {
        return blocks;
    }
    blocks.extend(too_few_requests(steady).map(Block::paragraph));
    let names = head(["figure", "over time", "typical second", "8 of 10 seconds", "whole run"]);
    blocks.push(Block::Table(Table::new(names, 2, rows)));
    blocks.extend([
        chart(column, steady, "Response times", Unit::Time, &[0, 1, 2]),
        chart(column, steady, "Throughput", Unit::Rate, &[3]),
    ]);
    blocks
}

/// A note if seconds have too few requests for reliable high percentiles.
fn too_few_requests(steady: &[Bucket]) -> Option<String> {
    let median = normal::band(steady, &FIGURES[3])?.median;
    (median < 100.0).then(|| {
        let rate = units::rate(median);
        format!("Seconds have about {rate} requests: p95 and p99 of a second depend on its few slowest requests.")
    })
}

fn title(column: &Column<'_>, steady: &[Bucket]) -> String {
    match normal::range(steady) {
        Some((from, to)) => {
            let [from, to] = [from, to].map(units::clock);
            format!(
                "{}: from {from} to {to}, {}",
                column.name,
                users(steady.iter().map(|second| second.users), column.meta().is_open)
            )
        }
        None => format!("{}: nothing was measured", column.name),
    }
}

/// The number of users in these seconds.
fn users(all: impl Iterator<Item = u32> + Clone, is_open: bool) -> String {
    let (least, most) = (all.clone().min().unwrap_or(0), all.max().unwrap_or(0));
    let counted = units::counted(most.into(), "user");
    match (least == most, is_open) {
        (true, _) => counted,
        (false, true) => format!("{least} to {counted}"),
        (false, false) => format!("{least} to {counted}, no steady part"),
    }
}

fn row(column: &Column<'_>, steady: &[Bucket], figure: &Figure) -> Option<Vec<Text>> {
    let Band { low, median, high } = normal::band(steady, figure)?;
    let values: Vec<Option<f64>> = column.run.seconds.iter().map(figure.of).collect();
    let whole = whole(column, figure).map_or_else(|| shown::NONE.to_owned(), |value| value.1);
    let [low, median, high] = [low, median, high].map(|value| formatted(value, figure.unit));
    Some(vec![
        trusted(figure.name),
        trusted(spark(&values)),
        trusted(median),
        trusted(format!("{low} to {high}")),
        trusted(whole),
    ])
}

/// A metric over all requests of a run, as a number and formatted.
fn whole(column: &Column<'_>, figure: &Figure) -> Option<(f64, String)> {
    let total = column.total();
    let time = |percent| percentile(total, percent).map(|time| time.as_secs_f64());
    let value = match (figure.unit, figure.name) {
        (Unit::Rate, _) => Some(total.rps),
        (Unit::Ratio, _) => (total.requests > 0).then(|| total.fail_ratio()),
        (Unit::Time, "p50") => time(50.0),
        (Unit::Time, "p95") => time(95.0),
        (Unit::Time, _) => time(99.0),
    }?;
    Some((value, formatted(value, figure.unit)))
}

fn formatted(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time => units::latency(Duration::try_from_secs_f64(value).unwrap_or_default()),
        Unit::Rate => units::rate(value),
        Unit::Ratio => shown::percent(value),
    }
}

fn chart(column: &Column<'_>, steady: &[Bucket], title: &str, unit: Unit, figures: &[usize]) -> Block {
    let seconds = &column.run.seconds;
    let at = |second: &Bucket| second.from.as_secs_f64();
    let series = figures.iter().map(|n| {
        let figure = &FIGURES[*n];
        Series { name: figure.name, points: seconds.iter().map(|second| (at(second), (figure.of)(second))).collect() }
    });
    let is_all = steady.len() == seconds.len();
    let seconds_of = |part: &[Bucket]| normal::range(part).map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64()));
    Block::Chart(Chart::Lines(Lines {
        title: format!("{}: {title}", column.name),
        unit,
        time: seconds_of(seconds).unwrap_or((0.0, 1.0)),
        series: series.collect(),
        // Nothing is highlighted if there is no steady part, or nothing else.
        steady: seconds_of(steady).filter(|_| !is_all),
    }))
}

/// The lowest and highest value of each metric across runs.
fn across(view: &View<'_>) -> Vec<Block> {
    if view.runs.len() < 2 {
        return vec![Block::paragraph(
            "One run is a single measurement. Several runs of the same plan show what is normal.",
        )];
    }
    let mut blocks = vec![Block::Heading("Across the runs".to_owned())];
    let excluded: Vec<String> = view
        .runs
        .iter()
        .filter_map(|column| Some(format!("{} ({})", column.name, column.unusable_reason()?)))
        .collect();
    if !excluded.is_empty() {
        blocks.push(Block::paragraph(format!("Excluded: {}.", excluded.join(", "))));
    }
    if !view.is_one_plan() {
        let note = "The plans of the runs differ in load or steps: figures across them show how much the runs differ, not \
                    what is normal.";
        blocks.push(Block::paragraph(note));
    }
    let rows = FIGURES.iter().filter_map(|figure| {
        let mut values: Vec<(f64, String)> = view.usable().filter_map(|column| whole(column, figure)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, high) = (values.first()?, values.last()?);
        let spread =
            if low.0 > 0.0 { format!("{:.1} %", (high.0 / low.0 - 1.0) * 100.0) } else { shown::NONE.to_owned() };
        Some(vec![trusted(figure.name), trusted(low.1.clone()), trusted(high.1.clone()), trusted(spread)])
    });
    let rows: Vec<Vec<Text>> = rows.collect();
    blocks.push(match rows.is_empty() {
        true => Block::paragraph("No runs to compare."),
        false if view.usable().count() < 2 => {
            Block::paragraph("Only one run is left: there is nothing to compare it with.")
        }
        false => Block::Table(Table::new(head(["figure", "lowest", "highest", "highest above lowest"]), 1, rows)),
    });
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_steady_part_is_not_said_to_have_had_one_number_of_users() {
        assert_eq!(users([5, 5, 5].into_iter(), false), "5 users");
        assert_eq!(users([0, 5, 3].into_iter(), false), "0 to 5 users, no steady part");
        assert_eq!(users([0, 1].into_iter(), true), "0 to 1 user");
    }
}
