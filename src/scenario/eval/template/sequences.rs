//! Counters of `sequence(…)`: shared by all users of a run, so that each number is used once before it repeats.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Maximum number of different sequences in a run.
const MAX_SEQUENCES: usize = 64;

/// Numbers from `first` to `last`, counted together with all sequences of the same numbers and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sequence {
    first: i64,
    last: i64,
    name: Option<Arc<str>>,
}

impl Sequence {
    /// `sequence(count)` from 0, or `sequence(first, last)`.
    pub(super) fn new(first: i64, last: Option<i64>, name: Option<&str>) -> Result<Self, String> {
        let (low, high) = match last {
            Some(last) if first > last => {
                return Err(format!("sequence({first}, {last}): the first number must not be above the second"));
            }
            Some(last) => (first, last),
            None if first < 1 => return Err(format!("sequence({first}): expected how many numbers, at least 1")),
            None => (0, first - 1),
        };
        Ok(Self { first: low, last: high, name: name.map(Arc::from) })
    }

    fn number(&self, drawn: u64) -> i64 {
        let length = self.last.abs_diff(self.first).checked_add(1);
        self.first.wrapping_add_unsigned(length.map_or(drawn, |length| drawn % length))
    }
}

/// The counters of a run. They are found without a lock: a counter is never removed.
#[derive(Debug)]
pub struct Sequences([OnceLock<(Sequence, AtomicU64)>; MAX_SEQUENCES]);

impl Default for Sequences {
    fn default() -> Self {
        Self([const { OnceLock::new() }; MAX_SEQUENCES])
    }
}

impl Sequences {
    /// The next number.
    ///
    /// # Errors
    /// When there are too many different sequences.
    pub(super) fn next(&self, sequence: &Sequence) -> Result<i64, String> {
        for counter in &self.0 {
            let (known, count) = counter.get_or_init(|| (sequence.clone(), AtomicU64::new(0)));
            if known == sequence {
                return Ok(sequence.number(count.fetch_add(1, Ordering::Relaxed)));
            }
        }
        Err(format!("sequence: more than {MAX_SEQUENCES} different sequences"))
    }

    /// The first number: outside of a run, nothing is counted.
    pub(super) fn first(sequence: &Sequence) -> i64 {
        sequence.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_by_range_and_name() {
        let sequences = Sequences::default();
        let of = |first, last, name| Sequence::new(first, last, name).unwrap();
        let next = |sequence: &Sequence| sequences.next(sequence).unwrap();
        let three = of(3, None, None);
        assert_eq!([0; 5].map(|_| next(&three)), [0, 1, 2, 0, 1]);
        assert_eq!([0; 3].map(|_| next(&of(0, Some(2), None))), [2, 0, 1], "the same numbers");
        assert_eq!([0; 2].map(|_| next(&of(3, None, Some("a")))), [0, 1], "another name");
        assert_eq!([0; 3].map(|_| next(&of(-1, Some(0), None))), [-1, 0, -1]);
        assert_eq!([0; 2].map(|_| next(&of(i64::MIN, Some(i64::MAX), None))), [i64::MIN, i64::MIN + 1]);
    }

    #[test]
    fn threads_share_the_numbers() {
        let sequences = Sequences::default();
        let sequence = Sequence::new(4_000, None, None).unwrap();
        let draw = || (0..1_000).map(|_| sequences.next(&sequence).unwrap()).collect::<Vec<_>>();
        let mut drawn: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        drawn.sort_unstable();
        assert!(drawn.into_iter().eq(0..4_000));
    }

    #[test]
    fn their_number_is_limited() {
        let sequences = Sequences::default();
        let error = (1..).map(|count| sequences.next(&Sequence::new(count, None, None).unwrap())).find_map(Result::err);
        assert_eq!(error.unwrap(), "sequence: more than 64 different sequences");
    }
}
