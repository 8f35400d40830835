//! The sources of settings, and the precedence between them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::config::Config;
use super::found::{Found, Origin};
use super::setting::{OURS, Setting, Shape};
use super::table::Settings;
use super::value;
use crate::scenario::plan::TraceHeaders;
use crate::scenario::secrets::Redactor;
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::{LoadDefaults, Overrides, SelectOptions};

/// Those of the command line that are no settings.
const OTHER_VARIABLES: [&str; 2] = ["config", "demo_port"];
/// Prefix of Locust's environment variables.
const LOCUST: &str = "LOCUST_";

/// All sources of settings except the scenario.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Command line flags, by key of the setting.
    pub flags: BTreeMap<&'static str, OsString>,
    /// Environment variables of the process.
    pub environment: BTreeMap<String, OsString>,
    /// Variables in `.env`.
    pub dotenv: BTreeMap<String, OsString>,
    /// `config.yaml`.
    pub config: Config,
}

impl Sources {
    /// Value with the highest precedence, not counting the scenario. Empty variables are ignored.
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

    /// Locust's environment variables in use, in the order of the table.
    pub fn locust_variables(&self) -> Vec<String> {
        let found = Settings::TABLE.iter().filter_map(|setting| self.find(setting));
        found.map(|found| found.name).filter(|name| name.starts_with(LOCUST)).collect()
    }

    /// Variables with a misspelled name of a setting, each with the correct name.
    pub fn misspelled(&self) -> Vec<(&str, String)> {
        let keys = || Settings::TABLE.iter().map(|setting| setting.key).chain(OTHER_VARIABLES);
        let names = self.environment.keys().chain(self.dotenv.keys());
        let wrong = names.filter_map(|name| {
            let key = name.strip_prefix(OURS)?.to_lowercase();
            let near = nearest(&key, keys()).filter(|near| *near != key)?;
            Some((name.as_str(), format!("{OURS}{}", near.to_uppercase())))
        });
        wrong.collect()
    }

    /// Value in `config.yaml`.
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
        let is_locust_list = setting.shape() == Shape::List && name.starts_with(LOCUST);
        let value = if is_locust_list { locust_list(&value) } else { value };
        Some(Found { value, origin: origin.clone(), name })
    })
}

/// Converts a list in the format of Locust's variables, `[a, b]` or separated by spaces, to commas.
fn locust_list(value: &OsStr) -> OsString {
    let Some(text) = value.to_str().map(str::trim) else { return value.to_owned() };
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let words = inner.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(",").into()
}

impl Settings {
    /// Takes each setting from the source with the highest precedence and validates it.
    ///
    /// # Errors
    /// For the first invalid value: its source, and what is allowed.
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
        if let Some(url) = &settings.trace_url {
            let secrets = settings.secrets();
            if Redactor::new(secrets.iter().map(String::as_str)).mask(url) != *url {
                return Err(
                    "trace_url contains the value of a setting that is a secret, and reports show it".to_owned()
                );
            }
        }
        if settings.is_flag("trace_url") && !settings.trace_headers {
            return Err("--trace-url has no effect without --trace-headers".to_owned());
        }
        Ok(settings)
    }

    /// True if a setting was given on the command line.
    pub fn is_flag(&self, key: &str) -> bool {
        self.given.get(key).is_some_and(|given| given.origin == Origin::Flag)
    }

    /// Profile, tags and user classes to run.
    pub fn select(&self) -> SelectOptions {
        SelectOptions {
            profile: self.profile.clone(),
            tags: self.tags.clone(),
            exclude_tags: self.exclude_tags.clone(),
            classes: self.classes.clone(),
        }
    }

    /// Values that override those of the scenario.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            host: self.host.clone(),
            users: self.users,
            spawn_rate: self.spawn_rate,
            run_time: self.run_time.map(Some),
            stop_timeout: self.stop_timeout,
            equal_weights: self.equal_weights,
            traces: self.trace_headers(),
            defaults: self.load_defaults.clone(),
            ..Overrides::default()
        }
    }

    /// Whole URL to which metrics are exported with OTLP.
    pub fn otlp_url(&self) -> String {
        let whole = self.otlp_metrics_endpoint.clone();
        whole.unwrap_or_else(|| value::with_path(&self.otlp_endpoint, "/v1/metrics"))
    }

    /// How requests start traces, if they do.
    pub fn trace_headers(&self) -> Option<TraceHeaders> {
        self.trace_headers.then(|| TraceHeaders { url: self.trace_url.as_deref().map(Into::into) })
    }

    /// Number of load threads: one per available core unless `threads` is set.
    pub fn load_threads(&self) -> usize {
        match self.threads {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
