//! A run as one JSON document. `assets/report.schema.json` describes it; names and meanings of its fields do not
//! change within a version of it.

mod document;
mod failures;
mod figures;
mod protocols;

use super::one_file::OneFile;
use crate::store::Run;

/// The document.
pub static JSON: OneFile = OneFile {
    name: "json",
    alias: None,
    help: "A JSON document with everything that was measured, for programs",
    render,
};

fn render(run: &Run) -> String {
    // Nothing in it can fail to be written: its keys are strings, and it has no other types than JSON has.
    let mut text = serde_json::to_string(&document::Document::of(run)).unwrap_or_default();
    text.push('\n');
    text
}
