//! Text in columns of a terminal: how wide it is, and how it is shortened.
//!
//! A terminal places characters that belong together (a letter and its accents) in the same columns. Widths are those of
//! such clusters, as the screen draws them, and no cluster is cut.

mod names;
mod text;

pub use names::names;
pub use text::{clusters, middle, sentence, truncate, width};
