//! JSONPath (RFC 9535) with the knowledge whether it can find more than one value.

use serde_json::Value;
use serde_json_path::{JsonPath, ParseError};

/// A compiled path.
#[derive(Debug)]
pub struct Path {
    path: JsonPath,
    text: String,
    single: bool,
}

impl Path {
    /// Compiles a path such as `$.items[*].id`.
    ///
    /// # Errors
    /// When it is no JSONPath; the error knows the place.
    pub fn new(text: &str) -> Result<Self, ParseError> {
        Ok(Self { path: JsonPath::parse(text)?, text: text.to_owned(), single: is_single(text) })
    }

    /// Everything it finds, in the order of the document.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.path.query(value).all()
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

/// Looks at everything outside of quotes.
fn is_single(text: &str) -> bool {
    let (mut quote, mut escaped, mut dot) = (None, false, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '*' | '?' | ',' | ':') => return false,
            (None, '.') if dot => return false,
            (None, _) => {}
        }
        dot = quote.is_none() && c == '.';
    }
    true
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
}
