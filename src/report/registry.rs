//! Registry of report formats, used by the command line, the screen and the key `report` of scenarios. To add a format,
//! implement [`Format`] in a new file and add a row to [`FORMATS`].

use super::csv::Csv;
use super::format::Format;
use super::html::HTML;
use super::json::JSON;
use super::junit::JUNIT;
use super::markdown::MARKDOWN;
use super::text::TEXT;

/// All formats, in documentation order.
pub static FORMATS: &[&dyn Format] = &[&HTML, &Csv, &JUNIT, &JSON, &MARKDOWN, &TEXT];

/// Returns the format with this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}
