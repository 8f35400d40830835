//! Table-driven tests of the judge and the conclusion.

mod conclusions;
mod feed;
mod metrics;
mod time;
