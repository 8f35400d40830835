//! Scenario, target, machine and version of each run.

use crate::report::findings_page::model::{Block, Section, Table, Text, code, trusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;
use crate::store::State;
use crate::units;

/// Name of a row, and its cell for a run.
type Fact = (&'static str, fn(&Column<'_>) -> Text);

const FACTS: [Fact; 15] = [
    ("run", |column| code(&*column.meta().id)),
    ("scenario", |column| code(&*column.meta().scenario)),
    ("scenario file", |column| code(&*column.meta().file)),
    ("host", |column| code(&*column.meta().host)),
    ("started", |column| trusted(shown::moment(column.meta().started))),
    ("ended", |column| trusted(column.meta().ended.map_or_else(|| shown::NONE.to_owned(), shown::moment))),
    ("state", |column| trusted(state(column))),
    ("machine", |column| code(&*column.meta().machine.name)),
    ("system", |column| code(&*column.meta().machine.system)),
    ("processor", |column| code(&*column.meta().machine.processor)),
    ("cores, memory", |column| {
        let machine = &column.meta().machine;
        trusted(format!("{}, {}", machine.cores, units::bytes(machine.memory)))
    }),
    ("katydid", |column| code(&*column.meta().version)),
    ("command line", |column| code(column.meta().arguments.join(" "))),
    ("tags", |column| code(column.meta().tags.join(", "))),
    ("note", |column| code(column.meta().note.as_deref().unwrap_or_default())),
];

pub(super) fn section(view: &View<'_>) -> Section {
    let rows = FACTS.iter().map(|(name, fact)| view.row(trusted(*name), |column| fact(column)));
    let about = "Secrets of the scenarios, and passwords in addresses, are masked.";
    let mut blocks =
        vec![Block::Table(Table::new(view.head(""), view.runs.len() + 1, rows.collect())), Block::paragraph(about)];
    if view.runs.iter().any(|column| column.last().run.is_insecure) {
        let note = vec![trusted("TLS certificates were not verified ("), code("tls.insecure"), trusted(").")];
        blocks.push(Block::Paragraph(note));
    }
    Section::new("set-up", "Set-up", blocks)
}

fn state(column: &Column<'_>) -> &'static str {
    match column.run.state {
        State::Ended if column.is_complete() => "ran to its end",
        State::Ended => "ended early",
        State::Running => "still running",
        State::CutShort => "cut short: the process was killed",
    }
}
