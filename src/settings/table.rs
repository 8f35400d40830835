//! The settings by name, and what each takes.

use super::host::parse_host;
use crate::units;

/// A value that can be set in `config.yaml`, in the environment, and by a flag.
#[derive(Debug)]
pub struct Setting {
    /// Key in `config.yaml`. The flag has `-` where this has `_`.
    pub key: &'static str,
    pub(super) kind: Kind,
}

/// What a setting takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Truth,
    OneOf(&'static [&'static str]),
    /// A whole number between these two.
    Number(u64, u64),
    Users,
    SpawnRate,
    Time,
    Host,
    Text,
    /// Words; in the environment they are separated by commas.
    Words,
}

/// Values of `theme`.
pub const THEMES: &[&str] = &["auto", "light", "colorblind", "mono"];

/// Every setting, in the order of the options of a run.
pub const SETTINGS: &[Setting] = &[
    Setting { key: "file", kind: Kind::Text },
    Setting { key: "profile", kind: Kind::Text },
    Setting { key: "tags", kind: Kind::Words },
    Setting { key: "exclude_tags", kind: Kind::Words },
    Setting { key: "classes", kind: Kind::Words },
    Setting { key: "host", kind: Kind::Host },
    Setting { key: "users", kind: Kind::Users },
    Setting { key: "spawn_rate", kind: Kind::SpawnRate },
    Setting { key: "run_time", kind: Kind::Time },
    Setting { key: "stop_timeout", kind: Kind::Time },
    Setting { key: "headless", kind: Kind::Truth },
    Setting { key: "autostart", kind: Kind::Truth },
    Setting { key: "csv", kind: Kind::Text },
    Setting { key: "out", kind: Kind::Text },
    Setting { key: "only_summary", kind: Kind::Truth },
    Setting { key: "exit_code_on_error", kind: Kind::Number(0, 255) },
    Setting { key: "threads", kind: Kind::Number(1, 1024) },
    Setting { key: "seed", kind: Kind::Number(0, u64::MAX) },
    Setting { key: "theme", kind: Kind::OneOf(THEMES) },
    Setting { key: "ascii", kind: Kind::Truth },
];

impl Setting {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("KATYDID_{}", self.key.to_uppercase())
    }

    /// True for what a scenario can say as well: there, `config.yaml` is weaker than the scenario.
    pub fn is_of_the_scenario(&self) -> bool {
        ["host", "users", "spawn_rate", "run_time", "stop_timeout"].contains(&self.key)
    }

    /// Checks a value as it is written in the file.
    ///
    /// # Errors
    /// Says what is allowed.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match self.kind {
            Kind::Truth if matches!(text, "true" | "false") => Ok(()),
            Kind::Truth => Err(format!("expected true or false, found {text:?}")),
            Kind::OneOf(words) if words.contains(&text) => Ok(()),
            Kind::OneOf(words) => Err(format!("expected one of {}, found {text:?}", words.join(", "))),
            Kind::Number(from, to) => match text.parse::<u64>() {
                Ok(n) if (from..=to).contains(&n) => Ok(()),
                _ => Err(format!("expected a whole number from {from} to {to}, found {text:?}")),
            },
            Kind::Users => units::parse_users(text).map(|_| ()).map_err(|why| why.to_string()),
            Kind::SpawnRate => units::parse_spawn_rate(text).map(|_| ()).map_err(|why| why.to_string()),
            Kind::Time => units::parse_duration(text).map(|_| ()).map_err(|why| why.to_string()),
            Kind::Host => parse_host(text).map(|_| ()),
            Kind::Text | Kind::Words if text.is_empty() => Err("expected a value, found an empty string".to_owned()),
            Kind::Text | Kind::Words => Ok(()),
        }
    }
}
