//! The header lines of a response, parsed on first use: most expectations and captures only need the body.

use std::cell::OnceCell;

use http::HeaderMap;

use super::h1;
use crate::scenario::eval::response::Headers;

/// Headers of a response.
#[derive(Debug, Default)]
pub struct LazyHeaders {
    /// Status line and header lines; empty if the headers were already parsed.
    raw: Vec<u8>,
    read: OnceCell<Box<HeaderMap>>,
}

impl LazyHeaders {
    /// From the raw head of an HTTP/1.1 response that was already validated.
    pub fn of(raw: Vec<u8>) -> Self {
        Self { raw, read: OnceCell::new() }
    }
}

impl From<HeaderMap> for LazyHeaders {
    fn from(map: HeaderMap) -> Self {
        Self::from(Box::new(map))
    }
}

impl From<Box<HeaderMap>> for LazyHeaders {
    fn from(map: Box<HeaderMap>) -> Self {
        Self { raw: Vec::new(), read: OnceCell::from(map) }
    }
}

impl Headers for LazyHeaders {
    fn all(&self) -> &HeaderMap {
        self.read.get_or_init(|| Box::new(h1::headers(&self.raw)))
    }

    fn content_type(&self) -> Option<&[u8]> {
        const NAME: &[u8] = b"content-type:";
        if self.read.get().is_some() {
            return self.all().content_type();
        }
        let line = self
            .raw
            .split(|byte| *byte == b'\n')
            .find(|line| line.split_at_checked(NAME.len()).is_some_and(|(name, _)| name.eq_ignore_ascii_case(NAME)))?;
        Some(line[NAME.len()..].trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_does_not_depend_on_parsing() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 200 content-type: a/b\r\nx-content-type: c/d\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nA: b\r\nCONTENT-Type: \t text/html; charset=x \r\nContent-Type: c/d\r\n\r\n", {
                Some("text/html; charset=x")
            }),
            ("HTTP/1.1 200 OK\ncontent-type:\n\n", Some("")),
        ] {
            let lines = LazyHeaders::of(head.as_bytes().to_vec());
            let before = lines.content_type().map(<[u8]>::to_vec);
            assert_eq!(before.as_deref(), expected.map(str::as_bytes), "{head}");
            let count = lines.all().len();
            assert_eq!(lines.content_type().map(<[u8]>::to_vec), before, "{head} {count}");
        }
    }

    #[test]
    fn parsed_headers_are_kept() {
        let mut map = HeaderMap::new();
        map.insert("a", http::HeaderValue::from_static("b"));
        let lines = LazyHeaders::from(map);
        assert_eq!((lines.all().len(), lines.content_type()), (1, None));
        assert_eq!(LazyHeaders::default().all().len(), 0);
    }
}
