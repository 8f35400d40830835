//! A copy-on-write list: appends at the end, removes at the start; clones share chunks. Snapshots contain the history
//! of a run without copying it.

use std::collections::VecDeque;
use std::sync::Arc;

/// Maximum number of values in a chunk, which is the most that a change copies.
const CHUNK_LEN: usize = 32;

/// A copy-on-write list; see the [module](self).
#[derive(Debug)]
pub struct Chunks<T> {
    /// All chunks but the last are full.
    chunks: Arc<VecDeque<Arc<Vec<T>>>>,
    /// Number of values at the start of the first chunk that have been removed.
    offset: usize,
    /// Empty chunks for later values. Clones have none.
    spare: Vec<Vec<T>>,
}

impl<T: Copy> Chunks<T> {
    /// Number of values.
    pub fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, |chunk| chunk.len());
        self.chunks.len().saturating_sub(1) * CHUNK_LEN + last - self.offset
    }

    /// True if the list has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Iterates over the values, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> + '_ {
        let from = |at| if at == 0 { self.offset } else { 0 };
        self.chunks.iter().enumerate().flat_map(move |(at, chunk)| chunk[from(at)..].iter().copied())
    }

    /// The value at index `at`; `None` if out of bounds.
    pub fn get(&self, at: usize) -> Option<T> {
        let at = at + self.offset;
        self.chunks.get(at / CHUNK_LEN)?.get(at % CHUNK_LEN).copied()
    }

    /// Takes memory for `count` values now, so that memory does not grow with the list. `like` is any value: memory that
    /// was never written to is not taken.
    pub fn reserve(&mut self, count: usize, like: T) {
        while self.spare.len() * CHUNK_LEN < count {
            let mut chunk = vec![like; CHUNK_LEN];
            chunk.clear();
            self.spare.push(chunk);
        }
    }

    /// Removes all values, and keeps reserved memory.
    pub fn clear(&mut self) {
        (self.chunks, self.offset) = Default::default();
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        let chunks = Arc::make_mut(&mut self.chunks);
        match chunks.back_mut().filter(|chunk| chunk.len() < CHUNK_LEN) {
            Some(chunk) => make_unique(chunk).push(value),
            None => {
                let mut chunk = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK_LEN));
                chunk.push(value);
                chunks.push_back(Arc::new(chunk));
            }
        }
    }

    /// Removes and returns the last value.
    pub fn pop(&mut self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let chunks = Arc::make_mut(&mut self.chunks);
        let value = chunks.back_mut().and_then(|chunk| make_unique(chunk).pop());
        if chunks.back().is_some_and(|chunk| chunk.is_empty() || chunks.len() == 1 && chunk.len() == self.offset) {
            chunks.pop_back();
            self.offset = if chunks.is_empty() { 0 } else { self.offset };
        }
        value
    }

    /// Removes up to `count` values at the start.
    pub fn remove_first(&mut self, count: usize) {
        let offset = self.offset + count.min(self.len());
        if offset >= CHUNK_LEN || offset > 0 && self.len() == offset - self.offset {
            let chunks = Arc::make_mut(&mut self.chunks);
            chunks.drain(..(offset / CHUNK_LEN).min(chunks.len()));
            self.offset = if chunks.is_empty() { 0 } else { offset % CHUNK_LEN };
        } else {
            self.offset = offset;
        }
    }
}

/// Like [`Arc::make_mut`], but the copy has the capacity of a full chunk.
fn make_unique<T: Copy>(chunk: &mut Arc<Vec<T>>) -> &mut Vec<T> {
    if Arc::get_mut(chunk).is_none() {
        let mut copy = Vec::with_capacity(CHUNK_LEN);
        copy.extend_from_slice(chunk);
        *chunk = Arc::new(copy);
    }
    Arc::make_mut(chunk)
}

impl<T> Clone for Chunks<T> {
    fn clone(&self) -> Self {
        Self { chunks: Arc::clone(&self.chunks), offset: self.offset, spare: Vec::new() }
    }
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Arc::default(), offset: 0, spare: Vec::new() }
    }
}

impl<T: Copy> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut chunks = Self::default();
        values.into_iter().for_each(|value| chunks.push(value));
        chunks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Compares with a `Vec`; clones are unaffected by later changes.
        #[test]
        fn chunks_behave_like_a_vec(steps in proptest::collection::vec((0u8..14, 0usize..70), 0..200)) {
            let (mut chunks, mut list) = (Chunks::default(), Vec::new());
            let mut copies = Vec::new();
            for (number, (step, count)) in steps.into_iter().enumerate() {
                match step {
                    0..8 => (0..count).for_each(|value| {
                        chunks.push(value + number);
                        list.push(value + number);
                    }),
                    8 => prop_assert_eq!(chunks.pop(), list.pop()),
                    9 | 10 => {
                        chunks.remove_first(count);
                        list.drain(..count.min(list.len()));
                    }
                    11 => chunks.reserve(count, 7),
                    12 if count < 10 => {
                        chunks.clear();
                        list.clear();
                    }
                    _ => copies.push((chunks.clone(), list.clone())),
                }
                prop_assert_eq!(chunks.len(), list.len());
                prop_assert_eq!(chunks.get(count), list.get(count).copied());
            }
            copies.push((chunks, list));
            for (chunks, list) in copies {
                prop_assert_eq!(&chunks.iter().collect::<Vec<_>>(), &list);
                prop_assert!(chunks.iter().rev().eq(list.iter().rev().copied()));
                prop_assert_eq!(chunks.is_empty(), list.is_empty());
            }
        }
    }

    #[test]
    fn reserved_memory_is_used() {
        let mut chunks = Chunks::default();
        chunks.reserve(2 * CHUNK_LEN + 1, 0);
        assert_eq!((chunks.len(), chunks.spare.len()), (0, 3));
        (0..CHUNK_LEN + 1).for_each(|value| chunks.push(value));
        assert_eq!(chunks.spare.len(), 1);
        assert!(chunks.clone().spare.is_empty() && chunks.iter().eq(0..CHUNK_LEN + 1));
    }

    #[test]
    fn changing_a_clone_copies_at_most_one_chunk() {
        let mut chunks: Chunks<usize> = (0..10 * CHUNK_LEN + 5).collect();
        let copy = chunks.clone();
        chunks.push(0);
        let shared = chunks.chunks.iter().zip(&*copy.chunks).filter(|(ours, theirs)| Arc::ptr_eq(ours, theirs)).count();
        assert_eq!((shared, copy.chunks.len()), (10, 11));
    }
}
