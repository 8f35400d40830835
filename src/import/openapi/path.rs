//! Paths of operations: their parameters become variables.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::import::literal::{identifier, literal};

/// Value of a path parameter, serialized.
#[derive(Debug)]
pub struct PathValue {
    /// Text in the path: encoded, or a template.
    pub text: String,
    /// Its form depends on the style of the parameter, so that another operation cannot use it.
    pub is_styled: bool,
}

/// Address with path parameters as variables, and whether it has any.
pub fn address_of(
    base: &str,
    path: &str,
    values: &BTreeMap<String, PathValue>,
    vars: &mut Map<String, Value>,
) -> (String, bool) {
    let mut out = literal(base);
    if !path.starts_with('/') {
        out.push('/');
    }
    let mut varies = false;
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| open + at) else { break };
        let name = &rest[open + 1..close];
        let variable = match values.get(name) {
            None => variable(vars, name, "1".to_owned(), false),
            Some(value) => variable(vars, name, value.text.clone(), value.is_styled),
        };
        out.push_str(&literal(&rest[..open]));
        out.push_str(&format!("{{{{ {variable} }}}}"));
        varies = true;
        rest = &rest[close + 1..];
    }
    out.push_str(&literal(rest));
    (out.replace(char::is_whitespace, if varies { " " } else { "%20" }), varies)
}

/// Name of the variable for a path parameter. Parameters with the same name share it, unless their form differs.
fn variable(vars: &mut Map<String, Value>, name: &str, text: String, is_styled: bool) -> String {
    let base = identifier(name);
    let mut variable = base.clone();
    let mut number = 2u32;
    let value = Value::from(text);
    while is_styled && vars.get(&variable).is_some_and(|known| *known != value) {
        variable = format!("{base}_{number}");
        number = number.saturating_add(1);
    }
    vars.entry(variable.clone()).or_insert(value);
    variable
}
