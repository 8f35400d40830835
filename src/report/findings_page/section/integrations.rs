//! What was on in each run, as far as its folder says.

use super::facts::{Protocol, many, setting};
use crate::report::findings_page::model::{Block, Mark, Section, Table, Text, code, own};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;

/// An output and the settings that ask for it.
const OUTPUTS: [(&str, &[&str]); 8] = [
    ("HTML report", &["html", "report.html"]),
    ("CSV files", &["csv", "report.csv"]),
    ("CSV history of each row", &["csv_full_history"]),
    ("JSON document", &["report.json"]),
    ("Locust's JSON array", &["json", "json_file"]),
    ("JUnit XML, for CI systems", &["junit", "report.junit"]),
    ("Markdown, for pull requests", &["markdown", "report.markdown"]),
    ("Text summary", &["text", "report.text"]),
];

pub(super) fn section(view: &View<'_>) -> Section {
    let mut rows = vec![
        view.row(own("recorded run"), |_| on("figures of each second")),
        view.row(own("thresholds"), |column| count(column.last().judgements.len() as u64, "threshold")),
        view.row(own("started by"), |column| match &column.meta().ci {
            Some(ci) => code(ci),
            None => own("a person or a script: no CI system is known"),
        }),
    ];
    let outputs = OUTPUTS.iter();
    rows.extend(outputs.map(|(name, keys)| view.row(own(*name), |column| output(column, keys))));
    let protocols = [("HTTP", Protocol::Http), ("GraphQL", Protocol::GraphQl), ("Redis", Protocol::Redis)];
    rows.extend(protocols.into_iter().map(|(name, protocol)| {
        view.row(own(format!("{name} tested")), |column| count(protocol.counted(column).requests, "request"))
    }));
    rows.extend(["Datadog", "Slack"].map(|name| view.row(own(name), |_| own("not in this version: nothing was sent"))));
    let about = "From the recorded runs alone. An output that was asked for is named with its file; whether the file is still there, \
                 and what the target itself sends to a monitoring system, is not known here.";
    let table = Table::new(view.head(""), view.runs.len() + 1, rows);
    Section::new("integrations", "Integration status", vec![Block::say(about), Block::Table(table)])
}

fn on(words: &str) -> Text {
    Text::Marked(Mark::Good, words.to_owned())
}

fn count(n: u64, what: &str) -> Text {
    if n == 0 { own("no") } else { on(&many(n, what)) }
}

fn output(column: &Column<'_>, keys: &[&str]) -> Text {
    if column.meta().settings.is_empty() {
        return own("not known: an older version recorded the run");
    }
    let given = keys.iter().find_map(|key| setting(column, key)).filter(|(value, _)| *value != "false");
    match given {
        Some(("true", origin)) => on(&format!("on ({origin})")),
        Some((value, origin)) => on(&format!("{} ({origin})", short(value))),
        None => own("no"),
    }
}

/// At most as much as fits into a cell.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => shown::NONE.to_owned(),
        None => text.to_owned(),
    }
}
