//! Reports expectations that always fail or always pass, because they check nothing.

use super::builder::Builder;
use crate::scenario::syntax::node::{Kind, Node};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tested {
    /// A duration: always exists, and is never exactly equal to a value.
    Time,
    /// A number of bytes: always exists.
    Size,
    /// A status: always exists.
    Status,
    /// A number of elements.
    Count,
    /// A string or any JSON value.
    Any,
}

impl Tested {
    fn words(self) -> &'static str {
        match self {
            Tested::Time => "`time`",
            Tested::Size => "`size`",
            Tested::Status => "`status`",
            Tested::Count => "a count",
            Tested::Any => "a value",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Tested::Time => "write < 1s",
            Tested::Size => "write < 10KB",
            Tested::Status => "write 200, 2xx or { gte: 200, lt: 400 }",
            Tested::Count | Tested::Any => "write { gte: 1 }",
        }
    }
}

impl Builder<'_> {
    /// Reports what is always false, or always true. `negated`: inside `not`.
    pub(super) fn unsatisfiable(&mut self, node: &Node, tested: Tested, negated: bool) {
        match &node.kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    self.unsatisfiable_test(&key.name, value, tested, negated);
                }
            }
            Kind::List(items) if tested == Tested::Time && !items.is_empty() => self.exactly(node, negated),
            Kind::List(items) => items.iter().for_each(|item| self.unsatisfiable_number(item, tested)),
            Kind::Text(text) => match text.trim() {
                text if text.starts_with("!=") => self.unsatisfiable_test("ne", node, tested, negated),
                text if text.starts_with("==") => self.unsatisfiable_test("eq", node, tested, negated),
                text if text.starts_with(['<', '>']) => self.unsatisfiable_number(node, tested),
                _ => self.unsatisfiable_test("eq", node, tested, negated),
            },
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => self.unsatisfiable_test("eq", node, tested, negated),
        }
    }

    fn unsatisfiable_test(&mut self, operator: &str, node: &Node, tested: Tested, negated: bool) {
        let is_number = tested != Tested::Any;
        match operator {
            "not" => self.unsatisfiable(node, tested, !negated),
            "length" if is_number => {
                self.report(node.at.clone(), format!("{} has no length", tested.words()), tested.example());
            }
            "length" => self.unsatisfiable(node, Tested::Count, negated),
            "exists" if is_number => {
                self.report(node.at.clone(), format!("`exists` has no effect on {}", tested.words()), tested.example());
            }
            // The digits of a status can be matched.
            "starts_with" | "ends_with" | "matches" if tested == Tested::Status => self.is_text(operator, node),
            "contains" | "starts_with" | "ends_with" | "matches" if is_number => {
                let message = format!("{} is a number: `{operator}` needs a string", tested.words());
                self.report(node.at.clone(), message, tested.example());
            }
            "eq" | "in" if tested == Tested::Time => self.exactly(node, negated),
            "ne" if tested == Tested::Time => self.exactly(node, !negated),
            "gt" | "gte" | "lt" | "lte" => match node.kind {
                Kind::Number(..) | Kind::Text(_) => self.unsatisfiable_number(node, tested),
                _ => {
                    let message = format!("`{operator}`: expected a number or a string, found {}", node.what());
                    self.report(node.at.clone(), message, "write one such as { gte: 1 }");
                }
            },
            "starts_with" | "ends_with" | "matches" => self.is_text(operator, node),
            "in" => node.one_or_more().iter().for_each(|item| self.unsatisfiable_number(item, tested)),
            "eq" | "ne" => self.unsatisfiable_number(node, tested),
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

    /// A count can only be compared with numbers; other units are checked when they are compiled.
    fn unsatisfiable_number(&mut self, node: &Node, tested: Tested) {
        if tested != Tested::Count {
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
    fn unsatisfiable_expectations_are_refused() {
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
    fn satisfiable_expectations_are_accepted() {
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
