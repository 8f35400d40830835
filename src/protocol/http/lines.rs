//! The header lines of a response. Most expectations and captures look at the body alone, so the lines stay the bytes
//! that they were until somebody asks for one.

use std::cell::OnceCell;

use http::HeaderMap;

use super::h1;
use crate::scenario::eval::response::Headers;

/// Header lines of one response.
#[derive(Debug, Default)]
pub struct Lines {
    /// As they came, with the status line; empty where they came read.
    raw: Vec<u8>,
    read: OnceCell<Box<HeaderMap>>,
}

impl Lines {
    /// Those of a head of HTTP/1.1 that was accepted.
    pub fn of(raw: Vec<u8>) -> Self {
        Self { raw, read: OnceCell::new() }
    }
}

impl From<HeaderMap> for Lines {
    fn from(map: HeaderMap) -> Self {
        Self::from(Box::new(map))
    }
}

impl From<Box<HeaderMap>> for Lines {
    fn from(map: Box<HeaderMap>) -> Self {
        Self { raw: Vec::new(), read: OnceCell::from(map) }
    }
}

impl Headers for Lines {
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
    fn the_type_of_the_content_is_the_same_before_and_after_all_are_read() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 200 content-type: a/b\r\nx-content-type: c/d\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nA: b\r\nCONTENT-Type: \t text/html; charset=x \r\nContent-Type: c/d\r\n\r\n", {
                Some("text/html; charset=x")
            }),
            ("HTTP/1.1 200 OK\ncontent-type:\n\n", Some("")),
        ] {
            let lines = Lines::of(head.as_bytes().to_vec());
            let before = lines.content_type().map(<[u8]>::to_vec);
            assert_eq!(before.as_deref(), expected.map(str::as_bytes), "{head}");
            let count = lines.all().len();
            assert_eq!(lines.content_type().map(<[u8]>::to_vec), before, "{head} {count}");
        }
    }

    #[test]
    fn lines_that_came_read_stay_so() {
        let mut map = HeaderMap::new();
        map.insert("a", http::HeaderValue::from_static("b"));
        let lines = Lines::from(map);
        assert_eq!((lines.all().len(), lines.content_type()), (1, None));
        assert_eq!(Lines::default().all().len(), 0);
    }
}
