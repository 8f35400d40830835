//! A run as one JSON document, described by `assets/report.schema.json`. Names and meanings of fields do not change
//! within a version.

mod document;
mod failures;
mod figures;
mod protocols;
mod traces;

use super::one_file::OneFile;
use crate::store::Run;

/// The JSON format.
pub static JSON: OneFile = OneFile {
    name: "json",
    alias: None,
    help: "A JSON document with everything that was measured, for programs",
    render,
};

fn render(run: &Run) -> String {
    // Cannot fail: all keys are strings, and all values are JSON types.
    let mut text = serde_json::to_string(&document::Document::of(run)).unwrap_or_default();
    text.push('\n');
    text
}
