//! The formats of reports, one row each: the command line, the screen and the key `report` of a scenario take them from
//! here. Adding a format is a file with a [`Format`] and its row in [`FORMATS`].

use super::csv::Csv;
use super::format::Format;
use super::html::HTML;
use super::json::JSON;
use super::junit::JUNIT;
use super::markdown::MARKDOWN;
use super::text::TEXT;

/// All formats, in the order of the documentation.
pub static FORMATS: &[&dyn Format] = &[&HTML, &Csv, &JUNIT, &JSON, &MARKDOWN, &TEXT];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}
