//! Renders the page as Markdown. Charts come last, because some viewers, such as GitHub, do not show inline SVG; tables
//! contain the same data.

use super::chart::Chart;
use super::model::{Block, Check, Line, Mark, Page, Section, Table, Text};
use crate::report::markdown::escape::{cell, code, escaped};
use crate::report::markdown::table::table;

/// Space to write in: an empty block quote.
const EMPTY_QUOTE: &str = "> &nbsp;\n";

/// Renders the page.
pub(super) fn render(page: &Page) -> String {
    let mut out = format!("# {}\n\n{}\n", line(&page.title), line(&page.subtitle));
    let mut charts = Vec::new();
    for Section { title, blocks, .. } in &page.sections {
        out.push_str(&format!("\n## {title}\n"));
        for shown in blocks {
            match shown {
                Block::Chart(chart) => charts.push(chart),
                other => out.push_str(&format!("\n{}", block(other))),
            }
        }
    }
    out.push_str(&chart_section(&charts));
    out
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(string) => format!("### {}\n", escaped(string)),
        Block::Paragraph(string) => line(string) + "\n",
        Block::List(items) => items.iter().map(|item| format!("- {}\n", line(item))).collect(),
        Block::Checks(checks) => checks.iter().map(check).collect(),
        Block::Table(table) => rows(table),
        Block::ToFill(what) => format!("**{what}**\n\n{EMPTY_QUOTE}"),
        Block::Chart(_) => String::new(),
    }
}

fn check(Check { done, title, evidence }: &Check) -> String {
    let (mark, evidence) = (if *done { "x" } else { " " }, line(evidence));
    let colon = if title.ends_with('?') { "" } else { ":" };
    if evidence.is_empty() {
        format!("- [{mark}] {title}\n")
    } else {
        format!("- [{mark}] {title}{colon} {evidence}\n")
    }
}

fn rows(Table { head, rows, has_total, text_columns }: &Table) -> String {
    let text = |cell_text: &Text| match cell_text {
        Text::Code(name) => cell(name),
        other => text(other),
    };
    let head: Vec<String> = head.iter().map(text).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let last = rows.len().saturating_sub(1);
    let cells = rows.iter().enumerate().map(|(at, row)| {
        let is_total = *has_total && at == last;
        let cell = |cell| match (is_total, text(cell)) {
            (true, string) if !string.is_empty() => format!("**{string}**"),
            (_, string) => string,
        };
        row.iter().map(cell).collect()
    });
    table(&head, cells, *text_columns)
}

fn line(line: &Line) -> String {
    line.iter().map(text).collect()
}

fn text(text: &Text) -> String {
    match text {
        Text::Trusted(string) => string.clone(),
        Text::Untrusted(string) => escaped(string),
        Text::Code(name) => code(name),
        Text::Strong(string) => {
            // `**` next to a space is not parsed as emphasis.
            let trimmed = string.trim_end();
            format!("**{}**{}", escaped(trimmed), &string[trimmed.len()..])
        }
        Text::Marked(mark, string) => format!("{} {}", sign(*mark), escaped(string)),
        Text::Blank => String::new(),
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "✅",
        Mark::Bad => "❌",
        Mark::Warning => "⚠️",
        Mark::Unclear => "❔",
        Mark::Open => "⏳",
    }
}

/// A section with the charts, without labels: viewers that strip SVG tags would leave their text behind. Empty without
/// charts.
fn chart_section(charts: &[&Chart]) -> String {
    let shown: String = charts
        .iter()
        .filter_map(|chart| {
            let (title, legend) = (escaped(chart.title()), chart.legend()?);
            Some(format!("\n**{title}** ({legend})\n\n{}\n", chart.svg(false)))
        })
        .collect();
    if shown.is_empty() {
        return shown;
    }
    let about = "Viewers that allow inline SVG show charts below. GitHub does not: use the HTML page (`--html FILE`).";
    format!("\n## Charts\n\n{about}\n\n<details><summary>Charts</summary>\n{shown}\n</details>\n")
}
