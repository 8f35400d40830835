//! Names of the colour themes.

/// Colour theme of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// The terminal's own colours (ANSI names only).
    #[default]
    Auto,
    /// For light backgrounds.
    Light,
    /// Blue and orange.
    Colorblind,
    /// No colours; the default if `NO_COLOR` is set.
    Mono,
}

impl ThemeName {
    /// All themes.
    pub const ALL: &[ThemeName] = &[ThemeName::Auto, ThemeName::Light, ThemeName::Colorblind, ThemeName::Mono];
    /// The names of [`ThemeName::ALL`], in the same order.
    pub const NAMES: &[&str] = &["auto", "light", "colorblind", "mono"];
}
