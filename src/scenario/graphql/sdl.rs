//! Reads SDL as servers and their tools publish it, which is not always a complete schema: subgraphs of a federation
//! extend types that are defined elsewhere, and AppSync has scalars that no document defines.
//!
//! Input: SDL. Output: a schema to validate documents against, or the first error with its position.

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::Value;
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, SchemaBuilder};
use apollo_compiler::validation::{DiagnosticList, Valid, WithErrors};

/// What the introspection of servers has in addition to the library's.
const INTROSPECTION: &str = "extend type __Type { isOneOf: Boolean }";
/// Directive of input objects of which exactly one field is given.
pub(super) const ONE_OF: &str = "oneOf";
/// Directives that make a type an entity of a federation.
const KEYS: [&str; 2] = ["key", "federation__key"];
/// Errors of a schema that do not affect which documents are valid. A server that runs with such a schema must not be
/// refused because another library is stricter.
const HARMLESS: [&str; 9] = [
    "cannot find directive ",
    "non-repeatable directive ",
    "interface field ",
    "the same type ",
    " directive is not supported for ",
    " does not satisfy interface ",
    " has extra required argument ",
    "` has no fields",
    "names starting with two underscores are reserved",
];
/// Errors in the arguments of a directive, which begin with its name.
const HARMLESS_ARGUMENTS: [&str; 2] = ["` is not supported by `@", "the required argument `@"];

/// A part of a schema: all of it, or one of several files.
#[derive(Debug)]
pub(super) struct Part {
    /// Where it is from, such as the name of a file.
    pub origin: String,
    pub sdl: String,
    /// The text is a file of the user.
    pub has_positions: bool,
}

/// Parses and validates SDL in one or several parts.
///
/// # Errors
/// If it is not a valid schema; names the part, or all of them.
pub(super) fn read(parts: &[Part]) -> Result<Valid<Schema>, String> {
    let (schema, errors) = parse(parts, INTROSPECTION);
    let implied = implied(&schema, &errors);
    let (schema, errors) =
        if implied.is_empty() { (schema, errors) } else { parse(parts, &format!("{INTROSPECTION}\n{implied}")) };
    // Parts of a schema may have only some of the roots.
    let has_root = schema.schema_definition.mutation.is_some() || schema.schema_definition.subscription.is_some();
    let harmful = || {
        errors.iter().filter(|one| {
            let message = one.error.to_string();
            !(is_harmless(&message) || (has_root && message.starts_with("missing query root")))
        })
    };
    if let Some(first) = harmful().find(|one| one.line_column_range().is_some()).or_else(|| harmful().next()) {
        let file = first.error.location().and_then(|at| errors_source(&schema, at));
        let of = |origin: &str| parts.iter().find(|part| part.origin == origin);
        let place = match (file.as_deref().and_then(of), first.line_column_range()) {
            (Some(part), Some(range)) if part.has_positions => {
                format!("{}:{}:{}", part.origin, range.start.line, range.start.column)
            }
            (Some(part), _) => part.origin.clone(),
            (None, _) => all(parts),
        };
        return Err(format!("{place}: this is not a valid GraphQL schema: {}", first.error));
    }
    match wrong_one_of(&schema) {
        Some(why) => Err(format!("{}: this is not a valid GraphQL schema: {why}", all(parts))),
        None => Ok(Valid::assume_valid(schema)),
    }
}

/// The origins of all parts.
fn all(parts: &[Part]) -> String {
    parts.iter().map(|part| part.origin.as_str()).collect::<Vec<_>>().join(", ")
}

/// The part that an error is in.
fn errors_source(schema: &Schema, at: SourceSpan) -> Option<String> {
    Some(schema.sources.get(&at.file_id())?.path().to_string_lossy().into_owned())
}

/// The schema with its errors. `implied`: definitions that the text leaves out.
fn parse(parts: &[Part], implied: &str) -> (Schema, DiagnosticList) {
    let builder = SchemaBuilder::new().adopt_orphan_extensions().ignore_builtin_redefinitions();
    let builder = parts.iter().fold(builder, |builder, part| builder.parse(part.sdl.as_str(), part.origin.as_str()));
    match builder.parse(implied, "implied.graphql").build() {
        Err(WithErrors { partial, errors, .. }) => (partial, errors),
        Ok(schema) => {
            let sources = schema.sources.clone();
            match schema.validate() {
                Ok(valid) => (valid.into_inner(), DiagnosticList::new(sources)),
                Err(WithErrors { partial, errors, .. }) => (partial, errors),
            }
        }
    }
}

fn is_harmless(message: &str) -> bool {
    HARMLESS.iter().any(|part| message.contains(part)) || HARMLESS_ARGUMENTS.iter().any(|part| message.contains(part))
}

/// Definitions that a server adds to its SDL: scalars of AppSync and of the federation, and the fields with which a
/// gateway asks a subgraph for its entities.
fn implied(schema: &Schema, errors: &DiagnosticList) -> String {
    let mut out = String::new();
    let mut missing: Vec<String> = errors.iter().filter_map(|one| missing_type(&one.error.to_string())).collect();
    missing.sort();
    missing.dedup();
    let is_scalar = |name: &str| {
        name.starts_with("AWS") || name.starts_with("federation__") || name.starts_with("link__") || is_field_set(name)
    };
    for name in missing.iter().filter(|name| is_scalar(name) || *name == "_Any") {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "scalar {name}");
    }
    let links: Vec<_> = schema.schema_definition.directives.get_all("link").collect();
    let is_linked = links.iter().any(|link| link.to_string().contains("federation"));
    let renamed =
        links.iter().filter_map(|link| link.specified_argument_by_name("import")).find_map(|i| renamed_key(i));
    let has_key = |one: &&ExtendedType| KEYS.into_iter().chain(renamed).any(|key| one.directives().has(key));
    let entities: Vec<&str> = schema.types.values().filter(has_key).filter_map(object_name).collect();
    if (entities.is_empty() && !is_linked) || schema.types.contains_key("_Service") {
        return out;
    }
    let query = schema.schema_definition.query.as_ref().map_or("Query", |query| query.name.as_str());
    let _ = writeln!(out, "type _Service {{ sdl: String }}\nextend type {query} {{ _service: _Service! }}");
    if schema.schema_definition.query.is_none() {
        let _ = writeln!(out, "extend schema {{ query: {query} }}");
    }
    if !entities.is_empty() && !schema.types.contains_key("_Entity") {
        if !schema.types.contains_key("_Any") && !missing.iter().any(|name| name == "_Any") {
            out.push_str("scalar _Any\n");
        }
        let _ = writeln!(
            out,
            "union _Entity = {}\nextend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}",
            entities.join(" | ")
        );
    }
    out
}

/// Scalars of the federation's directives.
fn is_field_set(name: &str) -> bool {
    matches!(name, "FieldSet" | "_FieldSet" | "join__FieldSet" | "Import" | "ContextFieldValue" | "Policy" | "Scope")
}

/// The name that `import: [{ name: "@key", as: "@own" }]` gives to `@key`.
fn renamed_key(import: &Value) -> Option<&str> {
    let key = import.as_list()?.iter().find(|item| member(item, "name") == Some("@key"))?;
    member(key, "as").map(|name| name.trim_start_matches('@'))
}

/// A string in an object.
fn member<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    of.as_object()?.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_str())
}

fn object_name(one: &ExtendedType) -> Option<&str> {
    one.is_object().then(|| one.name().as_str())
}

/// The type that an error misses.
fn missing_type(message: &str) -> Option<String> {
    let rest = message.strip_prefix("cannot find type `")?;
    rest.split('`').next().map(str::to_owned)
}

/// The first field of a `@oneOf` input object that is required or has a default, which makes the choice meaningless.
fn wrong_one_of(schema: &Schema) -> Option<String> {
    let inputs = schema.types.values().filter_map(ExtendedType::as_input_object);
    let fields = inputs.filter(|input| input.directives.has(ONE_OF)).flat_map(|input| {
        let name = &input.name;
        input.fields.values().map(move |field| (name, field))
    });
    fields.into_iter().find_map(|(input, field)| {
        let wrong = match (field.ty.is_non_null(), field.default_value.is_some()) {
            (true, _) => "must be nullable",
            (false, true) => "must not have a default value",
            (false, false) => return None,
        };
        Some(format!("the field `{input}.{}` {wrong}, because `{input}` is a @oneOf input object", field.name))
    })
}

#[cfg(test)]
mod tests {
    use crate::scenario::graphql::schema::GraphqlSchema;

    /// Errors of a document.
    fn checked(sdl: &str, document: &str) -> Vec<String> {
        let schema = GraphqlSchema::read("s.graphql", sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}"));
        let found = schema.check(document, None, &[]).into_iter().filter(|one| !one.is_warning);
        found.map(|one| one.message).collect()
    }

    const SUBGRAPH: &str = r#"
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])
        type Product @key(fields: "id") @key(fields: "sku package", resolvable: false) { id: ID! sku: String @shareable }
        extend type User @key(fields: "email") { email: ID! @external total: Int @requires(fields: "email") }
        extend type Query { product(id: ID!): Product }"#;

    #[test]
    fn subgraphs_are_complete_schemas() {
        for document in [
            "{ product(id: 1) { sku } }",
            "{ _entities(representations: [{__typename: \"User\", email: \"a\"}]) { ... on User { total } ... on Product { id } } }",
            "{ _service { sdl } }",
        ] {
            assert_eq!(checked(SUBGRAPH, document), Vec::<String>::new(), "{document}");
        }
        assert_eq!(checked(SUBGRAPH, "{ product(id: 1) { price } }").len(), 1);
        assert_eq!(checked(SUBGRAPH, "{ _entities { ... on User { total } } }").len(), 1);
        for (sdl, document) in [
            // Of the first version; without any query; with what a printer adds; with names of the linked specification.
            (
                "type Query { a: Int } extend type T @key(fields: \"id\") { id: ID @external b: Int }",
                "{ a _service { sdl } }",
            ),
            ("type T @key(fields: \"id\") { id: ID }", "{ _entities(representations: []) { ... on T { id } } }"),
            (
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.0\")\ntype T { a: Int }",
                "{ _service { sdl } }",
            ),
            (
                "scalar _Any scalar _FieldSet union _Entity = T type _Service { sdl: String } directive @key(fields: \
                 _FieldSet!) on OBJECT | INTERFACE type T @key(fields: \"id\") { id: ID } type Query { _entities(\
                 representations: [_Any!]!): [_Entity]! _service: _Service! }",
                "{ _entities(representations: []) { ... on T { id } } }",
            ),
            (
                "directive @federation__key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT \
                 directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA \
                 schema @link(url: \"https://specs.apollo.dev/link/v1.0\") { query: Root } \
                 type Root { t: T } type T @federation__key(fields: \"id\") { id: ID }",
                "{ t { id } _service { sdl } }",
            ),
            (
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@shareable\", { name: \"@key\", \
                 as: \"@primary\" }]) type T @primary(fields: \"id\") { id: ID }",
                "{ _entities(representations: []) { ... on T { id } } }",
            ),
            // A supergraph.
            (
                "schema @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) { query: Query } \
                 directive @join__graph(name: String!, url: String!) on ENUM_VALUE \
                 directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT \
                 enum join__Graph { A @join__graph(name: \"a\", url: \"\") } \
                 type Query @join__type(graph: A) { t: T } type T @join__type(graph: A, key: \"id\") { id: ID }",
                "{ t { id } }",
            ),
        ] {
            assert_eq!(checked(sdl, document), Vec::<String>::new(), "{sdl}");
        }
    }

    #[test]
    fn schemas_of_appsync_are_complete() {
        let sdl = "type Query { post(id: ID!, since: AWSDateTime): Post @aws_api_key }
            type Post @aws_cognito_user_pools(cognito_groups: [\"Bloggers\"]) { id: ID! at: AWSTimestamp data: AWSJSON ip: AWSIPAddress }
            type Mutation { add(email: AWSEmail!, url: AWSURL, phone: AWSPhone, day: AWSDate, time: AWSTime): Post }
            type Subscription { added: Post @aws_subscribe(mutations: [\"add\"]) }
            schema { query: Query mutation: Mutation subscription: Subscription }";
        for document in [
            "{ post(id: 1, since: \"2026-11-27T00:00:00Z\") { at data ip } }",
            "mutation { add(email: \"a@b.example\") { id } }",
            "subscription { added { id } }",
        ] {
            assert_eq!(checked(sdl, document), Vec::<String>::new(), "{document}");
        }
        assert_eq!(checked(sdl, "{ post(id: 1) { data { x } } }").len(), 1);
    }

    #[test]
    fn what_servers_run_with_is_accepted() {
        for sdl in [
            "directive @deprecated(reason: String) on FIELD_DEFINITION scalar ID scalar Int type Query { a: Int }",
            "directive @oneOf on INPUT_OBJECT directive @specifiedBy(url: String!) on SCALAR type Query { a: Int }",
            "schema { query: Q mutation: Q } type Q { a: Int }",
            "type Query { a: Int } type __Own { a: Int }",
            "interface I { a: Int! } type Query implements I { a: Int }",
            "directive @auth(role: String!) on OBJECT type Query { a: Int @auth(rule: 1) }",
            "extend type Query { a: Int } extend type Query { b: Int }",
            "type Query { a: Int } type Mutation",
            "\"\"\"d\"\"\" type Query { \"d\" a: Int }",
        ] {
            assert_eq!(checked(sdl, "{ a }"), Vec::<String>::new(), "{sdl}");
        }
    }

    #[test]
    fn parts_of_a_schema_are_accepted() {
        let sdl =
            "type N { a: Int } extend type Mutation { notify: N } extend type Subscription { on: N @aws_subscribe }";
        for document in ["mutation { notify { a } }", "subscription { on { a } }"] {
            assert_eq!(checked(sdl, document), Vec::<String>::new(), "{document}");
        }
        assert_eq!(checked(sdl, "{ a }").len(), 1);
        assert_eq!(checked("type Query type Mutation { a: Int }", "mutation { a }"), Vec::<String>::new());
    }

    #[test]
    fn invalid_schemas_are_errors() {
        for (sdl, wanted) in [
            (
                "type Query {\n  a: AVSDate\n}",
                "s.graphql:2:6: this is not a valid GraphQL schema: cannot find type `AVSDate`",
            ),
            ("type T { a: Int }", "missing query root"),
            ("input I { i: I! } type Query { a(i: I): Int }", "cannot reference itself"),
            ("type Query { a: Int } type Query { b: Int }", "defined multiple times"),
            ("type Query { a(b: B): Int } input B @oneOf { a: Int! b: Int }", "the field `B.a` must be nullable"),
            ("type Query { a(b: B): Int } input B @oneOf { a: Int b: Int = 3 }", "`B.b` must not have a default value"),
        ] {
            let error = GraphqlSchema::read("s.graphql", sdl).expect_err(sdl);
            assert!(error.starts_with("s.graphql") && error.contains(wanted), "{sdl}: {error}");
        }
    }
}
