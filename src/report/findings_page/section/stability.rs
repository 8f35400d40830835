//! Trends in long runs.

use crate::report::finding::drifting::gets_worse;
use crate::report::findings_page::model::{Block, Line, Mark, Section, Text, strong, trusted, untrusted};
use crate::report::findings_page::view::{Column, View};
use crate::units;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut lines: Vec<Line> = Vec::new();
    for column in &view.runs {
        let drifts = &column.last().drifts;
        let is_usable = column.unusable_reason().is_none();
        if drifts.is_empty() {
            lines.push(vec![strong(format!("{}: ", column.name)), trusted(too_short(column))]);
        }
        if let (false, Some(why)) = (drifts.is_empty(), column.unusable_reason()) {
            lines.push(vec![
                strong(format!("{}: ", column.name)),
                trusted(format!("these trends are not usable: {why}.")),
            ]);
        }
        lines.extend(drifts.iter().map(|drift| {
            let name = strong(format!("{}: ", column.name));
            if is_usable && gets_worse(drift) {
                vec![name, Text::Marked(Mark::Warning, drift.words.to_string())]
            } else {
                vec![name, untrusted(&*drift.words)]
            }
        }));
    }
    let about = "Trends over the steady part of each run: slope, with a test for significance. \"Detectable\" is the \
                 smallest trend that would have been found in a run of this length.";
    Section::new("stability", "Stability", vec![Block::paragraph(about), Block::List(lines)])
}

fn too_short(column: &Column<'_>) -> String {
    let time = units::clock(column.last().elapsed);
    format!("no trends after {time}: they require ten minutes with a constant number of users.")
}
