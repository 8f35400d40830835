//! Gzip (RFC 1952): a header, compressed data and a check sum; any number of such members are one body.

use std::io;

use flate2::{Crc, Decompress};

use super::inflate::{Step, inflated};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes of the header that are always there, behind the magic number.
const FIXED: usize = 8;
const TRAILER: usize = 8;
/// Bits of the flags.
const CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// Where in its members a gzip body is.
#[derive(Default)]
pub struct Gzip {
    place: Place,
    members: u32,
}

enum Place {
    /// At the magic number: this many bytes of it have come.
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
    /// A text that ends with a zero byte: the file's name, then a comment.
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

impl Default for Place {
    fn default() -> Self {
        Place::Magic(0)
    }
}

impl Gzip {
    /// True at the end of a member.
    pub fn is_complete(&self) -> bool {
        self.members > 0 && matches!(self.place, Place::Magic(_))
    }

    /// See [`Stage::step`](super::stage::Stage::step).
    pub fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        let mut used = 0;
        loop {
            if let Place::Data(data) = &mut self.place {
                let (inflate, crc) = &mut **data;
                let step = inflated(inflate, &input[used..], out)?;
                crc.update(&out[..step.made]);
                used += step.used;
                if step.ended {
                    let mut expected = [0; TRAILER];
                    expected[..4].copy_from_slice(&crc.sum().to_le_bytes());
                    expected[4..].copy_from_slice(&crc.amount().to_le_bytes());
                    self.place = Place::Trailer { expected, seen: 0 };
                }
                return Ok(Step { used, made: step.made, ended: false });
            }
            let Some(byte) = input.get(used) else { return Ok(Step { used, ..Step::default() }) };
            if let Place::Magic(seen) = self.place
                && MAGIC[seen] != *byte
            {
                if self.members == 0 {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "invalid gzip header"));
                }
                // Bytes behind the end.
                return Ok(Step { used, made: 0, ended: true });
            }
            used += 1;
            self.header(*byte)?;
        }
    }

    /// Reads one byte of a header or trailer.
    fn header(&mut self, byte: u8) -> io::Result<()> {
        let place = std::mem::take(&mut self.place);
        self.place = match place {
            Place::Magic(0) => Place::Magic(1),
            Place::Magic(_) => Place::Fixed { flags: 0, seen: 0 },
            Place::Fixed { seen: 0, .. } if byte != 8 => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "unknown gzip compression method"));
            }
            Place::Fixed { flags, seen } => {
                let flags = if seen == 1 { byte } else { flags };
                if seen + 1 < FIXED { Place::Fixed { flags, seen: seen + 1 } } else { after_fixed(flags) }
            }
            Place::ExtraLength { flags, seen: 0, .. } => Place::ExtraLength { flags, length: byte.into(), seen: 1 },
            Place::ExtraLength { flags, length, .. } => match u16::from_le_bytes([length as u8, byte]) {
                0 => after_fixed(flags & !EXTRA),
                left => Place::Extra { flags, left },
            },
            Place::Extra { flags, left: 1 } => after_fixed(flags & !EXTRA),
            Place::Extra { flags, left } => Place::Extra { flags, left: left - 1 },
            Place::Text { flags } if byte != 0 => Place::Text { flags },
            Place::Text { flags } if flags & NAME != 0 => after_fixed(flags & !NAME),
            Place::Text { flags } => after_fixed(flags & !COMMENT),
            Place::HeaderCheck { seen: 0 } => Place::HeaderCheck { seen: 1 },
            Place::HeaderCheck { .. } => data(),
            data @ Place::Data(_) => data,
            Place::Trailer { expected, seen } if expected[seen] != byte => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the gzip check sum does not match"));
            }
            Place::Trailer { seen, .. } if seen + 1 == TRAILER => {
                self.members = self.members.saturating_add(1);
                Place::Magic(0)
            }
            Place::Trailer { expected, seen } => Place::Trailer { expected, seen: seen + 1 },
        };
        Ok(())
    }
}

/// The next optional part of a header.
fn after_fixed(flags: u8) -> Place {
    if flags & EXTRA != 0 {
        Place::ExtraLength { flags, length: 0, seen: 0 }
    } else if flags & (NAME | COMMENT) != 0 {
        Place::Text { flags }
    } else if flags & CRC != 0 {
        Place::HeaderCheck { seen: 0 }
    } else {
        data()
    }
}

fn data() -> Place {
    Place::Data(Box::new((Decompress::new(false), Crc::new())))
}
