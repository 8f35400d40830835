//! Validates GraphQL documents against the schema of a server.
//!
//! Input: a schema (SDL, or an introspection result) and documents. Output: the errors of each document, with positions
//! and suggestions.

use std::ops::Range;
use std::path::PathBuf;

use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::{LineColumn, SourceSpan};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};

use super::finding::{Finding, LISTED, near};
use super::parse::without_descriptions;
use super::sdl::Part;
use super::subscription_root::Roots;
use super::values::VariableValue;
use super::{deprecated, input_values, introspection, schema_files, sdl, values};
use crate::scenario::syntax::source;

/// Maximum size of a schema in bytes.
pub const MAX_BYTES: u64 = 16_000_000;

/// The schema of a server.
#[derive(Debug)]
pub struct GraphqlSchema(Valid<Schema>);

impl GraphqlSchema {
    /// Reads a schema from a file, or from several that each have a part of it. A folder is all GraphQL files in it and
    /// below.
    ///
    /// # Errors
    /// If a file cannot be read, or they are not a valid schema.
    pub fn load(paths: &[PathBuf]) -> Result<Self, String> {
        let mut parts = Vec::new();
        for path in schema_files::list(paths)? {
            let bytes = source::read_limited(&path, MAX_BYTES)?;
            let origin = path.display().to_string();
            let text = String::from_utf8(bytes).map_err(|_| format!("{origin} is not UTF-8 text"))?;
            parts.push(part(&origin, &text)?);
        }
        sdl::read(&parts).map(Self)
    }

    /// Parses SDL or an introspection result; `origin` names the source in errors.
    ///
    /// # Errors
    /// If it is not a valid schema.
    pub fn read(origin: &str, text: &str) -> Result<Self, String> {
        sdl::read(&[part(origin, text)?]).map(Self)
    }

    /// Validates a document. `given`: the variables of `operation`.
    pub(crate) fn check(&self, document: &str, operation: Option<&str>, given: &[VariableValue]) -> Vec<Finding> {
        let (parsed, mut found) =
            match ExecutableDocument::parse_and_validate(&self.0, without_descriptions(document), "document.graphql") {
                Ok(parsed) => (parsed.into_inner(), Vec::new()),
                Err(wrong) => {
                    let found = self.findings(&wrong.errors, &wrong.partial, document);
                    (wrong.partial, found)
                }
            };
        let finding = |(at, message): (Option<SourceSpan>, String), is_warning| {
            let range = at.and_then(|at| at.line_column_range(&parsed.sources));
            Finding { is_warning, ..located(range, message, None) }
        };
        found.extend(input_values::check(&self.0, &parsed).into_iter().map(|one| finding(one, false)));
        let chosen = parsed.operations.iter().find(|one| one.name.as_ref().map(|name| name.as_str()) == operation);
        if let Some(chosen) = chosen {
            found.extend(values::check(&self.0, chosen, given));
            found.extend(deprecated::check(&self.0, &parsed, chosen).into_iter().map(|one| finding(one, true)));
        }
        found
    }

    fn findings(&self, errors: &DiagnosticList, document: &ExecutableDocument, text: &str) -> Vec<Finding> {
        // The library drops selections of unknown fields, and then reports what they contain or use as missing too.
        let left_out = errors.iter().any(|wrong| {
            let message = wrong.error.to_string();
            message.contains("does not have a field") || message.contains("must not have subselections")
        });
        let one = |range: Option<Range<LineColumn>>, message: String| {
            let note = self.advice(&message, document);
            located(range, message, note)
        };
        let roots = Roots::of(document);
        let shown = errors.iter().filter(|wrong| {
            let message = wrong.error.to_string();
            let place = wrong.error.location().and_then(|at| text.get(at.offset()..at.end_offset()));
            let selects =
                message.ends_with("must have a subselection set") && place.is_some_and(|of| of.ends_with('}'));
            let used = (message.starts_with("unused variable") || message.contains("must be used in an operation"))
                && message.split('`').nth(1).is_some_and(|name| is_used(text, name));
            // Servers take such a number as infinite.
            let is_infinite = message.starts_with("float cannot represent non-finite");
            let has_one_root = (roots.are_single && message.ends_with("can only have one root field"))
                || (roots.are_constant && message.ends_with("can not specify @skip or @include on root fields"));
            !(is_infinite || has_one_root || (left_out && (selects || used)))
        });
        shown.map(|wrong| one(wrong.line_column_range(), wrong.error.to_string())).collect()
    }

    /// Suggests the most similar name in the schema for an unknown one.
    fn advice(&self, message: &str, document: &ExecutableDocument) -> Option<String> {
        let named: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let (word, known): (&str, Vec<&str>) = match *named.as_slice() {
            [of, word] if message.starts_with("type ") && message.contains("does not have a field") => {
                (word, self.members(of))
            }
            [word, of] if message.starts_with("the argument ") => (word, self.arguments(of)),
            [word, of] if message.contains(" does not exist on ") => (word, self.members(of)),
            [word] if message.starts_with("cannot find type ") => (word, self.types()),
            [word, ..] if message.starts_with("type condition ") => (word, self.types()),
            [word] if message.starts_with("cannot find fragment ") => {
                (word, document.fragments.keys().map(|name| name.as_str()).collect())
            }
            [word] if message.starts_with("cannot find directive ") => {
                (word.trim_start_matches('@'), self.0.directive_definitions.keys().map(|name| name.as_str()).collect())
            }
            [word] if message.starts_with("variable ") => {
                let all = document.operations.iter().flat_map(|one| &one.variables);
                (word.trim_start_matches('$'), all.map(|variable| variable.name.as_str()).collect())
            }
            _ => return None,
        };
        match near(word, &known) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None if known.len() > LISTED => None,
            None => Some(format!("there is {}", known.join(", "))),
        }
    }

    fn types(&self) -> Vec<&str> {
        self.0.types.keys().map(|name| name.as_str()).filter(|name| !name.starts_with("__")).collect()
    }

    /// Fields of a type, or values of an enum.
    fn members(&self, of: &str) -> Vec<&str> {
        match self.0.types.get(of) {
            Some(ExtendedType::Object(one)) => one.fields.keys().map(|name| name.as_str()).collect(),
            Some(ExtendedType::Interface(one)) => one.fields.keys().map(|name| name.as_str()).collect(),
            Some(ExtendedType::InputObject(one)) => one.fields.keys().map(|name| name.as_str()).collect(),
            Some(ExtendedType::Enum(one)) => one.values.keys().map(|name| name.as_str()).collect(),
            Some(ExtendedType::Scalar(_) | ExtendedType::Union(_)) | None => Vec::new(),
        }
    }

    /// Arguments of `Type.field`.
    fn arguments(&self, of: &str) -> Vec<&str> {
        let of = of.split('(').next().unwrap_or(of);
        let Some((of, field)) = of.split_once('.') else { return Vec::new() };
        let Ok(field) = self.0.type_field(of, field) else { return Vec::new() };
        field.arguments.iter().map(|argument| argument.name.as_str()).collect()
    }
}

/// SDL, also of an introspection result.
fn part(origin: &str, text: &str) -> Result<Part, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // SDL never starts with a brace.
    let is_introspection = text.trim_start().starts_with(['{', '[']);
    let sdl = if is_introspection {
        introspection::sdl(text).map_err(|why| format!("{origin}: {why}"))?
    } else {
        text.to_owned()
    };
    // Positions in the generated SDL are not those of the introspection result.
    Ok(Part { origin: origin.to_owned(), sdl, has_positions: !is_introspection })
}

/// A finding at a position in the document.
fn located(range: Option<Range<LineColumn>>, message: String, note: Option<String>) -> Finding {
    let (line, column) = range.as_ref().map_or((0, 0), |range| (range.start.line, range.start.column));
    let same_line = range.filter(|range| range.start.line == range.end.line);
    let length = same_line.map_or(1, |range| range.end.column.saturating_sub(range.start.column));
    Finding { line, column, length, message, note, ..Finding::default() }
}

/// True if a fragment is used, or a variable is used outside of its definition.
fn is_used(document: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric());
    let times = |word: &str| document.match_indices(word).filter(|(at, _)| ends(&document[at + word.len()..])).count();
    if name.starts_with('$') { times(name) > 1 } else { times(&format!("...{name}")) > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::syntax::node::{Kind, Node};

    const SHOP: &str = "type Query { product(id: ID!): Product products(first: Int = 10): [Product!]! }\n\
        type Product { id: ID! name: String! price: Float kind: Kind } enum Kind { LAMP DESK }";

    /// Adds `$id` if the document declares it.
    fn given(document: &str) -> Vec<VariableValue> {
        let value = Node { at: 0..0, kind: Kind::Text("{{ id }}".to_owned()) };
        let id = VariableValue { name: "id".to_owned(), at: 0..0, value };
        document.contains("($id:").then_some(id).into_iter().collect()
    }

    fn checked(document: &str) -> Vec<(usize, usize, String, String)> {
        let schema = GraphqlSchema::read("shop.graphql", SHOP).expect("a schema");
        let found = schema.check(document, None, &given(document));
        found.into_iter().map(|one| (one.line, one.column, one.message, one.note.unwrap_or_default())).collect()
    }

    #[test]
    fn valid_documents_have_no_findings() {
        for right in [
            "{ product(id: 7) { name } }",
            "query ($id: ID!) { product(id: $id) { ...F } } fragment F on Product { id price }",
            "query ($n: Int! = 3) { products(first: $n) { id } __typename }",
            "\"\"\"d\"\"\" query Q { product(id: \"\\u{1F600}\") { name } }",
        ] {
            assert_eq!(checked(right), [], "{right}");
        }
    }

    #[test]
    fn findings_have_positions_and_suggestions() {
        for (document, (line, column), message, note) in [
            ("{\n  product(id: 7) { prise }\n}", (2, 20), "does not have a field `prise`", "did you mean `price`?"),
            ("{ products(fist: 3) { id } }", (1, 12), "the argument `fist`", "did you mean `first`?"),
            ("query ($k: Knid) { product(id: 1) { id } }", (1, 8), "`Knid`", "did you mean `Kind`?"),
            ("{ products(first: \"x\") { id } }", (1, 19), "expected value of type Int", ""),
            ("{ product { id } }", (1, 3), "required argument", ""),
            ("{ product(id: 7) { ...G } } fragment F on Product { id }", (1, 20), "cannot find fragment `G`", ""),
            (
                "query ($ident: ID!) { product(id: $idnt) { id } }",
                (1, 35),
                "variable `$idnt` is not defined",
                "did you mean `ident`?",
            ),
            ("query ($id: Int) { product(id: $id) { id } }", (1, 28), "cannot be used for argument", ""),
            (
                "query ($n: Int!) { products(first: $n) { id } }",
                (0, 0),
                "`$n` of type `Int!` is not given",
                "add variables",
            ),
            ("{ product(id: 7) }", (1, 3), "must have a subselection", ""),
        ] {
            let found = checked(document);
            let fits = |one: &(usize, usize, String, String)| {
                (one.0, one.1) == (line, column) && one.2.contains(message) && one.3.contains(note)
            };
            assert!(found.iter().any(fits), "{document}: {found:?}");
        }
    }

    #[test]
    fn each_error_is_reported_once() {
        for (document, wanted) in [
            ("{ product(id: 7) { prise } }", "does not have a field `prise`"),
            ("{ products { pid kid } product(id: 1) { id } }", "does not have a field `pid`"),
            (
                "query ($id: ID!) { prodct(id: $id) { ...F } } fragment F on Product { id }",
                "does not have a field `prodct`",
            ),
            ("query ($id: ID!) { product(id: 1) { id { a(b: $id) { c } } } }", "must not have subselections"),
        ] {
            let found: Vec<String> = checked(document).into_iter().map(|one| one.2).collect();
            let about = |message: &String| message.contains("does not have a field") || message.contains(wanted);
            assert!(found.iter().any(|one| one.contains(wanted)) && found.iter().all(about), "{document}: {found:?}");
        }
        // The second error is reported after the first is fixed.
        let found = checked("query ($id: ID!) { products { id prise } } fragment F on Product { id }");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn errors_of_schemas_have_positions() {
        for (text, wanted) in [
            (
                "type Query {\n  a: Nope\n}",
                "s.graphql:2:6: this is not a valid GraphQL schema: cannot find type `Nope`",
            ),
            ("type {", "s.graphql:1:6: this is not a valid"),
            ("", "s.graphql:1:1: this is not a valid"),
            ("{}", "s.graphql: it has no `__schema`"),
        ] {
            let error = GraphqlSchema::read("s.graphql", text).expect_err(text);
            assert!(error.starts_with(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn undeclared_directives_are_accepted() {
        let schema =
            GraphqlSchema::read("s", "type Query @key(fields: \"a\") { a: Int @shareable }").expect("a schema");
        assert_eq!(schema.check("{ a }", None, &[]), []);
        assert_eq!(schema.check("{ b }", None, &[]).len(), 1);
    }
}
