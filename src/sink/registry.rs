//! Registry of all sinks.

use super::contract::Sink;
use super::{datadog, otlp, prometheus, slack, webhook};
use crate::settings::Settings;

/// Creates a sink if the settings enable it. The error names the invalid setting.
pub type BuildSink = fn(&Settings) -> Result<Option<Box<dyn Sink>>, String>;

/// A row of the registry.
#[derive(Debug)]
pub struct Kind {
    /// Creates the sink.
    pub build: BuildSink,
}

/// All kinds of sinks, in display order.
pub const SINKS: &[Kind] = &[
    Kind { build: datadog::build },
    Kind { build: datadog::build_dogstatsd },
    Kind { build: otlp::build },
    Kind { build: prometheus::build },
    Kind { build: slack::build },
    Kind { build: webhook::build },
];

/// Creates the sinks that are enabled in the settings.
///
/// # Errors
/// Returns a message that names the invalid setting.
pub fn configured(settings: &Settings) -> Result<Vec<Box<dyn Sink>>, String> {
    SINKS.iter().filter_map(|kind| (kind.build)(settings).transpose()).collect()
}
