//! The reports that a run writes: those from flags, and those from `report` of the scenario.

use std::ffi::OsString;
use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::panics;
use crate::clean;
use crate::headless::console;
use crate::report::csv::LiveCsv;
use crate::report::locust_json::{self, LocustJson};
use crate::report::{self, FORMATS, Format};
use crate::scenario::Plan;
use crate::scenario::plan::Reports;
use crate::settings::Settings;
use crate::stats::Snapshot;
use crate::store::{Run, Status};
use crate::system::output;

/// Name of the format that is written during the run.
const CSV: &str = "csv";
/// Name of the format of the page.
const HTML: &str = "html";

/// Why a run on the screen cannot print a report.
const NEEDS_HEADLESS: &str = "a report to standard output needs --headless: the screen is there";

/// Selected formats and their paths.
pub(super) struct Wanted {
    places: Vec<(&'static dyn Format, PathBuf)>,
    /// The history also has rows of endpoints.
    full_history: bool,
    /// CSV files that are written during the run.
    live: Option<LiveCsv>,
    /// Locust's array, collected during the run, and the path of its file.
    array: Option<LocustJson>,
    array_file: Option<PathBuf>,
    is_array_printed: bool,
    /// The log, which no report may overwrite.
    log: Option<PathBuf>,
    /// Machine-readable output to print.
    data: Option<String>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.places.iter().map(|(format, path)| (format.name(), path))).finish()
    }
}

impl Wanted {
    /// Flags override the scenario.
    pub(super) fn new(settings: &Settings, reports: &Reports) -> Self {
        let place = |format: &'static dyn Format| {
            let flag = path_of(settings, format.name());
            flag.or_else(|| reports.get(format.name()).cloned()).map(|path| (format, path))
        };
        let places = FORMATS.iter().copied().filter_map(place).collect();
        Self {
            places,
            full_history: settings.csv_full_history,
            live: None,
            array: None,
            array_file: settings.json_file.as_deref().map(with_json),
            is_array_printed: settings.json,
            log: settings.logfile.clone(),
            data: None,
        }
    }

    /// Fills Locust's placeholders in for the planned run, so that conflicts are found before it.
    pub(super) fn planned(mut self, plan: Option<&Plan>) -> Self {
        let Some(plan) = plan else { return self };
        let time = plan.schedule.length().or(plan.load.run_time);
        let known = (plan.load.users.0, plan.load.spawn_rate.0, time.as_ref().map(Duration::as_secs_f64));
        // Locust has none in the name of CSV files.
        for (_, place) in self.places.iter_mut().filter(|(format, _)| format.name() != CSV) {
            *place = filled(place, known);
        }
        self
    }

    /// Starts the reports that are written during the run.
    pub(super) fn follow(&mut self, snapshots: watch::Receiver<Arc<Snapshot>>) {
        let csv = self.places.iter().find(|(format, _)| format.name() == CSV);
        // Failed writes are retried at the end, where they are errors.
        let follow = |prefix: &PathBuf| LiveCsv::start(prefix, self.full_history, snapshots.clone()).ok();
        self.live = csv.and_then(|(_, prefix)| follow(prefix));
        if self.is_array_printed || self.array_file.is_some() {
            self.array = LocustJson::start(snapshots).ok();
        }
    }

    /// State of the CSV files; `None` if there are none.
    pub(super) fn status(&self) -> Option<watch::Receiver<Status>> {
        self.live.as_ref().map(LiveCsv::status)
    }

    /// Whether one of them goes to standard output.
    pub(super) fn uses_output(&self) -> bool {
        self.places.iter().any(|(_, place)| output::is_stdout(place))
    }

    /// Every file that may be written, and `-` for the array that is printed.
    fn files(&self) -> Vec<PathBuf> {
        let files = self.places.iter().flat_map(|(format, place)| format.files(place));
        let printed = self.is_array_printed.then(|| PathBuf::from("-"));
        files.chain(self.array_file.clone()).chain(printed).chain(self.log.clone()).collect()
    }

    /// Prints before a run why one of them cannot be written, or would overwrite another, or one of `read`. False if
    /// there is a reason.
    pub(super) fn can_be_written(&self, read: &[PathBuf]) -> bool {
        let errors = self.errors(read);
        errors.iter().for_each(|error| console::warn(error));
        errors.is_empty()
    }

    /// The reason for a run on the screen.
    pub(super) fn refused_on_screen(&self, read: &[PathBuf]) -> Option<String> {
        let used = self.uses_output().then(|| NEEDS_HEADLESS.to_owned());
        used.or_else(|| self.errors(read).into_iter().next())
    }

    /// Number of files that are written.
    pub(super) fn count(&self) -> usize {
        self.files().iter().filter(|path| !output::is_stdout(path)).count()
    }

    /// Why the log, to which a run appends, cannot be written.
    pub(super) fn log_error(&self) -> Option<String> {
        let path = self.log.as_deref()?;
        let checked = match path.is_file() {
            true => OpenOptions::new().append(true).open(path).map(drop),
            false => output::check(path),
        };
        let why = checked.err()?;
        Some(panics::masked(&format!("cannot write to {}: {}", path.display(), clean::cause(&why))))
    }

    /// Why some cannot be written, or would overwrite another, or one of `read`.
    pub(super) fn errors(&self, read: &[PathBuf]) -> Vec<String> {
        if self.full_history && !self.places.iter().any(|(format, _)| format.name() == CSV) {
            return vec!["--csv-full-history needs --csv PREFIX".to_owned()];
        }
        let array = self.array_file.iter().filter_map(|path| locust_json::check(path).err());
        let errors = self.places.iter().filter_map(|(format, place)| format.check(place).err()).chain(array);
        let conflicts = report::conflicts(&self.files(), read);
        errors.map(|error| error.to_string()).chain(conflicts).map(|error| panics::masked(&error)).collect()
    }

    /// Path of the HTML report, if one is written to a file.
    pub(super) fn html(&self, run: &Run) -> Option<PathBuf> {
        let (_, place) = self.places.iter().find(|(format, _)| format.name() == HTML)?;
        Some(filled_after(place, run)).filter(|place| !output::is_stdout(place))
    }

    /// Takes the machine-readable output.
    pub(super) fn take_data(&mut self) -> Option<String> {
        self.data.take()
    }

    fn write_array(&mut self, array: String, written: &mut Vec<String>, errors: &mut Vec<String>) {
        if let Some(path) = &self.array_file {
            match locust_json::write(path, &array) {
                Ok(()) => written.push(format!("wrote {}", path.display())),
                Err(error) => errors.push(error.to_string()),
            }
        }
        self.data = self.is_array_printed.then_some(array);
    }

    /// Writes all reports; returns one line per file, and the errors.
    pub(super) fn write(&mut self, run: &Run) -> (Vec<String>, Vec<String>) {
        let (mut written, mut errors) = (Vec::new(), Vec::new());
        for (format, place) in &self.places {
            let live = self.live.take_if(|_| format.name() == CSV);
            let place = if format.name() == CSV { place.clone() } else { filled_after(place, run) };
            match live.map_or_else(|| format.write(&place, run), LiveCsv::finish) {
                Ok(paths) => {
                    let files = paths.iter().filter(|path| !output::is_stdout(path));
                    written.extend(files.map(|path| format!("wrote {}", path.display())));
                }
                Err(error) => errors.push(error.to_string()),
            }
        }
        if self.is_array_printed || self.array_file.is_some() {
            let array = self.array.take().ok_or("the JSON array is missing: no thread could be started");
            match array.and_then(LocustJson::finish) {
                Ok(array) => self.write_array(array, &mut written, &mut errors),
                Err(why) => errors.push(why.to_owned()),
            }
        }
        (written, errors)
    }
}

/// Path from the flag of a format, if it has one; `--json` is Locust's.
fn path_of(settings: &Settings, name: &str) -> Option<PathBuf> {
    match name {
        "html" => settings.html.clone(),
        "csv" => settings.csv.clone(),
        "junit" => settings.junit.clone(),
        "markdown" => settings.markdown.clone(),
        _ => None,
    }
}

/// Adds the suffix `.json`; Locust always appends it.
fn with_json(name: &Path) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(".json");
    path.into()
}

/// Replaces Locust's `{u}`, `{r}` and `{t}` by users, spawn rate and run time in seconds, if it is known.
fn filled(place: &Path, (users, rate, time): (u32, f64, Option<f64>)) -> PathBuf {
    let Some(text) = place.to_str() else { return place.to_owned() };
    let text = text.replace("{u}", &users.to_string()).replace("{r}", &rate.to_string());
    time.map_or_else(|| text.clone(), |time| text.replace("{t}", &time.round().to_string())).into()
}

/// The same for a run that is over, whose time is known.
fn filled_after(place: &Path, run: &Run) -> PathBuf {
    let time = run.meta.run_time.unwrap_or_else(|| run.last.elapsed.as_secs_f64());
    filled(place, (run.meta.users, run.meta.spawn_rate, Some(time)))
}
