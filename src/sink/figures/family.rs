//! A metric with its points.

use std::borrow::Cow;

/// Unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    None,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// 1 is the whole.
    Ratio,
}

/// Names and values that identify a point of a family.
pub type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// A metric: all points with the same name. The type of their values is the same.
#[derive(Debug)]
pub struct Family<'a, H> {
    /// Name without prefix and unit, with `_` between words.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// Unit of the values.
    pub unit: Unit,
    /// The points; no two have the same labels.
    pub points: Vec<Point<'a, H>>,
}

/// A value with its labels.
#[derive(Debug)]
pub struct Point<'a, H> {
    /// Its labels.
    pub labels: Labels<'a>,
    /// Its value.
    pub value: Value<'a, H>,
}

/// The value of a point.
#[derive(Debug)]
pub enum Value<'a, H> {
    /// A current value.
    Gauge(f64),
    /// A sum that only grows, until a reset of the statistics.
    Counter(u64),
    /// Times.
    Histogram(&'a H),
}
