//! Converts an introspection result to SDL.
//!
//! Input: the response to [`query`](super::introspection_query::query), with or without its envelope. Output: SDL. Default values are not copied, because
//! servers format them differently: an argument with a default becomes optional.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::scenario::eval::json;

/// Built-in scalars.
const SCALARS: &[&str] = &["Int", "Float", "String", "Boolean", "ID"];
/// Built-in directives.
const DIRECTIVES: &[&str] = &["skip", "include", "deprecated", "specifiedBy", "oneOf"];

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
    #[serde(rename = "__schema")]
    schema: Option<Schema>,
    errors: Option<Vec<Problem>>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "__schema")]
    schema: Option<Schema>,
}

#[derive(Deserialize)]
struct Problem {
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    query_type: Option<Named>,
    mutation_type: Option<Named>,
    subscription_type: Option<Named>,
    types: Vec<Type>,
    directives: Option<Vec<Directive>>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    kind: String,
    name: String,
    fields: Option<Vec<Field>>,
    input_fields: Option<Vec<Input>>,
    interfaces: Option<Vec<Named>>,
    enum_values: Option<Vec<EnumValue>>,
    possible_types: Option<Vec<Named>>,
    is_one_of: Option<bool>,
}

#[derive(Deserialize)]
struct EnumValue {
    name: String,
    #[serde(flatten)]
    deprecation: Deprecation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deprecation {
    is_deprecated: Option<bool>,
    deprecation_reason: Option<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    args: Option<Vec<Input>>,
    #[serde(rename = "type")]
    of: Ref,
    #[serde(flatten)]
    deprecation: Deprecation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    name: String,
    #[serde(rename = "type")]
    of: Ref,
    default_value: Option<serde::de::IgnoredAny>,
    #[serde(flatten)]
    deprecation: Deprecation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ref {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Ref>>,
}

#[derive(Deserialize)]
struct Directive {
    name: String,
    locations: Vec<String>,
    args: Option<Vec<Input>>,
}

/// Converts an introspection result to SDL.
///
/// # Errors
/// If it is not JSON or not an introspection result, reports errors, or contains invalid names.
pub fn sdl(json: &str) -> Result<String, String> {
    let response: Response = serde_json::from_str(json).map_err(|error| {
        format!("this is not the result of an introspection: {}", json::refusal("the text", &error))
    })?;
    let message = response.errors.iter().flatten().find_map(|problem| problem.message.as_deref());
    let schema = response.schema.or(response.data.and_then(|data| data.schema)).ok_or_else(|| match message {
        Some(message) => format!("the server refused the introspection: {message}"),
        None => "it has no `__schema`".to_owned(),
    })?;
    let mut printer = Printer { out: String::new() };
    printer.schema(&schema)?;
    Ok(printer.out)
}

struct Printer {
    out: String,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Appends a name. Names are validated, because the SDL is parsed again.
    fn name(&mut self, name: &str) -> Result<(), String> {
        let mut bytes = name.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if !first || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(format!("{name:?} is not a valid GraphQL name"));
        }
        self.put(name);
        Ok(())
    }

    fn schema(&mut self, schema: &Schema) -> Result<(), String> {
        self.put("schema {");
        let roots = [
            ("query", &schema.query_type),
            ("mutation", &schema.mutation_type),
            ("subscription", &schema.subscription_type),
        ];
        for (kind, root) in roots {
            if let Some(root) = root {
                // Writing into a String cannot fail.
                let _ = write!(self.out, " {kind}: ");
                self.name(&root.name)?;
            }
        }
        self.put(" }\n");
        for directive in schema.directives.iter().flatten().filter(|d| !DIRECTIVES.contains(&d.name.as_str())) {
            self.directive(directive)?;
        }
        let own = |one: &&Type| !one.name.starts_with("__") && !SCALARS.contains(&one.name.as_str());
        schema.types.iter().filter(own).try_for_each(|one| self.definition(one))
    }

    fn directive(&mut self, directive: &Directive) -> Result<(), String> {
        self.put("directive @");
        self.name(&directive.name)?;
        self.arguments(directive.args.as_deref().unwrap_or_default())?;
        // Old servers do not report whether a directive is repeatable. Assume that it is, so that nothing valid is
        // rejected.
        self.put(" repeatable on ");
        self.names(directive.locations.iter().map(String::as_str), " | ")?;
        self.put("\n");
        Ok(())
    }

    fn names<'a>(&mut self, names: impl Iterator<Item = &'a str>, between: &str) -> Result<(), String> {
        for (index, name) in names.enumerate() {
            if index > 0 {
                self.put(between);
            }
            self.name(name)?;
        }
        Ok(())
    }

    fn definition(&mut self, one: &Type) -> Result<(), String> {
        let keyword = match one.kind.as_str() {
            "SCALAR" => "scalar",
            "OBJECT" => "type",
            "INTERFACE" => "interface",
            "UNION" => "union",
            "ENUM" => "enum",
            "INPUT_OBJECT" => "input",
            other => return Err(format!("{other:?} is not a kind of type")),
        };
        self.put(keyword);
        self.put(" ");
        self.name(&one.name)?;
        let list = |names: &Option<Vec<Named>>| -> Vec<String> {
            names.iter().flatten().map(|named| named.name.clone()).collect()
        };
        let interfaces = list(&one.interfaces);
        if !interfaces.is_empty() && matches!(keyword, "type" | "interface") {
            self.put(" implements ");
            self.names(interfaces.iter().map(String::as_str), " & ")?;
        }
        match keyword {
            "union" => {
                self.put(" = ");
                self.names(list(&one.possible_types).iter().map(String::as_str), " | ")?;
            }
            "enum" => {
                self.put(" { ");
                for value in one.enum_values.iter().flatten() {
                    self.name(&value.name)?;
                    self.deprecation(&value.deprecation);
                    self.put(" ");
                }
                self.put("}");
            }
            "input" => {
                self.put(if one.is_one_of == Some(true) { " @oneOf " } else { " " });
                self.inputs(one.input_fields.as_deref().unwrap_or_default(), "{ ", " }")?;
            }
            "scalar" => {}
            _ => self.fields(one.fields.as_deref().unwrap_or_default())?,
        }
        self.put("\n");
        Ok(())
    }

    fn fields(&mut self, fields: &[Field]) -> Result<(), String> {
        self.put(" {\n");
        for field in fields {
            self.put("  ");
            self.name(&field.name)?;
            self.arguments(field.args.as_deref().unwrap_or_default())?;
            self.put(": ");
            self.reference(&field.of)?;
            self.deprecation(&field.deprecation);
            self.put("\n");
        }
        self.put("}");
        Ok(())
    }

    fn arguments(&mut self, inputs: &[Input]) -> Result<(), String> {
        if inputs.is_empty() { Ok(()) } else { self.inputs(inputs, "(", ")") }
    }

    fn inputs(&mut self, inputs: &[Input], open: &str, close: &str) -> Result<(), String> {
        self.put(open);
        for (index, input) in inputs.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.name(&input.name)?;
            self.put(": ");
            match &input.of {
                Ref { kind, of_type: Some(inner), .. } if kind == "NON_NULL" && input.default_value.is_some() => {
                    self.reference(inner)?;
                }
                whole => self.reference(whole)?,
            }
            self.deprecation(&input.deprecation);
        }
        self.put(close);
        Ok(())
    }

    fn deprecation(&mut self, of: &Deprecation) {
        if of.is_deprecated == Some(true) {
            // The strings of JSON are strings of GraphQL.
            let reason = Value::from(of.deprecation_reason.as_deref().unwrap_or_default());
            let _ = write!(self.out, " @deprecated(reason: {reason})");
        }
    }

    fn reference(&mut self, of: &Ref) -> Result<(), String> {
        match (of.kind.as_str(), &of.of_type, &of.name) {
            ("NON_NULL", Some(inner), _) => {
                self.reference(inner)?;
                self.put("!");
                Ok(())
            }
            ("LIST", Some(inner), _) => {
                self.put("[");
                self.reference(inner)?;
                self.put("]");
                Ok(())
            }
            ("NON_NULL" | "LIST", None, _) => Err("a type is nested too deeply".to_owned()),
            (_, _, Some(name)) => self.name(name),
            (kind, _, None) => Err(format!("a {kind} without a name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(types: &str) -> Result<String, String> {
        let text = sdl(&format!(r#"{{"__schema":{{"queryType":{{"name":"Q"}},"types":[{types}]}}}}"#))?;
        let rest = text.strip_prefix("schema { query: Q }\n").expect("the root");
        Ok(rest.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn types_are_written_as_sdl() {
        for (json, wanted) in [
            (r#"{"kind":"SCALAR","name":"Date"}"#, "scalar Date"),
            (r#"{"kind":"SCALAR","name":"Int"}"#, ""),
            (r#"{"kind":"OBJECT","name":"__Type","fields":[]}"#, ""),
            (
                r#"{"kind":"ENUM","name":"E","enumValues":[{"name":"A","isDeprecated":false},{"name":"B","isDeprecated":true,
                   "deprecationReason":"a \"b\"\nc"}]}"#,
                r#"enum E { A B @deprecated(reason: "a \"b\"\nc") }"#,
            ),
            (
                r#"{"kind":"INPUT_OBJECT","name":"O","isOneOf":true,"inputFields":[
                    {"name":"a","isDeprecated":true,"type":{"kind":"SCALAR","name":"ID"}}]}"#,
                r#"input O @oneOf { a: ID @deprecated(reason: "") }"#,
            ),
            (r#"{"kind":"UNION","name":"U","possibleTypes":[{"name":"A"},{"name":"B"}]}"#, "union U = A | B"),
            (
                r#"{"kind":"OBJECT","name":"T","interfaces":[{"name":"I"},{"name":"J"}],"fields":[{"name":"a",
                   "args":[{"name":"n","type":{"kind":"SCALAR","name":"Int"},"defaultValue":null}],
                   "type":{"kind":"NON_NULL","ofType":{"kind":"LIST","ofType":{"kind":"OBJECT","name":"T"}}}}]}"#,
                "type T implements I & J { a(n: Int): [T]! }",
            ),
            (
                r#"{"kind":"INPUT_OBJECT","name":"P","inputFields":[
                    {"name":"a","type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","name":"ID"}}},
                    {"name":"b","type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","name":"ID"}},"defaultValue":"3"}]}"#,
                "input P { a: ID!, b: ID }",
            ),
        ] {
            assert_eq!(of(json).as_deref(), Ok(wanted), "{json}");
        }
    }

    #[test]
    fn invalid_schema_is_an_error() {
        for (json, wanted) in [
            ("", "not the result of an introspection"),
            ("[]", "not the result of an introspection"),
            ("{}", "no `__schema`"),
            (
                r#"{"data":null,"errors":[{"message":"introspection is off"}]}"#,
                "refused the introspection: introspection is off",
            ),
            (r#"{"__schema":{"types":[{"kind":"ENUM","name":"a b"}]}}"#, "\"a b\" is not a valid GraphQL name"),
            (r#"{"__schema":{"types":[{"kind":"ENUM","name":""}]}}"#, "is not a valid GraphQL name"),
            (r#"{"__schema":{"types":[{"kind":"CAT","name":"A"}]}}"#, "\"CAT\" is not a kind"),
            (
                r#"{"__schema":{"types":[{"kind":"OBJECT","name":"A","fields":[{"name":"a","type":{"kind":"LIST"}}]}]}}"#,
                "too deeply",
            ),
        ] {
            let error = sdl(json).expect_err(json);
            assert!(error.contains(wanted), "{json}: {error}");
        }
        let deep = r#"{"kind":"LIST","ofType":"#.repeat(50_000);
        assert!(of(&deep).is_err());
    }
}
