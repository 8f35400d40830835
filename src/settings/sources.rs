//! Where values are looked for, and which of several counts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::config::Config;
use super::found::{Found, Origin};
use super::setting::{Setting, Shape};
use super::table::Settings;
use crate::scenario::{LoadDefaults, Overrides, SelectOptions};

/// Everything that gives values, beside the scenario.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Values of the command line, by key of the setting.
    pub flags: BTreeMap<&'static str, OsString>,
    /// Variables of the process.
    pub environment: BTreeMap<String, OsString>,
    /// Variables of `.env`.
    pub dotenv: BTreeMap<String, OsString>,
    /// The file `config.yaml`.
    pub config: Config,
}

impl Sources {
    /// The value that counts, the scenario's aside. A variable that is empty gives none.
    pub(super) fn find(&self, setting: &Setting) -> Option<Found> {
        let flag = self.flags.get(setting.key);
        let flag = flag.map(|value| Found {
            value: value.clone(),
            origin: Origin::Flag,
            name: format!("--{}", setting.long()),
        });
        flag.or_else(|| variable(setting, &self.environment, Origin::Environment))
            .or_else(|| variable(setting, &self.dotenv, Origin::DotEnv))
            .or_else(|| self.in_config(setting).filter(|_| !setting.is_in_scenario()))
            .or_else(|| {
                let (name, value) = setting.flag.implied_by?;
                let all = [(&self.environment, Origin::Environment), (&self.dotenv, Origin::DotEnv)];
                let origin = all.into_iter().find(|(variables, _)| set(variables, name).is_some())?.1;
                Some(Found { value: value.into(), origin, name: name.to_owned() })
            })
    }

    /// Locust's variables that give values, in the order of the table.
    pub fn locust_variables(&self) -> Vec<String> {
        let found = Settings::TABLE.iter().filter_map(|setting| self.find(setting));
        found.map(|found| found.name).filter(|name| name.starts_with("LOCUST_")).collect()
    }

    /// The value of `config.yaml`.
    pub(super) fn in_config(&self, setting: &Setting) -> Option<Found> {
        let value = self.config.get(setting.key)?;
        let (origin, name) = (Origin::Config(value.line), setting.key.to_owned());
        Some(Found { value: value.text.clone().into(), origin, name })
    }
}

fn set<'a>(variables: &'a BTreeMap<String, OsString>, name: &str) -> Option<&'a OsString> {
    variables.get(name).filter(|value| !value.is_empty())
}

fn variable(setting: &Setting, variables: &BTreeMap<String, OsString>, origin: Origin) -> Option<Found> {
    setting.variables().find_map(|name| {
        let value = set(variables, &name)?.clone();
        let is_locust_list = setting.shape() == Shape::List && setting.flag.locust.contains(&name.as_str());
        let value = if is_locust_list { locust_list(&value) } else { value };
        Some(Found { value, origin: origin.clone(), name })
    })
}

/// A list as Locust's variables have it, `[a, b]` or words with spaces between them, as words with commas.
fn locust_list(value: &OsStr) -> OsString {
    let Some(text) = value.to_str().map(str::trim) else { return value.to_owned() };
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let words = inner.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(",").into()
}

impl Settings {
    /// The settings of a run: of every source the strongest value, all checked.
    ///
    /// # Errors
    /// For the first value that is not valid: where it is, and what is allowed.
    pub fn resolve(sources: &Sources) -> Result<Self, String> {
        let of_config = Self::read(|setting| sources.in_config(setting).filter(|_| setting.is_in_scenario()))?;
        let mut settings = Self::read(|setting| sources.find(setting))?;
        settings.load_defaults = LoadDefaults {
            host: of_config.host,
            users: of_config.users,
            spawn_rate: of_config.spawn_rate,
            run_time: of_config.run_time,
            stop_timeout: of_config.stop_timeout,
        };
        Ok(settings)
    }

    /// The part of the scenario that is run.
    pub fn select(&self) -> SelectOptions {
        SelectOptions {
            profile: self.profile.clone(),
            tags: self.tags.clone(),
            exclude_tags: self.exclude_tags.clone(),
            classes: self.classes.clone(),
        }
    }

    /// The values that replace the scenario's own.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            host: self.host.clone(),
            users: self.users,
            spawn_rate: self.spawn_rate,
            run_time: self.run_time.map(Some),
            stop_timeout: self.stop_timeout,
            equal_weights: self.equal_weights,
            defaults: self.load_defaults.clone(),
            ..Overrides::default()
        }
    }

    /// Threads that generate load: one for each available core unless a number is set.
    pub fn load_threads(&self) -> usize {
        match self.threads {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
