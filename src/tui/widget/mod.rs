//! Widgets that draw numbers.

pub(crate) mod columns;

pub(crate) use columns::{Layer, Plot, columns, layered, meter};
