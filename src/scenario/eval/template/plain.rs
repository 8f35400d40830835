//! Formats values in text: as JSON, but strings without quotes.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::bounded::{Bounded, MAX_TEXT, RenderError, too_long};

/// Appends the value, at most `left` bytes.
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

/// The error for bytes, such as the result of `b64decode` or a raw digest.
pub(super) fn not_text() -> RenderError {
    RenderError("the value is bytes, not a string: encode it, as in value | b64encode".to_owned())
}

/// The value as a string.
pub(crate) fn shown(value: &Value) -> Result<String, RenderError> {
    let mut out = String::new();
    append(value, MAX_TEXT, &mut out)?;
    Ok(out)
}
