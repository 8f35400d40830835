//! `katydid schema`: the JSON Schema of scenario files, for editors.

use std::process::ExitCode;

use crate::headless::console;
use crate::scenario::grammar::schema;

/// Prints the schema.
pub(super) fn run() -> ExitCode {
    console::say(&text());
    ExitCode::SUCCESS
}

/// Returns the schema as indented JSON.
pub(super) fn text() -> String {
    format!("{:#}\n", schema::schema())
}
