//! Markdown for pull requests and chats: verdict, key figures, thresholds and the most frequent failures. The rest is
//! collapsed.
//!
//! A comment on GitHub has at most 65,536 characters: the last sections are left out if it would be longer, and the
//! report says so.

pub(crate) mod escape;
pub(super) mod table;

use self::escape::{block, cell, code, link, paragraph, words};
use self::table::table;
use super::finding::{Finding, findings};
use super::one_file::OneFile;
use super::shown::{self, KEY_FIGURES, ThresholdState};
use super::standing::{Standing, Tone};
use super::{text, traces};
use crate::stats::ExampleRequest;
use crate::stats::snapshot::{Judged, Judgement, Row};
use crate::store::{Run, Sent};
use crate::units;

/// The Markdown format.
pub static MARKDOWN: OneFile = OneFile {
    name: "markdown",
    alias: Some("md"),
    help: "Markdown for pull requests: verdict, key figures, thresholds, failures; at most 65,536 characters",
    render,
};

/// Maximum bytes of the report, so that it fits into a GitHub comment.
const LONGEST: usize = 65_536;
/// Bytes reserved for the note that something was left out.
const SPARE: usize = 200;
/// Maximum rows, kinds of failures and thresholds.
const ROWS: usize = 50;
const KINDS: usize = 10;
const THRESHOLDS: usize = 50;
/// Maximum bytes of the body of an example.
const BODY: usize = 500;

fn render(run: &Run) -> String {
    within(run, LONGEST)
}

/// Renders a report of at most `longest` bytes, by leaving out the last sections. The first one is always there: it has
/// a few kilobytes.
pub fn within(run: &Run, longest: usize) -> String {
    let sections = [thresholds(run), failures(run), stability(run), rows(run), slowest(run), examples(run), about(run)];
    let mut out = head(run);
    let mut missing = 0;
    for section in sections {
        if out.len() + section.len() + SPARE <= longest {
            out.push_str(&section);
        } else {
            missing += 1;
        }
    }
    if missing > 0 {
        let are = if missing == 1 { "is" } else { "are" };
        out.push_str(&format!(
            "\n{} {are} left out: the report would be too long. The HTML report has them.\n",
            units::counted(missing, "section")
        ));
    }
    out
}

fn head(run: &Run) -> String {
    let standing = Standing::of(run);
    let sign = match standing.tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        Tone::Unclear => "❔",
        Tone::Open => "⏳",
    };
    let (last, meta) = (&run.last, &run.meta);
    let mut out =
        format!("## {sign} {}: {}\n\n{}\n\n", code(&meta.scenario), words(&standing.word), paragraph(&standing.reason));
    let (users, time) = (units::counted(shown::peak_users(run).into(), "user"), units::clock(last.elapsed));
    out.push_str(&format!(
        "{} · {users} · {time} · {} VU-hours\n\n",
        code(&meta.host),
        shown::vu_hours(last.load.vu_hours)
    ));
    out.push_str(&table(&KEY_FIGURES, [shown::key_figures(&last.total.total).to_vec()], 0));
    for Finding { kind, evidence, remedy } in findings(last) {
        let sign = if kind.is_severe() { "❌" } else { "⚠️" };
        out.push_str(&format!("\n{sign} **{}**: {}. {}\n", kind.title(), words(&evidence), words(&remedy)));
    }
    out
}

/// Note on rows that are not shown; empty if all are.
fn cut(all: usize, most: usize, what: &str) -> String {
    match all.saturating_sub(most) {
        0 => String::new(),
        more => format!("\n… and {}\n", units::counted(more as u64, &format!("more {what}"))),
    }
}

fn folded(title: &str, content: &str) -> String {
    format!("\n<details><summary>{title}</summary>\n\n{content}\n</details>\n")
}

fn thresholds(run: &Run) -> String {
    let all = &run.last.judgements;
    if all.is_empty() {
        return String::new();
    }
    // Failed thresholds come first.
    let mut sorted: Vec<&Judgement> = all.iter().collect();
    sorted.sort_by_key(|judgement| judgement.judged == Judged::Passes);
    let cells = |judgement: &&Judgement| {
        let sign = match shown::state(judgement) {
            ThresholdState::Passed => "✅",
            ThresholdState::Warning => "⚠️",
            ThresholdState::Failed => "❌",
            ThresholdState::Unknown => "❔",
        };
        vec![
            format!("{sign} {}", shown::judged(judgement)),
            cell(&judgement.words),
            words(&shown::measured(judgement)),
            shown::margin(judgement),
            shown::compliance(judgement),
        ]
    };
    let head = ["", "threshold", "measured", "margin", "met for"];
    let rows = sorted.iter().take(THRESHOLDS).map(cells);
    format!("\n### Thresholds\n\n{}{}", table(&head, rows, 2), cut(all.len(), THRESHOLDS, "threshold"))
}

fn stability(run: &Run) -> String {
    let lines: String = text::stability(&run.last).iter().map(|line| format!("- {}\n", words(line))).collect();
    if lines.is_empty() { lines } else { format!("\n### Stability\n\n{lines}") }
}

/// The name of a row in a table.
fn name(row: &Row) -> String {
    cell(&format!("{} {}", row.kind, row.name))
}

fn failures(run: &Run) -> String {
    let view = &run.last.failures;
    let mut out = String::new();
    if !view.rows.is_empty() {
        let cells =
            view.rows.iter().take(KINDS).map(|row| {
                vec![cell(&format!("{} {}", row.kind, row.name)), cell(&row.reason), units::count(row.count)]
            });
        let more = cut(view.rows.len() + usize::try_from(view.more_kinds).unwrap_or(usize::MAX), KINDS, "kind");
        out.push_str(&format!("\n### Failures\n\n{}{more}", table(&["row", "reason", "count"], cells, 2)));
    }
    let exceptions = &run.last.exceptions;
    if !exceptions.is_empty() {
        let cells = exceptions
            .iter()
            .take(KINDS)
            .map(|row| vec![cell(&row.place), cell(&row.message), units::count(row.count)]);
        let more = cut(exceptions.len(), KINDS, "error");
        let table = table(&["place", "error", "count"], cells, 2);
        out.push_str(&format!("\n### Errors of the scenario\n\n{table}{more}"));
    }
    out
}

fn rows(run: &Run) -> String {
    let mut rows: Vec<&Row> = shown::by_name(&run.last);
    rows.retain(|row| row.total.requests > 0);
    let all = rows.len();
    if all > ROWS {
        // Most requests first; the sort is stable, so equal rows stay sorted by name.
        rows.sort_by_key(|row| std::cmp::Reverse((row.total.failures, row.total.requests)));
        rows.truncate(ROWS);
    }
    let head: Vec<&str> = std::iter::once("row").chain(KEY_FIGURES).collect();
    let cells = rows.iter().map(|row| std::iter::once(name(row)).chain(shown::key_figures(&row.total)).collect());
    folded(&units::counted(all as u64, "row"), &(table(&head, cells, 1) + &cut(all, ROWS, "row")))
}

/// The slowest requests with their traces, if there are any.
fn slowest(run: &Run) -> String {
    let all = traces::slowest(&run.last);
    if all.is_empty() {
        return String::new();
    }
    let cells = all.iter().map(|slow| {
        let failed = if slow.request.failed { " (failed)" } else { "" };
        let id = cell(&slow.request.trace.to_string());
        let trace = traces::link(&run.last, slow.request.trace).map_or(id.clone(), |url| link(&id, &url));
        vec![name(slow.row) + failed, trace, units::latency(slow.request.took)]
    });
    folded("Slowest requests, with their traces", &table(&["row", "trace", "response time"], cells, 2))
}

fn examples(run: &Run) -> String {
    let mut out = String::new();
    for row in run.last.failures.rows.iter().take(KINDS) {
        let Some(example) = &row.example else { continue };
        let request = example.request.as_ref().map(sent).unwrap_or_default();
        let body: String = example.body.chars().take(BODY).collect();
        let status = example.status.map(|status| format!("HTTP {status}\n")).unwrap_or_default();
        let trace =
            example.trace.map(|trace| format!("trace {}\n", traces::shown(&run.last, trace))).unwrap_or_default();
        let parts = [&*trace, &*request, &*status, &*example.headers, "\n", &*body, "\n", &*example.detail];
        let text = parts.concat();
        out.push_str(&format!(
            "{} {}\n\n{}\n",
            code(&format!("{} {}", row.kind, row.name)),
            code(&row.reason),
            block(text.trim())
        ));
    }
    if out.is_empty() { out } else { folded("Examples of failures", &out) }
}

fn sent(request: &ExampleRequest) -> String {
    let start = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let body = start(&request.body, BODY);
    let parts = [start(&request.line, BODY), request.headers.trim_end().to_owned(), body];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { parts.join("\n") + "\n\n" }
}

fn about(run: &Run) -> String {
    let (meta, last) = (&run.meta, &run.last);
    let planned = meta.arrivals_shown().map_or_else(
        || {
            let rate = meta.spawn_rate_shown().map(|rate| format!(", {rate}")).unwrap_or_default();
            format!("{}{rate}", units::counted(meta.users.into(), "user"))
        },
        |arrivals| format!("arrivals {arrivals}"),
    );
    let mut lines = vec![
        format!("started {}", shown::moment(meta.started)),
        format!("scenario file {}", code(&meta.file)),
        format!("planned: {planned}"),
        format!("seed {}", code(&meta.seed.to_string())),
        format!("katydid {}", words(&meta.version)),
        format!(
            "machine {} ({}, {})",
            code(&meta.machine.name),
            words(&meta.machine.system),
            units::counted(meta.machine.cores as u64, "core")
        ),
        words(&shown::health(last).1),
    ];
    lines.extend(meta.note.iter().map(|note| format!("note: {}", words(note))));
    let sent = |sent: &Sent| format!("{}{}", if sent.is_pulled { "" } else { "sent to " }, words(&sent.summary()));
    lines.extend(meta.sent.iter().map(sent));
    lines.extend(text::left_out(last).iter().map(|line| words(line)));
    lines.extend(last.run.is_insecure.then(|| words(text::INSECURE)));
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    folded("This run", &lines)
}
