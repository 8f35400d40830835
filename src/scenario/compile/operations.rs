//! Rows and sizes of GraphQL operations.

use std::collections::HashMap;

use super::builder::Builder;
use super::interner::Counted;
use crate::scenario::plan::{self, EndpointId, OperationSize};
use crate::scenario::syntax::diagnostic::Diagnostic;

/// Number of hash digits in the name of an anonymous operation.
const DIGITS: usize = 8;

/// Row name of an anonymous operation; the same for the same document.
pub(super) fn anonymous(document: &str) -> String {
    let hash = plan::sha256(document);
    format!("anonymous-{}", hash.get(..DIGITS).unwrap_or(&hash))
}

impl Builder<'_> {
    /// Sizes of the operations by row; warns if different operations share a row.
    pub(super) fn counted(&mut self) -> Vec<(EndpointId, OperationSize)> {
        let all = std::mem::take(&mut self.interner.operations);
        let mut rows: Vec<(EndpointId, OperationSize)> = Vec::new();
        // By row: index in the list, and the first operation.
        let mut known: HashMap<EndpointId, (usize, &Counted)> = HashMap::new();
        for one in &all {
            let (index, first) = *known.entry(one.row).or_insert((rows.len(), one));
            match rows.get_mut(index) {
                Some((_, size)) => *size = size.most(one.size),
                None => rows.push((one.row, one.size)),
            }
            // Both steps set `name`, so they share the row on purpose.
            if first.size != one.size && !(first.named && one.named) {
                self.mixed(first, one);
            }
        }
        rows
    }

    fn mixed(&mut self, first: &Counted, one: &Counted) {
        let Some(row) = self.interner.endpoints.get(one.row.0 as usize) else { return };
        let (origin, text, start) = self.sources.locate(first.at.start);
        let before = text.get(..first.at.start.saturating_sub(start)).unwrap_or_default();
        let place = format!("{origin}:{}", before.matches('\n').count() + 1);
        let message = format!(
            "two operations share the row {} {}: this one asks for {}, the one at {place} for {}",
            row.kind, row.name, one.size, first.size
        );
        let warning = Diagnostic::new(one.at.clone(), message)
            .note("their times are mixed, and the largest of each figure is shown")
            .note("set a different `name` in one of them");
        self.diagnostics.warnings.push(warning);
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, Plan, Scenario, SelectOptions};

    fn scenario(steps: &str) -> Scenario {
        let text = format!("host: http://h\ntasks:\n  - steps:\n{steps}");
        Scenario::parse("s.yaml", &text).expect("a scenario")
    }

    fn plan(scenario: &Scenario) -> Plan {
        scenario.plan(&Overrides::default()).expect("a plan")
    }

    fn rows(plan: &Plan) -> Vec<String> {
        plan.endpoints.iter().map(|row| format!("{} {}", row.kind, row.name)).collect()
    }

    #[test]
    fn anonymous_operations_have_separate_rows() {
        let steps = "      - graphql: \"{ a }\"\n      - graphql: \"{ b }\"\n      - graphql: \"{ a }\"\n      \
            - graphql: \"mutation { a }\"\n      - graphql: \"{ a }\"\n        name: mine\n";
        let scenario = scenario(steps);
        // The first digits of the hash of a persisted query.
        let wanted =
            ["QUERY anonymous-1c7e1e34", "QUERY anonymous-057b0464", "MUTATION anonymous-3a59802d", "QUERY mine"];
        assert_eq!(rows(&plan(&scenario)), wanted);
        assert_eq!(scenario.warnings(), "");
    }

    #[test]
    fn operations_that_share_a_row_are_reported_with_the_largest_size() {
        let two = |first: &str, second: &str| {
            scenario(&format!(
                "      - graphql: \"query Q {{ a(first: 1) {{ b c }} }}\"\n{first}      \
                 - graphql: \"query Q {{ a(first: 50) {{ b }} }}\"\n{second}"
            ))
        };
        let shared = two("", "");
        for wanted in [
            "warning: two operations share the row QUERY Q: this one asks for depth 2, 2 fields, ~50 nodes, the one at \
             s.yaml:4 for depth 2, 3 fields, ~1 node",
            "--> s.yaml:5:18",
            "set a different `name`",
        ] {
            assert!(shared.warnings().contains(wanted), "{wanted}:\n{}", shared.warnings());
        }
        let [(_, size)] = plan(&shared).operations[..] else { panic!("one row") };
        assert_eq!(size.to_string(), "depth 2, 3 fields, ~50 nodes");
        assert_eq!(two("", "        name: other\n").warnings(), "");
        let wanted_so = two("        name: both\n", "        name: both\n");
        assert_eq!((wanted_so.warnings(), rows(&plan(&wanted_so)).len()), ("", 1));
    }

    #[test]
    fn unselected_operations_have_no_size() {
        let all = scenario(
            "      - graphql: \"query Q { a { b } }\"\n        tags: slow\n      \
             - graphql: \"subscription Q { a }\"\n        tags: slow\n      - get: /\n",
        );
        let all_rows = ["QUERY Q", "CONNECT Q", "SUBSCRIPTION Q", "EVENT Q", "GET /"];
        assert_eq!((rows(&plan(&all)), all.warnings()), (all_rows.map(str::to_owned).to_vec(), ""));
        let select = SelectOptions { exclude_tags: vec!["slow".to_owned()], ..SelectOptions::default() };
        let part = all.select(&select).expect("a part");
        let plan = plan(&part);
        assert_eq!((rows(&plan), plan.operations.len(), part.warnings()), (vec!["GET /".to_owned()], 0, ""));
    }
}
