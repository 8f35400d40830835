//! Cells of the CSV files, in Locust's formats.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::clean;
pub(super) use crate::report::shown::millis;
use crate::stats::snapshot::{Latency, PERCENTILE_LABELS};

/// One line of a file.
pub(super) type Record = Vec<String>;

/// Writes records as they are in a file.
pub(super) fn write(to: &mut (impl Write + ?Sized), records: &[Record]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    for record in records {
        writer.write_record(record)?;
    }
    writer.flush()
}

/// Returns records as bytes of a file, without quoting.
pub(super) fn bytes(records: &[Record]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes, records)?;
    Ok(bytes)
}

/// Column names: those `before` the percentiles, the percentiles, and those `after` them, separated by commas.
pub(super) fn header(before: &str, percentiles: bool, after: &str) -> Record {
    let labels: &[&str] = if percentiles { &PERCENTILE_LABELS } else { &[] };
    let after = after.split(',').filter(|name| !name.is_empty());
    before.split(',').chain(labels.iter().copied()).chain(after).map(str::to_owned).collect()
}

/// Counts, then median, average, min and max in ms, then the average size. Zero where nothing was measured, like
/// Locust.
pub(super) fn totals(requests: u64, failures: u64, bytes: u64, times: &Latency) -> [String; 7] {
    let counts = [requests.to_string(), failures.to_string()];
    let [n, f] = counts;
    if requests == 0 {
        return [n, f, "0".into(), "0.0".into(), "0".into(), "0".into(), "0".into()];
    }
    // Locust writes a decimal here even for 0.
    let float = |time: Duration| format!("{:?}", millis(time));
    let size = bytes as f64 / requests as f64;
    let median = millis(times.median()).to_string();
    [n, f, median, float(times.mean), float(times.min), float(times.max), format!("{size:?}")]
}

pub(super) fn percentiles(times: &Latency) -> [String; 11] {
    times.percentiles.map(|p| if times.count == 0 { "N/A".to_owned() } else { millis(p).to_string() })
}

pub(super) fn utc(at: SystemTime) -> String {
    Timestamp::try_from(at).map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// An external string on one line, escaped if a spreadsheet would run it as a formula.
pub(super) fn text(cell: &str) -> String {
    let cell = clean::line(cell);
    if cell.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for (raw, safe) in [("=1+1", "'=1+1"), ("\t@x", "' @x"), ("a=b", "a=b"), ("-1", "'-1"), ("+1", "'+1")] {
            assert_eq!(text(raw), safe);
        }
    }
}
