//! The runs of a folder: listed, and found by id.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::read::{read, standing};
use super::{Meta, State, Totals, folder};

/// Maximum candidates that are listed for an ambiguous prefix.
const CANDIDATES: usize = 5;
/// Prefix of tags that make a run a member of a baseline; the name of the baseline follows.
pub const BASELINE_TAG: &str = "baseline:";

/// All runs of a folder, oldest first.
#[derive(Debug)]
pub struct Catalog {
    root: PathBuf,
    /// The runs.
    pub entries: Vec<Entry>,
}

/// The folder of a run.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Folder of the run.
    pub folder: PathBuf,
    /// Its contents, or why they cannot be read.
    pub run: Result<Known, String>,
}

/// A run that can be listed.
#[derive(Debug)]
pub struct Known {
    /// What was run, and how it ended.
    pub meta: Meta,
    /// Whether it is over.
    pub state: State,
    /// Its totals, so far.
    pub totals: Totals,
    /// Whether reports can be made: retention has not removed its figures.
    pub has_figures: bool,
}

impl Catalog {
    /// Lists the runs in `root`; none if it does not exist.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn load(root: &Path) -> io::Result<Self> {
        let mut entries: Vec<Entry> = folder::all(root)?.into_iter().map(Entry::load).collect();
        entries.sort_by_cached_key(|entry| (entry.started(), entry.id.clone()));
        Ok(Self { root: root.to_owned(), entries })
    }

    /// The latest run of the same scenario, profile and host that ended before this one started, with its totals. Runs
    /// without requests are passed over.
    pub fn previous(&self, run: &Meta) -> Option<(&str, Totals)> {
        self.entries.iter().rev().find_map(|entry| {
            let known = entry.run.as_ref().ok()?;
            let (meta, totals) = (&known.meta, known.totals);
            let is_same = meta.scenario == run.scenario && meta.profile == run.profile && meta.host == run.host;
            let is_before = meta.id != run.id && meta.ended.is_some_and(|ended| ended <= run.started);
            (is_same && is_before && totals.requests > 0).then_some((entry.id.as_str(), totals))
        })
    }

    /// The run with this id, or the only one whose id starts with it, or for `latest` the one started last.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, text: &str) -> Result<&Entry, String> {
        if text == "latest" {
            let known = self.entries.iter().rev().find(|entry| entry.run.as_ref().is_ok_and(|run| run.has_figures));
            return known.or(self.entries.last()).ok_or_else(|| format!("no runs in {}", self.root.display()));
        }
        if let Some(entry) = self.entries.iter().find(|entry| entry.id == text) {
            return Ok(entry);
        }
        let begin: Vec<&Entry> = self.entries.iter().filter(|entry| entry.id.starts_with(text)).collect();
        match *begin {
            _ if text.is_empty() => Err("expected the id of a run, found an empty string".to_owned()),
            [] => Err(format!("no run {text:?} in {}; `katydid runs` lists them", self.root.display())),
            [entry] => Ok(entry),
            _ => {
                let named: Vec<&str> = begin.iter().take(CANDIDATES).map(|entry| entry.id.as_str()).collect();
                let more = if begin.len() > CANDIDATES { ", …" } else { "" };
                Err(format!("{text:?} is the start of {} ids: {}{more}", begin.len(), named.join(", ")))
            }
        }
    }
}

impl Entry {
    /// Reads what lists need; reads the whole run only if it did not end normally.
    pub fn load(folder: PathBuf) -> Self {
        let id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let run = standing(&folder).map(|(meta, state)| Known::new(&folder, meta, state));
        let run = run.map_err(|error| error.to_string());
        Self { id, folder, run }
    }

    /// When it started; taken from the folder name if nothing else is known.
    fn started(&self) -> Timestamp {
        let by_name = || {
            let text = self.id.get(..17)?;
            let time = DateTime::strptime("%Y-%m-%d_%H%M%S", text).ok()?;
            Some(time.to_zoned(TimeZone::system()).ok()?.timestamp())
        };
        match &self.run {
            Ok(run) => run.meta.started,
            Err(_) => by_name().unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// Bytes on the disk.
    pub fn size(&self) -> u64 {
        let files = folder::FILES.iter().filter_map(|file| self.folder.join(file).symlink_metadata().ok());
        files.map(|file| file.len()).sum()
    }
}

impl Known {
    fn new(folder: &Path, meta: Meta, state: State) -> Self {
        // Of a run that was killed before its first second there are none.
        let so_far = || read(folder).map(|run| Totals::of(&run.last)).unwrap_or_default();
        let totals = meta.outcome.as_ref().map_or_else(so_far, |outcome| outcome.totals);
        Self { state, totals, has_figures: folder::has_figures(folder), meta }
    }

    /// The outcome in one word, or `running` or `cut-short` if there is none.
    pub fn verdict(&self) -> &str {
        match (self.state, &self.meta.outcome) {
            (State::Running, _) => "running",
            (State::CutShort, _) => "cut-short",
            (State::Ended, Some(outcome)) => &outcome.verdict,
            (State::Ended, None) => "unknown",
        }
    }

    /// The baseline that it is a member of.
    pub fn baseline(&self) -> Option<&str> {
        self.meta.tags.iter().find_map(|tag| tag.strip_prefix(BASELINE_TAG))
    }
}
