//! What is kept of a body.

use crate::protocol::http::limits::MAX_EXAMPLE;

/// Counts the bytes of a body and keeps the first of them.
#[derive(Debug, Default)]
pub struct BodyBuffer {
    /// Bytes so far.
    pub bytes: u64,
    /// The first `limit` of them; of a longer body, which nobody can look at, what a failure shows.
    pub kept: Vec<u8>,
    limit: usize,
}

impl BodyBuffer {
    /// For a body of so many bytes, where that is known.
    pub fn new(limit: usize, length: Option<u64>) -> Self {
        let mut buffer = Self { limit, ..Self::default() };
        if length.is_some_and(|length| length > limit as u64) {
            buffer.give_up();
        }
        buffer
    }

    /// The next bytes.
    pub fn take(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        if self.bytes > self.limit as u64 {
            self.give_up();
        }
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// Many users that each hold what nobody looks at would take all memory.
    fn give_up(&mut self) {
        self.limit = self.limit.min(MAX_EXAMPLE);
        if self.kept.len() > self.limit {
            self.kept.truncate(self.limit);
            self.kept.shrink_to_fit();
        }
    }
}
