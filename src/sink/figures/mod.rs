//! Figures of a run so far, as families of metrics. Prometheus and OpenTelemetry get the same families and differ only
//! in the type of histogram.

mod family;
mod histogram;
mod row;
mod sums;
mod table;

pub use self::family::{Family, Labels, Unit, Value};
pub use self::histogram::Histogram;
pub use self::sums::Figures;
pub use self::table::families;

#[cfg(test)]
mod tests;
