//! VU-hours per month, counted from the `meta.json` of all runs, including removed ones.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::catalog::{Catalog, Known};
use super::change::REMOVED;

/// Usage of all runs.
#[derive(Debug, Default)]
pub struct Usage {
    /// By month, scenario and host, in this order.
    pub rows: Vec<Used>,
    /// Number of runs that cannot be read and are not counted.
    pub unknown: usize,
}

/// Usage of a scenario against a host in a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// Month in which the runs started, such as `2026-11`.
    pub month: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Base URL of the target.
    pub host: String,
    /// Number of runs.
    pub runs: u64,
    /// Run time in seconds, without pauses.
    pub seconds: f64,
    /// VU-hours, without pauses.
    pub vu_hours: f64,
}

/// Counts the runs in `root`; months start according to `zone`.
///
/// # Errors
/// When the folder cannot be read.
pub fn usage(root: &Path, zone: &TimeZone) -> io::Result<Usage> {
    let mut used: BTreeMap<(String, String, String), Used> = BTreeMap::new();
    let mut unknown = 0;
    // A run that was removed may be there again: it was exported before, and imported since.
    let mut counted = HashSet::new();
    for entry in [root, &root.join(REMOVED)].map(Catalog::load).into_iter().collect::<io::Result<Vec<_>>>()? {
        for entry in entry.entries {
            match &entry.run {
                Ok(run) if counted.insert((run.meta.id.clone(), run.meta.started, run.meta.seed)) => {
                    add(&mut used, run, zone);
                }
                Ok(_) => {}
                Err(_) => unknown += 1,
            }
        }
    }
    Ok(Usage { rows: used.into_values().collect(), unknown })
}

fn add(used: &mut BTreeMap<(String, String, String), Used>, run: &Known, zone: &TimeZone) {
    let Known { meta, totals, .. } = run;
    let month = month(meta.started, zone);
    let key = (month.clone(), meta.scenario.clone(), meta.host.clone());
    let row = used.entry(key).or_insert_with(|| Used {
        month,
        scenario: meta.scenario.clone(),
        host: meta.host.clone(),
        runs: 0,
        seconds: 0.0,
        vu_hours: 0.0,
    });
    row.runs += 1;
    row.seconds += totals.seconds;
    row.vu_hours += totals.vu_hours;
}

/// The month of a timestamp, such as `2026-11`.
pub fn month(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_of_the_zone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = |name: &str| TimeZone::get(name).unwrap();
        for (time, name, wanted) in [
            ("2026-10-31T22:59:59Z", "Europe/Berlin", "2026-10"),
            ("2026-10-31T23:00:00Z", "Europe/Berlin", "2026-11"),
            ("2026-11-01T00:00:00Z", "UTC", "2026-11"),
            ("2026-11-01T04:59:59Z", "America/New_York", "2026-11"),
            ("2026-11-01T03:59:59Z", "America/New_York", "2026-10"),
            ("2026-12-31T13:00:00Z", "Pacific/Kiritimati", "2027-01"),
            ("2027-01-01T11:59:59Z", "Etc/GMT+12", "2026-12"),
        ] {
            assert_eq!(month(at(time), &zone(name)), wanted, "{time} {name}");
        }
    }
}
