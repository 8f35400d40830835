//! Which codings a body has.

use crate::protocol::http::error::WireError;

/// Codings of one body, at most, as with curl.
const MAX_CODINGS: usize = 5;
/// The compressions that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 (zlib), and RFC 1951 where a server leaves the header of zlib out.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// By its name in `Content-Encoding`.
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

/// How a body is compressed, in the order in which that was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    list: [Option<Coding>; MAX_CODINGS],
    unknown: bool,
}

impl Codings {
    /// Those of one header line.
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
        *self.list.iter_mut().find(|place| place.is_none()).ok_or_else(too_many)? = Some(coding);
        Ok(())
    }

    /// These, and then `other`.
    ///
    /// # Errors
    /// When there are too many.
    pub fn then(mut self, other: Self) -> Result<Self, WireError> {
        other.list.into_iter().flatten().try_for_each(|coding| self.push(coding))?;
        Ok(self)
    }

    /// True when one of them is not known, so that the body stays as it is.
    pub fn unknown(&self) -> bool {
        self.unknown
    }

    /// True when there is nothing to undo.
    pub fn is_identity(&self) -> bool {
        self.unknown || self.list[0].is_none()
    }

    /// The codings to undo, the last one that was applied first.
    pub fn to_undo(self) -> impl Iterator<Item = Coding> {
        self.list.into_iter().flatten().rev()
    }
}
