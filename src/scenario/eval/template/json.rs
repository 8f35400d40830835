//! A JSON body as a flat list of pieces: text that is ready, and values that are filled in.

use super::bounded::{Bounded, MAX_TEXT, RenderError, too_long};
use super::compile::{Compiled, text, whole};
use super::expression::Expression;
use super::names::Names;
use super::parts::Text;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::plain::not_text;
use super::scope::Scope;
use super::template_error::TemplateError;

/// A JSON body with templates in its strings. A string that is wholly one `{{ … }}` keeps the type of its value.
#[derive(Debug, Clone)]
pub struct Json {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Ready(Vec<u8>),
    String(Text),
    Value(Expression),
}

impl Json {
    /// JSON text that never varies, as it is.
    pub fn ready(text: impl Into<Vec<u8>>) -> Self {
        Self { pieces: vec![Piece::Ready(text.into())] }
    }

    /// Appends the filled JSON text to `out`.
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
                Piece::Ready(bytes) => out.extend_from_slice(bytes),
                Piece::String(text) => {
                    let mut filled = String::new();
                    text.render(scope, &mut filled)?;
                    serde_json::to_writer(&mut *out, &filled).map_err(|e| RenderError(e.to_string()))?;
                }
                Piece::Value(expression) => {
                    write_value(&expression.value(scope)?, out)?;
                }
            }
        }
        Ok(())
    }

    /// The bytes, if nothing in them varies.
    pub(crate) fn fixed(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [Piece::Ready(bytes)] => Some(bytes),
            _ => None,
        }
    }
}

/// Appends a value as JSON, up to a length that no request should have.
fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), RenderError> {
    if value.kind() == ValueKind::Bytes {
        return Err(not_text());
    }
    serde_json::to_writer(Bounded { left: MAX_TEXT, out }, value)
        .map_err(|e| if e.is_io() { too_long() } else { RenderError(e.to_string()) })
}

/// A value as JSON.
pub(crate) fn to_json(value: &Value) -> Result<serde_json::Value, RenderError> {
    if let Some(text) = value.as_str().filter(|_| value.kind() != ValueKind::Bytes) {
        return Ok(text.into());
    }
    let mut out = Vec::new();
    write_value(value, &mut out)?;
    serde_json::from_slice(&out).map_err(|e| RenderError(e.to_string()))
}

/// Writes a [`Json`] piece by piece; neighbouring ready text is joined.
#[derive(Debug, Default)]
pub(crate) struct JsonBuilder {
    pieces: Vec<Piece>,
}

impl JsonBuilder {
    /// Appends JSON text as it is.
    pub fn raw(&mut self, bytes: &[u8]) {
        if let Some(Piece::Ready(last)) = self.pieces.last_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.pieces.push(Piece::Ready(bytes.to_vec()));
        }
    }

    /// Appends a value that never varies.
    pub fn value(&mut self, value: &impl serde::Serialize) {
        // Numbers, strings and template values serialise into memory; what cannot (a map with odd keys, one without an
        // end) becomes null.
        let mut out = Vec::new();
        match serde_json::to_writer(Bounded { left: MAX_TEXT, out: &mut out }, value) {
            Ok(()) => self.raw(&out),
            Err(_) => self.raw(b"null"),
        }
    }

    /// Appends a string that may hold templates.
    pub fn string(&mut self, source: &str, names: &Names) -> Result<(), TemplateError> {
        match whole(source, names)? {
            Some(Compiled::Constant(value)) => {
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
            Some(Compiled::Varying(expression)) => self.pieces.push(Piece::Value(expression)),
            None => match text(source, names)? {
                Text::Fixed(text) => self.value(&&*text),
                parts @ Text::Parts(_) => self.pieces.push(Piece::String(parts)),
            },
        }
        Ok(())
    }

    /// The finished body.
    pub fn finish(self) -> Json {
        Json { pieces: self.pieces }
    }
}
