//! A list that grows at its end and is shortened at its start. Its copies share all but what has changed since, so that
//! a snapshot has the history of a run without copying it.

use std::collections::VecDeque;
use std::sync::Arc;

/// Most values in a chunk, which is what a change may have to copy.
const CHUNK: usize = 32;

/// Such a list.
#[derive(Debug)]
pub struct Chunks<T> {
    /// All but the last are full.
    chunks: Arc<VecDeque<Arc<Vec<T>>>>,
    /// This many values at the start of the first chunk are not in the list any more.
    gone: usize,
}

impl<T: Copy> Chunks<T> {
    /// How many values it has.
    pub fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, |chunk| chunk.len());
        self.chunks.len().saturating_sub(1) * CHUNK + last - self.gone
    }

    /// True without values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> + '_ {
        let from = |at| if at == 0 { self.gone } else { 0 };
        self.chunks.iter().enumerate().flat_map(move |(at, chunk)| chunk[from(at)..].iter().copied())
    }

    /// The value at this place.
    pub fn get(&self, at: usize) -> Option<T> {
        let at = at + self.gone;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK).copied()
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        let chunks = Arc::make_mut(&mut self.chunks);
        match chunks.back_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => own(chunk).push(value),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
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
        let value = chunks.back_mut().and_then(|chunk| own(chunk).pop());
        if chunks.back().is_some_and(|chunk| chunk.is_empty() || chunks.len() == 1 && chunk.len() == self.gone) {
            chunks.pop_back();
            self.gone = if chunks.is_empty() { 0 } else { self.gone };
        }
        value
    }

    /// Removes this many values at the start.
    pub fn remove_first(&mut self, count: usize) {
        let gone = self.gone + count.min(self.len());
        if gone >= CHUNK || gone > 0 && self.len() == gone - self.gone {
            let chunks = Arc::make_mut(&mut self.chunks);
            chunks.drain(..(gone / CHUNK).min(chunks.len()));
            self.gone = if chunks.is_empty() { 0 } else { gone % CHUNK };
        } else {
            self.gone = gone;
        }
    }
}

/// The chunk itself where nobody else has it, else a copy.
fn own<T: Copy>(chunk: &mut Arc<Vec<T>>) -> &mut Vec<T> {
    if Arc::get_mut(chunk).is_none() {
        let mut copy = Vec::with_capacity(CHUNK);
        copy.extend_from_slice(chunk);
        *chunk = Arc::new(copy);
    }
    Arc::make_mut(chunk)
}

impl<T> Clone for Chunks<T> {
    fn clone(&self) -> Self {
        Self { chunks: Arc::clone(&self.chunks), gone: self.gone }
    }
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Arc::default(), gone: 0 }
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
        /// It is a list like any other, and its copies stay as they were.
        #[test]
        fn it_does_what_a_list_does(steps in proptest::collection::vec((0u8..12, 0usize..70), 0..200)) {
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
    fn a_copy_costs_at_most_a_chunk() {
        let mut chunks: Chunks<usize> = (0..10 * CHUNK + 5).collect();
        let copy = chunks.clone();
        chunks.push(0);
        let shared = chunks.chunks.iter().zip(&*copy.chunks).filter(|(ours, theirs)| Arc::ptr_eq(ours, theirs)).count();
        assert_eq!((shared, copy.chunks.len()), (10, 11));
    }
}
