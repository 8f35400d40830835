//! Figures that only some rows have, recorded per shard and merged for the run.

/// Figures that can be merged.
pub trait Merge: Default {
    /// Adds the figures of another shard or interval.
    fn merge(&mut self, other: &Self);
}

/// The figures of some rows, by endpoint.
#[derive(Debug, Clone, Default)]
pub struct ByRow<T> {
    rows: Vec<(u32, T)>,
    /// Position in `rows` plus 1, by endpoint; 0: none. A table, because it is read for every received message and
    /// there may be thousands of rows.
    positions: Vec<u32>,
}

impl<T: Merge> ByRow<T> {
    /// The figures of an endpoint; created empty if missing.
    pub fn row(&mut self, endpoint: u32) -> &mut T {
        let index = endpoint as usize;
        if self.positions.len() <= index {
            self.positions.resize(index + 1, 0);
        }
        if self.positions[index] == 0 {
            self.rows.push((endpoint, T::default()));
            self.positions[index] = self.rows.len() as u32;
        }
        &mut self.rows[self.positions[index] as usize - 1].1
    }

    /// Merges all rows of another shard or interval.
    pub fn merge(&mut self, other: &Self) {
        for (endpoint, figures) in &other.rows {
            self.row(*endpoint).merge(figures);
        }
    }

    /// Removes all figures.
    pub fn clear(&mut self) {
        for (endpoint, _) in self.rows.drain(..) {
            self.positions[endpoint as usize] = 0;
        }
    }

    /// Rows that have figures, in order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().map(|(endpoint, figures)| (*endpoint, figures))
    }

    /// Sum of all rows.
    pub fn total(&self) -> T {
        self.rows.iter().fold(T::default(), |mut sum, (_, figures)| {
            sum.merge(figures);
            sum
        })
    }
}
