//! Figures that only some rows have, kept by shards and added up for the run.

/// Figures that add up.
pub trait Merge: Default {
    /// Adds the figures of another shard or interval.
    fn merge(&mut self, other: &Self);
}

/// The figures of some rows, by endpoint. There are few, so a list is searched fastest.
#[derive(Debug, Clone, Default)]
pub struct ByRow<T> {
    rows: Vec<(u32, T)>,
}

impl<T: Merge> ByRow<T> {
    /// The figures of an endpoint, empty at first.
    pub fn row(&mut self, endpoint: u32) -> &mut T {
        let at = match self.rows.iter().position(|(known, _)| *known == endpoint) {
            Some(at) => at,
            None => {
                self.rows.push((endpoint, T::default()));
                self.rows.len() - 1
            }
        };
        &mut self.rows[at].1
    }

    /// Adds all rows of another shard or interval.
    pub fn merge(&mut self, other: &Self) {
        for (endpoint, figures) in &other.rows {
            self.row(*endpoint).merge(figures);
        }
    }

    /// Forgets all figures.
    pub fn clear(&mut self) {
        self.rows.clear();
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
