//! Assigns user numbers to classes.
//!
//! Users are numbered, and every prefix of the numbers is distributed fairly over the classes. Spawning takes the next
//! number and retiring returns the last one, so that no user changes its class. Each shard has every `shards`-th
//! number, so that shards agree without communication.

use crate::scenario::plan::{Class, Quota, Start};
use crate::units::Users;

/// Class of each user number, computed on demand.
#[derive(Debug, Clone)]
pub struct ClassAssignment {
    quota: Quota,
    sequence: Vec<u16>,
    early: u32,
}

impl ClassAssignment {
    /// Fixed counts come first, in the plan's order; the others are assigned by weight. The `planned` users include
    /// those of classes that start before the others, which get the lowest numbers.
    pub fn new(classes: &[Class], planned: Users) -> Self {
        let weights: Vec<u64> =
            classes.iter().map(|c| if c.fixed_count.is_some() { 0 } else { u64::from(c.weight) }).collect();
        let mut sequence = Vec::new();
        for (index, class) in classes.iter().enumerate() {
            let fixed = class.fixed_count.unwrap_or(0) as usize;
            sequence.resize(sequence.len() + fixed, index as u16);
        }
        let mut assignment = Self { quota: Quota::new(weights), sequence, early: 0 };
        let is_early = |class: &u16| classes[usize::from(*class)].start == Start::BeforeOthers;
        if classes.iter().any(|class| class.start == Start::BeforeOthers) && planned.0 > 0 {
            assignment.class_of(planned.0 - 1);
            let planned = assignment.sequence.len().min(planned.0 as usize);
            let planned = &mut assignment.sequence[..planned];
            // Stable sort: within each part the order stays fair.
            planned.sort_by_key(|class| !is_early(class));
            assignment.early = planned.iter().filter(|class| is_early(class)).count() as u32;
        }
        assignment
    }

    /// Number of planned users that start before the others.
    pub fn early(&self) -> Users {
        Users(self.early)
    }

    /// Class of user `n`, from 0. `None` if all classes have fixed counts and these are used up.
    pub fn class_of(&mut self, n: u32) -> Option<usize> {
        while self.sequence.len() <= n as usize {
            let next = self.quota.next()?;
            self.sequence.push(next as u16);
        }
        Some(usize::from(self.sequence[n as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(weight: u32, fixed_count: Option<u32>) -> Class {
        Class { name: "c".into(), weight, fixed_count, ..Class::default() }
    }

    #[test]
    fn classes_that_start_before_others_get_the_lowest_numbers() {
        let early = |weight, fixed_count| Class { start: Start::BeforeOthers, ..class(weight, fixed_count) };
        for (classes, planned, expected, count) in [
            ([class(1, Some(2)), early(1, Some(2))], 4, [1, 1, 0, 0], 2),
            ([class(3, None), early(1, None)], 4, [1, 0, 0, 0], 1),
            ([class(1, None), early(1, Some(3))], 2, [1, 1, 1, 0], 2),
            ([class(1, None), class(1, None)], 4, [0, 1, 0, 1], 0),
        ] {
            let mut assignment = ClassAssignment::new(&classes, Users(planned));
            let got: Vec<_> = (0..4).map(|n| assignment.class_of(n).unwrap()).collect();
            assert_eq!((got.as_slice(), assignment.early()), (expected.as_slice(), Users(count)));
        }
    }

    #[test]
    fn every_prefix_is_within_one_user_of_the_exact_ratio() {
        for weights in [vec![9, 1], vec![1, 1, 1], vec![5, 3, 2], vec![100, 1, 1, 7], vec![13, 11, 7, 5, 3, 2]] {
            let mut assignment =
                ClassAssignment::new(&weights.iter().map(|w| class(*w, None)).collect::<Vec<_>>(), Users(50));
            let total: u32 = weights.iter().sum();
            let mut counts = vec![0u32; weights.len()];
            for n in 0..1_000u32 {
                counts[assignment.class_of(n).unwrap()] += 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    let share = f64::from(n + 1) * f64::from(*weight) / f64::from(total);
                    assert!((f64::from(*count) - share).abs() < 1.0, "{weights:?} after {n}: {counts:?}");
                }
            }
        }
    }

    #[test]
    fn fixed_counts_come_first_and_can_be_exhausted() {
        let mut assignment = ClassAssignment::new(&[class(3, None), class(1, Some(2)), class(1, None)], Users(6));
        let first: Vec<_> = (0..6).map(|n| assignment.class_of(n).unwrap()).collect();
        assert_eq!(first, [1, 1, 0, 0, 0, 2]);
        let mut only = ClassAssignment::new(&[class(1, Some(1))], Users(5));
        assert_eq!((only.class_of(0), only.class_of(1)), (Some(0), None));
    }
}
