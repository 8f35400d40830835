//! A value as it stands in a text: as JSON writes it, texts without quotes.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::bounded::{Bounded, MAX_TEXT, RenderError, too_long};

/// Appends the value, at most so many bytes.
pub(super) fn append(value: &Value, left: usize, out: &mut String) -> Result<(), RenderError> {
    let mut out = Bounded { left, out };
    let written = match value.kind() {
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::None => out.write_str("null"),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            let mut json = Vec::new();
            return match serde_json::to_writer(Bounded { left, out: &mut json }, value) {
                Ok(()) => out.write_str(&String::from_utf8_lossy(&json)).map_err(|_| too_long()),
                Err(error) if error.is_io() => Err(too_long()),
                Err(error) => Err(RenderError(error.to_string())),
            };
        }
        ValueKind::Bytes => return Err(not_text()),
        _ => match value.as_str() {
            Some(text) => out.write_str(text),
            None => write!(out, "{value}"),
        },
    };
    written.map_err(|_| too_long())
}

/// For what `b64decode` or a digest in bytes leaves.
pub(super) fn not_text() -> RenderError {
    RenderError("these are bytes, which are not text: encode them, as in value | b64encode".to_owned())
}

/// The same in a text of its own.
pub(crate) fn shown(value: &Value) -> Result<String, RenderError> {
    let mut out = String::new();
    append(value, MAX_TEXT, &mut out)?;
    Ok(out)
}
