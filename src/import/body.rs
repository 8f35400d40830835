//! Converts a request body to JSON, form fields or text of a step.

use serde_json::{Map, Value};

use super::credential::Credentials;
use super::draft::pairs;
use super::literal::literal;

/// Returns the template that replaces a value with this name, if any.
pub type Fill<'a> = dyn FnMut(&str, &Value) -> Option<String> + 'a;

/// Maximum depth; deeper values are not changed.
const DEEPEST: usize = 60;

/// Key and value of the step, and whether the step sets this `Content-Type` automatically.
pub fn body(text: &str, media: &str, fill: &mut Fill<'_>) -> (&'static str, Value, bool) {
    let kind = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = || serde_json::from_str::<Value>(text).ok();
    let looks = text.trim_start().starts_with(['{', '[']);
    if (kind == "application/json" || kind.ends_with("+json") || looks)
        && let Some(value) = json()
    {
        return ("json", filled("", &value, fill, 0), media.trim().eq_ignore_ascii_case("application/json"));
    }
    if kind == "application/x-www-form-urlencoded" && is_form(text) {
        let fields = url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| {
            let value = value.into_owned();
            let text = fill(&name, &Value::from(value.as_str())).unwrap_or_else(|| literal(&value));
            (name.into_owned(), text)
        });
        return ("form", Value::Object(pairs(fields)), true);
    }
    let whole = fill("", &Value::from(text));
    ("body", Value::String(whole.unwrap_or_else(|| literal(text))), false)
}

/// True if a text consists of form fields, whatever its declared type.
fn is_form(text: &str) -> bool {
    !text.is_empty() && text.split('&').all(|pair| pair.contains('=') && !pair.starts_with('=')) && !text.contains('\n')
}

/// Replaces credentials and linked values with templates, and escapes all other strings.
pub fn filled(name: &str, value: &Value, fill: &mut Fill<'_>, depth: usize) -> Value {
    match value {
        Value::Object(map) if depth < DEEPEST => {
            // `{ "name": "password", "value": "…" }`
            let of = ["name", "key", "field"].iter().find_map(|name| map.get(*name)?.as_str());
            let named = |key: &'_ str| of.filter(|_| key == "value").map_or_else(|| key.to_owned(), str::to_owned);
            let filled = map.iter().map(|(key, value)| (key.clone(), filled(&named(key), value, fill, depth + 1)));
            filled.collect::<Map<_, _>>().into()
        }
        Value::Array(items) if depth < DEEPEST => {
            items.iter().map(|item| filled(name, item, fill, depth + 1)).collect()
        }
        Value::String(text) => fill(name, value).unwrap_or_else(|| literal(text)).into(),
        Value::Number(_) => match fill(name, value) {
            // Variables of the environment are strings.
            Some(secret) if value.is_i64() && secret.starts_with("{{ env.") => {
                secret.replace(" }}", " | int }}").into()
            }
            Some(template) => template.into(),
            None => value.clone(),
        },
        other => other.clone(),
    }
}

/// Template for a credential, if the name indicates one.
pub fn secret(credentials: &mut Credentials, name: &str, value: &Value) -> Option<String> {
    credentials.found(name, &plain(value)?)
}

/// A string, or a number as string.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_by_their_type() {
        let mut credentials = Credentials::default();
        let mut fill = |name: &str, value: &Value| secret(&mut credentials, name, value);
        for (text, media, key, wanted, own) in [
            (
                r#"{"a":"{{","password":"x1"}"#,
                "application/json; charset=utf-8",
                "json",
                r#"{"a":"{{ '{{' }}","password":"{{ env.PASSWORD }}"}"#,
                false,
            ),
            (r#"{"a":1}"#, "Application/JSON", "json", r#"{"a":1}"#, true),
            (r#"{"a":1}"#, "application/x-www-form-urlencoded", "json", r#"{"a":1}"#, false),
            ("a=1&a=2&b=%20", "application/x-www-form-urlencoded", "form", r#"{"a":["1","2"],"b":" "}"#, true),
            ("just text", "text/plain", "body", r#""just text""#, false),
            ("no form", "application/x-www-form-urlencoded", "body", r#""no form""#, false),
            ("{not json", "application/json", "body", r#""{not json""#, false),
        ] {
            let (k, value, o) = body(text, media, &mut fill);
            assert_eq!((k, value.to_string().as_str(), o), (key, wanted, own), "{text}");
        }
    }
}
