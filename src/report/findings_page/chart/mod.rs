//! Charts as SVG. Colours and sizes are attributes, so that a picture can be read alone; the style of a page may change
//! them by class. A picture without labels has no text in it: what shows no pictures then shows nothing of it.

mod frame;
mod lines;
mod ranges;
mod scale;

pub(super) use lines::{Lines, Series};
pub(super) use ranges::{Range, Ranges};

/// A chart.
pub(super) enum Chart {
    Lines(Lines),
    Ranges(Ranges),
}

impl Chart {
    /// What it shows.
    pub fn title(&self) -> &str {
        match self {
            Chart::Lines(chart) => &chart.title,
            Chart::Ranges(chart) => &chart.title,
        }
    }

    /// The picture, one element a line; with or without its texts.
    pub fn svg(&self, labels: bool) -> String {
        match self {
            Chart::Lines(chart) => chart.svg(labels),
            Chart::Ranges(chart) => chart.svg(labels),
        }
    }

    /// Scales and colours in words, for a picture without labels; `None` where it says nothing without them.
    pub fn legend(&self) -> Option<String> {
        match self {
            Chart::Lines(chart) => Some(chart.legend()),
            Chart::Ranges(_) => None,
        }
    }
}
