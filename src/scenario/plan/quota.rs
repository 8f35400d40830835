//! Shares users, or iterations that arrive, among the classes.

use super::{Class, Start};

/// Shares places, or iterations that arrive, by weight.
#[derive(Debug, Clone)]
pub struct Quota {
    weights: Vec<u64>,
    total: u64,
    counts: Vec<u64>,
    given: u64,
}

impl Quota {
    /// Nothing has been given yet; a class of weight 0 gets nothing.
    pub fn new(weights: Vec<u64>) -> Self {
        Self { total: weights.iter().sum(), counts: vec![0; weights.len()], weights, given: 0 }
    }

    /// Who serves the iterations that arrive: not the users that are there before the others. Arrivals have no use for
    /// `fixed_count`, so its classes count by their weight.
    pub fn of_arrivals(classes: &[Class]) -> Self {
        let weight = |class: &Class| if class.start == Start::BeforeOthers { 0 } else { u64::from(class.weight) };
        Self::new(classes.iter().map(weight).collect())
    }
}

impl Iterator for Quota {
    type Item = usize;

    /// Whose turn it is, by the quota method of Balinski and Young: of the classes that one more would not lift above
    /// their rounded-up share, the one with the most weight per place. Every prefix stays within one of the exact
    /// shares.
    fn next(&mut self) -> Option<usize> {
        let size = self.given + 1;
        let eligible = |&i: &usize| self.weights[i] > 0 && self.counts[i] * self.total < self.weights[i] * size;
        // Compares weight/(count+1) as fractions; on a tie the class written first wins.
        let better = |&a: &usize, &b: &usize| {
            (self.weights[a] * (self.counts[b] + 1)).cmp(&(self.weights[b] * (self.counts[a] + 1))).then(b.cmp(&a))
        };
        let winner = (0..self.weights.len()).filter(eligible).max_by(better)?;
        self.counts[winner] += 1;
        self.given = size;
        Some(winner)
    }
}
