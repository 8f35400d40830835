//! `katydid schema`: the JSON Schema of scenario files, for editors.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::headless::console;
use crate::scenario::grammar::schema;
use crate::system::output;

/// Prints the schema.
pub(super) fn run() -> ExitCode {
    console::say(&text());
    ExitCode::SUCCESS
}

/// Returns the schema as indented JSON.
pub(super) fn text() -> String {
    format!("{:#}\n", schema::schema())
}

/// True if another file has the name of the schema; it must not be overwritten.
pub(super) fn is_taken(place: &Path) -> bool {
    fs::read_to_string(place).map_or(place.exists(), |text| !text.contains("\"katydid scenario\""))
}

/// Writes the schema next to a scenario, or replaces that of another version. Returns its path, unless it was there.
///
/// # Errors
/// If it cannot be written, or another file is in its place.
pub(super) fn write_beside(scenario: &Path) -> io::Result<Option<PathBuf>> {
    let place = scenario.with_file_name(schema::FILE);
    let text = text();
    if fs::read_to_string(&place).is_ok_and(|known| known == text) {
        return Ok(None);
    }
    if is_taken(&place) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    output::write(&place, |file| file.write_all(text.as_bytes()))?;
    Ok(Some(place))
}
