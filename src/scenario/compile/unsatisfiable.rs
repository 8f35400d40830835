//! Expectations that no reply can meet, or that every reply meets: refused, for neither says anything.

use super::builder::Builder;
use crate::scenario::syntax::node::{Kind, Node};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// A length of time: always there, and never exactly what somebody wrote.
    Time,
    /// Bytes: always there.
    Size,
    /// A status: always there.
    Status,
    /// How many of something there are.
    Count,
    /// A text or any value of JSON.
    Any,
}

impl Seen {
    fn words(self) -> &'static str {
        match self {
            Seen::Time => "`time`",
            Seen::Size => "`size`",
            Seen::Status => "`status`",
            Seen::Count => "a count",
            Seen::Any => "a value",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Seen::Time => "write < 1s",
            Seen::Size => "write < 10KB",
            Seen::Status => "write 200, 2xx or { gte: 200, lt: 400 }",
            Seen::Count | Seen::Any => "write { gte: 1 }",
        }
    }
}

impl Builder<'_> {
    /// Reports what cannot hold, or always does. `negated`: inside of `not`.
    pub(super) fn unsatisfiable(&mut self, node: &Node, seen: Seen, negated: bool) {
        match &node.kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    self.unsatisfiable_test(&key.name, value, seen, negated);
                }
            }
            Kind::List(items) if seen == Seen::Time && !items.is_empty() => self.exactly(node, negated),
            Kind::List(items) => items.iter().for_each(|item| self.unsatisfiable_number(item, seen)),
            Kind::Text(text) => match text.trim() {
                text if text.starts_with("!=") => self.unsatisfiable_test("ne", node, seen, negated),
                text if text.starts_with("==") => self.unsatisfiable_test("eq", node, seen, negated),
                text if text.starts_with(['<', '>']) => self.unsatisfiable_number(node, seen),
                _ => self.unsatisfiable_test("eq", node, seen, negated),
            },
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => self.unsatisfiable_test("eq", node, seen, negated),
        }
    }

    fn unsatisfiable_test(&mut self, operator: &str, node: &Node, seen: Seen, negated: bool) {
        let is_number = seen != Seen::Any;
        match operator {
            "not" => self.unsatisfiable(node, seen, !negated),
            "length" if is_number => {
                self.report(node.at.clone(), format!("{} has no length", seen.words()), seen.example());
            }
            "length" => self.unsatisfiable(node, Seen::Count, negated),
            "exists" if is_number => {
                self.report(node.at.clone(), format!("`exists` has no effect on {}", seen.words()), seen.example());
            }
            // The digits of a status can be looked at.
            "starts_with" | "ends_with" | "matches" if seen == Seen::Status => self.is_text(operator, node),
            "contains" | "starts_with" | "ends_with" | "matches" if is_number => {
                let message = format!("{} is a number: `{operator}` needs a string", seen.words());
                self.report(node.at.clone(), message, seen.example());
            }
            "eq" | "in" if seen == Seen::Time => self.exactly(node, negated),
            "ne" if seen == Seen::Time => self.exactly(node, !negated),
            "gt" | "gte" | "lt" | "lte" => match node.kind {
                Kind::Number(..) | Kind::Text(_) => self.unsatisfiable_number(node, seen),
                _ => {
                    let message = format!("`{operator}`: expected a number or a string, found {}", node.what());
                    self.report(node.at.clone(), message, "write one such as { gte: 1 }");
                }
            },
            "starts_with" | "ends_with" | "matches" => self.is_text(operator, node),
            "in" => node.one_or_more().iter().for_each(|item| self.unsatisfiable_number(item, seen)),
            "eq" | "ne" => self.unsatisfiable_number(node, seen),
            _ => {}
        }
    }

    fn is_text(&mut self, operator: &str, node: &Node) {
        let right = match operator {
            "matches" => matches!(node.kind, Kind::Text(_)),
            _ => node.scalar().is_some(),
        };
        if !right {
            let message = format!("`{operator}`: expected a string, found {}", node.what());
            self.report(node.at.clone(), message, format!("write {operator}: \"…\""));
        }
    }

    fn exactly(&mut self, node: &Node, negated: bool) {
        let text = node.scalar().unwrap_or("1s").trim_start_matches(['=', '!', ' ']);
        let message = if negated {
            "this is always true: `time` cannot be tested for equality"
        } else {
            "`time` cannot be tested for equality"
        };
        self.report(node.at.clone(), message, format!("use `< {text}`"));
    }

    /// A number of items is compared with nothing but numbers; other units are read by whoever compiles them.
    fn unsatisfiable_number(&mut self, node: &Node, seen: Seen) {
        if seen != Seen::Count {
            return;
        }
        let text = node.scalar().map(|text| text.trim().trim_start_matches(['<', '>', '=', '!']).trim());
        if text.is_none_or(|text| !text.contains("{{") && text.parse::<f64>().is_err()) {
            let message = format!("expected a number, found {}", node.what());
            self.report(node.at.clone(), message, "write a number, or { gte: 1 }");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    fn refused(expect: &str) -> Option<String> {
        let text = format!("host: http://h\ntasks: [{{ steps: [{{ get: /, expect: {expect} }}] }}]\n");
        Scenario::parse("e.yaml", &text).err().map(|error| error.text)
    }

    #[test]
    fn what_can_never_hold_is_refused() {
        for (expect, words) in [
            ("{ time: { contains: 5 } }", "`time` is a number"),
            ("{ time: { matches: x } }", "`time` is a number"),
            ("{ time: 1s }", "`time` cannot be tested for equality"),
            ("{ time: { eq: 1s } }", "`time` cannot be tested for equality"),
            ("{ time: [1s, 2s] }", "`time` cannot be tested for equality"),
            ("{ time: { in: [1s, 2s] } }", "`time` cannot be tested for equality"),
            ("{ time: '== 1s' }", "error: `time` cannot be tested for equality"),
            ("{ time: { not: 1s } }", "this is always true: `time` cannot be tested for equality"),
            ("{ time: '!= 1s' }", "this is always true: `time` cannot be tested for equality"),
            ("{ time: { not: { ne: 1s } } }", "error: `time` cannot be tested for equality"),
            ("{ time: { length: 3 } }", "`time` has no length"),
            ("{ status: { exists: false } }", "`exists` has no effect on `status`"),
            ("{ status: { length: 3 } }", "`status` has no length"),
            ("{ status: { contains: 2 } }", "`status` is a number"),
            ("{ size: { matches: x } }", "`size` is a number"),
            ("{ size: { exists: true } }", "`exists` has no effect on `size`"),
            ("{ json: { $.a: { length: x } } }", "expected a number, found"),
            ("{ json: { $.a: { length: '> x' } } }", "expected a number, found"),
            ("{ json: { $.a: { length: { in: [1, b] } } } }", "expected a number, found"),
            ("{ json: { $.a: { gt: [1] } } }", "`gt`: expected a number or a string, found a list"),
            ("{ json: { $.a: { lte: true } } }", "`lte`: expected a number or a string"),
            ("{ body: { matches: 5 } }", "`matches`: expected a string, found a number"),
            ("{ body: { starts_with: [a] } }", "`starts_with`: expected a string, found a list"),
            ("{ body: { matches: '^{{ user.id }}' } }", "templates are not allowed in a pattern"),
            ("{ body: { exists: '{{ user.id }}' } }", "templates are not allowed here"),
        ] {
            let error = refused(expect).unwrap_or_else(|| panic!("accepted: {expect}"));
            assert!(error.contains(words), "{expect}\n{error}");
        }
    }

    #[test]
    fn what_can_hold_is_taken() {
        for expect in [
            "{ time: { lt: 1s, gt: 1ms } }",
            "{ time: '< {{ user.id }}s' }",
            "{ status: { starts_with: 2, matches: '^2' } }",
            "{ size: { eq: 10 } }",
            "{ size: 1KB }",
            "{ body: { gt: 5 } }",
            "{ body: { length: '>= 3' } }",
            "{ json: { $.a: { length: '{{ user.id }}', gt: a } } }",
            "{ json: { $.a: { length: { in: [1, '2'] } } } }",
            "{ json: { $.a: { contains: [1] } } }",
            "{ header: { X-A: { ends_with: 5 } } }",
        ] {
            assert_eq!(refused(expect), None, "{expect}");
        }
    }
}
