//! A value with the place that it comes from.

use std::ffi::OsString;

use super::setting::Setting;

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

/// A value that was found, not yet checked.
#[derive(Debug)]
pub(super) struct Found {
    pub value: OsString,
    pub origin: Origin,
    /// How it was given: the flag, the variable.
    pub name: String,
}

/// The value of a setting as it was written, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The value; characters that are not valid Unicode are replaced.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl From<Found> for Given {
    fn from(found: Found) -> Self {
        Self { text: found.value.to_string_lossy().into_owned(), origin: found.origin }
    }
}

impl Found {
    /// Why the value is not valid, with its place.
    pub fn error(&self, setting: &Setting, why: &str) -> String {
        let Self { origin, name, .. } = self;
        match origin {
            Origin::Config(_) => format!("error: {origin}: `{}`: {why}", setting.key),
            Origin::DotEnv => format!("error: invalid value for {name} in .env: {why}"),
            _ => format!("error: invalid value for {name}: {why}"),
        }
    }
}
