//! All sinks.

use super::contract::Sink;
use super::webhook;
use crate::settings::Settings;

/// A row of the registry.
#[derive(Debug)]
pub struct Kind {
    /// Makes the sink if the settings ask for it. The error says which setting is wrong.
    pub build: fn(&Settings) -> Result<Option<Box<dyn Sink>>, String>,
}

/// The sinks, in the order in which they are shown.
pub const SINKS: &[Kind] = &[Kind { build: webhook::build }];

/// The sinks that the settings ask for.
///
/// # Errors
/// Says which setting is wrong.
pub fn configured(settings: &Settings) -> Result<Vec<Box<dyn Sink>>, String> {
    SINKS.iter().filter_map(|kind| (kind.build)(settings).transpose()).collect()
}
