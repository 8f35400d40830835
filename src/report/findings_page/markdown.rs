//! The page as Markdown: readable as it is, and where it is rendered. Charts come last, because some viewers (GitHub
//! among them) show no inline SVG: what they show is in tables too.

use super::chart::Chart;
use super::model::{Block, Check, Line, Mark, Page, Section, Table, Text};
use crate::report::markdown::escape::{code, escaped};
use crate::report::markdown::table::table;

/// Room to write: a line of a quote.
const ROOM: &str = "> &nbsp;\n";

/// The whole page.
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
    out.push_str(&pictures(&charts));
    out
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(words) => format!("### {}\n", escaped(words)),
        Block::Paragraph(words) => line(words) + "\n",
        Block::List(items) => items.iter().map(|item| format!("- {}\n", line(item))).collect(),
        Block::Checks(checks) => checks.iter().map(check).collect(),
        Block::Table(table) => rows(table),
        Block::ToFill(what) => format!("**{what}**\n\n{ROOM}"),
        Block::Chart(_) => String::new(),
    }
}

fn check(Check { done, words, evidence }: &Check) -> String {
    let (mark, evidence) = (if *done { "x" } else { " " }, line(evidence));
    let colon = if words.ends_with('?') { "" } else { ":" };
    if evidence.is_empty() {
        format!("- [{mark}] {words}\n")
    } else {
        format!("- [{mark}] {words}{colon} {evidence}\n")
    }
}

fn rows(Table { head, rows, has_total, words }: &Table) -> String {
    let head: Vec<String> = head.iter().map(text).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let last = rows.len().saturating_sub(1);
    let cells = rows.iter().enumerate().map(|(at, row)| {
        let is_total = *has_total && at == last;
        let cell = |cell| match (is_total, text(cell)) {
            (true, words) if !words.is_empty() => format!("**{words}**"),
            (_, words) => words,
        };
        row.iter().map(cell).collect()
    });
    table(&head, cells, *words)
}

fn line(line: &Line) -> String {
    line.iter().map(text).collect()
}

fn text(text: &Text) -> String {
    match text {
        Text::Own(words) => words.clone(),
        Text::Words(words) => escaped(words),
        Text::Code(name) => code(name),
        Text::Strong(words) => {
            // Markers that touch a space mark nothing.
            let kept = words.trim_end();
            format!("**{}**{}", escaped(kept), &words[kept.len()..])
        }
        Text::Marked(mark, words) => format!("{} {}", sign(*mark), escaped(words)),
        Text::Blank => String::new(),
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "✅",
        Mark::Bad => "❌",
        Mark::Warning => "⚠️",
        Mark::Open => "⏳",
    }
}

/// Pictures without any text, which stays behind where they are removed.
fn pictures(charts: &[&Chart]) -> String {
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
    let about =
        "Viewers that allow inline SVG show pictures below. GitHub does not: the HTML page (`--html FILE`) has them.";
    format!("\n## Charts\n\n{about}\n\n<details><summary>Charts</summary>\n{shown}\n</details>\n")
}
