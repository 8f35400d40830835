//! Small drawings of numbers.

pub(crate) mod columns;

pub(crate) use columns::{columns, layered, meter};
