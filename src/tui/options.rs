//! How the screen is set up: theme, folder of exports, values given by flags.

use std::path::PathBuf;

use crate::scenario::Overrides;

/// Colours and glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// The terminal's own colours, ANSI names only.
    #[default]
    Auto,
    /// For light backgrounds.
    Light,
    /// Blue and orange.
    Colorblind,
    /// No colour; chosen by `NO_COLOR`.
    Mono,
}

/// How the screen is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Colours.
    pub theme: ThemeName,
    /// No glyph outside ASCII.
    pub ascii: bool,
    /// Where exports go.
    pub out: PathBuf,
    /// Which entry is highlighted first.
    pub selected: usize,
    /// Values given by flags, shown in the launcher's fields.
    pub overrides: Overrides,
    /// Start the highlighted scenario without waiting for Enter.
    pub autostart: bool,
}
