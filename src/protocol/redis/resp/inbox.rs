//! Splits received bytes into responses.

use super::format::{FormatError, MAX_RESPONSE};

/// Maximum bytes of a line, such as an error message or a number.
const MAX_LINE: usize = 64 * 1024;
/// Maximum elements of a response, including nested ones: many tiny elements need far more memory than their bytes.
const MAX_ELEMENTS: u64 = 1_000_000;
/// Bytes of an empty buffer that are kept: there may be thousands of connections.
const MIN_CAPACITY: usize = 4 * 1024;

/// Buffers received bytes and returns one response after the other.
#[derive(Debug, Default)]
pub struct Inbox {
    data: Vec<u8>,
    /// Start of the next response.
    from: usize,
    /// How far the next response has been scanned: the start of its next element.
    at: usize,
    /// Elements of the next response that are still missing; 0 before its first.
    open: u64,
    elements: u64,
}

/// The first line of an element.
enum ElementHead {
    /// Nothing follows.
    Scalar,
    /// This many bytes and CRLF follow.
    Bulk(usize),
    /// This many elements follow, which are its contents.
    Nested(u64),
    /// This many elements follow, and then the element that they describe.
    Attribute(u64),
}

impl Inbox {
    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.from > 0 {
            self.data.drain(..self.from);
            self.at -= self.from;
            self.from = 0;
        }
        self.data.extend_from_slice(bytes);
    }

    /// The next complete response.
    ///
    /// # Errors
    /// When it is not valid RESP, or too long.
    pub fn next(&mut self) -> Result<Option<&[u8]>, FormatError> {
        if self.from == self.data.len() {
            self.data.clear();
            self.data.shrink_to(MIN_CAPACITY);
            (self.from, self.at) = (0, 0);
            return Ok(None);
        }
        if !self.scan()? {
            return Ok(None);
        }
        let response = self.from..self.at;
        (self.from, self.elements) = (self.at, 0);
        Ok(Some(&self.data[response]))
    }

    /// Scans to the end of the response; false if it is incomplete.
    fn scan(&mut self) -> Result<bool, FormatError> {
        if self.open == 0 {
            self.open = 1;
        }
        while self.open > 0 {
            let rest = &self.data[self.at..];
            let Some(line) = line(rest) else {
                // RESP lines end with CRLF; a line that does not belongs to another protocol.
                let is_text = |byte: &u8| *byte >= b' ' || b"\t\r".contains(byte);
                let never = rest.len() > MAX_LINE || !rest.iter().all(is_text);
                return if never { Err(foreign(rest)) } else { Ok(false) };
            };
            let after = self.at + line.len() + 2;
            match head(line)? {
                ElementHead::Scalar => (self.at, self.open) = (after, self.open - 1),
                ElementHead::Bulk(length) => {
                    if after - self.from + length > MAX_RESPONSE {
                        return Err(FormatError::TooLarge);
                    }
                    let end = after + length + 2;
                    if end > self.data.len() {
                        return Ok(false);
                    }
                    if &self.data[end - 2..end] != b"\r\n" {
                        return Err(FormatError::Malformed("a string is longer than its length"));
                    }
                    (self.at, self.open) = (end, self.open - 1);
                }
                ElementHead::Nested(count) => {
                    self.at = after;
                    self.open = self.open - 1 + count;
                    self.elements += count;
                }
                ElementHead::Attribute(count) => {
                    self.at = after;
                    self.open += count;
                    self.elements += count;
                }
            }
            if self.elements > MAX_ELEMENTS || self.at - self.from > MAX_RESPONSE {
                return Err(FormatError::TooLarge);
            }
        }
        Ok(true)
    }
}

/// Up to the next line end.
pub(super) fn line(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().take(MAX_LINE).position(|byte| *byte == b'\n')?;
    Some(data[..end].strip_suffix(b"\r").unwrap_or(&data[..end])).filter(|line| line.len() + 1 == end)
}

fn head(line: &[u8]) -> Result<ElementHead, FormatError> {
    let (kind, rest) = line.split_first().ok_or(FormatError::Malformed("an empty line"))?;
    Ok(match kind {
        b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => ElementHead::Scalar,
        b'$' | b'=' | b'!' => {
            length(rest)?.map_or(Ok(ElementHead::Scalar), |n| bounded(n, MAX_RESPONSE as u64).map(ElementHead::bulk))?
        }
        b'*' | b'~' | b'>' => {
            length(rest)?.map_or(Ok(ElementHead::Scalar), |n| bounded(n, MAX_ELEMENTS).map(ElementHead::Nested))?
        }
        b'%' => ElementHead::Nested(2 * bounded(length(rest)?.unwrap_or(0), MAX_ELEMENTS)?),
        b'|' => ElementHead::Attribute(2 * bounded(length(rest)?.unwrap_or(0), MAX_ELEMENTS)?),
        _ => return Err(foreign(line)),
    })
}

impl ElementHead {
    fn bulk(length: u64) -> Self {
        ElementHead::Bulk(usize::try_from(length).unwrap_or(usize::MAX / 2))
    }
}

fn bounded(n: u64, most: u64) -> Result<u64, FormatError> {
    if n > most { Err(FormatError::TooLarge) } else { Ok(n) }
}

/// A length or count; `None` for -1, which is null in RESP2.
pub(super) fn length(digits: &[u8]) -> Result<Option<u64>, FormatError> {
    if digits == b"-1" {
        return Ok(None);
    }
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let number = text.and_then(|text| text.parse().ok());
    number.map(Some).ok_or(FormatError::Malformed("invalid length"))
}

fn foreign(data: &[u8]) -> FormatError {
    // The caller masks it and then truncates it.
    let data = &data[..data.len().min(MAX_LINE)];
    // Binary data differs each time and is not readable.
    if data.iter().take(60).any(|byte| !(b' '..=b'~').contains(byte) && !b"\t\r\n".contains(byte)) {
        return FormatError::NotRedis("it sent bytes that are not text");
    }
    let text = String::from_utf8_lossy(data).into_owned();
    FormatError::Foreign(crate::clean::line(&text).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(inbox: &mut Inbox) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Some(response) = inbox.next().unwrap() {
            found.push(response.to_vec());
        }
        found
    }

    #[test]
    fn responses_do_not_depend_on_how_input_is_split() {
        let responses: [&[u8]; 12] = [
            b"+OK\r\n",
            b"-ERR no\r\n",
            b":12\r\n",
            b"$5\r\na\r\nb\n\r\n",
            b"$-1\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n",
            b"%1\r\n+a\r\n*1\r\n_\r\n",
            b"|1\r\n+ttl\r\n:3\r\n*1\r\n#t\r\n",
            b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n\r\n\r\n",
            b"=7\r\ntxt:abc\r\n",
        ];
        let stream: Vec<u8> = responses.concat();
        for size in [1, 2, 3, 7, stream.len()] {
            let mut inbox = Inbox::default();
            let mut found = Vec::new();
            for chunk in stream.chunks(size) {
                inbox.push(chunk);
                found.extend(all(&mut inbox));
            }
            assert_eq!(found, responses, "chunks of {size}");
            assert!(inbox.data.is_empty());
        }
    }

    #[test]
    fn invalid_responses_are_rejected() {
        let long = [b"+".as_slice(), &[b'x'; MAX_LINE + 1]].concat();
        for (data, error) in [
            (b"HTTP/1.1 400 Bad Request\r\n".as_slice(), FormatError::Foreign("HTTP/1.1 400 Bad Request".into())),
            (b"SSH-2.0-OpenSSH_9.6\n", FormatError::Foreign("SSH-2.0-OpenSSH_9.6".into())),
            (b"J\0\0\0\n8.0.36\0\xff", FormatError::NotRedis("it sent bytes that are not text")),
            (b"*\x01\xfe\x80", FormatError::NotRedis("it sent bytes that are not text")),
            (b"\r\n", FormatError::Malformed("an empty line")),
            (b"$x\r\n", FormatError::Malformed("invalid length")),
            (b"*-7\r\n", FormatError::Malformed("invalid length")),
            (b"$1\r\nabc\r\n", FormatError::Malformed("a string is longer than its length")),
            (b"$104857600\r\n", FormatError::TooLarge),
            (b"*18446744073709551615\r\n", FormatError::TooLarge),
            (b"*1000000\r\n*1000000\r\n", FormatError::TooLarge),
            (&long, FormatError::Foreign(format!("+{}", "x".repeat(MAX_LINE - 1)))),
        ] {
            let mut inbox = Inbox::default();
            inbox.push(data);
            assert_eq!(inbox.next().map(|response| response.map(<[u8]>::to_vec)), Err(error));
        }
    }

    #[test]
    fn large_buffers_are_shrunk() {
        let mut inbox = Inbox::default();
        inbox.push(&[b"$100000\r\n".as_slice(), &[b'x'; 100_000], b"\r\n"].concat());
        assert_eq!(all(&mut inbox).len(), 1);
        assert!(inbox.data.capacity() <= MIN_CAPACITY);
    }
}
