//! The findings page: set-up, results and cost of one or several runs, and open decisions, as Markdown or as a single
//! printable HTML file.
//!
//! ```text
//!  runs, usage, allowance ─▶ view ─▶ section/* (one file per section) ─▶ model::Page ─▶ markdown, html
//! ```

mod chart;
mod html;
mod markdown;
mod model;
mod normal;
mod section;
mod spark;
mod view;

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::view::{Column, View};
use super::allowance::Allowance;
use super::error::ReportError;
use super::file;
use crate::store::Run;
use crate::store::usage::Usage;
use crate::system::output;

/// Maximum number of runs on a page; more columns do not fit side by side.
pub const MAX_RUNS: usize = 8;

/// Input of the page.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Runs, oldest first; at least one and at most [`MAX_RUNS`].
    pub runs: &'a [Run],
    /// Usage by all recorded runs, which counts against the allowance.
    pub usage: &'a Usage,
    /// VU-hours included per month, and price list.
    pub allowance: &'a Allowance<'a>,
    /// Time zone that determines the month of a run.
    pub zone: &'a TimeZone,
    /// Creation time, shown on the page.
    pub now: Timestamp,
}

impl Evidence<'_> {
    /// Renders the page as Markdown.
    pub fn markdown(&self) -> String {
        markdown::render(&section::page(&self.view()))
    }

    /// Renders the page as a single, self-contained HTML file.
    pub fn html(&self) -> String {
        html::render(&section::page(&self.view()))
    }

    fn view(&self) -> View<'_> {
        let runs = self.runs.iter().enumerate().map(|(at, run)| Column::new(at, run)).collect();
        View { runs, usage: self.usage, allowance: self.allowance, zone: self.zone, now: self.now }
    }
}

/// Writes the page to `path`. Regular files are replaced atomically.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write(path: &Path, page: &str) -> Result<(), ReportError> {
    output::sweep(path);
    file::check(path)?;
    output::write(path, |file| file.write_all(page.as_bytes())).map_err(|why| ReportError::one(path, why))
}
