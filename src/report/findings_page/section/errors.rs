//! Failures by kind, scenario errors, and other findings.

use std::collections::BTreeMap;

use crate::report::finding::findings;
use crate::report::findings_page::model::{Block, Line, Mark, Section, Table, Text, code, strong, trusted, untrusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::text;
use crate::units;

/// Maximum number of kinds in a table.
const MAX_KINDS: usize = 15;

/// A kind of failure or error: row or place, and message.
type Kind = (String, String);

pub(super) fn section(view: &View<'_>) -> Section {
    let failures = kinds(view, |column| {
        let rows = column.last().failures.rows.iter();
        rows.map(|row| ((format!("{} {}", row.kind, row.name), row.reason.to_string()), row.count)).collect()
    });
    let exceptions = kinds(view, |column| {
        let rows = column.last().exceptions.iter();
        rows.map(|row| ((row.place.to_string(), row.message.to_string()), row.count)).collect()
    });
    let mut blocks = Vec::new();
    if failures.is_empty() {
        blocks.push(Block::paragraph("No request failed."));
    } else {
        blocks.extend(table(view, ["row", "reason"], &failures));
    }
    let more: u64 = view.runs.iter().map(|column| column.last().failures.more_count).sum();
    blocks
        .extend((more > 0).then(|| Block::paragraph(format!("{} failures are of further kinds.", units::count(more)))));
    if !exceptions.is_empty() {
        blocks.push(Block::Heading("Errors of the scenario".to_owned()));
        blocks.extend(table(view, ["place", "error"], &exceptions));
    }
    let noticed: Vec<Line> = view.runs.iter().flat_map(noticed).collect();
    if !noticed.is_empty() {
        blocks.extend([Block::Heading("What else was noticed".to_owned()), Block::List(noticed)]);
    }
    Section::new("errors", "Error patterns", blocks)
}

/// Kinds with their count per run, the most frequent first.
fn kinds(view: &View<'_>, of: impl Fn(&Column<'_>) -> Vec<(Kind, u64)>) -> Vec<(Kind, Vec<u64>)> {
    let mut all: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    for (at, column) in view.runs.iter().enumerate() {
        for (kind, count) in of(column) {
            all.entry(kind).or_insert_with(|| vec![0; view.runs.len()])[at] += count;
        }
    }
    let mut all: Vec<(Kind, Vec<u64>)> = all.into_iter().collect();
    all.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
    all
}

fn table(view: &View<'_>, names: [&str; 2], kinds: &[(Kind, Vec<u64>)]) -> Vec<Block> {
    let head = names.map(trusted).into_iter().chain(view.names()).collect();
    let row = |((a, b), counts): &(Kind, Vec<u64>)| {
        [code(&**a), code(&**b)].into_iter().chain(counts.iter().map(|count| trusted(units::count(*count)))).collect()
    };
    let more = kinds.len().saturating_sub(MAX_KINDS);
    let mut blocks = vec![Block::Table(Table::new(head, 2, kinds.iter().take(MAX_KINDS).map(row).collect()))];
    blocks.extend((more > 0).then(|| Block::paragraph(format!("and {} more kinds", units::count(more as u64)))));
    blocks
}

/// Findings and notes from the summary of a run.
fn noticed(column: &Column<'_>) -> Vec<Line> {
    let name = || strong(format!("{}: ", column.name));
    let found = findings(column.last()).into_iter().map(|finding| {
        let mark = if finding.kind.is_severe() { Mark::Bad } else { Mark::Warning };
        let title = Text::Marked(mark, finding.kind.title().to_lowercase());
        vec![name(), title, untrusted(format!(": {}. {}", finding.evidence, finding.remedy))]
    });
    let left_out = text::left_out(column.last()).into_iter().map(|sentence| vec![name(), untrusted(sentence)]);
    found.chain(left_out).collect()
}
