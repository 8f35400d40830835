//! Where scenarios are found: embedded in the binary, in `./scenarios`, in the user's folder.

use std::path::{Path, PathBuf};

use super::{Scenario, ScenarioError};

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

/// One line of the launcher. A broken file is listed with its error.
#[derive(Debug, Clone)]
pub struct Entry {
    /// File stem.
    pub name: String,
    /// Where from.
    pub origin: Origin,
    /// The file, unless embedded.
    pub path: Option<PathBuf>,
    /// The scenario or what is wrong with it.
    pub scenario: Result<Scenario, ScenarioError>,
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

/// All scenarios: the embedded ones (demo first), then `folder`, then `user`; a file hides an embedded one of its name.
pub fn discover(folder: &Path, user: Option<&Path>) -> Vec<Entry> {
    let mut files = read(folder, Origin::Folder);
    files.extend(user.map(|u| read(u, Origin::User)).unwrap_or_default());
    let is_hidden = |name: &str| files.iter().any(|file| file.name == name);
    let mut all: Vec<Entry> =
        EMBEDDED.iter().filter(|(name, _)| !is_hidden(name)).map(|(name, text)| entry(name, text)).collect();
    all.extend(files);
    // Demo stays first, also where a file hides it: a new user presses Enter there.
    all.sort_by_key(|e| e.name != "demo");
    all
}

/// The demo of the binary, whatever files there are.
pub fn demo() -> Entry {
    let (name, text) = EMBEDDED[0];
    entry(name, text)
}

fn entry(name: &str, text: &str) -> Entry {
    let scenario = Scenario::parse(&format!("{name}.yaml"), text);
    Entry { name: name.to_owned(), origin: Origin::Embedded, path: None, scenario }
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
    paths
        .into_iter()
        .map(|path| Entry {
            name: path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(),
            origin,
            scenario: Scenario::load(&path),
            path: Some(path),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn what_ships_is_right_and_all_of_it_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut files: Vec<String> = read(&folder, Origin::Folder).into_iter().map(|e| e.name).collect();
        let mut embedded: Vec<String> = EMBEDDED.iter().map(|(n, _)| (*n).to_owned()).collect();
        files.sort();
        embedded.sort();
        assert_eq!(files, embedded);
        let all = discover(Path::new("/nonexistent"), None);
        assert_eq!(all[0].name, "demo");
        for entry in all {
            let scenario = entry.scenario.unwrap();
            assert_eq!(scenario.warnings(), "", "{}", entry.name);
            let plan = scenario.plan(&Overrides::default()).unwrap();
            assert_eq!((plan.not_runnable(), plan.remarks), (None, Vec::new()), "{}", entry.name);
            let host = if entry.name == "redis-pubsub" { "redis://127.0.0.1:6379" } else { "embedded target" };
            assert_eq!(&*plan.host, host);
        }
    }

    #[test]
    fn a_file_hides_an_embedded_one_and_a_broken_one_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("demo.yaml"), "tasks: 7").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no").unwrap();
        let all = discover(folder.path(), None);
        let seen: Vec<_> = all.iter().map(|e| (e.name.as_str(), e.origin, e.scenario.is_ok())).take(2).collect();
        assert_eq!(seen, [("demo", Origin::Folder, false), ("basic", Origin::Embedded, true)]);
        assert_eq!(all.len(), EMBEDDED.len());
        assert!(demo().origin == Origin::Embedded && demo().scenario.is_ok());
    }
}
