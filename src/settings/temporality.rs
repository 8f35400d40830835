//! How counts are sent to OpenTelemetry.

/// What a count counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Temporality {
    /// Everything since the start of the run, or the last reset.
    #[default]
    Cumulative,
    /// What happened since the previous point.
    Delta,
}

impl Temporality {
    /// Names, as in `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`.
    pub(super) const NAMES: [&str; 2] = ["cumulative", "delta"];

    /// Parses a name; case is ignored.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "cumulative" => Some(Self::Cumulative),
            "delta" => Some(Self::Delta),
            _ => None,
        }
    }
}
