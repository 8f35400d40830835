//! Outputs of the step, for later steps of the job.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::store::{Run, Totals};

/// Appends the outputs `verdict`, `p95` (milliseconds), `failure_ratio` (0 to 1) and `report` (path of the HTML report).
/// Unknown values are empty: p95 if no request got a response, the ratio if there was no request.
///
/// # Errors
/// If the file cannot be written.
pub fn append(path: &Path, run: &Run, report: Option<&Path>) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text(run, report).as_bytes())
}

fn text(run: &Run, report: Option<&Path>) -> String {
    let Totals { p95_ms, requests, failures, .. } = Totals::of(&run.last);
    let values = [
        ("verdict", run.meta.outcome.as_ref().map(|outcome| outcome.verdict.clone())),
        ("p95", p95_ms.map(|ms| format!("{:.3}", ms))),
        ("failure_ratio", (requests > 0).then(|| format!("{:.6}", failures as f64 / requests as f64))),
        ("report", report.map(|path| path.display().to_string())),
    ];
    values.iter().map(|(name, value)| output(name, value.as_deref().unwrap_or_default())).collect()
}

/// A name and its value, which may have several lines. Nobody can guess the line that ends it.
fn output(name: &str, value: &str) -> String {
    if value.contains(['\n', '\r']) {
        let end = format!("end-{:032x}", fastrand::u128(..));
        return format!("{name}<<{end}\n{value}\n{end}\n");
    }
    format!("{name}={value}\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::Snapshot;
    use crate::stats::snapshot::{End, RunState};
    use crate::store::Meta;

    #[test]
    fn unknown_values_are_empty() {
        let last = Snapshot::empty(RunState::Done(End::Completed));
        let run = Run::of_snapshot(Arc::new(Meta::empty()), Arc::new(last));
        assert_eq!(text(&run, None), "verdict=\np95=\nfailure_ratio=\nreport=\n");
    }

    #[test]
    fn a_value_cannot_add_an_output() {
        let text = output("report", "a\nverdict=passed");
        let end = text.lines().next().and_then(|line| line.strip_prefix("report<<")).unwrap();
        assert_eq!(text, format!("report<<{end}\na\nverdict=passed\n{end}\n"));
        assert!(end.len() > 32 && output("a", "b\nc") != output("a", "b\nc"));
    }
}
