//! Outputs, protocols and integrations used by each run, according to its recording.

use super::facts::{Protocol, counted, setting};
use crate::report::findings_page::model::{Block, Mark, Section, Table, Text, code, trusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;

/// Outputs and the settings that enable them.
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

/// Systems that a run can send to, by their names in recorded runs.
const RECEIVERS: [(&str, &[&str]); 5] = [
    ("Datadog", &["Datadog", "DogStatsD"]),
    ("OpenTelemetry", &["OpenTelemetry"]),
    ("Prometheus", &["Prometheus"]),
    ("Slack", &["Slack"]),
    ("Webhook", &["webhook"]),
];

pub(super) fn section(view: &View<'_>) -> Section {
    let mut rows = vec![
        view.row(trusted("recorded run"), |_| on("figures of each second")),
        view.row(trusted("thresholds"), |column| count(column.last().judgements.len() as u64, "threshold")),
        view.row(trusted("started by"), |column| match &column.meta().ci {
            Some(ci) => code(ci),
            None => trusted("a person or a script: no CI system was detected"),
        }),
    ];
    let outputs = OUTPUTS.iter();
    rows.extend(outputs.map(|(name, keys)| view.row(trusted(*name), |column| output(column, keys))));
    let protocols = [("HTTP", Protocol::Http), ("GraphQL", Protocol::GraphQl), ("Redis", Protocol::Redis)];
    rows.extend(protocols.into_iter().map(|(name, protocol)| {
        view.row(trusted(format!("{name} tested")), |column| count(protocol.counted(column).requests, "request"))
    }));
    let receivers = RECEIVERS.iter();
    rows.extend(receivers.map(|(name, names)| view.row(trusted(*name), |column| sent(column, names))));
    let about = "According to the recorded runs. Outputs are listed with the requested file, which may no longer exist. \
                 Data that the target itself sends to a monitoring system is not included.";
    let table = Table::new(view.head(""), view.runs.len() + 1, rows);
    Section::new("integrations", "Integration status", vec![Block::paragraph(about), Block::Table(table)])
}

fn on(text: &str) -> Text {
    Text::Marked(Mark::Good, text.to_owned())
}

fn count(n: u64, what: &str) -> Text {
    if n == 0 { trusted("no") } else { on(&counted(n, what)) }
}

fn output(column: &Column<'_>, keys: &[&str]) -> Text {
    if column.meta().settings.is_empty() {
        return trusted("unknown: an older version recorded the run");
    }
    let given = keys.iter().find_map(|key| setting(column, key)).filter(|(value, _)| *value != "false");
    match given {
        Some(("true", origin)) => on(&format!("on ({origin})")),
        Some((value, origin)) => on(&format!("{} ({origin})", short(value))),
        None => trusted("no"),
    }
}

fn sent(column: &Column<'_>, names: &[&str]) -> Text {
    match column.meta().sent.iter().find(|sent| names.contains(&&*sent.to)) {
        None => trusted("nothing was sent"),
        Some(sent) if sent.is_incomplete() => Text::Untrusted(short(&sent.summary())),
        Some(sent) => on(&counted(sent.accepted, "request")),
    }
}

/// Truncates to 80 characters, to fit into a cell.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => shown::NONE.to_owned(),
        None => text.to_owned(),
    }
}
