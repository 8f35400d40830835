//! Figures that only some rows have, recorded by shards and added up for the run.

/// Figures that add up.
pub trait Merge: Default {
    /// Adds the figures of another shard or interval.
    fn merge(&mut self, other: &Self);
}

/// The figures of some rows, by endpoint.
#[derive(Debug, Clone, Default)]
pub struct ByRow<T> {
    rows: Vec<(u32, T)>,
    /// Position in `rows` plus 1, by endpoint; 0 is none. A table, because it is read for every message received and there
    /// may be thousands of rows.
    places: Vec<u32>,
}

impl<T: Merge> ByRow<T> {
    /// The figures of an endpoint, empty at first.
    pub fn row(&mut self, endpoint: u32) -> &mut T {
        let index = endpoint as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, 0);
        }
        if self.places[index] == 0 {
            self.rows.push((endpoint, T::default()));
            self.places[index] = self.rows.len() as u32;
        }
        &mut self.rows[self.places[index] as usize - 1].1
    }

    /// Adds all rows of another shard or interval.
    pub fn merge(&mut self, other: &Self) {
        for (endpoint, figures) in &other.rows {
            self.row(*endpoint).merge(figures);
        }
    }

    /// Removes all figures.
    pub fn clear(&mut self) {
        for (endpoint, _) in self.rows.drain(..) {
            self.places[endpoint as usize] = 0;
        }
    }

    /// Rows with figures, in order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().map(|(endpoint, figures)| (*endpoint, figures))
    }

    /// All rows together.
    pub fn total(&self) -> T {
        self.rows.iter().fold(T::default(), |mut sum, (_, figures)| {
            sum.merge(figures);
            sum
        })
    }
}
