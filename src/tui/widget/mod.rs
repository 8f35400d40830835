//! Small drawings of numbers.

pub(crate) mod columns;

pub(crate) use columns::{Layer, Plot, columns, layered, meter};
