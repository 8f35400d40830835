//! Bytes that have arrived, cut into replies.

use super::format::{FormatError, MAX_REPLY};

/// Longest line that is no counted string: an error message, a number.
const MAX_LINE: usize = 64 * 1024;
/// Most elements of one reply, nested ones included: an array of tiny ones costs far more memory than its bytes.
const MAX_ELEMENTS: u64 = 1_000_000;
/// A buffer that has grown beyond this is given back once it is empty: there may be thousands of connections.
const KEEP: usize = 4 * 1024;

/// Collects what arrives and hands out one reply after the other.
#[derive(Debug, Default)]
pub struct Inbox {
    data: Vec<u8>,
    /// Where the next reply begins.
    from: usize,
    /// How far the next reply has been looked through: the head of its next element.
    at: usize,
    /// Elements still to come of the next reply; 0 before its first.
    open: u64,
    elements: u64,
}

/// One element, as far as its first line tells.
enum Head {
    /// Nothing follows.
    Scalar,
    /// So many bytes and a line end follow.
    Bulk(usize),
    /// So many elements follow in its place.
    Nested(u64),
    /// So many elements follow before it.
    Attribute(u64),
}

impl Inbox {
    /// Appends what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.from > 0 {
            self.data.drain(..self.from);
            self.at -= self.from;
            self.from = 0;
        }
        self.data.extend_from_slice(bytes);
    }

    /// The next whole reply.
    ///
    /// # Errors
    /// When what arrived is no reply, or too long a one.
    pub fn next(&mut self) -> Result<Option<&[u8]>, FormatError> {
        if self.from == self.data.len() {
            self.data.clear();
            self.data.shrink_to(KEEP);
            (self.from, self.at) = (0, 0);
            return Ok(None);
        }
        if !self.scan()? {
            return Ok(None);
        }
        let reply = self.from..self.at;
        (self.from, self.elements) = (self.at, 0);
        Ok(Some(&self.data[reply]))
    }

    /// Goes on to the end of the reply; false when it has not arrived yet.
    fn scan(&mut self) -> Result<bool, FormatError> {
        if self.open == 0 {
            self.open = 1;
        }
        while self.open > 0 {
            let rest = &self.data[self.at..];
            let Some(line) = line(rest) else {
                // Lines end in CR and LF here; one that does not is another protocol's.
                let is_text = |byte: &u8| *byte >= b' ' || b"\t\r".contains(byte);
                let never = rest.len() > MAX_LINE || !rest.iter().all(is_text);
                return if never { Err(foreign(rest)) } else { Ok(false) };
            };
            let after = self.at + line.len() + 2;
            match head(line)? {
                Head::Scalar => (self.at, self.open) = (after, self.open - 1),
                Head::Bulk(length) => {
                    if after - self.from + length > MAX_REPLY {
                        return Err(FormatError::TooLarge);
                    }
                    let end = after + length + 2;
                    if end > self.data.len() {
                        return Ok(false);
                    }
                    if &self.data[end - 2..end] != b"\r\n" {
                        return Err(FormatError::Malformed("a string is longer than it says"));
                    }
                    (self.at, self.open) = (end, self.open - 1);
                }
                Head::Nested(count) => {
                    self.at = after;
                    self.open = self.open - 1 + count;
                    self.elements += count;
                }
                Head::Attribute(count) => {
                    self.at = after;
                    self.open += count;
                    self.elements += count;
                }
            }
            if self.elements > MAX_ELEMENTS || self.at - self.from > MAX_REPLY {
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

fn head(line: &[u8]) -> Result<Head, FormatError> {
    let (kind, rest) = line.split_first().ok_or(FormatError::Malformed("an empty line"))?;
    Ok(match kind {
        b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => Head::Scalar,
        b'$' | b'=' | b'!' => {
            length(rest)?.map_or(Ok(Head::Scalar), |n| bounded(n, MAX_REPLY as u64).map(Head::bulk))?
        }
        b'*' | b'~' | b'>' => length(rest)?.map_or(Ok(Head::Scalar), |n| bounded(n, MAX_ELEMENTS).map(Head::Nested))?,
        b'%' => Head::Nested(2 * bounded(length(rest)?.unwrap_or(0), MAX_ELEMENTS)?),
        b'|' => Head::Attribute(2 * bounded(length(rest)?.unwrap_or(0), MAX_ELEMENTS)?),
        _ => return Err(foreign(line)),
    })
}

impl Head {
    fn bulk(length: u64) -> Self {
        Head::Bulk(usize::try_from(length).unwrap_or(usize::MAX / 2))
    }
}

fn bounded(n: u64, most: u64) -> Result<u64, FormatError> {
    if n > most { Err(FormatError::TooLarge) } else { Ok(n) }
}

/// A count; `None` is the -1 of RESP2's null.
pub(super) fn length(digits: &[u8]) -> Result<Option<u64>, FormatError> {
    if digits == b"-1" {
        return Ok(None);
    }
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let number = text.and_then(|text| text.parse().ok());
    number.map(Some).ok_or(FormatError::Malformed("a length that is no number"))
}

fn foreign(data: &[u8]) -> FormatError {
    // Whoever shows it masks it, and then cuts it.
    let data = &data[..data.len().min(MAX_LINE)];
    // Whatever comes in bytes differs every time, and says nothing to anybody.
    if data.iter().take(60).any(|byte| !(b' '..=b'~').contains(byte) && !b"\t\r\n".contains(byte)) {
        return FormatError::NotRedis("it answered with bytes that are not text");
    }
    let text = String::from_utf8_lossy(data).into_owned();
    FormatError::Foreign(crate::clean::line(&text).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(inbox: &mut Inbox) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Some(reply) = inbox.next().unwrap() {
            found.push(reply.to_vec());
        }
        found
    }

    #[test]
    fn replies_are_found_however_they_are_cut() {
        let replies: [&[u8]; 12] = [
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
        let stream: Vec<u8> = replies.concat();
        for size in [1, 2, 3, 7, stream.len()] {
            let mut inbox = Inbox::default();
            let mut found = Vec::new();
            for chunk in stream.chunks(size) {
                inbox.push(chunk);
                found.extend(all(&mut inbox));
            }
            assert_eq!(found, replies, "chunks of {size}");
            assert!(inbox.data.is_empty());
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        let long = [b"+".as_slice(), &[b'x'; MAX_LINE + 1]].concat();
        for (data, error) in [
            (b"HTTP/1.1 400 Bad Request\r\n".as_slice(), FormatError::Foreign("HTTP/1.1 400 Bad Request".into())),
            (b"SSH-2.0-OpenSSH_9.6\n", FormatError::Foreign("SSH-2.0-OpenSSH_9.6".into())),
            (b"J\0\0\0\n8.0.36\0\xff", FormatError::NotRedis("it answered with bytes that are not text")),
            (b"*\x01\xfe\x80", FormatError::NotRedis("it answered with bytes that are not text")),
            (b"\r\n", FormatError::Malformed("an empty line")),
            (b"$x\r\n", FormatError::Malformed("a length that is no number")),
            (b"*-7\r\n", FormatError::Malformed("a length that is no number")),
            (b"$1\r\nabc\r\n", FormatError::Malformed("a string is longer than it says")),
            (b"$104857600\r\n", FormatError::TooLarge),
            (b"*18446744073709551615\r\n", FormatError::TooLarge),
            (b"*1000000\r\n*1000000\r\n", FormatError::TooLarge),
            (&long, FormatError::Foreign(format!("+{}", "x".repeat(MAX_LINE - 1)))),
        ] {
            let mut inbox = Inbox::default();
            inbox.push(data);
            assert_eq!(inbox.next().map(|reply| reply.map(<[u8]>::to_vec)), Err(error));
        }
    }

    #[test]
    fn a_grown_buffer_is_given_back() {
        let mut inbox = Inbox::default();
        inbox.push(&[b"$100000\r\n".as_slice(), &[b'x'; 100_000], b"\r\n"].concat());
        assert_eq!(all(&mut inbox).len(), 1);
        assert!(inbox.data.capacity() <= KEEP);
    }
}
