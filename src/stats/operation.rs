//! GraphQL operations: size of the document, and cost reported by the server, for comparison with the response time.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::by_row::Merge;
use crate::units;

/// What an operation requests, computed from its document before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Deepest nesting of fields.
    pub depth: u32,
    /// Number of fields.
    pub fields: u64,
    /// Fields with an alias.
    pub aliases: u64,
    /// Maximum number of objects in a response.
    pub nodes: u64,
    /// The above in words.
    pub words: Arc<str>,
}

/// Cost of one operation as reported in its response, in the server's points (`extensions.cost`).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Estimated before execution.
    pub requested: Option<f64>,
    /// Determined after execution.
    pub actual: Option<f64>,
    /// Points the client has left.
    pub available: Option<f64>,
}

/// Costs reported for one operation, in the server's points.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Costs {
    requested: Sum,
    actual: Sum,
    /// Fewest points the client had left.
    pub available: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Sum {
    count: u64,
    sum: f64,
}

impl Sum {
    fn add(&mut self, points: Option<f64>) {
        if let Some(points) = points {
            self.merge(Sum { count: 1, sum: points });
        }
    }

    fn merge(&mut self, other: Sum) {
        self.count += other.count;
        self.sum += other.sum;
    }

    fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Costs {
    /// Adds the cost of one response.
    pub fn add(&mut self, cost: &Cost) {
        self.requested.add(cost.requested);
        self.actual.add(cost.actual);
        self.spend(cost.available);
    }

    /// Average of the points estimated before execution, over the responses that report them.
    pub fn requested(&self) -> Option<f64> {
        self.requested.mean()
    }

    /// Average of the points determined after execution, over the responses that report them.
    pub fn actual(&self) -> Option<f64> {
        self.actual.mean()
    }

    fn spend(&mut self, available: Option<f64>) {
        self.available = match (self.available, available) {
            (Some(least), Some(now)) => Some(least.min(now)),
            (one, other) => one.or(other),
        };
    }
}

impl Merge for Costs {
    fn merge(&mut self, other: &Self) {
        self.requested.merge(other.requested);
        self.actual.merge(other.actual);
        self.spend(other.available);
    }
}

impl fmt::Display for Costs {
    /// `cost 12.0 (requested 101.0), at least 880.0 left`; empty if the server reports nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(points), requested) = (self.actual().or(self.requested()), self.requested()) else { return Ok(()) };
        write!(f, "cost {}", units::rate(points))?;
        if let Some(requested) = requested.filter(|_| self.actual().is_some()) {
            write!(f, " (requested {})", units::rate(requested))?;
        }
        match self.available {
            Some(left) => write!(f, ", at least {} left", units::rate(left)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_averaged_over_responses_that_report_them() {
        let mut costs = Costs::default();
        assert_eq!(costs.to_string(), "");
        costs.add(&Cost { requested: Some(100.0), actual: Some(10.0), available: Some(900.0) });
        let mut other = Costs::default();
        other.add(&Cost { requested: Some(102.0), actual: Some(20.0), available: Some(880.0) });
        other.add(&Cost { actual: Some(30.0), ..Cost::default() });
        costs.merge(&other);
        assert_eq!((costs.requested(), costs.actual(), costs.available), (Some(101.0), Some(20.0), Some(880.0)));
        assert_eq!(costs.to_string(), "cost 20.0 (requested 101.0), at least 880.0 left");
        let mut plain = Costs::default();
        plain.add(&Cost { requested: Some(7.0), ..Cost::default() });
        assert_eq!(plain.to_string(), "cost 7.0");
    }
}
