//! A run as one self-contained HTML file: no network, no storage, no other files.
//!
//! Tables are in the file; uPlot (`assets/uplot`) draws the charts from data in it. External text is escaped by the
//! template or as JSON, and a Content-Security-Policy allows only the two scripts of the template.

mod about;
mod charts;
mod downsample;
pub(super) mod escape;
mod failures;
mod page;
pub(super) mod policy;
mod protocols;
mod tables;
mod traces;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use self::escape::json;
use self::page::Page;
use super::one_file::OneFile;
use crate::store::Run;

/// Fields of the template.
pub static HTML: OneFile = OneFile {
    name: "html",
    alias: None,
    help: "One HTML page with verdict, charts, tables and failures; works offline",
    render,
};

const TEMPLATE: &str = include_str!("../../../assets/report/page.html");
const STYLE: [&str; 2] =
    [include_str!("../../../assets/uplot/uPlot.min.css"), include_str!("../../../assets/report/page.css")];
const LIBRARY: &str = include_str!("../../../assets/uplot/uPlot.iife.min.js");
const SCRIPT: &str = include_str!("../../../assets/report/page.js");

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    page: Page,
    policy: String,
    style: String,
    library: &'a str,
    script: &'a str,
    data: String,
}

fn render(run: &Run) -> String {
    let style = STYLE.join("\n");
    let whole = Whole {
        page: Page::of(run),
        policy: policy::policy(&[LIBRARY, SCRIPT], &style),
        style,
        library: LIBRARY,
        script: SCRIPT,
        data: json(&charts::Data::of(run)),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The template is built in, and a test renders all of it.
    let page = environment.render_str(TEMPLATE, Serde(whole));
    page.unwrap_or_else(|why| format!("internal error in the report: {why:#}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_style_do_not_end_their_elements() {
        for text in [LIBRARY, SCRIPT, STYLE[0], STYLE[1]] {
            assert!(!text.contains("</") && !text.contains("<!--"), "it would end its element");
            assert!(!text.contains('\r'), "the browser would hash other line ends");
        }
    }
}
