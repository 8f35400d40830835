//! All sinks.

use super::contract::Sink;
use super::webhook;
use crate::settings::Settings;

/// Creates a sink if the settings enable it. The error names the invalid setting.
pub type BuildSink = fn(&Settings) -> Result<Option<Box<dyn Sink>>, String>;

/// A row of the registry.
#[derive(Debug)]
pub struct Kind {
    /// Creates the sink.
    pub build: BuildSink,
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
