//! Values for later steps: limited in size and depth, and computed in full.
//!
//! The template library computes joined and repeated lists lazily, so a few bytes can stand for more items than there
//! is memory. In a loop such a value grows with each pass, and so does the recursion that reads it.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::bounded::{MAX_TEXT, RenderError, too_long};

/// Maximum depth of nested lists and maps: the same as for JSON responses.
const MAX_DEPTH: usize = 128;
/// Bytes counted for an item in addition to its contents.
const ITEM: usize = 16;

/// The value with all lazy parts computed.
///
/// # Errors
/// When it is longer or deeper than a value may be.
pub(super) fn materialize(value: Value) -> Result<Value, RenderError> {
    let mut left = MAX_TEXT;
    Ok(solid(&value, &mut left, 0)?.unwrap_or(value))
}

/// A computed copy of the value, if any part of it is lazy.
fn solid(value: &Value, left: &mut usize, depth: usize) -> Result<Option<Value>, RenderError> {
    let size = value.as_bytes().map_or(0, <[u8]>::len).saturating_add(ITEM);
    *left = left.checked_sub(size).ok_or_else(too_long)?;
    if depth > MAX_DEPTH {
        return Err(RenderError(format!("the value has more than {MAX_DEPTH} nested levels of lists and maps")));
    }
    let kind = value.kind();
    if !matches!(kind, ValueKind::Seq | ValueKind::Iterable | ValueKind::Map) {
        return Ok(None);
    }
    let fail = |error: minijinja::Error| RenderError(super::error_text::of(&error));
    let mut changed = kind == ValueKind::Iterable;
    let (mut keys, mut items) = (Vec::new(), Vec::new());
    for item in value.try_iter().map_err(fail)? {
        let item = if kind == ValueKind::Map {
            let value = value.get_item(&item).map_err(fail)?;
            *left = left.checked_sub(item.as_bytes().map_or(0, <[u8]>::len)).ok_or_else(too_long)?;
            keys.push(item);
            value
        } else {
            item
        };
        let anew = solid(&item, left, depth + 1)?;
        changed |= anew.is_some();
        items.push(anew.unwrap_or(item));
    }
    Ok(changed.then(|| if kind == ValueKind::Map { keys.into_iter().zip(items).collect() } else { Value::from(items) }))
}
