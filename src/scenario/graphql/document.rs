//! Parses GraphQL documents and computes the size of their operations.
//!
//! No schema is needed: the size is counted in the parsed document, including fragments, so that response times can be
//! compared with it.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Document, Field, FragmentDefinition, FragmentSpread, OperationDefinition, OperationType, Selection,
    Value,
};
use apollo_compiler::parser::{LineColumn, SourceMap, SourceSpan};

pub use super::parse::DocumentError;
use super::parse::{MAX_DEPTH, parse};
use crate::scenario::plan::{OperationKind, OperationSize};

/// One operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// Its name; `None` for an anonymous operation.
    pub name: Option<String>,
    /// Its size.
    pub size: OperationSize,
}

/// The operations of a document, in order. `variable` returns the value of a variable if it is known before the run,
/// for the number of nodes.
///
/// # Errors
/// If the document is invalid, has duplicate names or definitions that cannot be executed, or uses undefined or
/// recursive fragments.
pub fn operations(text: &str, variable: &dyn Fn(&str) -> Option<u64>) -> Result<Vec<Operation>, DocumentError> {
    let document = parse(text)?;
    no_incremental_delivery(&document)?;
    let (operations, fragments) = definitions(&document)?;
    let scope = Known { fragments: &fragments, sources: &document.sources, variable };
    operations.into_iter().map(|operation| describe(operation, &scope)).collect()
}

type Fragments<'d> = HashMap<&'d str, &'d FragmentDefinition>;

/// Operations and fragments; names must be unique.
fn definitions(document: &Document) -> Result<(Vec<&Node<OperationDefinition>>, Fragments<'_>), DocumentError> {
    let (mut operations, mut fragments, mut names) = (Vec::new(), HashMap::new(), HashSet::new());
    for definition in &document.definitions {
        let wrong = match definition {
            Definition::OperationDefinition(operation) => {
                operations.push(operation);
                let name = operation.name.as_ref();
                name.filter(|name| !names.insert(name.as_str()))
                    .map(|name| format!("operation `{name}` is defined twice"))
            }
            Definition::FragmentDefinition(fragment) => {
                let before = fragments.insert(fragment.name.as_str(), &**fragment);
                before.map(|_| format!("fragment `{}` is defined twice", fragment.name))
            }
            _ => Some("expected an operation or a fragment, found a schema definition".to_owned()),
        };
        if let Some(wrong) = wrong {
            return Err(DocumentError::at(start(definition.location(), &document.sources), wrong));
        }
    }
    let nameless = operations.iter().find(|operation| operation.name.is_none() && operations.len() > 1);
    if let Some(nameless) = nameless {
        let wrong = "an operation without a name must be the only one".to_owned();
        return Err(DocumentError::at(start(nameless.location(), &document.sources), wrong));
    }
    if operations.is_empty() {
        return Err(DocumentError::at(None, "the document has no operation".to_owned()));
    }
    Ok((operations, fragments))
}

/// Refuses `@defer` and `@stream`: the response would come in parts, of which only the first is measured.
fn no_incremental_delivery(document: &Document) -> Result<(), DocumentError> {
    let mut sets: Vec<&[Selection]> = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => sets.push(&operation.selection_set),
            Definition::FragmentDefinition(fragment) => sets.push(&fragment.selection_set),
            _ => {}
        }
    }
    while let Some(set) = sets.pop() {
        for item in set {
            let directives = match item {
                Selection::Field(field) => {
                    sets.push(&field.selection_set);
                    &field.directives
                }
                Selection::InlineFragment(inline) => {
                    sets.push(&inline.selection_set);
                    &inline.directives
                }
                Selection::FragmentSpread(spread) => &spread.directives,
            };
            if let Some(found) = directives.iter().find(|one| matches!(one.name.as_str(), "defer" | "stream")) {
                let why = format!("`@{}` is not supported: its response comes in several parts", found.name);
                return Err(DocumentError::unsupported(start(found.location(), &document.sources), why));
            }
        }
    }
    Ok(())
}

fn start(place: Option<SourceSpan>, sources: &SourceMap) -> Option<LineColumn> {
    place?.line_column(sources)
}

/// The document, and known variables.
struct Known<'d> {
    fragments: &'d Fragments<'d>,
    sources: &'d SourceMap,
    variable: &'d dyn Fn(&str) -> Option<u64>,
}

fn describe(operation: &OperationDefinition, known: &Known<'_>) -> Result<Operation, DocumentError> {
    let defaults = operation.variables.iter().filter_map(|one| {
        let value = one.default_value.as_ref()?;
        Some((one.name.as_str(), number(value, &|_| None)?))
    });
    let defaults: HashMap<&str, u64> = defaults.collect();
    let variable = |name: &str| (known.variable)(name).or_else(|| defaults.get(name).copied());
    let mut counter = Counter { known: &Known { variable: &variable, ..*known }, done: HashMap::new(), level: 0 };
    let Counted { size: counted, single } = counter.set(&operation.selection_set)?;
    let root_fields = u32::try_from(operation.selection_set.len()).unwrap_or(u32::MAX);
    let directives = counted.directives.saturating_add(operation.directives.len() as u64);
    Ok(Operation {
        kind: match operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        },
        name: operation.name.as_ref().map(ToString::to_string),
        size: OperationSize { root_fields, directives, nodes: counted.nodes.saturating_add(single), ..counted },
    })
}

/// What a list of selections asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    size: OperationSize,
    /// Objects that are not in a list and lead to none: a node each at the root of an operation, and elsewhere a part of
    /// the node that they are in.
    single: u64,
}

struct Counter<'a> {
    known: &'a Known<'a>,
    /// Fragments that were counted; `None` while one is being counted. Each is visited once, however often it is used.
    done: HashMap<&'a str, Option<Counted>>,
    /// Current nesting level of selections.
    level: usize,
}

impl<'a> Counter<'a> {
    fn set(&mut self, set: &'a [Selection]) -> Result<Counted, DocumentError> {
        self.level += 1;
        let (mut sum, mut single) = (OperationSize::default(), 0_u64);
        for item in set {
            let (counted, directives) = match item {
                Selection::Field(field) => (self.field(field)?, &field.directives),
                Selection::InlineFragment(inline) => (self.set(&inline.selection_set)?, &inline.directives),
                Selection::FragmentSpread(spread) => (self.fragment(spread)?, &spread.directives),
            };
            let part = counted.size;
            single = single.saturating_add(counted.single);
            sum = OperationSize {
                depth: sum.depth.max(part.depth),
                fields: sum.fields.saturating_add(part.fields),
                aliases: sum.aliases.saturating_add(part.aliases),
                directives: sum.directives.saturating_add(part.directives).saturating_add(directives.len() as u64),
                nodes: sum.nodes.saturating_add(part.nodes),
                is_open: sum.is_open || part.is_open,
                root_fields: 0,
            };
        }
        self.level -= 1;
        Ok(Counted { size: sum, single })
    }

    /// Counts nodes as GitHub documents it: a list has as many as its limit, times those of the lists around it.
    fn field(&mut self, field: &'a Field) -> Result<Counted, DocumentError> {
        let inner = self.set(&field.selection_set)?.size;
        let is_leaf = field.selection_set.is_empty();
        let argument = |name: &str| field.arguments.iter().find(|argument| argument.name == name);
        let limit = ["first", "last", "limit", "take"].into_iter().find_map(argument).map(|argument| &*argument.value);
        let times = limit.and_then(|value| number(value, self.known.variable));
        let is_unknown = times.is_none() && matches!(limit, Some(Value::Variable(_)));
        let nodes = match (is_leaf, limit) {
            (true, _) => 0,
            (false, None) => inner.nodes,
            (false, Some(_)) => times.unwrap_or(1).saturating_mul(inner.nodes.saturating_add(1)),
        };
        let size = OperationSize {
            depth: inner.depth.saturating_add(1),
            fields: inner.fields.saturating_add(1),
            aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
            nodes,
            is_open: inner.is_open || (is_unknown && !is_leaf),
            ..inner
        };
        Ok(Counted { size, single: u64::from(!is_leaf && limit.is_none() && nodes == 0) })
    }

    fn fragment(&mut self, spread: &'a Node<FragmentSpread>) -> Result<Counted, DocumentError> {
        let name = spread.fragment_name.as_str();
        let error = |why| Err(DocumentError::at(start(spread.location(), self.known.sources), why));
        match self.done.get(name) {
            Some(Some(counted)) => return Ok(*counted),
            Some(None) => return error(format!("fragment `{name}` uses itself")),
            None => {}
        }
        let Some(fragment) = self.known.fragments.get(name) else {
            return error(format!("fragment `{name}` is not defined"));
        };
        if self.level > MAX_DEPTH {
            return error(format!("more nesting than the limit of {MAX_DEPTH} levels"));
        }
        self.done.insert(name, None);
        let counted = self.set(&fragment.selection_set)?;
        self.done.insert(name, Some(counted));
        Ok(counted)
    }
}

fn number(value: &Value, variable: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
    match value {
        Value::Int(number) => number.as_str().parse().ok(),
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
    fn size_of_operations() {
        let text =
            "query S($n: Int = 10) { products(first: $n) { nodes { id name b: name } } me @include(if: true) { id } }";
        let size = one(text).size;
        let wanted =
            OperationSize { depth: 3, fields: 7, root_fields: 2, aliases: 1, directives: 1, nodes: 11, is_open: false };
        assert_eq!(size, wanted);
        assert_eq!(size.to_string(), "depth 3, 7 fields, 1 alias, ~11 nodes");
        let known = operations(text, &|name| (name == "n").then_some(3)).expect("a document");
        assert_eq!(known[0].size.nodes, 4);
        assert_eq!(one("{ a(first: 10) { b(last: 5) { c } d } }").size.nodes, 60);
        let drawn = one("query S($n: Int) { a(first: $n) { b(last: 5) { c } } }").size;
        assert_eq!(drawn.to_string(), "depth 3, 3 fields, ~6 nodes or more");
        assert_eq!(one("{ a }").size.to_string(), "depth 1, 1 field, ~0 nodes");
    }

    #[test]
    fn nodes_are_those_of_lists_and_of_the_lists_around_them() {
        let github = "{ viewer { repositories(first: 50) { edges { repository: node { name
            pullRequests(first: 20) { edges { pullRequest: node { title comments(first: 10) { edges { comment: node {
            bodyHTML } } } } } }
            issues(first: 20) { totalCount edges { issue: node { title bodyHTML comments(first: 10) { edges { comment: node {
            bodyHTML } } } } } } } } } followers(first: 10) { edges { follower: node { login } } } } }";
        for (text, wanted) in [
            (github, 22_060),
            (
                "{ viewer { repositories(first: 50) { edges { node { issues(first: 10) { totalCount edges { node { id } } } } } } } }",
                550,
            ),
            ("{ a(first: 10) { nodes { id } pageInfo { hasNextPage endCursor } } }", 10),
            ("{ a(first: 10) { edges { cursor node { id } } pageInfo { endCursor } totalCount } }", 10),
            (
                "{ a(first: 10) { ...Page ... on C { nodes { ...N } } } } fragment Page on C { pageInfo { endCursor } } \
              fragment N on T { id b(first: 2) { nodes { id } } }",
                30,
            ),
            ("{ a(first: 10) { pageInfo { endCursor } } }", 10),
            ("{ orders(first: 10) { id product { name vendor { name } } } }", 10),
            ("{ me { id } product(id: 7) { name } ...R } fragment R on Query { shop { name } }", 3),
            ("{ me { id a(first: 3) { id } } }", 3),
            ("{ a(first: 0) { b(first: 5) { c } } }", 0),
            ("{ tags(first: 5) }", 0),
        ] {
            assert_eq!(one(text).size.nodes, wanted, "{text}");
        }
    }

    #[test]
    fn fragments_are_counted_at_every_use_and_visited_once() {
        let twice = "{ a { ...F } b { ... on T { ...F } } } fragment F on T { c d }";
        assert_eq!(one(twice).size.fields, 6);
        // Each fragment uses the next one twice: 2^60 fields.
        let mut bomb = "{ ...F0 }".to_owned();
        for i in 0..60 {
            bomb.push_str(&format!(" fragment F{i} on T {{ a {{ ...F{} }} b {{ ...F{} }} }}", i + 1, i + 1));
        }
        bomb.push_str(" fragment F60 on T { c }");
        assert!(one(&bomb).size.fields > 1 << 60);
        // Each fragment uses the next one, to a depth of their number.
        let mut chain = "{ ...F0 }".to_owned();
        for i in 0..1_000 {
            chain.push_str(&format!(" fragment F{i} on T {{ ...F{} }}", i + 1));
        }
        assert!(operations(&chain, &|_| None).expect_err("too deep").why.contains("limit of 200 levels"));
        let huge = format!("{{ a(first: {0}) {{ b(first: {0}) {{ c }} }} }}", u32::MAX);
        assert_eq!(one(&huge).size.to_string(), "depth 3, 3 fields, more than 10^15 nodes");
    }

    #[test]
    fn descriptions_and_escapes_are_accepted() {
        for text in [
            "\"\"\"d\"\"\" query Q { hello }",
            "query Q(\"v\" $a: Int) { hello(n: $a) { ...F } } \"d\" fragment F on T { a }",
            "query Q { hello(name: \"\\u{1F600}\") }",
            "query Q { hello(name: \"\\uD83D\\uDE00\") }",
        ] {
            assert_eq!(one(text).name.as_deref(), Some("Q"), "{text}");
        }
    }

    #[test]
    fn errors_have_positions() {
        for (text, line, why) in [
            ("{ a { b }", 1, "expected"),
            ("query {\n  a(\n}", 3, "expected"),
            ("{\n  ...F\n}", 2, "fragment `F` is not defined"),
            ("{ ...F } fragment F on T { a { ...F } }", 1, "fragment `F` uses itself"),
            ("", 1, "expected query, mutation, subscription, fragment"),
            ("hello", 1, "expected query, mutation, subscription, fragment"),
            ("{ a(", 1, "expected an argument"),
            ("query Q { a }\nquery Q { b }", 2, "operation `Q` is defined twice"),
            ("query Q { a }\n{ b }", 2, "without a name"),
            ("{ ...F }\nfragment F on T { a }\nfragment F on T { b }", 3, "fragment `F` is defined twice"),
            ("{ a }\ntype T { a: Int }", 2, "found a schema definition"),
            ("fragment F on T { a }", 0, "no operation"),
            ("{\n a ...F @defer\n}\nfragment F on T { b }", 2, "`@defer` is not supported"),
            ("{ ... @defer(label: \"x\", if: $slow) { a } }", 1, "`@defer` is not supported"),
            ("{ ...F }\nfragment F on T {\n list @stream(initialCount: 1) { a } }", 3, "`@stream` is not supported"),
            (&format!("{}{}", "{a".repeat(10_000), "}".repeat(10_000)), 1, "limit"),
        ] {
            let error = operations(text, &|_| None).expect_err(text);
            assert!(error.why.contains(why) && error.line == line, "{}: {error:?}", &text[..text.len().min(80)]);
        }
    }
}
