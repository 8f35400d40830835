//! Files that give values below the environment: `.env`, and below it `config.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::scenario::syntax::dotenv;
use crate::settings::{Config, OURS, Sources};

/// The flag that names another `config.yaml`, and its variable.
const FLAG: &str = "--config";
const VARIABLE: &str = "KATYDID_CONFIG";

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Variables of this process that `.env` has set.
    from_dotenv: BTreeSet<String>,
    skipped: Skipped,
    config: Config,
}

/// What could not be read. It concerns only commands that use settings: `--help` works without.
#[derive(Debug, Default)]
struct Skipped {
    /// A warning about lines of `.env`, if there are any.
    warning: Option<String>,
    /// Error about a setting of ours.
    setting: Option<String>,
}

impl Layers {
    /// Reads both files. The variables of `.env` become variables of this process: scenarios read them there.
    pub fn load(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let (from_dotenv, mut skipped) = load_dotenv(Path::new(".env"))?;
        let named = named(arguments).or_else(|| std::env::var_os(VARIABLE)).filter(|path| !path.is_empty());
        let config = Config::load(named.map(PathBuf::from).as_deref()).unwrap_or_else(|why| {
            skipped.setting = Some(why);
            Config::default()
        });
        Ok(Self { from_dotenv, skipped, config })
    }

    /// Warning about lines of `.env` that were skipped, if any.
    ///
    /// # Errors
    /// If one of them is a setting, or `config.yaml` cannot be used.
    pub fn skipped(&mut self) -> Result<Option<String>, String> {
        match self.skipped.setting.take() {
            Some(error) => Err(error),
            None => Ok(self.skipped.warning.take()),
        }
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
fn load_dotenv(path: &Path) -> Result<(BTreeSet<String>, Skipped), String> {
    let mut file = dotenv::read(path);
    // The last line of a name counts, and the first that is set stays.
    file.values.reverse();
    let names = set_absent(&file.values).map_err(|()| format!("cannot use {}", path.display()))?;
    let is_setting = |name: &str| name.starts_with(OURS) && std::env::var_os(name).is_none();
    let setting = file.unreadable.iter().find(|line| line.name.as_deref().is_some_and(is_setting));
    let setting = setting.map(|line| line.error.text.clone());
    Ok((names, Skipped { warning: file.warning(), setting }))
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
    fn lines_that_cannot_be_read_are_errors_only_for_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        let skipped = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let (_, skipped) = load_dotenv(&file).unwrap();
            (skipped.warning.unwrap_or_default(), skipped.setting.unwrap_or_default())
        };
        assert_eq!(skipped(""), Default::default());
        let (warning, setting) = skipped("this is hunter2 no assignment\n");
        assert!(warning.contains("NAME=value") && !warning.contains("hunter2") && setting.is_empty(), "{warning}");
        let (_, setting) = skipped("KATYDID_TAGS=hunter2 b\n");
        assert!(setting.contains("KATYDID_TAGS=…") && !setting.contains("hunter2"), "{setting}");
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
