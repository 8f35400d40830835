//! The page for the people who decide: what was set up, what one or several runs show, what they cost, and what is
//! still to be decided, as Markdown and as one printable HTML file.
//!
//! ```text
//!  runs, usage, allowance ─▶ view ─▶ section/* (one file a section) ─▶ model::Page ─▶ markdown, html
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

/// Most runs that fit side by side.
pub const MOST_RUNS: usize = 8;

/// What the page is made from.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The runs, oldest first; at least one and at most [`MOST_RUNS`].
    pub runs: &'a [Run],
    /// All runs that count against the allowance.
    pub usage: &'a Usage,
    /// VU-hours of a month, and their prices.
    pub allowance: &'a Allowance<'a>,
    /// Says when a month begins.
    pub zone: &'a TimeZone,
    /// When the page is made.
    pub now: Timestamp,
}

impl Evidence<'_> {
    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        markdown::render(&section::page(&self.view()))
    }

    /// The page as one HTML file that needs nothing else.
    pub fn html(&self) -> String {
        html::render(&section::page(&self.view()))
    }

    fn view(&self) -> View<'_> {
        let runs = self.runs.iter().enumerate().map(|(at, run)| Column::new(at, run)).collect();
        View { runs, usage: self.usage, allowance: self.allowance, zone: self.zone, now: self.now }
    }
}

/// Writes the page; the file is complete or absent.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, page: &str) -> Result<(), ReportError> {
    output::sweep(path);
    file::check(path)?;
    output::write(path, |file| file.write_all(page.as_bytes())).map_err(|why| ReportError::one(path, why))
}
