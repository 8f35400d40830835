//! Whether figures get worse over a long run.

use crate::report::findings_page::model::{Block, Line, Mark, Section, Text, own, strong, words};
use crate::report::findings_page::view::{Column, View};
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut lines: Vec<Line> = Vec::new();
    for column in &view.runs {
        let drifts = &column.last().drifts;
        if drifts.is_empty() {
            lines.push(vec![strong(format!("{}: ", column.name)), own(too_short(column))]);
        }
        lines.extend(drifts.iter().map(|drift| {
            let name = strong(format!("{}: ", column.name));
            if drift.is_significant {
                vec![name, Text::Marked(Mark::Warning, drift.words.to_string())]
            } else {
                vec![name, words(&*drift.words)]
            }
        }));
    }
    let about = "Trends over the steady part of each run, by slope and with a test whether that is more than chance. \"Would have \
                 seen\" is the smallest trend that a run of this length shows.";
    Section::new("stability", "Stability", vec![Block::say(about), Block::List(lines)])
}

fn too_short(column: &Column<'_>) -> String {
    let time = units::clock(column.last().elapsed);
    format!("nothing can be said after {time}: a trend needs ten minutes with the same number of users.")
}
