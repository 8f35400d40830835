//! The job summary: the Markdown report on the page of the workflow run.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::clean;
use crate::report::markdown;
use crate::store::Run;

/// Maximum size of the summary of a step in bytes. GitHub rejects a larger one as a whole.
const LONGEST: u64 = 1 << 20;
/// Bytes kept free for notes.
const SPARE: u64 = 2_048;

/// Appends the report. Several runs in a step share the limit: the report is shortened, or left out.
///
/// # Errors
/// Returns why the report is not in the summary.
pub fn append_report(path: &Path, run: &Run, mask: fn(&str) -> String) -> Result<(), String> {
    let free = LONGEST.saturating_sub(size(path)).saturating_sub(SPARE);
    let text = mask(&markdown::within(run, usize::try_from(free).unwrap_or(usize::MAX)));
    if text.len() as u64 > free {
        return Err("the job summary has no space left for the report".to_owned());
    }
    append(path, &text)
        .map_err(|why| format!("cannot write the job summary to {}: {}", path.display(), clean::cause(&why)))
}

/// Appends a sentence, which must be Markdown.
pub fn append_note(path: &Path, note: &str) {
    if size(path) + note.len() as u64 + 2 <= LONGEST {
        // The message is on standard error too.
        let _ = append(path, note);
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// An empty line separates the text from what other commands of the step have written.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let start = if file.metadata()?.len() > 0 { "\n" } else { "" };
    file.write_all(format!("{start}{}\n", text.trim_end()).as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::Snapshot;
    use crate::stats::snapshot::{End, RunState};
    use crate::store::Meta;

    #[test]
    fn the_summary_never_exceeds_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        let last = Snapshot::empty(RunState::Done(End::Completed));
        let run = Run::of_snapshot(Arc::new(Meta::empty()), Arc::new(last));
        let mut written = 0;
        let error = loop {
            if let Err(why) = append_report(&path, &run, str::to_owned) {
                break why;
            }
            written += 1;
            // Other commands of the step write too.
            append(&path, &"x".repeat(50_000)).unwrap();
        };
        assert!(written > 15 && error.contains("no space left"), "{written} {error}");
        for _ in 0..200 {
            append_note(&path, &"note ".repeat(20));
        }
        assert!(size(&path) <= LONGEST + 50_000);
    }
}
