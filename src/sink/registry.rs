//! Registry of all sinks.

use super::contract::Sink;
use super::{datadog, otlp, prometheus, slack, webhook};
use crate::settings::Settings;

/// Creates a sink if the settings enable it. The error names the invalid setting.
pub type BuildSink = fn(&Settings) -> Result<Option<Box<dyn Sink>>, String>;

/// A row of the registry.
#[derive(Debug)]
pub struct Kind {
    /// The check before a run that its settings belong to.
    pub check: &'static str,
    /// Creates the sink.
    pub build: BuildSink,
}

/// All kinds of sinks, in display order.
pub const SINKS: &[Kind] = &[
    Kind { check: "datadog", build: datadog::build },
    Kind { check: "datadog", build: datadog::build_dogstatsd },
    Kind { check: "otlp", build: otlp::build },
    Kind { check: "metrics", build: prometheus::build },
    Kind { check: "slack", build: slack::build },
    Kind { check: "webhook", build: webhook::build },
];

/// Creates the sinks that are enabled in the settings.
///
/// # Errors
/// Returns a message that names the invalid setting.
pub fn configured(settings: &Settings) -> Result<Vec<Box<dyn Sink>>, String> {
    SINKS.iter().filter_map(|kind| (kind.build)(settings).transpose()).collect()
}

/// Why a run would not start with the settings of the sinks of a check; `None` if it would.
pub fn refusal(check: &str, settings: &Settings) -> Option<String> {
    SINKS.iter().filter(|kind| kind.check == check).find_map(|kind| (kind.build)(settings).err())
}
