//! `$ref`: references within the document.

use serde_json::Value;

/// Maximum length of a chain of references.
const LONGEST_CHAIN: usize = 20;

/// Target of a local reference; the value itself if it is not a reference.
pub fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..LONGEST_CHAIN {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
        let decoded = percent_encoding::percent_decode_str(reference).decode_utf8_lossy();
        match decoded.strip_prefix('#').and_then(|pointer| document.pointer(pointer)) {
            Some(target) => value = target,
            None => return &Value::Null,
        }
    }
    &Value::Null
}
