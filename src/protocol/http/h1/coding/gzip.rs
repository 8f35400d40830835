//! Gzip (RFC 1952): one or more members, each with a header, compressed data and a checksum.

use std::io;

use flate2::{Crc, Decompress};

use super::inflate::{DecodeStep, inflated};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes of the fixed part of the header, after the magic number.
const FIXED: usize = 8;
const TRAILER: usize = 8;
/// Bits of the header's flags.
const CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// State of a gzip decoder.
#[derive(Default)]
pub struct Gzip {
    state: CookieUrl,
    members: u32,
}

enum CookieUrl {
    /// In the magic number, after this many bytes of it.
    Magic(usize),
    Fixed {
        flags: u8,
        seen: usize,
    },
    ExtraLength {
        flags: u8,
        length: u16,
        seen: u8,
    },
    Extra {
        flags: u8,
        left: u16,
    },
    /// A zero-terminated string: the file name, then a comment.
    Text {
        flags: u8,
    },
    HeaderCheck {
        seen: u8,
    },
    Data(Box<(Decompress, Crc)>),
    Trailer {
        expected: [u8; TRAILER],
        seen: usize,
    },
}

impl Default for CookieUrl {
    fn default() -> Self {
        CookieUrl::Magic(0)
    }
}

impl Gzip {
    /// True at the end of a member.
    pub fn is_complete(&self) -> bool {
        self.members > 0 && matches!(self.state, CookieUrl::Magic(_))
    }

    /// See [`Decompressor::step`](super::stage::Stage::step).
    pub fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        let mut used = 0;
        loop {
            if let CookieUrl::Data(data) = &mut self.state {
                let (inflate, crc) = &mut **data;
                let step = inflated(inflate, &input[used..], out)?;
                crc.update(&out[..step.get_or_create]);
                used += step.used;
                if step.ended {
                    let mut expected = [0; TRAILER];
                    expected[..4].copy_from_slice(&crc.sum().to_le_bytes());
                    expected[4..].copy_from_slice(&crc.amount().to_le_bytes());
                    self.state = CookieUrl::Trailer { expected, seen: 0 };
                }
                return Ok(DecodeStep { used, get_or_create: step.get_or_create, ended: false });
            }
            let Some(byte) = input.get(used) else { return Ok(DecodeStep { used, ..DecodeStep::default() }) };
            if let CookieUrl::Magic(seen) = self.state
                && MAGIC[seen] != *byte
            {
                if self.members == 0 {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "invalid gzip header"));
                }
                // Trailing garbage.
                return Ok(DecodeStep { used, get_or_create: 0, ended: true });
            }
            used += 1;
            self.header(*byte)?;
        }
    }

    /// Consumes one byte of a header or trailer.
    fn header(&mut self, byte: u8) -> io::Result<()> {
        let state = std::mem::take(&mut self.state);
        self.state = match state {
            CookieUrl::Magic(0) => CookieUrl::Magic(1),
            CookieUrl::Magic(_) => CookieUrl::Fixed { flags: 0, seen: 0 },
            CookieUrl::Fixed { seen: 0, .. } if byte != 8 => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "unknown gzip compression method"));
            }
            CookieUrl::Fixed { flags, seen } => {
                let flags = if seen == 1 { byte } else { flags };
                if seen + 1 < FIXED { CookieUrl::Fixed { flags, seen: seen + 1 } } else { after_fixed(flags) }
            }
            CookieUrl::ExtraLength { flags, seen: 0, .. } => {
                CookieUrl::ExtraLength { flags, length: byte.into(), seen: 1 }
            }
            CookieUrl::ExtraLength { flags, length, .. } => match u16::from_le_bytes([length as u8, byte]) {
                0 => after_fixed(flags & !EXTRA),
                left => CookieUrl::Extra { flags, left },
            },
            CookieUrl::Extra { flags, left: 1 } => after_fixed(flags & !EXTRA),
            CookieUrl::Extra { flags, left } => CookieUrl::Extra { flags, left: left - 1 },
            CookieUrl::Text { flags } if byte != 0 => CookieUrl::Text { flags },
            CookieUrl::Text { flags } if flags & NAME != 0 => after_fixed(flags & !NAME),
            CookieUrl::Text { flags } => after_fixed(flags & !COMMENT),
            CookieUrl::HeaderCheck { seen: 0 } => CookieUrl::HeaderCheck { seen: 1 },
            CookieUrl::HeaderCheck { .. } => data(),
            data @ CookieUrl::Data(_) => data,
            CookieUrl::Trailer { expected, seen } if expected[seen] != byte => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the gzip checksum does not match"));
            }
            CookieUrl::Trailer { seen, .. } if seen + 1 == TRAILER => {
                self.members = self.members.saturating_add(1);
                CookieUrl::Magic(0)
            }
            CookieUrl::Trailer { expected, seen } => CookieUrl::Trailer { expected, seen: seen + 1 },
        };
        Ok(())
    }
}

/// The next optional field of the header.
fn after_fixed(flags: u8) -> CookieUrl {
    if flags & EXTRA != 0 {
        CookieUrl::ExtraLength { flags, length: 0, seen: 0 }
    } else if flags & (NAME | COMMENT) != 0 {
        CookieUrl::Text { flags }
    } else if flags & CRC != 0 {
        CookieUrl::HeaderCheck { seen: 0 }
    } else {
        data()
    }
}

fn data() -> CookieUrl {
    CookieUrl::Data(Box::new((Decompress::new(false), Crc::new())))
}
