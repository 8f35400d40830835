//! Semantic styles from the terminal's sixteen colours, and glyphs with ASCII fallbacks.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::widgets::BorderType;

use crate::clean;
use crate::settings::ThemeName;

/// Styles by meaning. None sets a background, and none is the only indication of a state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub accent: Style,
    pub good: Style,
    pub warn: Style,
    pub bad: Style,
    pub dim: Style,
    pub strong: Style,
    pub select: Style,
    pub ascii: bool,
}

impl Theme {
    pub fn new(name: ThemeName, ascii: bool) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let base = Self {
            accent: plain,
            good: plain,
            warn: bold,
            bad: bold.add_modifier(Modifier::UNDERLINED),
            dim: plain.add_modifier(Modifier::DIM),
            strong: bold,
            select: plain.add_modifier(Modifier::REVERSED),
            ascii,
        };
        let colours = match name {
            ThemeName::Auto => [Color::Cyan, Color::Green, Color::Yellow, Color::Red],
            ThemeName::Light => [Color::Blue, Color::Green, Color::Magenta, Color::Red],
            // Most palettes show yellow as orange; with blue it is distinguishable for all common kinds of colour
            // blindness.
            ThemeName::Colorblind => [Color::LightBlue, Color::LightBlue, Color::Yellow, Color::LightYellow],
            ThemeName::Mono => return base,
        };
        let [accent, good, warn, bad] = colours.map(|c| plain.fg(c));
        Self { accent, good, warn, bad: bad.add_modifier(Modifier::BOLD), ..base }
    }

    /// The glyph, or its ASCII fallback.
    pub fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// Eight heights of a bar, lowest first.
    pub fn levels(&self) -> [&'static str; 8] {
        if self.ascii {
            ["_", ".", ".", "-", "-", "=", "=", "#"]
        } else {
            ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        }
    }

    pub fn border(&self) -> border::Set<'static> {
        if self.ascii {
            border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            }
        } else {
            BorderType::Rounded.to_border_set()
        }
    }

    /// Text that every terminal draws in the same columns; in ASCII mode, characters without a fallback become `?`.
    pub fn text(&self, text: &str) -> String {
        let clean = clean::drawn(text);
        if self.ascii { clean::ascii(&clean).into_owned() } else { clean.into_owned() }
    }
}
