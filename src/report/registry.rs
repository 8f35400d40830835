//! The formats of reports, one row each: the command line, the screen and the key `report` of a scenario take them from
//! here. Adding a format is a file with a [`Format`] and its row in [`FORMATS`].

use super::csv::Csv;
use super::format::Format;

/// All formats, in the order of the documentation.
pub static FORMATS: &[&dyn Format] = &[&Csv];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}
