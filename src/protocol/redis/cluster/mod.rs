//! Clusters: which node a command goes to, and how that changes while the run goes on.
//!
//! All users share [`Nodes`]; each looks at it through a [`View`] of its own, so that no lock is taken for a command.

mod nodes;
mod outages;
mod sentinel;
mod servers;
mod topology;

pub use nodes::{Kind, Nodes, Route, View};
pub use outages::Outages;
pub use servers::Servers;
pub use topology::server;
