//! The files of the run can be written: reports, and the log.

use crate::doctor::line::Line;
use crate::doctor::subject::{Refused, Subject};
use crate::units;

/// Lines of the files; none without any.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Refused { files, unwritable, .. } = &subject.run_refuses;
    let advice = "Choose another file, or make its folder writable.";
    match (unwritable.as_slice(), files) {
        ([], 0) => Vec::new(),
        ([], files) => vec![Line::ok(format!("{} can be written", units::counted(*files as u64, "file")))],
        (errors, _) => errors.iter().map(|why| Line::error(subject.clean(why), advice).fatal()).collect(),
    }
}
