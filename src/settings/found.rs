//! Values together with their source.

use std::ffi::OsString;

use super::setting::Setting;
use crate::scenario::secrets::userinfo;

/// Source of a value, in order of increasing precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built-in default.
    Default,
    /// Line of `config.yaml`, from 1.
    Config(usize),
    /// The scenario file.
    Scenario,
    /// The profile with this name.
    Profile(String),
    /// `.env` in the current folder.
    DotEnv,
    /// An environment variable.
    Environment,
    /// A command line flag.
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

/// A value as found in a source, before validation.
#[derive(Debug)]
pub(super) struct Found {
    pub value: OsString,
    pub origin: Origin,
    /// Flag, variable or key that set it, for error messages.
    pub name: String,
}

/// The value of a setting as given, and its source.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The value; characters that are not valid Unicode are replaced.
    pub text: String,
    /// Its source.
    pub origin: Origin,
}

impl From<Found> for Given {
    fn from(found: Found) -> Self {
        Self { text: found.value.to_string_lossy().into_owned(), origin: found.origin }
    }
}

impl Found {
    /// Error message for an invalid value, with its source. Passwords in URLs are masked.
    pub fn error(&self, setting: &Setting, why: &str) -> String {
        let (Self { origin, name, .. }, why) = (self, userinfo::mask_written(why));
        match origin {
            Origin::Config(_) => format!("error: {origin}: `{}`: {why}", setting.key),
            Origin::DotEnv => format!("error: invalid value for {name} in .env: {why}"),
            _ => format!("error: invalid value for {name}: {why}"),
        }
    }
}
