//! Where scenarios are found: embedded in the binary, in `./scenarios`, in the user's folder. Listing reads
//! the folders only; a file is read and compiled by [`Entry::load`], when it is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Scenario, ScenarioError, SelectOptions};

/// Where an [`Entry`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the binary.
    Embedded,
    /// `./scenarios`.
    Folder,
    /// The user's configuration folder.
    User,
    /// Named on the command line.
    Named,
}

/// One line of the launcher: a scenario that can be read. Only its place is known yet.
#[derive(Debug, Clone)]
pub struct Entry {
    /// File stem.
    pub name: String,
    /// Where from.
    pub origin: Origin,
    source: Source,
    part: Option<Part>,
}

#[derive(Debug, Clone)]
enum Source {
    Embedded(&'static str),
    File(PathBuf),
    /// Read before.
    Known(Box<Result<Scenario, ScenarioError>>),
}

/// The part of a scenario that is wanted.
#[derive(Debug, Clone)]
struct Part {
    select: Arc<SelectOptions>,
    /// A scenario without such a part is an error; otherwise all of it is taken.
    must: bool,
}

impl Entry {
    /// A file, with its stem as the name.
    pub fn file(path: &Path, origin: Origin) -> Self {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, origin, source: Source::File(path.to_owned()), part: None }
    }

    /// A scenario that has been read, or could not be read.
    pub fn known(name: &str, origin: Origin, scenario: Result<Scenario, ScenarioError>) -> Self {
        Self { name: name.to_owned(), origin, source: Source::Known(Box::new(scenario)), part: None }
    }

    fn embedded((name, text): (&str, &'static str)) -> Self {
        Self { name: name.to_owned(), origin: Origin::Embedded, source: Source::Embedded(text), part: None }
    }

    /// The same entry, of which a part is taken. A scenario that has no such part is an error if it `must` have it, and
    /// is taken whole otherwise.
    pub fn taking(mut self, select: &SelectOptions, must: bool) -> Self {
        self.part = (*select != SelectOptions::default()).then(|| Part { select: Arc::new(select.clone()), must });
        self
    }

    /// The file, unless embedded.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Embedded(_) | Source::Known(_) => None,
        }
    }

    /// Reads, checks and compiles the scenario. It takes milliseconds for a file of hundreds of steps.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it is wrong.
    pub fn load(&self) -> Result<Scenario, ScenarioError> {
        let whole = match &self.source {
            Source::Embedded(text) => Scenario::parse(&format!("{}.yaml", self.name), text)?,
            Source::File(path) => Scenario::load(path)?,
            Source::Known(known) => Result::clone(known)?,
        };
        match &self.part {
            None => Ok(whole),
            Some(part) => match whole.select(&part.select) {
                Err(_) if !part.must => Ok(whole),
                chosen => chosen,
            },
        }
    }
}

/// The scenarios that ship with the binary, in the order of the launcher.
const EMBEDDED: [(&str, &str); 8] = [
    ("demo", include_str!("../../scenarios/demo.yaml")),
    ("basic", include_str!("../../scenarios/basic.yaml")),
    ("login-journey", include_str!("../../scenarios/login-journey.yaml")),
    ("stages", include_str!("../../scenarios/stages.yaml")),
    ("open-model", include_str!("../../scenarios/open-model.yaml")),
    ("graphql", include_str!("../../scenarios/graphql.yaml")),
    ("redis-pubsub", include_str!("../../scenarios/redis-pubsub.yaml")),
    ("soak-2h-50-users", include_str!("../../scenarios/soak-2h-50-users.yaml")),
];

/// All scenarios: the embedded ones (demo first), then `folder`, then `user`; a file replaces an embedded one of its name.
pub fn discover(folder: &Path, user: Option<&Path>) -> Vec<Entry> {
    let mut files = read(folder, Origin::Folder);
    files.extend(user.map(|u| read(u, Origin::User)).unwrap_or_default());
    let is_hidden = |name: &str| files.iter().any(|file| file.name == name);
    let mut all: Vec<Entry> = EMBEDDED.into_iter().filter(|(name, _)| !is_hidden(name)).map(Entry::embedded).collect();
    all.extend(files);
    // Demo stays first, also when a file replaces it: a new user presses Enter there.
    all.sort_by_key(|e| e.name != "demo");
    all
}

/// The demo of the binary, whatever files there are.
pub fn demo() -> Entry {
    Entry::embedded(EMBEDDED[0])
}

/// The YAML files of a folder by name; a folder that cannot be read has none.
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
    fn all_shipped_scenarios_are_valid_and_embedded() {
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
            let host = if entry.name == "redis-pubsub" { "redis://127.0.0.1:6379" } else { "embedded target" };
            assert_eq!(&*plan.host, host);
        }
    }

    #[test]
    fn a_file_replaces_an_embedded_one_and_an_invalid_one_is_listed() {
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
    fn a_list_reads_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("late.yaml");
        std::fs::write(&file, "tasks: 7").unwrap();
        let all = discover(folder.path(), None);
        let late = all.iter().find(|entry| entry.name == "late").unwrap();
        // What is in the file when it is wanted counts.
        std::fs::write(&file, "host: http://h\ntasks: [{ steps: [{ get: / }] }]").unwrap();
        assert_eq!(late.load().unwrap().host(), Some("http://h"));
    }

    #[test]
    fn a_required_selection_must_exist() {
        let text = "host: http://h\nprofiles: { small: { users: 1 } }\ntasks: [{ steps: [{ get: / }] }]";
        let whole = Entry::known("s", Origin::Folder, Scenario::parse("s.yaml", text));
        let profile = |name: &str| SelectOptions { profile: Some(name.to_owned()), ..SelectOptions::default() };
        for (name, must, ok) in [("small", true, true), ("large", true, false), ("large", false, true)] {
            assert_eq!(whole.clone().taking(&profile(name), must).load().is_ok(), ok, "{name} {must}");
        }
    }
}
