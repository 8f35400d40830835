//! Registry of all checks.

use std::pin::Pin;

use super::checks::{
    budget, clock, cores, datadog, disk, github, host, metrics, open_files, otlp, ports, redis, reports, scenario,
    slack, webhook,
};
use super::line::Line;
use super::subject::Subject;

/// Lines of a check. It returns none if it does not apply.
pub type Lines<'a> = Pin<Box<dyn Future<Output = Vec<Line>> + 'a>>;

/// A row of the registry.
#[derive(Debug)]
pub struct Check {
    /// Name in JSON output.
    pub id: &'static str,
    /// Name in text output.
    pub title: &'static str,
    /// Part of the preflight before each run. Such a check sends no request.
    pub in_preflight: bool,
    /// Runs the check. It must await, not block: all checks share a thread.
    pub run: fn(&Subject) -> Lines<'_>,
}

/// All checks, in display order.
pub const CHECKS: &[Check] = &[
    Check { id: "scenario", title: "scenario", in_preflight: false, run: |subject| Box::pin(scenario::check(subject)) },
    Check { id: "host", title: "host", in_preflight: true, run: |subject| Box::pin(host::check(subject)) },
    Check { id: "clock", title: "clock", in_preflight: false, run: |subject| Box::pin(clock::check(subject)) },
    Check { id: "redis", title: "Redis", in_preflight: true, run: |subject| Box::pin(redis::check(subject)) },
    Check { id: "datadog", title: "Datadog", in_preflight: true, run: |subject| Box::pin(datadog::check(subject)) },
    Check { id: "otlp", title: "OpenTelemetry", in_preflight: true, run: |subject| Box::pin(otlp::check(subject)) },
    Check { id: "metrics", title: "Prometheus", in_preflight: false, run: |subject| Box::pin(metrics::check(subject)) },
    Check { id: "slack", title: "Slack", in_preflight: true, run: |subject| Box::pin(slack::check(subject)) },
    Check { id: "webhook", title: "webhook", in_preflight: true, run: |subject| Box::pin(webhook::check(subject)) },
    Check { id: "github", title: "GitHub", in_preflight: false, run: |subject| Box::pin(github::check(subject)) },
    Check {
        id: "open_files",
        title: "open files",
        in_preflight: true,
        run: |subject| Box::pin(open_files::check(subject)),
    },
    Check { id: "ports", title: "ports", in_preflight: true, run: |subject| Box::pin(ports::check(subject)) },
    Check { id: "cores", title: "cores", in_preflight: true, run: |subject| Box::pin(cores::check(subject)) },
    Check { id: "budget", title: "budget", in_preflight: false, run: |subject| Box::pin(budget::check(subject)) },
    Check { id: "reports", title: "files", in_preflight: false, run: |subject| Box::pin(reports::check(subject)) },
    Check { id: "disk", title: "disk", in_preflight: true, run: |subject| Box::pin(disk::check(subject)) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sink_has_a_check() {
        for kind in crate::sink::SINKS {
            assert!(CHECKS.iter().any(|check| check.id == kind.check), "{}", kind.check);
        }
    }
}
