//! GraphQL documents: what a file or a step says, and how much it asks for.
//!
//! The figures need no schema: they are counted in the parsed text, fragments followed, so that a slow operation can be
//! held against what it asks for.

use std::collections::HashMap;

use async_graphql_parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql_parser::{Positioned, parse_query};
use async_graphql_value::{Name, Value};

use crate::scenario::plan::{OperationKind, OperationSize};

/// One operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Reads, writes or streams.
    pub kind: OperationKind,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// How much it asks for.
    pub size: OperationSize,
}

/// A text that is no GraphQL document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct DocumentError {
    /// From 1; 0 when it is about the whole.
    pub line: usize,
    /// From 1; 0 when it is about the whole.
    pub column: usize,
    /// What is wrong.
    pub why: String,
}

/// The operations of a document, in order. `variable` gives the value of a variable that is known before the run, for
/// the number of nodes.
///
/// # Errors
/// When it cannot be parsed, uses a fragment that it does not define, or one that uses itself.
pub fn operations(text: &str, variable: &dyn Fn(&str) -> Option<u64>) -> Result<Vec<Operation>, DocumentError> {
    let document = parse_query(text).map_err(|error| {
        let at = error.positions().next().unwrap_or_default();
        let message = error.to_string();
        // The parser draws the place below its message; we have our own way of showing it.
        let why = message.lines().last().map_or("", str::trim).trim_start_matches("= ");
        DocumentError { line: at.line, column: at.column, why: in_words(why) }
    })?;
    let mut found: Vec<_> = document.operations.iter().collect();
    found.sort_by_key(|(_, operation)| (operation.pos.line, operation.pos.column));
    found.into_iter().map(|(name, operation)| describe(&document, name, operation, variable)).collect()
}

/// What the parser expects, without the names of its rules.
fn in_words(why: &str) -> String {
    if !why.starts_with("expected ") {
        return why.to_owned();
    }
    let rules = [("executable_definition", "query, mutation, subscription, fragment"), ("EOI", "the end"), ("_", " ")];
    rules.iter().fold(why.to_owned(), |why, (rule, words)| why.replace(rule, words))
}

fn describe(
    document: &ExecutableDocument,
    name: Option<&Name>,
    operation: &Positioned<OperationDefinition>,
    variable: &dyn Fn(&str) -> Option<u64>,
) -> Result<Operation, DocumentError> {
    let definition = &operation.node;
    let defaults = definition.variable_definitions.iter().filter_map(|one| {
        let value = one.node.default_value.as_ref()?.node.clone().into_value();
        Some((one.node.name.node.as_str(), number(&value, &|_| None)?))
    });
    let defaults: HashMap<&str, u64> = defaults.collect();
    let known = |name: &str| variable(name).or_else(|| defaults.get(name).copied());
    let mut counter = Counter { fragments: &document.fragments, variable: &known, done: HashMap::new() };
    let counted = counter.set(&definition.selection_set)?;
    let root_fields = u32::try_from(definition.selection_set.node.items.len()).unwrap_or(u32::MAX);
    let directives = counted.directives.saturating_add(definition.directives.len() as u64);
    Ok(Operation {
        kind: match definition.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        },
        name: name.map(ToString::to_string),
        size: OperationSize { root_fields, directives, ..counted },
    })
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

struct Counter<'a> {
    fragments: &'a Fragments,
    variable: &'a dyn Fn(&str) -> Option<u64>,
    /// Fragments counted already, and `None` for those being counted: each is walked once, however often it is used.
    done: HashMap<&'a str, Option<OperationSize>>,
}

impl<'a> Counter<'a> {
    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<OperationSize, DocumentError> {
        let mut sum = OperationSize::default();
        for item in &set.node.items {
            let part = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set)?,
                Selection::FragmentSpread(spread) => {
                    let error = |why| DocumentError { line: item.pos.line, column: item.pos.column, why };
                    self.fragment(&spread.node.fragment_name.node, error)?
                }
            };
            let directives = item.node.directives().len() as u64;
            sum = OperationSize {
                depth: sum.depth.max(part.depth),
                fields: sum.fields.saturating_add(part.fields),
                aliases: sum.aliases.saturating_add(part.aliases),
                directives: sum.directives.saturating_add(part.directives).saturating_add(directives),
                nodes: sum.nodes.saturating_add(part.nodes),
                is_open: sum.is_open || part.is_open,
                root_fields: 0,
            };
        }
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<OperationSize, DocumentError> {
        let inner = self.set(&field.selection_set)?;
        let is_leaf = field.selection_set.node.items.is_empty();
        let named = ["first", "last", "limit", "take"].into_iter().find_map(|name| field.get_argument(name));
        let times = named.map(|value| number(&value.node, self.variable));
        let is_unknown =
            matches!(times, Some(None)) && named.is_some_and(|value| matches!(value.node, Value::Variable(_)));
        let times = times.flatten().unwrap_or(1);
        Ok(OperationSize {
            depth: inner.depth.saturating_add(1),
            fields: inner.fields.saturating_add(1),
            aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
            nodes: if is_leaf { 0 } else { times.saturating_mul(inner.nodes.max(1)) },
            is_open: inner.is_open || (is_unknown && !is_leaf),
            ..inner
        })
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        error: impl FnOnce(String) -> DocumentError,
    ) -> Result<OperationSize, DocumentError> {
        match self.done.get(name.as_str()) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(error(format!("fragment `{name}` uses itself"))),
            None => {}
        }
        let fragments = self.fragments;
        let Some(fragment) = fragments.get(name) else {
            return Err(error(format!("fragment `{name}` is not defined")));
        };
        self.done.insert(name.as_str(), None);
        let counted = self.set(&fragment.node.selection_set)?;
        self.done.insert(name.as_str(), Some(counted));
        Ok(counted)
    }
}

fn number(value: &Value, variable: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Variable(name) => variable(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Operation {
        operations(text, &|_| None).expect("a document").remove(0)
    }

    #[test]
    fn operations_have_a_kind_and_a_name() {
        use OperationKind::*;
        for (text, wanted) in [
            ("{ a }", vec![(Query, None)]),
            ("query Q($a: Int = 3) @live { a(b: \"}\") { c } }", vec![(Query, Some("Q"))]),
            (
                "# mutation X {\nmutation M { a { ...F } } fragment F on T { b } query N { c }",
                vec![(Mutation, Some("M")), (Query, Some("N"))],
            ),
            ("subscription S { a(t: \"\"\"x } \" y\"\"\") }", vec![(Subscription, Some("S"))]),
        ] {
            let got = operations(text, &|_| None).expect("a document");
            let got: Vec<_> = got.iter().map(|one| (one.kind, one.name.as_deref())).collect();
            assert_eq!(got, wanted, "{text}");
        }
    }

    #[test]
    fn figures_say_how_much_is_asked_for() {
        let text =
            "query S($n: Int = 10) { products(first: $n) { nodes { id name b: name } } me @include(if: true) { id } }";
        let figures = one(text).size;
        let wanted =
            OperationSize { depth: 3, fields: 7, root_fields: 2, aliases: 1, directives: 1, nodes: 11, is_open: false };
        assert_eq!(figures, wanted);
        assert_eq!(figures.to_string(), "depth 3, 7 fields, 1 alias, ~11 nodes");
        let known = operations(text, &|name| (name == "n").then_some(3)).expect("a document");
        assert_eq!(known[0].size.nodes, 4);
        assert_eq!(one("{ a(first: 10) { b(last: 5) { c } d } }").size.nodes, 50);
        let drawn = one("query S($n: Int) { a(first: $n) { b(last: 5) { c } } }").size;
        assert_eq!(drawn.to_string(), "depth 3, 3 fields, ~5 nodes or more");
        assert_eq!(one("{ a }").size.to_string(), "depth 1, 1 field, ~0 nodes");
    }

    #[test]
    fn fragments_count_wherever_they_are_used_and_cost_little() {
        let twice = "{ a { ...F } b { ... on T { ...F } } } fragment F on T { c d }";
        assert_eq!(one(twice).size.fields, 6);
        // Each fragment uses the next one twice: two to the power of sixty fields.
        let mut bomb = "{ ...F0 }".to_owned();
        for i in 0..60 {
            bomb.push_str(&format!(" fragment F{i} on T {{ a {{ ...F{} }} b {{ ...F{} }} }}", i + 1, i + 1));
        }
        bomb.push_str(" fragment F60 on T { c }");
        assert!(one(&bomb).size.fields > 1 << 60);
        let huge = format!("{{ a(first: {0}) {{ b(first: {0}) {{ c }} }} }}", u32::MAX);
        assert_eq!(one(&huge).size.to_string(), "depth 3, 3 fields, more than 10^15 nodes");
    }

    #[test]
    fn a_text_that_is_no_document_is_refused_in_words() {
        for (text, wanted) in [
            ("{ a(", "expected name"),
            ("{ a( }", "expected"),
            ("hello", "expected query, mutation, subscription, fragment"),
            ("query Q { a } query Q { b }", "Q"),
        ] {
            let why = operations(text, &|_| None).expect_err("no document").why;
            assert!(why.contains(wanted) && !why.contains('_'), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, line, why) in [
            ("{ a { b }", 1, "expected"),
            ("query {\n  a(\n}", 3, "expected"),
            ("{\n  ...F\n}", 2, "fragment `F` is not defined"),
            ("{ ...F } fragment F on T { a { ...F } }", 1, "fragment `F` uses itself"),
            ("", 1, "expected"),
            (&format!("{}{}", "{a".repeat(10_000), "}".repeat(10_000)), 1, "limit"),
        ] {
            let error = operations(text, &|_| None).expect_err(text);
            assert!(error.why.contains(why) && error.line == line, "{}: {error:?}", &text[..text.len().min(80)]);
        }
    }
}
