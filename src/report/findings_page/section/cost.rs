//! VU-hours, as a percentage of the allowance, and their cost.

use super::facts::counted;
use crate::report::allowance::{hours, share};
use crate::report::findings_page::model::{Block, Section, Table, Text, head, trusted, untrusted};
use crate::report::findings_page::view::View;
use crate::report::shown;
use crate::units;

/// Maximum number of months, the latest ones.
const MAX_MONTHS: usize = 13;

pub(super) fn section(view: &View<'_>) -> Section {
    let allowance = view.allowance;
    let figures = |vu_hours: f64| {
        let cost = untrusted(allowance.money(allowance.cost(vu_hours)));
        [trusted(shown::vu_hours(vu_hours)), trusted(share(allowance.share(vu_hours))), cost]
    };
    let name = |text: &str| std::iter::once(trusted(text));
    let about = format!(
        "One VU-hour is one user that runs for an hour; pauses do not count. The allowance is {} VU-hours a month for {}.",
        hours(allowance.vu_hours),
        allowance.money(allowance.price)
    );
    let mut rows: Vec<Vec<Text>> =
        view.runs.iter().map(|column| name(&column.name).chain(figures(column.vu_hours())).collect()).collect();
    rows.push(name("together").chain(figures(view.vu_hours())).collect());
    let runs = Table { has_total: true, ..Table::new(head(["", "VU-hours", "of the allowance", "cost"]), 1, rows) };

    let months = view.months();
    let months = months.iter().skip(months.len().saturating_sub(MAX_MONTHS)).map(|(month, runs, vu_hours)| {
        let left = allowance.vu_hours - vu_hours;
        let left = if left < 0.0 { format!("{} too many", hours(-left)) } else { hours(left) };
        name(month).chain([trusted(units::count(*runs))]).chain(figures(*vu_hours)).chain([trusted(left)]).collect()
    });
    let months: Vec<Vec<Text>> = months.collect();
    let mut blocks = vec![Block::Paragraph(vec![untrusted(about)]), Block::Table(runs)];
    if !months.is_empty() {
        blocks.push(Block::Heading("All recorded runs by month".to_owned()));
        let names = head(["month", "runs", "VU-hours", "of the allowance", "cost", "left"]);
        blocks.push(Block::Table(Table::new(names, 1, months)));
    }
    if view.usage.unknown > 0 {
        let unknown = counted(view.usage.unknown as u64, "recorded run");
        blocks.push(Block::paragraph(format!("Unreadable, and not counted: {unknown}.")));
    }
    Section::new("cost", "VU-hours and cost", blocks)
}
