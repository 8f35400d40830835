//! The part of a body that is kept.

use crate::protocol::http::limits::MAX_EXAMPLE;

/// Counts the bytes of a body and keeps the first ones.
#[derive(Debug, Default)]
pub struct BodyBuffer {
    /// Total bytes so far.
    pub bytes: u64,
    /// The first `limit` bytes. If the body exceeds the limit, only as many as an example needs.
    pub kept: Vec<u8>,
    limit: usize,
}

impl BodyBuffer {
    /// A buffer for a body of this length, if it is known.
    pub fn new(limit: usize, length: Option<u64>) -> Self {
        let mut buffer = Self { limit, ..Self::default() };
        if length.is_some_and(|length| length > limit as u64) {
            buffer.give_up();
        }
        buffer
    }

    /// Appends bytes.
    pub fn take(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        if self.bytes > self.limit as u64 {
            self.give_up();
        }
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// Keeps only an example: a body above the limit cannot be evaluated, and with many users memory would run out.
    fn give_up(&mut self) {
        self.limit = self.limit.min(MAX_EXAMPLE);
        if self.kept.len() > self.limit {
            self.kept.truncate(self.limit);
            self.kept.shrink_to_fit();
        }
    }
}
