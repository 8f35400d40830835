//! Charts as SVG. Colours and sizes are attributes, so that an SVG is readable without a style sheet; a page can
//! override them by class. A chart without labels contains no text, so that viewers that strip SVG tags leave nothing
//! behind.

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
    /// Title of the chart.
    pub fn title(&self) -> &str {
        match self {
            Chart::Lines(chart) => &chart.title,
            Chart::Ranges(chart) => &chart.title,
        }
    }

    /// The chart as SVG, one element per line, with or without text.
    pub fn svg(&self, labels: bool) -> String {
        match self {
            Chart::Lines(chart) => chart.svg(labels),
            Chart::Ranges(chart) => chart.svg(labels),
        }
    }

    /// Describes scales and colours, for a chart without labels. `None` if the chart is not readable without labels.
    pub fn legend(&self) -> Option<String> {
        match self {
            Chart::Lines(chart) => Some(chart.legend()),
            Chart::Ranges(_) => None,
        }
    }
}
