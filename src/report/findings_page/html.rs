//! Renders the page as a single HTML file, for screen and print, without scripts or external resources.

use minijinja::HtmlEscape;

use super::model::{Block, Check, Line, Mark, Page, Section, Table, Text};
use crate::clean;
use crate::report::html::escape;
use crate::report::html::policy::policy;

/// The style sheet of run reports, and the rules specific to this page.
const STYLE: [&str; 2] =
    [include_str!("../../../assets/report/page.css"), include_str!("../../../assets/findings/page.css")];

/// Renders the page.
pub(super) fn render(page: &Page) -> String {
    let style = STYLE.join("\n");
    let title: String = page.title.iter().map(plain).collect();
    let contents: String = page
        .sections
        .iter()
        .map(|section| format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, escaped(section.title)))
        .collect();
    let body: String = page.sections.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{} · katydid</title>\n<style>{style}</style>\n</head>\n\
         <body class=\"findings\">\n<header><span class=\"brand\">katydid findings</span></header>\n<main>\n\
         <section class=\"cover\">\n<h1>{}</h1>\n<p class=\"soft\">{}</p>\n</section>\n\
         <nav class=\"screen\"><ol>\n{contents}</ol></nav>\n{body}</main>\n</body>\n</html>\n",
        policy(&[], &style),
        escaped(&title),
        line(&page.title),
        line(&page.subtitle),
    )
}

fn section(Section { id, title, blocks }: &Section) -> String {
    let blocks: String = blocks.iter().map(block).collect();
    format!("<section id=\"{id}\">\n<h2>{}</h2>\n{blocks}</section>\n", escaped(title))
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(string) => format!("<h3>{}</h3>\n", escaped(string)),
        Block::Paragraph(string) => format!("<p>{}</p>\n", line(string)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", line(item))).collect();
            format!("<ul class=\"card points\">\n{items}</ul>\n")
        }
        Block::Checks(checks) => {
            let checks: String = checks.iter().map(check).collect();
            format!("<ul class=\"card checks\">\n{checks}</ul>\n")
        }
        Block::Table(table) => rows(table),
        Block::Chart(chart) => {
            let title = escaped(chart.title());
            format!("<figure class=\"card\"><figcaption>{title}</figcaption>\n{}\n</figure>\n", chart.svg(true))
        }
        Block::ToFill(what) => format!("<div class=\"card fill\"><h3>{}</h3></div>\n", escaped(what)),
    }
}

fn check(Check { done, title, evidence }: &Check) -> String {
    let (class, sign, label) = if *done { ("done", "☑", "done") } else { ("todo", "☐", "open") };
    let (title, evidence) = (escaped(title), line(evidence));
    format!(
        "<li class=\"{class}\"><span class=\"box\" role=\"img\" aria-label=\"{label}\">{sign}</span><div>{title}\
         <div class=\"soft small\">{evidence}</div></div></li>\n"
    )
}

fn rows(Table { head, rows, has_total, text_columns }: &Table) -> String {
    let class = |at: usize| if at < *text_columns { "" } else { " class=\"n\"" };
    let titles = head.iter().enumerate().map(|(at, cell)| format!("<th{}>{}</th>", class(at), text(cell)));
    let row = |row: &Vec<Text>| {
        let cells = row.iter().enumerate().map(|(at, cell)| match cell {
            Text::Blank => "<td class=\"blank\"></td>".to_owned(),
            cell => format!("<td{}>{}</td>", class(at), text(cell)),
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let (body, total) = rows.split_at(rows.len() - usize::from(*has_total && !rows.is_empty()));
    let body: String = body.iter().map(row).collect();
    let total: String = total.iter().map(row).collect();
    let total = if total.is_empty() { total } else { format!("<tfoot>\n{total}</tfoot>") };
    let titles: String = titles.collect();
    format!(
        "<div class=\"card scroll\"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}</tbody>{total}\n</table></div>\n"
    )
}

fn line(line: &Line) -> String {
    line.iter().map(text).collect()
}

fn text(shown: &Text) -> String {
    match shown {
        Text::Trusted(_) | Text::Untrusted(_) => escaped(&plain(shown)),
        Text::Code(_) => format!("<code>{}</code>", escaped(&plain(shown))),
        Text::Strong(_) => format!("<strong>{}</strong>", escaped(&plain(shown))),
        Text::Marked(mark, string) => {
            let (class, sign) = match mark {
                Mark::Good => ("is-good", "✓"),
                Mark::Bad => ("is-bad", "✗"),
                Mark::Warning => ("is-open", "!"),
                Mark::Unclear => ("is-open", "?"),
                Mark::Open => ("is-open", "…"),
            };
            format!("<span class=\"{class}\">{sign}&nbsp;{}</span>", escaped(string))
        }
        Text::Blank => String::new(),
    }
}

/// The string of `text`, without markup.
fn plain(text: &Text) -> String {
    match text {
        Text::Trusted(string) | Text::Untrusted(string) | Text::Strong(string) | Text::Marked(_, string) => {
            string.clone()
        }
        Text::Code(name) if name.trim().is_empty() => "–".to_owned(),
        Text::Code(name) => escape::line(name),
        Text::Blank => String::new(),
    }
}

fn escaped(text: &str) -> String {
    HtmlEscape(&clean::line(text)).to_string()
}
