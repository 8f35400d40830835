//! Compiles `thresholds`: `metric operator value` joined by `and`, with scope, period and effect.

use std::sync::Arc;
use std::time::Duration;

use super::builder::Builder;
use super::fields::Fields;
use super::measured;
use super::threshold_text::{self, FORMS};
use crate::scenario::grammar::hints;
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Check, EndpointId, Metric, Source, Stage, Target, Threshold};
use crate::scenario::syntax::diagnostic::nearest;
use crate::scenario::syntax::node::{Kind, Node};
use crate::units;

/// The words before a metric; the longer ones first.
const SOURCES: [(&str, Source); 7] = [
    ("generator.schedule_delay.", Source::ScheduleDelay),
    ("redis.delivery.", Source::Delivery),
    ("redis.server.", Source::RedisServer),
    ("generator.", Source::Generator),
    ("graphql.", Source::Graphql),
    ("redis.", Source::Redis),
    ("http.", Source::Http),
];
const METRICS: [(&str, Metric); 17] = [
    ("mean", Metric::Mean),
    ("avg", Metric::Mean),
    ("median", Metric::Median),
    ("min", Metric::Min),
    ("max", Metric::Max),
    ("rps", Metric::Rps),
    ("requests", Metric::Requests),
    ("failures", Metric::Failures),
    ("fail_ratio", Metric::FailRatio),
    ("error_ratio", Metric::FailRatio),
    ("dropped", Metric::Dropped),
    ("exceptions", Metric::Exceptions),
    ("lost_ratio", Metric::LostRatio),
    ("hit_ratio", Metric::HitRatio),
    ("cpu", Metric::Cpu),
    ("output_buffer_disconnections", Metric::OutputBufferDisconnections),
    ("p50", Metric::Median),
];

impl Builder<'_> {
    pub(super) fn thresholds(&mut self, node: &Node, stages: &[Stage]) -> Vec<Threshold> {
        let Some(items) = self.list(node, "thresholds") else { return Vec::new() };
        items.iter().filter_map(|item| self.threshold(item, stages)).collect()
    }

    fn threshold(&mut self, node: &Node, stages: &[Stage]) -> Option<Threshold> {
        if !matches!(node.kind, Kind::Map(_)) {
            return self.checks(node);
        }
        let fields = self.fields(node, &keys::THRESHOLD)?;
        let threshold = self.checks(fields.get("check")?);
        let on = fields.get("on").map(|n| self.target(n));
        let checks = threshold.iter().flat_map(|threshold| &threshold.checks);
        let is_broad = checks.clone().any(|check| !measured::is_of_requests(check.source, check.metric));
        if let Some(node) = fields.get("on").filter(|_| is_broad) {
            let note = "use a separate threshold without `on`";
            self.report(
                node.at.clone(),
                "`on` has no effect: this metric is not measured per request".to_owned(),
                note.to_owned(),
            );
        }
        let elsewhere = |name: &str| self.stage_names.iter().any(|n| n == name);
        if let Some(name) = fields.get("stage").and_then(Node::scalar)
            && !stages.iter().any(|stage| *stage.name == *name)
            && elsewhere(name)
        {
            // Only the load of another profile has this stage.
            if let Some(node) = fields.get("stage") {
                let message = format!("the load of this run has no stage `{name}`: this threshold is skipped");
                self.warn(node.at.clone(), message, "it is evaluated with a profile that has the stage");
            }
            return None;
        }
        let stage = fields.get("stage").map(|n| self.stage_named(n, stages));
        let over = fields.get("over").and_then(|n| self.some_time(n, "over"));
        let (hold, abort, warn) = self.effect(fields)?;
        let on = match on {
            Some(target) => Some(target?),
            None => None,
        };
        let stage = match stage {
            Some(stage) => Some(stage?),
            None => None,
        };
        Some(Threshold { on, stage, over, hold, abort, warn, ..threshold? })
    }

    /// `for`, `abort` and `warn`.
    fn effect(&mut self, fields: Fields<'_>) -> Option<(Duration, bool, bool)> {
        let keys = keys::THRESHOLD.keys;
        let hold = self.or_default(fields.get("for"), keys, "for", Self::duration);
        let abort = self.or_default(fields.get("abort"), keys, "abort", Self::truth);
        let warn = self.or_default(fields.get("warn"), keys, "warn", Self::truth);
        Some((hold?, abort?, warn?))
    }

    /// Compiles a threshold in short form.
    pub(super) fn checks(&mut self, node: &Node) -> Option<Threshold> {
        let text = self.scalar(node, "thresholds")?;
        if let Some((message, note)) = threshold_text::wrong_conjunction(&text) {
            self.report(node.at.clone(), message, note);
            return None;
        }
        let mut checks = Vec::new();
        let mut words = Vec::new();
        for part in text.split(" and ").map(str::trim) {
            match parse(part) {
                Ok(check) => {
                    let mut bare = false;
                    let value = part.rsplit(['<', '>', '=']).next().unwrap_or_default().trim();
                    match unit(check.metric) {
                        Unit::Time => {
                            self.bare_seconds(node, value);
                            bare = value.ends_with(|c: char| c.is_ascii_digit());
                        }
                        Unit::Ratio if check.value >= 1.0 && !value.ends_with('%') => {
                            let message = format!("{value} is 100 %: a bare number of a ratio is a fraction");
                            self.warn(node.at.clone(), message, "write 1% or 100%");
                        }
                        Unit::Ratio | Unit::Number => {}
                    }
                    if let Some((message, note)) = self.unsent(&check) {
                        self.report(node.at.clone(), message, note);
                        return None;
                    }
                    if threshold_text::always_passes(&check, unit(check.metric).most()) {
                        let message = format!("`{part}` cannot fail: it is true for every possible value");
                        self.warn(node.at.clone(), message, "write a limit that a run can miss");
                    }
                    checks.push(check);
                    // Show the unit of a bare number, which is in seconds.
                    words.push(format!("{part}{}", if bare { "s" } else { "" }));
                }
                Err((message, note)) => {
                    self.report(node.at.clone(), message, hints::threshold(part).unwrap_or(note));
                    return None;
                }
            }
        }
        if let Some(never) = threshold_text::never_passes(&checks, |check| unit(check.metric).most()) {
            let message = format!("`{text}` cannot pass: {never}");
            self.report(node.at.clone(), message, "write a condition that a run can meet".to_owned());
            return None;
        }
        let words = crate::clean::line(&words.join(" and ")).into();
        let (hold, abort, warn) = self.effect(Fields(&[]))?;
        let place = self.file_and_line(node.at.start).into();
        Some(Threshold { words, place, checks, on: None, stage: None, over: None, hold, abort, warn })
    }

    /// The error of figures of requests that the scenario never sends.
    fn unsent(&self, check: &Check) -> Option<(String, String)> {
        let name = |source: Source| SOURCES.iter().find(|(_, known)| *known == source).map(|(name, _)| *name);
        let (source, what) = match check.source {
            Source::RedisServer => (Source::Redis, "Redis commands"),
            Source::Redis => (Source::Redis, "Redis commands"),
            Source::Http => (Source::Http, "HTTP requests"),
            Source::Graphql => (Source::Graphql, "GraphQL requests"),
            Source::Delivery => (Source::Delivery, "messages whose delivery is measured"),
            Source::All if check.metric == Metric::HitRatio => (Source::Redis, "Redis commands"),
            Source::All | Source::Generator | Source::ScheduleDelay => return None,
        };
        let is_sent = self.tags.is_partial() || self.interner.endpoints.iter().any(|row| source.includes(&row.kind));
        let name = if check.metric == Metric::HitRatio { "hit_ratio" } else { name(check.source)? };
        (!is_sent).then(|| {
            let note = if check.source == Source::All { "remove it" } else { "remove the threshold, or the prefix" };
            (format!("`{name}`: this scenario has no {what}"), note.to_owned())
        })
    }

    fn stage_named(&mut self, node: &Node, stages: &[Stage]) -> Option<(usize, Arc<str>)> {
        let name = self.plain_text(node, "stage")?;
        let found = stages.iter().position(|stage| *stage.name == name);
        // Every load has stages: without any, an error was reported there.
        if found.is_none() && !stages.is_empty() {
            let names: Vec<&str> = stages.iter().map(|stage| &*stage.name).filter(|name| !name.is_empty()).collect();
            let note = match nearest(&name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "this load has no named stages: set `name` in `shape`".to_owned(),
                None => format!("there are {}", names.join(", ")),
            };
            self.report(node.at.clone(), format!("unknown stage `{name}`"), note);
        }
        found.map(|index| (index, name.into()))
    }

    fn target(&mut self, node: &Node) -> Option<Target> {
        let Kind::Map(_) = &node.kind else {
            let names = self.plain_texts(node, "on");
            if names.is_empty() && matches!(node.kind, Kind::List(_)) {
                let note = "name at least one request, or leave out `on` for all of them".to_owned();
                self.report(node.at.clone(), "`on` is empty".to_owned(), note);
                return None;
            }
            return self.rows(node, &names).map(Target::Endpoints);
        };
        let fields = self.fields(node, &keys::ON)?;
        if let Some(tags) = fields.get("tags") {
            let names = self.plain_texts(tags, "tags");
            let mut rows: Vec<EndpointId> = Vec::new();
            for name in &names {
                match self.interner.tagged.get(name) {
                    Some(more) => rows.extend(more),
                    None => {
                        let known: Vec<&str> = self.interner.tagged.keys().map(String::as_str).collect();
                        let near = nearest(name, known).map(|n| format!("did you mean `{n}`?"));
                        let note = near.unwrap_or_else(|| "set tags in tasks or steps".to_owned());
                        self.report(tags.at.clone(), format!("unknown tag `{name}`: no request has it"), note);
                        return None;
                    }
                }
            }
            rows.sort_unstable();
            rows.dedup();
            return Some(Target::Tags(names.into_iter().map(Into::into).collect(), rows));
        }
        let named = fields.get("operation").or(fields.get("name"))?;
        let names = self.plain_texts(named, "on");
        self.rows(named, &names).map(Target::Endpoints)
    }

    /// Rows by kind and name (`POST /path`), or by name only.
    fn rows(&mut self, node: &Node, names: &[String]) -> Option<Vec<EndpointId>> {
        // The selected part may not contain the row.
        let partial = self.tags.is_partial();
        let mut rows = Vec::new();
        for name in names {
            let matching: Vec<EndpointId> = (0u32..)
                .zip(&self.interner.endpoints)
                .filter(|(_, e)| *e.name == **name || format!("{} {}", e.kind, e.name) == *name)
                .map(|(i, _)| EndpointId(i))
                .collect();
            if matching.is_empty() && !partial {
                let all: Vec<String> =
                    self.interner.endpoints.iter().map(|e| format!("{} {}", e.kind, e.name)).collect();
                let note = match nearest(name, all.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "use method and name of a step, such as \"POST /api/checkout\"".to_owned(),
                };
                self.report(node.at.clone(), format!("unknown request {name:?}"), note);
                return None;
            }
            rows.extend(matching);
        }
        Some(rows)
    }
}

/// Parses a check; the error is a message and a note.
fn parse(text: &str) -> Result<Check, (String, String)> {
    let (name, operator, value) = threshold_text::split(text)?;
    let (source, word) = SOURCES
        .iter()
        .find_map(|(prefix, source)| name.strip_prefix(prefix).map(|rest| (*source, rest)))
        .unwrap_or((Source::All, name));
    let metric = metric(word).ok_or_else(|| {
        let near = nearest(word, METRICS.iter().map(|(name, _)| *name).chain(["p95", "p99"]));
        let note = near.map_or_else(|| FORMS.to_owned(), |n| format!("did you mean `{n}`?"));
        (format!("{name:?} is not a metric"), note)
    })?;
    if let Some(note) = measured::refusal(source, metric) {
        return Err((format!("{name:?} is not a metric"), note.to_owned()));
    }
    let value = quantity(metric, value).ok_or_else(|| {
        let wanted = match unit(metric) {
            Unit::Time => "a time such as 300ms",
            Unit::Ratio => "a ratio up to 100%, such as 1% or 0.01",
            Unit::Number => "a number",
        };
        (format!("`{word}`: expected {wanted}, found {value:?}"), FORMS.to_owned())
    })?;
    Ok(Check { source, metric, operator, value })
}

fn metric(word: &str) -> Option<Metric> {
    if let Some((_, metric)) = METRICS.iter().find(|(name, _)| *name == word) {
        return Some(*metric);
    }
    let percent: f64 = word.strip_prefix('p')?.parse().ok()?;
    (percent > 0.0 && percent < 100.0).then_some(Metric::Percentile(percent))
}

enum Unit {
    Time,
    Ratio,
    Number,
}

impl Unit {
    /// The largest possible value, where there is one.
    fn most(&self) -> Option<f64> {
        matches!(self, Unit::Ratio).then_some(1.0)
    }
}

fn unit(metric: Metric) -> Unit {
    match metric {
        Metric::Percentile(_) | Metric::Mean | Metric::Median | Metric::Min | Metric::Max => Unit::Time,
        Metric::FailRatio | Metric::LostRatio | Metric::HitRatio | Metric::Cpu => Unit::Ratio,
        Metric::Rps
        | Metric::Requests
        | Metric::Failures
        | Metric::Dropped
        | Metric::Exceptions
        | Metric::OutputBufferDisconnections => Unit::Number,
    }
}

fn quantity(metric: Metric, text: &str) -> Option<f64> {
    let number = |t: &str| t.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    match unit(metric) {
        Unit::Time => units::parse_duration(text).ok().map(|d| d.as_secs_f64()),
        Unit::Ratio => {
            let ratio = text.strip_suffix('%').map_or_else(|| number(text), |percent| Some(number(percent)? / 100.0));
            ratio.filter(|ratio| *ratio <= 1.0)
        }
        Unit::Number => number(text.trim_end_matches("/s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::eval::operator::Operator;

    #[test]
    fn valid_checks() {
        use Metric::*;
        use Operator::*;
        for (text, source, metric, operator, value) in [
            ("p95 < 400ms", Source::All, Percentile(95.0), Less, 0.4),
            ("p99.9<=2s", Source::All, Percentile(99.9), AtMost, 2.0),
            ("fail_ratio < 1%", Source::All, FailRatio, Less, 0.01),
            ("error_ratio < 0.05", Source::All, FailRatio, Less, 0.05),
            ("graphql.p95 < 300ms", Source::Graphql, Percentile(95.0), Less, 0.3),
            ("redis.delivery.p99 < 20ms", Source::Delivery, Percentile(99.0), Less, 0.02),
            ("redis.lost_ratio < 0.01%", Source::Redis, LostRatio, Less, 0.0001),
            ("hit_ratio >= 80%", Source::All, HitRatio, AtLeast, 0.8),
            ("redis.hit_ratio > 0.8", Source::Redis, HitRatio, Greater, 0.8),
            (
                "redis.server.output_buffer_disconnections == 0",
                Source::RedisServer,
                OutputBufferDisconnections,
                Equal,
                0.0,
            ),
            ("generator.schedule_delay.p99 < 10ms", Source::ScheduleDelay, Percentile(99.0), Less, 0.01),
            ("p95 < 400 ms", Source::All, Percentile(95.0), Less, 0.4),
            ("p95 < 1m 30s", Source::All, Percentile(95.0), Less, 90.0),
            ("fail_ratio <= 1 %", Source::All, FailRatio, AtMost, 0.01),
            ("rps >= 50/s", Source::All, Rps, AtLeast, 50.0),
            ("dropped == 0", Source::All, Dropped, Equal, 0.0),
        ] {
            assert_eq!(parse(text), Ok(Check { source, metric, operator, value }), "{text}");
        }
    }

    #[test]
    fn invalid_checks() {
        for text in [
            "",
            "p95",
            "p95 < ",
            "p95 < 1%",
            "p0 < 1s",
            "p100 < 1s",
            "fail_ratio < 2",
            "fail_ratio < 101%",
            "p95 < 4 00ms",
            "p95 =< 1s",
            "rps > fast",
            "speed < 1s",
            "< 1s",
            "cpu < 80%",
            "http.cpu < 80%",
            "http.lost_ratio < 1%",
            "http.hit_ratio > 80%",
            "redis.delivery.hit_ratio > 80%",
            "hit_ratio > 101%",
            "redis.dropped == 0",
            "redis.delivery.failures == 0",
            "redis.server.p95 < 1s",
            "generator.p95 < 1s",
            "generator.schedule_delay.rps > 1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("cpu < 80%").unwrap_err().1, "write generator.cpu");
        assert_eq!(parse("fail_rate < 1%").unwrap_err().1, "did you mean `fail_ratio`?");
    }
}
