//! The content codings of a body.

use crate::protocol::http::error::WireError;

/// Maximum codings of one body; the same as curl's.
const MAX_CODINGS: usize = 5;
/// A supported compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 (zlib), or RFC 1951 from servers that omit the zlib header.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// The coding with this name in `Content-Encoding`.
    fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"gzip") || is(b"x-gzip") => Some(Coding::Gzip),
            () if is(b"deflate") => Some(Coding::Deflate),
            () if is(b"br") => Some(Coding::Brotli),
            () if is(b"zstd") => Some(Coding::Zstd),
            () => None,
        }
    }
}

/// The codings of a body, in the order in which they were applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    list: [Option<Coding>; MAX_CODINGS],
    unknown: bool,
}

impl Codings {
    /// Adds those of a header line.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, value: &[u8]) -> Result<(), WireError> {
        for name in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            match Coding::named(name) {
                Some(coding) => self.push(coding)?,
                None => self.unknown = true,
            }
        }
        Ok(())
    }

    fn push(&mut self, coding: Coding) -> Result<(), WireError> {
        let too_many = || WireError::Malformed(format!("more than {MAX_CODINGS} content codings").into());
        *self.list.iter_mut().find(|slot| slot.is_none()).ok_or_else(too_many)? = Some(coding);
        Ok(())
    }

    /// These codings followed by `other`.
    ///
    /// # Errors
    /// When there are too many.
    pub fn then(mut self, other: Self) -> Result<Self, WireError> {
        other.list.into_iter().flatten().try_for_each(|coding| self.push(coding))?;
        Ok(self)
    }

    /// True if one of them is unknown, so that the body is left encoded.
    pub fn unknown(&self) -> bool {
        self.unknown
    }

    /// True if there is nothing to decode.
    pub fn is_identity(&self) -> bool {
        self.unknown || self.list[0].is_none()
    }

    /// The codings in the order of decoding: the last one applied first.
    pub fn to_undo(self) -> impl Iterator<Item = Coding> {
        self.list.into_iter().flatten().rev()
    }
}
