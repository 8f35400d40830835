//! A JSON body as a flat list of pieces: constant text, and values that are rendered.

use super::bounded::{Bounded, MAX_TEXT, RenderError, too_long};
use super::compile::{CompiledExpression, text, whole};
use super::expression::Expression;
use super::names::Names;
use super::parts::Text;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::plain::not_text;
use super::scope::Scope;
use super::template_error::TemplateError;

/// A JSON body with templates in its strings. A string that is a single `{{ … }}` keeps the type of its value.
#[derive(Debug, Clone)]
pub struct Json {
    pieces: Vec<JsonPiece>,
}

#[derive(Debug, Clone)]
enum JsonPiece {
    Ready(Vec<u8>),
    String(Text),
    Value(Expression),
}

impl Json {
    /// Constant JSON text.
    pub fn ready(text: impl Into<Vec<u8>>) -> Self {
        Self { pieces: vec![JsonPiece::Ready(text.into())] }
    }

    /// Appends the rendered JSON to `out`.
    ///
    /// # Errors
    /// When an expression fails, such as an undefined variable.
    pub fn render(&self, scope: &mut Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let start = out.len();
        for piece in &self.pieces {
            if out.len() - start > 2 * MAX_TEXT {
                return Err(too_long());
            }
            match piece {
                JsonPiece::Ready(bytes) => out.extend_from_slice(bytes),
                JsonPiece::String(text) => {
                    let mut filled = String::new();
                    text.render(scope, &mut filled)?;
                    serde_json::to_writer(&mut *out, &filled).map_err(|e| RenderError(e.to_string()))?;
                }
                JsonPiece::Value(expression) => {
                    write_value(&expression.value(scope)?, out)?;
                }
            }
        }
        Ok(())
    }

    /// The bytes, if they are constant.
    pub(crate) fn fixed(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [JsonPiece::Ready(bytes)] => Some(bytes),
            _ => None,
        }
    }
}

/// Appends a value as JSON, up to [`MAX_TEXT`] bytes.
fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), RenderError> {
    if value.kind() == ValueKind::Bytes {
        return Err(not_text());
    }
    serde_json::to_writer(Bounded { left: MAX_TEXT, out }, value)
        .map_err(|e| if e.is_io() { too_long() } else { RenderError(e.to_string()) })
}

/// Converts a value to JSON.
pub(crate) fn to_json(value: &Value) -> Result<serde_json::Value, RenderError> {
    if let Some(text) = value.as_str().filter(|_| value.kind() != ValueKind::Bytes) {
        return Ok(text.into());
    }
    let mut out = Vec::new();
    write_value(value, &mut out)?;
    serde_json::from_slice(&out).map_err(|e| RenderError(e.to_string()))
}

/// Builds a [`Json`]; adjacent constant pieces are joined.
#[derive(Debug, Default)]
pub(crate) struct JsonBuilder {
    pieces: Vec<JsonPiece>,
}

impl JsonBuilder {
    /// Appends raw JSON.
    pub fn raw(&mut self, bytes: &[u8]) {
        if let Some(JsonPiece::Ready(last)) = self.pieces.last_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.pieces.push(JsonPiece::Ready(bytes.to_vec()));
        }
    }

    /// Appends a constant value.
    pub fn value(&mut self, value: &impl serde::Serialize) {
        // Values that cannot be serialized (maps with keys of other types, endless ones) become null.
        let mut out = Vec::new();
        match serde_json::to_writer(Bounded { left: MAX_TEXT, out: &mut out }, value) {
            Ok(()) => self.raw(&out),
            Err(_) => self.raw(b"null"),
        }
    }

    /// Appends a string that may contain templates.
    pub fn string(&mut self, source: &str, names: &Names) -> Result<(), TemplateError> {
        match whole(source, names)? {
            Some(CompiledExpression::Constant(value)) => {
                if value.kind() == ValueKind::Bytes {
                    return Err(TemplateError::new(source.trim(), not_text().0));
                }
                let mut out = Vec::new();
                let room = names.room.get();
                let written = serde_json::to_writer(Bounded { left: room, out: &mut out }, &value);
                names.room.set(room.saturating_sub(out.len()));
                if let Err(error) = written {
                    names.room.set(if error.is_io() { 0 } else { names.room.get() });
                    return Err(TemplateError::new(
                        source.trim(),
                        "the value of this template cannot be written as JSON",
                    ));
                }
                self.raw(&out);
            }
            Some(CompiledExpression::Varying(expression)) => self.pieces.push(JsonPiece::Value(expression)),
            None => match text(source, names)? {
                Text::Fixed(text) => self.value(&&*text),
                parts @ Text::Parts(_) => self.pieces.push(JsonPiece::String(parts)),
            },
        }
        Ok(())
    }

    /// The body built so far.
    pub fn finish(self) -> Json {
        Json { pieces: self.pieces }
    }
}
