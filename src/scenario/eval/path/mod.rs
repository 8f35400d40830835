//! JSONPath (RFC 9535), with limits on the number of values that a path visits and finds.

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
    /// Its segments, if it consists of names, indices and `*` only.
    segments: Option<Vec<Segment>>,
    cost: PathCost,
}

/// The parts of a path that make it visit values more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct PathCost {
    /// `..`
    descents: u32,
    /// `$` inside filters, if it may find more than one value.
    roots: u32,
    /// `match` and `search`, which evaluate patterns.
    patterns: u32,
}

/// The size of a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Upper bound of the number of values.
    pub values: u64,
    /// Maximum depth of nesting.
    pub depth: u64,
}

impl Size {
    /// Counts without parsing; meaningless if the text is not JSON.
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
    /// When it is not a valid JSONPath; the error includes the position.
    pub fn new(text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            path: JsonPath::parse(text)?,
            text: text.to_owned(),
            single: is_single(text),
            segments: stream::segments(text),
            cost: cost(text),
        })
    }

    /// All values that it finds, in document order.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.path.query(value).all()
    }

    /// All values that it finds in a JSON text, without building the rest in memory. `None` if the path has other
    /// segments than names, indices and `*`; an error if the text is not JSON.
    pub fn stream<'v>(&self, text: &'v [u8]) -> Option<serde_json::Result<Vec<&'v RawValue>>> {
        self.segments.as_deref().map(|segments| stream::find(segments, text))
    }

    /// True if it visits no value more than once.
    pub fn is_linear(&self) -> bool {
        self.cost == PathCost::default()
    }

    /// Upper bound of the number of values that it visits in a document of this size.
    pub fn visits(&self, size: Size) -> u64 {
        let PathCost { descents, roots, patterns } = self.cost;
        // A value is visited once from each of its ancestors.
        let again = size.depth.max(1).saturating_pow(descents.saturating_sub(1));
        let again = again.saturating_mul(size.values.saturating_pow(roots));
        let again = again.saturating_mul(if patterns > 0 { 100 } else { 1 });
        size.values.saturating_mul(again)
    }

    /// True if it finds at most one value: it has no wildcard, slice, filter, list or descent.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The text outside quotes.
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

fn cost(text: &str) -> PathCost {
    let bare = bare(text);
    let count = |part: &str| u32::try_from(bare.matches(part).count()).unwrap_or(u32::MAX);
    let finds_many = |rest: &&str| !is_single(rest);
    let roots = bare.split('$').skip(2).filter(finds_many).count();
    PathCost {
        descents: count(".."),
        roots: u32::try_from(roots).unwrap_or(u32::MAX),
        patterns: count("match(") + count("search("),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_paths_are_recognized() {
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
    fn visits_are_estimated() {
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
