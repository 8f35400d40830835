//! JSONPath (RFC 9535), with bounds on the number of values that a path finds and visits.

mod stream;

use serde_json::Value;
use serde_json::value::RawValue;
use serde_json_path::{JsonPath, ParseError};

use self::stream::Segment;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct Path {
    path: JsonPath,
    text: String,
    single: bool,
    /// Its steps, where it names members, indices and `*` alone.
    segments: Option<Vec<Segment>>,
    cost: Cost,
}

/// What of a path makes it visit values more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cost {
    /// `..`
    descents: u32,
    /// `$` inside of filters, where more than one value may be found.
    roots: u32,
    /// `match` and `search`, which read patterns.
    patterns: u32,
}

/// How large a JSON text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Values in it, or a few more.
    pub values: u64,
    /// Levels of lists and objects.
    pub depth: u64,
}

impl Size {
    /// Counts without reading: in text that is not JSON it is some number.
    pub fn of(text: &[u8]) -> Self {
        let (mut values, mut depth, mut deepest) = (1, 0u64, 0);
        let mut bytes = text.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => {
                    while let Some(byte) = bytes.next() {
                        match byte {
                            b'"' => break,
                            b'\\' => drop(bytes.next()),
                            _ => {}
                        }
                    }
                }
                b'[' | b'{' => {
                    (values, depth) = (values + 1, depth + 1);
                    deepest = depth.max(deepest);
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' => values += 1,
                _ => {}
            }
        }
        Self { values, depth: deepest }
    }
}

impl Path {
    /// Compiles a path such as `$.items[*].id`.
    ///
    /// # Errors
    /// When it is not a valid JSONPath; the error has the place.
    pub fn new(text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            path: JsonPath::parse(text)?,
            text: text.to_owned(),
            single: is_single(text),
            segments: stream::segments(text),
            cost: cost(text),
        })
    }

    /// Everything it finds, in the order of the document.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.path.query(value).all()
    }

    /// Everything it finds in a JSON text, without reading the rest of it into memory. `None` for a path that cannot be
    /// followed that way, an error for what is not JSON.
    pub fn stream<'v>(&self, text: &'v [u8]) -> Option<serde_json::Result<Vec<&'v RawValue>>> {
        self.segments.as_deref().map(|segments| stream::find(segments, text))
    }

    /// True when it visits no value more than once.
    pub fn is_linear(&self) -> bool {
        self.cost == Cost::default()
    }

    /// Values that it visits in a JSON of this size, at most.
    pub fn visits(&self, size: Size) -> u64 {
        let Cost { descents, roots, patterns } = self.cost;
        // A value is visited once from each of those above it.
        let again = size.depth.max(1).saturating_pow(descents.saturating_sub(1));
        let again = again.saturating_mul(size.values.saturating_pow(roots));
        let again = again.saturating_mul(if patterns > 0 { 100 } else { 1 });
        size.values.saturating_mul(again)
    }

    /// True when it names one place: it has no wildcard, slice, filter, list or descent.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Everything outside of quotes.
fn bare(text: &str) -> String {
    let (mut quote, mut escaped) = (None, false);
    let outside = |c: &char| match (quote, *c) {
        (Some(_), _) if escaped => {
            escaped = false;
            false
        }
        (Some(_), '\\') => {
            escaped = true;
            false
        }
        (Some(q), c) => {
            if q == c {
                quote = None;
            }
            false
        }
        (None, '"' | '\'') => {
            quote = Some(*c);
            true
        }
        (None, _) => true,
    };
    text.chars().filter(outside).collect()
}

fn is_single(text: &str) -> bool {
    let bare = bare(text);
    !bare.contains(['*', '?', ',', ':']) && !bare.contains("..")
}

fn cost(text: &str) -> Cost {
    let bare = bare(text);
    let count = |part: &str| u32::try_from(bare.matches(part).count()).unwrap_or(u32::MAX);
    let finds_many = |rest: &&str| !is_single(rest);
    let roots = bare.split('$').skip(2).filter(finds_many).count();
    Cost {
        descents: count(".."),
        roots: u32::try_from(roots).unwrap_or(u32::MAX),
        patterns: count("match(") + count("search("),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_or_many() {
        for (path, single) in [
            ("$.a.b", true),
            ("$['a,b'][0]", true),
            ("$['it\\'s *']", true),
            ("$.a[*]", false),
            ("$..a", false),
            ("$.a[0,1]", false),
            ("$.a[0:2]", false),
            ("$.a[?@.b == 1]", false),
        ] {
            assert_eq!(Path::new(path).unwrap().is_single(), single, "{path}");
        }
        assert!(Path::new("$.a[").is_err() && Path::new("a").is_err());
    }

    #[test]
    fn work_is_known_before_it_is_done() {
        let size = Size::of(br#"{"a": [1, {"b,[": "\"]"}, []]}"#);
        assert_eq!(size, Size { values: 7, depth: 3 });
        let size = Size { values: 1_000, depth: 10 };
        for (path, visits) in [
            ("$.a[*].b", 1_000),
            ("$..a", 1_000),
            ("$..*..*", 10_000),
            ("$..*..*..*", 100_000),
            ("$['..'].a", 1_000),
            ("$[?@.a < $.b]", 1_000),
            ("$[?@.a < $.b].c[*]", 1_000_000),
            ("$[?count($..*) > 2]", 1_000_000),
            ("$[?match(@.a, 'x')]", 100_000),
        ] {
            assert_eq!(Path::new(path).unwrap().visits(size), visits, "{path}");
        }
    }
}
