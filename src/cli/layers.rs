//! Files that give values below the environment: `.env`, and below it `config.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::scenario::syntax::dotenv;
use crate::settings::{Config, Sources};

/// The flag that names another `config.yaml`, and its variable.
const FLAG: &str = "--config";
const VARIABLE: &str = "KATYDID_CONFIG";

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Variables of this process that `.env` has set.
    from_dotenv: BTreeSet<String>,
    config: Config,
}

impl Layers {
    /// Reads both files. The variables of `.env` become variables of this process: scenarios read them there.
    pub fn load(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let from_dotenv = load_dotenv(Path::new(".env"))?;
        let named = named(arguments).or_else(|| std::env::var_os(VARIABLE)).filter(|path| !path.is_empty());
        let config = Config::load(named.map(PathBuf::from).as_deref())?;
        Ok(Self { from_dotenv, config })
    }

    /// All sources of settings: these files, the environment, and the `flags` of the command line.
    pub fn into_sources(self, flags: BTreeMap<&'static str, OsString>) -> Sources {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let (dotenv, environment) = variables.partition(|(name, _)| self.from_dotenv.contains(name));
        Sources { flags, environment, dotenv, config: self.config }
    }
}

/// The file that the command line names.
fn named(arguments: impl IntoIterator<Item = OsString>) -> Option<OsString> {
    let mut arguments = arguments.into_iter().skip(1).take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == FLAG {
            return arguments.next();
        }
        if let Some(path) = argument.to_str().and_then(|text| text.strip_prefix(FLAG)?.strip_prefix('=')) {
            return Some(path.into());
        }
    }
    None
}

/// Reads `.env` of the current folder, if there is one. What the environment already has stays as it is.
fn load_dotenv(path: &Path) -> Result<BTreeSet<String>, String> {
    let mut values = dotenv::read(path).map_err(|error| error.text)?;
    // The last line of a name counts, and the first that is set stays.
    values.reverse();
    set_absent(&values).map_err(|()| format!("cannot use {}", path.display()))
}

/// Sets those variables of this process that it does not have, and returns their names.
fn set_absent(values: &[(String, String)]) -> Result<BTreeSet<String>, ()> {
    let absent = values.iter().map(|(name, _)| name).filter(|name| std::env::var_os(name).is_none()).cloned().collect();
    // Only the crate can set a variable of the process; quoted like this it reads every value as it is.
    let mut lines = String::new();
    for (name, value) in values {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
        lines.push_str(&format!("{name}=\"{value}\"\n"));
    }
    dotenvy::from_read(lines.as_bytes()).map_err(|_| ())?;
    Ok(absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_dotenv_is_fine_and_a_broken_one_keeps_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        assert_eq!(load_dotenv(&file), Ok(BTreeSet::new()));
        std::fs::write(&file, "this is hunter2 no assignment\n").unwrap();
        let text = load_dotenv(&file).unwrap_err();
        assert!(text.contains("NAME=value") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn the_settings_file_is_named_before_or_after_a_subcommand() {
        let of = |line: &str| named(line.split(' ').map(OsString::from));
        for (line, file) in [
            ("katydid --config a.yaml check b.yaml", Some("a.yaml")),
            ("katydid check b.yaml --config=a.yaml", Some("a.yaml")),
            ("katydid -f b.yaml", None),
            ("katydid check -- --config", None),
        ] {
            assert_eq!(of(line), file.map(OsString::from), "{line}");
        }
    }
}
