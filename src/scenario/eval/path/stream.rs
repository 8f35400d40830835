//! Follows a path through JSON text: values on the path are returned as text, others are only validated.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A member of an object.
    Name(String),
    /// An element of a list.
    Index(usize),
    /// All members or elements.
    Each,
}

/// The segments of a path; `None` if it has any other kind.
pub fn segments(text: &str) -> Option<Vec<Segment>> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let (segment, after) = if let Some(dotted) = rest.strip_prefix('.') {
            let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
            let (name, after) = dotted.split_at(end);
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            match name {
                "*" => (Segment::Each, after),
                _ if is_name => (Segment::Name(name.to_owned()), after),
                _ => return None,
            }
        } else {
            let inner = rest.strip_prefix('[')?;
            match inner.chars().next()? {
                quote @ ('"' | '\'') => {
                    let (name, after) = inner[1..].split_once(quote)?;
                    // An escape sequence stands for another character.
                    let after = after.strip_prefix(']').filter(|_| !name.contains('\\'))?;
                    (Segment::Name(name.to_owned()), after)
                }
                _ => {
                    let (index, after) = inner.split_once(']')?;
                    let each = (index == "*").then_some(Segment::Each);
                    (each.or_else(|| index.parse().ok().map(Segment::Index))?, after)
                }
            }
        };
        segments.push(segment);
        rest = after;
    }
    Some(segments)
}

/// The values that the path finds in `text`.
///
/// # Errors
/// When the text is not JSON.
pub fn find<'v>(segments: &[Segment], text: &'v [u8]) -> serde_json::Result<Vec<&'v RawValue>> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    PathVisitor { segments, found: &mut found }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(found)
}

struct PathVisitor<'w, 'v> {
    segments: &'w [Segment],
    found: &'w mut Vec<&'v RawValue>,
}

impl<'v> DeserializeSeed<'v> for PathVisitor<'_, 'v> {
    type Value = ();

    fn deserialize<D: Deserializer<'v>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.segments {
            [] => {
                self.found.push(serde::Deserialize::deserialize(deserializer)?);
                Ok(())
            }
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'v> Visitor<'v> for PathVisitor<'_, 'v> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'v>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { segments, found } = self;
        let start = found.len();
        while let Some(MemberName(key)) = map.next_key()? {
            match segments {
                [Segment::Name(name), rest @ ..] if *name == key => {
                    // If a name is repeated, the last one counts.
                    found.truncate(start);
                    map.next_value_seed(PathVisitor { segments: rest, found })?;
                }
                [Segment::Each, rest @ ..] => map.next_value_seed(PathVisitor { segments: rest, found })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'v>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { segments, found } = self;
        for at in 0.. {
            let goes_on = match segments {
                [Segment::Index(index), rest @ ..] if *index == at => {
                    seq.next_element_seed(PathVisitor { segments: rest, found })?.is_some()
                }
                [Segment::Each, rest @ ..] => seq.next_element_seed(PathVisitor { segments: rest, found })?.is_some(),
                _ => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A name, borrowed if it contains no escape sequence.
#[derive(serde::Deserialize)]
struct MemberName<'k>(#[serde(borrow)] Cow<'k, str>);

#[cfg(test)]
mod tests {
    use crate::scenario::eval::path::Path;

    #[test]
    fn streaming_finds_the_same_values_as_the_parsed_document() {
        let text = r#" {"a": [1, {"b": [2.50, null]}, "x\"y"], "b": {"c": true, "d": {}}, "e\u0066": 3, "a b": 4, "z": {"c": 6}} "#;
        let tree: serde_json::Value = serde_json::from_str(text).unwrap();
        for path in [
            "$",
            "$.a",
            "$.a[0]",
            "$.a[1].b[1]",
            "$.a[1].b[*]",
            "$.a[*]",
            "$.a[*].b",
            "$.*",
            "$.*.c",
            "$[*][*]",
            "$.b['c']",
            "$[\"b\"].d",
            "$.ef",
            "$['a b']",
            "$.z",
            "$.z.c",
            "$.nope",
            "$.a[9]",
            "$.a.b",
            "$.a[0].b",
            "$.b.c.d",
        ] {
            let compiled = Path::new(path).unwrap();
            let streamed = compiled.stream(text.as_bytes()).expect(path).unwrap();
            let streamed: Vec<serde_json::Value> =
                streamed.iter().map(|raw| serde_json::from_str(raw.get()).unwrap()).collect();
            let wanted: Vec<serde_json::Value> = compiled.find(&tree).into_iter().cloned().collect();
            assert_eq!(streamed, wanted, "{path}");
        }
        // If a name is repeated, the last one counts.
        let twice = Path::new("$.z.c").unwrap().stream(br#"{"z": {"c": 1}, "z": {"c": 2}}"#).unwrap().unwrap();
        assert_eq!(twice.iter().map(|raw| raw.get()).collect::<Vec<_>>(), ["2"]);
        for path in ["$..a", "$.a[-1]", "$.a[0:1]", "$.a[0,1]", "$.a[?@.b]", "$['a\\'b']", "$[ 0 ]"] {
            assert!(Path::new(path).unwrap().stream(b"{}").is_none(), "{path}");
        }
    }

    #[test]
    fn invalid_json_after_the_value_is_detected() {
        for text in ["", "{", "{\"a\": 1} x", "{\"a\": 1", "<html>", "{\"b\": nope, \"a\": 1}", "[1,]"] {
            assert!(Path::new("$.a").unwrap().stream(text.as_bytes()).unwrap().is_err(), "{text}");
        }
    }
}
