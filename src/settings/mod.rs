//! Where a value comes from: defaults < `config.yaml` < scenario < profile < `.env` < environment < flags.
//!
//! This module knows the settings by name ([`SETTINGS`]), what each takes, and the file `config.yaml`. The command line
//! gives values that the scenario cannot have (`theme`, `threads`) to its own parser as if they were in the environment,
//! below everything that is there; the load and the host become [`LoadDefaults`](crate::scenario::LoadDefaults) of a
//! run, below what the scenario says.

mod config;
mod host;
mod table;

pub use config::{Config, ConfigValue};
pub use host::parse_host;
pub use table::{SETTINGS, Setting, THEMES};

/// Where a value comes from, from the weakest to the strongest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// Line of `config.yaml`, from 1.
    Config(usize),
    /// The scenario file.
    Scenario,
    /// The profile of this name.
    Profile(String),
    /// The file `.env` of the current folder.
    DotEnv,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Config(line) => write!(f, "config.yaml:{line}"),
            Origin::Scenario => f.write_str("scenario"),
            Origin::Profile(name) => write!(f, "profile {name}"),
            Origin::DotEnv => f.write_str(".env"),
            Origin::Environment => f.write_str("environment"),
            Origin::Flag => f.write_str("flag"),
        }
    }
}
