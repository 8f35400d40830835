//! Reports keys that have no effect in this run. If a key would have checked the result (`baseline`), the run is
//! refused: a false success is worse than no run.

use std::ops::Range;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::plan::{Class, Schedule, Start};
use crate::scenario::syntax::diagnostic;
use crate::scenario::syntax::node::Node;

/// One line per key, starting with its position.
#[derive(Debug, Default)]
pub(super) struct Ineffective {
    /// The run continues without these.
    pub remarks: Vec<String>,
    /// The run does not start with these.
    pub refusals: Vec<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn ineffective(&self, fields: &Fields<'a>, schedule: &Schedule, classes: &[Class]) -> Ineffective {
        let mut ineffective = Ineffective::default();
        if let Some(at) = fields.key("baseline") {
            let why = "`baseline` is not supported yet: remove it, and compare the CSV files of two runs (--csv)";
            ineffective.refusals.push(self.placed(at, why));
        }
        match fields.get("user_classes") {
            Some(node) => {
                for (key, value) in node.entries() {
                    let class = classes.iter().find(|class| *class.name == *key.name);
                    let own = Fields(value.entries());
                    ineffective.remarks.extend(self.ineffective_in_class(&own, class, fields, schedule));
                }
            }
            None => ineffective.remarks = self.ineffective_in_class(fields, classes.first(), fields, schedule),
        }
        ineffective
    }

    /// Reports keys of a class that have no effect because of the load model, or of another key.
    fn ineffective_in_class(
        &self,
        own: &Fields<'_>,
        class: Option<&Class>,
        file: &Fields<'_>,
        schedule: &Schedule,
    ) -> Vec<String> {
        let mut remarks = Vec::new();
        let Some(class) = class else { return remarks };
        let serves = schedule.is_open() && class.start == Start::WithOthers;
        let is_flat = file.get("user_classes").is_none();
        let counts = ["fixed_count", "users"].into_iter().filter(|_| !is_flat);
        let mut found: Vec<(&str, &str)> = Vec::new();
        if serves {
            found.push(("wait_time", "the arrival rate determines when iterations start"));
            found.extend(counts.map(|key| (key, "users start when an iteration arrives; use `weight`")));
        } else if class.fixed_count.is_some() {
            found.push(("weight", "the class has a fixed number of users"));
        }
        if !is_flat {
            if schedule.is_shaped() {
                found.push(("spawn_rate", "`shape` or `arrivals` determines when users start"));
            } else if file.get("spawn_rate").is_some() {
                found.push(("spawn_rate", "the top-level `spawn_rate` applies to all users"));
            }
        }
        for (key, why) in found {
            remarks.extend(own.key(key).map(|at| self.placed(at, &format!("`{key}` has no effect: {why}"))));
        }
        let tasks = own.get("tasks").filter(|_| class.sequential).map(Node::one_or_more).unwrap_or_default();
        for task in tasks.iter().map(|node| Fields(node.entries())) {
            let weight = task.get("weight").and_then(Node::scalar).and_then(|text| text.parse::<u32>().ok());
            if let (Some(at), Some(2..)) = (task.key("weight"), weight) {
                remarks.push(self.placed(at, "`weight` has no effect: the tasks are run in order"));
            }
        }
        remarks
    }

    /// A message with file and line.
    fn placed(&self, at: Range<usize>, why: &str) -> String {
        format!("{}: {why}", self.file_and_line(at.start))
    }

    /// File and line: `checkout.yaml:14`.
    pub(super) fn file_and_line(&self, at: usize) -> String {
        let (origin, text, start) = self.sources.locate(at);
        let (line, _) = diagnostic::position(text, at.saturating_sub(start));
        format!("{origin}:{line}")
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, Plan, Scenario};

    const TASKS: &str = "tasks: [{ steps: [{ get: / }] }]";

    fn planned(text: &str) -> Plan {
        let text = format!("host: http://h\n{text}\n");
        Scenario::parse("t.yaml", &text).unwrap_or_else(|e| panic!("{e}")).plan(&Overrides::default()).unwrap()
    }

    #[test]
    fn unsupported_keys_are_reported_or_refused() {
        for (text, refused) in [
            ("thresholds: [p95 < 1s, { check: p99 < 1s, abort: true }]", None),
            ("report: { html: r.html }", None),
            ("baseline: { name: main }", Some("t.yaml:2: `baseline` is not supported yet")),
            ("users: 3", None),
        ] {
            let plan = planned(&format!("{text}\n{TASKS}"));
            assert_eq!(plan.remarks, Vec::<String>::new(), "{text}");
            let why = plan.not_runnable();
            assert_eq!(why.is_some(), refused.is_some(), "{text}: {why:?}");
            assert!(refused.is_none_or(|words| why.is_some_and(|why| why.starts_with(words))), "{text}");
            assert!(plan.remarks.iter().chain(&plan.refusals).all(|line| !line.contains('\n')), "{text}");
        }
    }

    #[test]
    fn profile_is_checked_after_merging() {
        let text =
            format!("host: http://h\nprofiles:\n  p: {{ baseline: {{ name: x }}, report: {{ csv: a }} }}\n{TASKS}\n");
        let scenario = Scenario::parse("t.yaml", &text).unwrap();
        let plan = |scenario: &Scenario| scenario.plan(&Overrides::default()).unwrap();
        assert!(plan(&scenario).refusals.is_empty() && plan(&scenario).remarks.is_empty());
        let select = crate::scenario::SelectOptions { profile: Some("p".to_owned()), ..Default::default() };
        let chosen = plan(&scenario.select(&select).unwrap());
        assert!(chosen.refusals[0].starts_with("t.yaml:3: `baseline`"), "{:?}", chosen.refusals);
        assert_eq!(chosen.reports.get("csv").map(|path| path.as_path()), Some(std::path::Path::new("a")));
    }

    #[test]
    fn ineffective_class_keys_are_reported() {
        let open = "run_time: 1s\narrivals: { rate: 5 }\n";
        let class = |keys: &str| format!("user_classes:\n  A: {{ {keys}{TASKS} }}");
        for (text, key) in [
            (format!("{open}wait_time: constant(1s)\n{TASKS}"), Some("wait_time")),
            (format!("wait_time: constant(1s)\n{TASKS}"), None),
            (format!("{open}{}", class("wait_time: constant(1s), ")), Some("wait_time")),
            (format!("{open}{}", class("fixed_count: 3, ")), Some("fixed_count")),
            (format!("{open}{}", class("users: 3, ")), Some("users")),
            (format!("{open}{}", class("weight: 3, ")), None),
            (
                format!(
                    "{open}{}",
                    class("start: before_others, fixed_count: 3, wait_time: constant(1s), ")
                        + "\n  B: { "
                        + TASKS
                        + " }"
                ),
                None,
            ),
            (class("weight: 3, fixed_count: 3, "), Some("weight")),
            (class("fixed_count: 3, "), None),
            (format!("spawn_rate: 2\n{}", class("spawn_rate: 3, ")), Some("spawn_rate")),
            (format!("{open}{}", class("spawn_rate: 3, ")), Some("spawn_rate")),
            (class("spawn_rate: 3, "), None),
            ("sequential: true\ntasks: [{ weight: 3, steps: [{ get: / }] }]".to_owned(), Some("weight")),
            ("sequential: true\ntasks: [{ weight: 1, steps: [{ get: / }] }]".to_owned(), None),
            ("tasks: [{ weight: 3, steps: [{ get: / }] }]".to_owned(), None),
        ] {
            let remarks = planned(&text).remarks;
            assert_eq!(remarks.len(), usize::from(key.is_some()), "{text}: {remarks:?}");
            let said =
                |key: &str| remarks[0].starts_with("t.yaml:") && remarks[0].contains(&format!("`{key}` has no effect"));
            assert!(key.is_none_or(said), "{text}: {remarks:?}");
        }
    }
}
