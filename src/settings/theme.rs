//! The themes of the screen, by name.

/// Colours of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// The terminal's own colours, ANSI names only.
    #[default]
    Auto,
    /// For light backgrounds.
    Light,
    /// Blue and orange.
    Colorblind,
    /// No colours; `NO_COLOR` asks for it.
    Mono,
}

impl ThemeName {
    /// Every theme.
    pub const ALL: &[ThemeName] = &[ThemeName::Auto, ThemeName::Light, ThemeName::Colorblind, ThemeName::Mono];
    /// The names of [`ThemeName::ALL`], in the same order.
    pub const NAMES: &[&str] = &["auto", "light", "colorblind", "mono"];
}
