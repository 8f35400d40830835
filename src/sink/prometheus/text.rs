//! The text formats: Prometheus 0.0.4 and OpenMetrics 1.0.

use std::fmt::Write as _;

use super::buckets::Buckets;
use crate::sink::figures::{Family, Figures, Labels, Unit, Value, families};
use crate::store::Meta;

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// The format for an `Accept` header. Prometheus asks for OpenMetrics if it supports it.
    pub fn of_accept(accept: &str) -> Self {
        let wants = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let is_open_metrics =
                parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/openmetrics-text"));
            is_open_metrics && parts.all(|parameter| parameter != "q=0" && is_known_version(parameter))
        };
        if accept.split(',').any(wants) { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Value of the header `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// False for a version parameter with a version that is not supported.
fn is_known_version(parameter: &str) -> bool {
    parameter.strip_prefix("version=").is_none_or(|version| matches!(version.trim_matches('"'), "1.0.0" | "0.0.1"))
}

/// All metrics of a run, and its metadata.
pub fn write(meta: &Meta, figures: &Figures<Buckets>, format: Format) -> String {
    let mut out = String::new();
    info(&mut out, meta, format);
    for family in families(figures) {
        write_family(&mut out, &family, format);
    }
    end(out, format)
}

/// A page without metrics, before the first run.
pub fn empty(format: Format) -> String {
    end(String::new(), format)
}

fn end(mut out: String, format: Format) -> String {
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

/// Which run it is.
fn info(out: &mut String, meta: &Meta, format: Format) {
    let labels: Labels<'_> = vec![
        ("run", (&*meta.id).into()),
        ("scenario", (&*meta.scenario).into()),
        ("host", (&*meta.host).into()),
        ("profile", meta.profile.as_deref().unwrap_or_default().into()),
        ("version", (&*meta.version).into()),
    ];
    let (name, kind) = match format {
        Format::Prometheus => ("katydid_run_info", "gauge"),
        Format::OpenMetrics => ("katydid_run", "info"),
    };
    heading(out, name, kind, "The run");
    sample(out, "katydid_run_info", &labels, None, "1");
    let started = meta.started.as_millisecond() as f64 / 1e3;
    heading(out, "katydid_run_start_time_seconds", "gauge", "Start of the run, in seconds since 1970");
    sample(out, "katydid_run_start_time_seconds", &Labels::new(), None, &format!("{started:?}"));
}

fn write_family(out: &mut String, family: &Family<'_, Buckets>, format: Format) {
    let unit = match family.unit {
        Unit::None => "",
        Unit::Seconds => "_seconds",
        Unit::Bytes => "_bytes",
        Unit::Ratio => "_ratio",
    };
    let name = format!("katydid_{}{unit}", family.name);
    let Some(first) = family.points.first() else { return };
    match first.value {
        Value::Gauge(_) => heading(out, &name, "gauge", family.help),
        Value::Histogram(_) => heading(out, &name, "histogram", family.help),
        Value::Counter(_) if format == Format::OpenMetrics => heading(out, &name, "counter", family.help),
        Value::Counter(_) => heading(out, &format!("{name}_total"), "counter", family.help),
    }
    for point in &family.points {
        match point.value {
            Value::Gauge(value) => sample(out, &name, &point.labels, None, &format!("{value:?}")),
            Value::Counter(count) => {
                sample(out, &format!("{name}_total"), &point.labels, None, &count.to_string());
            }
            Value::Histogram(times) => {
                let bucket = format!("{name}_bucket");
                for (limit, count) in times.cumulative() {
                    sample(out, &bucket, &point.labels, Some(&format!("{limit:?}")), &count.to_string());
                }
                sample(out, &bucket, &point.labels, Some("+Inf"), &times.count().to_string());
                sample(out, &format!("{name}_sum"), &point.labels, None, &format!("{:?}", times.sum()));
                sample(out, &format!("{name}_count"), &point.labels, None, &times.count().to_string());
            }
        }
    }
}

fn heading(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn sample(out: &mut String, name: &str, labels: &Labels<'_>, limit: Option<&str>, value: &str) {
    out.push_str(name);
    let labels = labels.iter().map(|(name, value)| (*name, value.as_ref())).chain(limit.map(|limit| ("le", limit)));
    let mut before = '{';
    for (name, value) in labels {
        out.push(before);
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value);
        out.push('"');
        before = ',';
    }
    if before == ',' {
        out.push('}');
    }
    out.push(' ');
    out.push_str(value);
    out.push('\n');
}

/// Appends a label value.
fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::row_kind::RowKind;
    use crate::stats::Snapshot;
    use crate::stats::snapshot::{Row, RunState};

    #[test]
    fn the_format_is_negotiated() {
        for (accept, expected) in [
            ("", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Format::Prometheus),
            ("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5", Format::OpenMetrics),
            ("application/openmetrics-text; version=2.0.0, text/plain", Format::Prometheus),
            ("application/openmetrics-text;q=0", Format::Prometheus),
        ] {
            assert_eq!(Format::of_accept(accept), expected, "{accept}");
        }
    }

    #[test]
    fn label_values_are_escaped() {
        let row = Row { kind: RowKind::http("GET"), name: "/a\\b\"c\nd".into(), ..Row::default() };
        let snapshot = Snapshot { endpoints: vec![row], ..Snapshot::empty(RunState::Running) };
        let figures = Figures::new(Arc::new(snapshot));
        let text = write(&Meta::empty(), &figures, Format::Prometheus);
        assert!(text.contains("katydid_requests_total{type=\"GET\",name=\"/a\\\\b\\\"c\\nd\"} 0\n"), "{text}");
        assert!(text.contains("# TYPE katydid_requests_total counter\n") && !text.contains("EOF"), "{text}");
        let text = write(&Meta::empty(), &figures, Format::OpenMetrics);
        assert!(text.contains("# TYPE katydid_requests counter\n") && text.ends_with("# EOF\n"), "{text}");
        assert!(text.contains("_bucket{type=\"GET\",name=\"/a\\\\b\\\"c\\nd\",le=\"0.001\"} 0\n"), "{text}");
    }
}
