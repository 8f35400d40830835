//! Distributes users or arrivals over the classes.

use super::{Class, Start};

/// Distributes users or arrivals by weight.
#[derive(Debug, Clone)]
pub struct Quota {
    weights: Vec<u64>,
    total: u64,
    counts: Vec<u64>,
    given: u64,
}

impl Quota {
    /// Starts with nothing assigned; a class with weight 0 gets nothing.
    pub fn new(weights: Vec<u64>) -> Self {
        Self { total: weights.iter().sum(), counts: vec![0; weights.len()], weights, given: 0 }
    }

    /// Quota of arrivals: classes that start before the others get none. `fixed_count` does not apply to arrivals, so
    /// those classes are counted by weight.
    pub fn of_arrivals(classes: &[Class]) -> Self {
        let weight = |class: &Class| if class.start == Start::BeforeOthers { 0 } else { u64::from(class.weight) };
        Self::new(classes.iter().map(weight).collect())
    }
}

impl Iterator for Quota {
    type Item = usize;

    /// Next class, by the quota method of Balinski and Young: among the classes that stay within their rounded-up
    /// quota, the one with the highest weight per assigned user. Every prefix is within one of the exact quota.
    fn next(&mut self) -> Option<usize> {
        let size = self.given + 1;
        let eligible = |&i: &usize| self.weights[i] > 0 && self.counts[i] * self.total < self.weights[i] * size;
        // Compares weight/(count+1) as fractions; for ties, the first class is selected.
        let better = |&a: &usize, &b: &usize| {
            (self.weights[a] * (self.counts[b] + 1)).cmp(&(self.weights[b] * (self.counts[a] + 1))).then(b.cmp(&a))
        };
        let winner = (0..self.weights.len()).filter(eligible).max_by(better)?;
        self.counts[winner] += 1;
        self.given = size;
        Some(winner)
    }
}
