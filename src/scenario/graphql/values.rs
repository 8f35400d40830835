//! Validates the variables of a GraphQL step against the types declared by the operation.
//!
//! Input: variables as written. Output: findings with the position of each value. The value of a template is unknown
//! before the run, except that text around a template makes it a string.

use std::ops::Range;

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::schema::{ExtendedType, InputObjectType};

use super::finding::{Finding, LISTED, near};
use super::sdl::ONE_OF;
use super::{deprecated, input_values};
use crate::scenario::syntax::node::{Kind, Node};

/// A variable of a step.
#[derive(Debug, Clone)]
pub(crate) struct VariableValue {
    /// Its name.
    pub name: String,
    /// Position of the name.
    pub at: Range<usize>,
    /// Its value.
    pub value: Node,
}

/// Findings of the variables of an operation.
pub(crate) fn check(schema: &Schema, operation: &Operation, given: &[VariableValue]) -> Vec<Finding> {
    let mut checker = Checker { schema, found: Vec::new() };
    let declared: Vec<&str> = operation.variables.iter().map(|variable| variable.name.as_str()).collect();
    let mut meant: Vec<&str> = Vec::new();
    for one in given {
        match operation.variables.iter().find(|variable| *variable.name == *one.name) {
            Some(variable) => {
                checker.value(&variable.ty, &one.value, &format!("${}", one.name));
            }
            None => {
                let is_given = |name: &str| given.iter().any(|other| other.name == name);
                let free: Vec<&str> = declared.iter().copied().filter(|name| !is_given(name)).collect();
                let near = near(&one.name, &free);
                meant.extend(near);
                let message = format!("the operation does not declare `${}`", one.name);
                let note = near.map_or_else(|| among(&declared, "it declares"), did_you_mean);
                checker.report(one.at.clone(), message, note);
            }
        }
    }
    for variable in &operation.variables {
        let name = variable.name.as_str();
        let needed = variable.ty.is_non_null() && variable.default_value.is_none();
        if needed && !meant.contains(&name) && !given.iter().any(|one| one.name == name) {
            checker.found.push(Finding {
                message: format!("the variable `${name}` of type `{}` is not given", variable.ty),
                note: Some(format!("add variables: {{ {name}: … }}")),
                ..Finding::default()
            });
        }
    }
    checker.found
}

fn did_you_mean(near: &str) -> Option<String> {
    Some(format!("did you mean `{near}`?"))
}

fn among(known: &[&str], words: &str) -> Option<String> {
    (!known.is_empty() && known.len() <= LISTED).then(|| format!("{words} {}", known.join(", ")))
}

struct Checker<'a> {
    schema: &'a Schema,
    found: Vec<Finding>,
}

impl Checker<'_> {
    fn report(&mut self, at: Range<usize>, message: String, note: Option<String>) {
        self.found.push(Finding { at: Some(at), message, note, ..Finding::default() });
    }

    fn warn(&mut self, at: Range<usize>, message: Option<String>) {
        let warning = |message| Finding { at: Some(at), message, is_warning: true, ..Finding::default() };
        self.found.extend(message.map(warning));
    }

    /// `path`: position inside of the variable, such as `$input.stars`.
    fn value(&mut self, wanted: &Type, node: &Node, path: &str) {
        let written = Written::of(&node.kind);
        match (wanted, &node.kind) {
            (_, Kind::Text(_)) if written == Written::Unknown => {}
            (_, Kind::Null) if !wanted.is_non_null() => {}
            (_, Kind::Null) => self.wrong(wanted, node, path, None),
            (Type::List(inner) | Type::NonNullList(inner), Kind::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(inner, item, &format!("{path}[{index}]"));
                }
            }
            // A single value is converted to a list with one item.
            (Type::List(inner) | Type::NonNullList(inner), _) => self.value(inner, node, path),
            (Type::Named(name) | Type::NonNullNamed(name), _) => match self.schema.types.get(name) {
                Some(ExtendedType::Scalar(_)) => self.scalar(wanted, node, path, written),
                Some(ExtendedType::Enum(one)) => match &node.kind {
                    Kind::Text(_) if written == Written::Mixed => {}
                    Kind::Text(text) if one.values.contains_key(text.as_str()) => {
                        self.warn(node.at.clone(), deprecated::enum_value(one, text));
                    }
                    Kind::Text(text) => {
                        let known: Vec<&str> = one.values.keys().map(|name| name.as_str()).collect();
                        let note = near(text, &known).map_or_else(|| among(&known, "there is"), did_you_mean);
                        self.report(node.at.clone(), format!("`{path}`: `{name}` has no value `{text}`"), note);
                    }
                    _ => self.wrong(wanted, node, path, None),
                },
                Some(ExtendedType::InputObject(one)) => self.object(wanted, one, node, path),
                // Other types are errors in the document, which are reported there.
                _ => {}
            },
        }
    }

    fn scalar(&mut self, wanted: &Type, node: &Node, path: &str, written: Written) {
        let is_whole = |number: &serde_json::Number| {
            number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
        };
        let fits = match (wanted.inner_named_type().as_str(), &node.kind) {
            ("Int", Kind::Number(number, _)) => {
                is_whole(number)
                    && number.as_f64().is_some_and(|n| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&n))
            }
            ("Float", Kind::Number(..)) | ("Boolean", Kind::Bool(_)) | ("String" | "ID", Kind::Text(_)) => true,
            ("ID", Kind::Number(number, _)) => is_whole(number),
            ("Int" | "Float" | "Boolean" | "String" | "ID", _) => false,
            // The values of custom scalars are only known to the server.
            _ => true,
        };
        if fits {
            return;
        }
        let note = match (wanted.inner_named_type().as_str(), &node.kind) {
            (_, Kind::Text(_)) if written == Written::Mixed => {
                Some("text around a template makes it a string: use a single template".to_owned())
            }
            ("Int" | "Float" | "Boolean", Kind::Text(_)) => Some("write it without quotes".to_owned()),
            ("String", Kind::Number(..) | Kind::Bool(_)) => Some("write it in quotes".to_owned()),
            ("Int", Kind::Number(..)) => Some("an Int is a 32-bit integer".to_owned()),
            _ => None,
        };
        self.wrong(wanted, node, path, note);
    }

    fn object(&mut self, wanted: &Type, of: &InputObjectType, node: &Node, path: &str) {
        let Kind::Map(entries) = &node.kind else { return self.wrong(wanted, node, path, None) };
        let known: Vec<&str> = of.fields.keys().map(|name| name.as_str()).collect();
        if of.directives.has(ONE_OF) {
            let wrong = match entries.as_slice() {
                [(key, Node { kind: Kind::Null, .. })] => Some(input_values::null(of.name.as_str(), &key.name)),
                [_] => None,
                other => Some(input_values::not_one(of.name.as_str(), other.len())),
            };
            if let Some(wrong) = wrong {
                self.report(node.at.clone(), format!("`{path}`: {wrong}"), None);
            }
        }
        for (key, value) in entries {
            match of.fields.get(key.name.as_str()) {
                Some(field) => {
                    self.warn(key.at.clone(), deprecated::input_field(&of.name, field));
                    self.value(&field.ty, value, &format!("{path}.{}", key.name));
                }
                None => {
                    let note = near(&key.name, &known).map_or_else(|| among(&known, "it has"), did_you_mean);
                    self.report(key.at.clone(), format!("`{path}`: `{}` has no field `{}`", of.name, key.name), note);
                }
            }
        }
        for field in of.fields.values().filter(|field| field.is_required()) {
            if !entries.iter().any(|(key, _)| key.name == field.name.as_str()) {
                let message = format!("`{path}`: the field `{}` of type `{}` is not given", field.name, field.ty);
                self.report(node.at.clone(), message, None);
            }
        }
    }

    fn wrong(&mut self, wanted: &Type, node: &Node, path: &str, note: Option<String>) {
        let found = match &node.kind {
            Kind::Null => "null",
            Kind::Number(_, text) => text,
            _ => node.what(),
        };
        self.report(node.at.clone(), format!("`{path}`: expected `{wanted}`, found {found}"), note);
    }
}

/// What is known about a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// The value.
    Constant,
    /// Only that it is a string.
    Mixed,
    /// Nothing: a single template keeps the type of its value.
    Unknown,
}

impl Written {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Text(text) if text.starts_with("{{") && text.ends_with("}}") => Self::Unknown,
            Kind::Text(text) if text.contains("{{") => Self::Mixed,
            _ => Self::Constant,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;
    use crate::scenario::graphql::schema::GraphqlSchema;

    const SHOP: &str =
        "type Query { find(term: String!, first: Int, near: Float, sale: Boolean, ids: [ID!], kind: Kind,
        filter: Filter, day: Date): Int } enum Kind { LAMP DESK } scalar Date
        input Filter { price: Float! text: String = \"\" kinds: [Kind!] inner: Filter }";

    fn found(variables: &str) -> Vec<String> {
        let schema = GraphqlSchema::read("shop", SHOP).expect("a schema");
        let query = "query ($term: String!, $first: Int = 3, $near: Float, $sale: Boolean, $ids: [ID!], $kind: Kind, \
            $filter: Filter, $day: Date) { find(term: $term, first: $first, near: $near, sale: $sale, ids: $ids, \
            kind: $kind, filter: $filter, day: $day) }";
        let text =
            format!("host: http://h\ntasks:\n  - steps:\n      - graphql: '{query}'\n        variables: {variables}\n");
        let scenario = Scenario::parse("s.yaml", &text).expect("a scenario");
        let Err(error) = scenario.check_graphql(&schema) else { return Vec::new() };
        let lines = error.text.lines().map(str::trim);
        lines.filter_map(|l| l.strip_prefix("error: GraphQL: ").or(l.strip_prefix("= ")).map(str::to_owned)).collect()
    }

    #[test]
    fn valid_variables_have_no_findings() {
        for right in [
            "{ term: lamp }",
            "{ term: '{{ user.id }}', first: '{{ user.id }}', ids: '{{ user.id }}', filter: '{{ user.id }}' }",
            "{ term: 'u{{ user.id }}', ids: ['p{{ user.id }}', 7], kind: 'L{{ user.id }}', day: 'd{{ user.id }}' }",
            "{ term: '7', first: 10.0, near: 1, sale: true, ids: one, kind: LAMP, day: [1, { a: b }] }",
            "{ term: '', first: null, near: null, ids: null, filter: { price: 1.5, text: a, kinds: [DESK, LAMP] } }",
            "{ term: a, filter: { price: 1, kinds: LAMP, inner: { price: 2, inner: null } } }",
        ] {
            assert_eq!(found(right), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn invalid_variables_have_findings() {
        for (variables, wanted) in [
            ("{}", &["the variable `$term` of type `String!` is not given", "add variables: { term: … }"][..]),
            ("{ trem: a }", &["the operation does not declare `$trem`", "did you mean `term`?"]),
            ("{ term: a, size: 3 }", &["the operation does not declare `$size`", "it declares term, first"]),
            ("{ term: null }", &["`$term`: expected `String!`, found null"]),
            ("{ term: 7 }", &["`$term`: expected `String!`, found 7", "write it in quotes"]),
            ("{ term: [a] }", &["`$term`: expected `String!`, found a list"]),
            ("{ term: a, first: ten }", &["`$first`: expected `Int`, found a string", "write it without quotes"]),
            ("{ term: a, first: '1{{ user.id }}' }", &["`$first`: expected `Int`, found a string", "text around a"]),
            ("{ term: a, first: 1.5 }", &["`$first`: expected `Int`, found 1.5", "an Int is a 32-bit"]),
            ("{ term: a, first: 3000000000 }", &["`$first`: expected `Int`, found 3000000000", "an Int is a 32-bit"]),
            ("{ term: a, near: '1.5' }", &["`$near`: expected `Float`, found a string", "without quotes"]),
            ("{ term: a, sale: 1 }", &["`$sale`: expected `Boolean`, found 1"]),
            ("{ term: a, ids: [1.5] }", &["`$ids[0]`: expected `ID!`, found 1.5"]),
            ("{ term: a, ids: [a, null] }", &["`$ids[1]`: expected `ID!`, found null"]),
            ("{ term: a, kind: LAMB }", &["`$kind`: `Kind` has no value `LAMB`", "did you mean `LAMP`?"]),
            ("{ term: a, kind: 7 }", &["`$kind`: expected `Kind`, found 7"]),
            ("{ term: a, filter: 7 }", &["`$filter`: expected `Filter`, found 7"]),
            ("{ term: a, filter: {} }", &["`$filter`: the field `price` of type `Float!` is not given"]),
            (
                "{ term: a, filter: { prise: 1, price: 1 } }",
                &["`$filter`: `Filter` has no field `prise`", "did you mean `price`?"],
            ),
            (
                "{ term: a, filter: { price: 1, inner: { price: x } } }",
                &["`$filter.inner.price`: expected `Float!`, found a string", "without quotes"],
            ),
        ] {
            let found = found(variables);
            assert_eq!(found.len(), wanted.len(), "{variables}: {found:#?}");
            for wanted in wanted {
                assert!(found.iter().any(|line| line.contains(wanted)), "{variables}: {wanted}: {found:#?}");
            }
        }
    }
}
