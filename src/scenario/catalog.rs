//! Finds scenarios: embedded in the binary, in `./scenarios`, and in the user's folder. Listing only reads the folders;
//! a file is read and compiled by [`Entry::load`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Scenario, ScenarioError, SelectOptions};

/// Source of an [`Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Embedded in the binary.
    Embedded,
    /// `./scenarios`.
    Folder,
    /// The user's configuration folder.
    User,
    /// Named on the command line.
    Named,
}

/// A scenario that can be loaded, as listed in the launcher.
#[derive(Debug, Clone)]
pub struct Entry {
    /// File stem.
    pub name: String,
    /// Where it was found.
    pub origin: Origin,
    source: Source,
    part: Option<Part>,
}

#[derive(Debug, Clone)]
enum Source {
    Embedded(&'static str),
    File(PathBuf),
    /// Loaded before.
    Known(Box<Result<Scenario, ScenarioError>>),
}

/// Selected part of a scenario.
#[derive(Debug, Clone)]
struct Part {
    select: Arc<SelectOptions>,
    /// Whether it is an error if the scenario has no such part; otherwise the whole scenario is used.
    must: bool,
}

impl Entry {
    /// Entry for a file, named by its stem.
    pub fn file(path: &Path, origin: Origin) -> Self {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, origin, source: Source::File(path.to_owned()), part: None }
    }

    /// Entry for a scenario that was loaded, or failed to load.
    pub fn known(name: &str, origin: Origin, scenario: Result<Scenario, ScenarioError>) -> Self {
        Self { name: name.to_owned(), origin, source: Source::Known(Box::new(scenario)), part: None }
    }

    fn embedded((name, text): (&str, &'static str)) -> Self {
        Self { name: name.to_owned(), origin: Origin::Embedded, source: Source::Embedded(text), part: None }
    }

    /// Selects a part of the scenario. If the scenario has no such part, it is an error if `must` is set; otherwise the
    /// whole scenario is used.
    pub fn taking(mut self, select: &SelectOptions, must: bool) -> Self {
        self.part = (*select != SelectOptions::default()).then(|| Part { select: Arc::new(select.clone()), must });
        self
    }

    /// True if it is the same file, or the same embedded scenario.
    pub fn is_same(&self, other: &Entry) -> bool {
        self.name == other.name && self.origin == other.origin && self.path() == other.path()
    }

    /// Path of the file; `None` if embedded.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Embedded(_) | Source::Known(_) => None,
        }
    }

    /// Reads, validates and compiles the scenario. Takes milliseconds for a file with hundreds of steps.
    ///
    /// # Errors
    /// If the file cannot be read or is invalid.
    pub fn load(&self) -> Result<Scenario, ScenarioError> {
        let whole = || match &self.source {
            Source::Embedded(text) => Scenario::parse(&format!("{}.yaml", self.name), text),
            Source::File(path) => Scenario::load(path),
            Source::Known(known) => Result::clone(known),
        };
        let Some(part) = &self.part else { return whole() };
        let chosen = match &self.source {
            Source::File(path) => Scenario::load_selected(path, &part.select),
            Source::Embedded(_) | Source::Known(_) => whole()?.select(&part.select),
        };
        if part.must { chosen } else { chosen.or_else(|_| whole()) }
    }
}

/// Embedded scenarios, in the order of the launcher.
const EMBEDDED: [(&str, &str); 9] = [
    ("demo", include_str!("../../scenarios/demo.yaml")),
    ("basic", include_str!("../../scenarios/basic.yaml")),
    ("login-journey", include_str!("../../scenarios/login-journey.yaml")),
    ("stages", include_str!("../../scenarios/stages.yaml")),
    ("open-model", include_str!("../../scenarios/open-model.yaml")),
    ("graphql", include_str!("../../scenarios/graphql.yaml")),
    ("redis-pubsub", include_str!("../../scenarios/redis-pubsub.yaml")),
    ("redis-cache", include_str!("../../scenarios/redis-cache.yaml")),
    ("soak-2h-50-users", include_str!("../../scenarios/soak-2h-50-users.yaml")),
];

/// All scenarios: embedded ones (demo first), then those in `folder`, then those in `user`. A file replaces an embedded
/// scenario with the same name.
pub fn discover(folder: &Path, user: Option<&Path>) -> Vec<Entry> {
    let mut files = read(folder, Origin::Folder);
    files.extend(user.map(|u| read(u, Origin::User)).unwrap_or_default());
    let is_hidden = |name: &str| files.iter().any(|file| file.name == name);
    let mut all: Vec<Entry> = EMBEDDED.into_iter().filter(|(name, _)| !is_hidden(name)).map(Entry::embedded).collect();
    all.extend(files);
    // Demo stays first even if a file replaces it, because new users press Enter there.
    all.sort_by_key(|e| e.name != "demo");
    all
}

/// The embedded demo, even if a file has its name.
pub fn demo() -> Entry {
    Entry::embedded(EMBEDDED[0])
}

/// YAML files of a folder, sorted by name; empty if the folder cannot be read.
fn read(folder: &Path, origin: Origin) -> Vec<Entry> {
    let Ok(listing) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = listing
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml") && p.is_file())
        .collect();
    paths.sort();
    paths.into_iter().map(|path| Entry::file(&path, origin)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn all_embedded_scenarios_are_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut files: Vec<String> = read(&folder, Origin::Folder).into_iter().map(|e| e.name).collect();
        let mut embedded: Vec<String> = EMBEDDED.iter().map(|(n, _)| (*n).to_owned()).collect();
        files.sort();
        embedded.sort();
        assert_eq!(files, embedded);
        let all = discover(Path::new("/nonexistent"), None);
        assert_eq!(all[0].name, "demo");
        for entry in all {
            let scenario = entry.load().unwrap();
            assert_eq!(scenario.warnings(), "", "{}", entry.name);
            let plan = scenario.plan(&Overrides::default()).unwrap();
            assert_eq!((plan.not_runnable(), plan.remarks), (None, Vec::new()), "{}", entry.name);
            let host = if entry.name.starts_with("redis-") { "redis://127.0.0.1:6379" } else { "embedded target" };
            assert_eq!(&*plan.host, host);
        }
    }

    #[test]
    fn files_replace_embedded_scenarios_even_if_invalid() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("demo.yaml"), "tasks: 7").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no").unwrap();
        let all = discover(folder.path(), None);
        let seen: Vec<_> = all.iter().map(|e| (e.name.as_str(), e.origin, e.load().is_ok())).take(2).collect();
        assert_eq!(seen, [("demo", Origin::Folder, false), ("basic", Origin::Embedded, true)]);
        assert_eq!(all.len(), EMBEDDED.len());
        assert!(demo().origin == Origin::Embedded && demo().load().is_ok());
    }

    #[test]
    fn listing_reads_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("late.yaml");
        std::fs::write(&file, "tasks: 7").unwrap();
        let all = discover(folder.path(), None);
        let late = all.iter().find(|entry| entry.name == "late").unwrap();
        // The content at the time of loading is used.
        std::fs::write(&file, "host: http://h\ntasks: [{ steps: [{ get: / }] }]").unwrap();
        assert_eq!(late.load().unwrap().host(), Some("http://h"));
    }

    #[test]
    fn required_selection_must_exist() {
        let text = "host: http://h\nprofiles: { small: { users: 1 } }\ntasks: [{ steps: [{ get: / }] }]";
        let whole = Entry::known("s", Origin::Folder, Scenario::parse("s.yaml", text));
        let profile = |name: &str| SelectOptions { profile: Some(name.to_owned()), ..SelectOptions::default() };
        for (name, must, ok) in [("small", true, true), ("large", true, false), ("large", false, true)] {
            assert_eq!(whole.clone().taking(&profile(name), must).load().is_ok(), ok, "{name} {must}");
        }
    }
}
