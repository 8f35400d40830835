//! Whether figures get worse over a long run.

use crate::report::finding::drifting::gets_worse;
use crate::report::findings_page::model::{Block, Line, Mark, Section, Text, own, strong, words};
use crate::report::findings_page::view::{Column, View};
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut lines: Vec<Line> = Vec::new();
    for column in &view.runs {
        let drifts = &column.last().drifts;
        let is_sound = column.why_not_sound().is_none();
        if drifts.is_empty() {
            lines.push(vec![strong(format!("{}: ", column.name)), own(too_short(column))]);
        }
        if let (false, Some(why)) = (drifts.is_empty(), column.why_not_sound()) {
            lines.push(vec![
                strong(format!("{}: ", column.name)),
                own(format!("these trends say nothing of the target: {why}.")),
            ]);
        }
        lines.extend(drifts.iter().map(|drift| {
            let name = strong(format!("{}: ", column.name));
            if is_sound && gets_worse(drift) {
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
