//! Rules of the values in a document that the library does not check: exactly one field of a `@oneOf` input object is
//! given, and it is not null; no field is given twice; variables inside of lists and objects have the type of their place.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::InputObjectType;
use apollo_compiler::{ExecutableDocument, Node, Schema};

use super::sdl::ONE_OF;
use super::uses::{Use, Visitor};

/// Violations in the whole document, with their positions.
pub(super) fn check(schema: &Schema, document: &ExecutableDocument) -> Vec<(Option<SourceSpan>, String)> {
    let mut found = Vec::new();
    for operation in document.operations.iter() {
        let mut visitor = Visitor::new(schema, document, |used| {
            let (value, message) = match used {
                Use::Object(of, value) => (value, twice(of, value).or_else(|| violation(of, value, operation))),
                Use::Variable(wanted, has_default, value) => (value, misplaced(wanted, has_default, value, operation)),
                _ => return,
            };
            found.extend(message.map(|message| (value.location(), message)));
        });
        visitor.operation(operation);
    }
    // Operations that share a fragment find the same in it.
    let mut once: Vec<(Option<SourceSpan>, String)> = Vec::new();
    for one in found {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// A field that is given more than once.
fn twice(of: &InputObjectType, value: &Value) -> Option<String> {
    let Value::Object(entries) = value else { return None };
    let repeated = entries.iter().enumerate().find(|(at, (name, _))| entries[..*at].iter().any(|(one, _)| one == name));
    repeated.map(|(_, (name, _))| format!("the field `{}.{name}` is given twice", of.name))
}

/// A variable whose type does not fit its place. A nullable one fits a place that must not be null only with a default
/// of either.
fn misplaced(wanted: &Type, has_default: bool, value: &Value, operation: &Operation) -> Option<String> {
    let Value::Variable(name) = value else { return None };
    let variable = operation.variables.iter().find(|one| one.name == *name)?;
    let default = variable.default_value.as_ref().is_some_and(|default| !default.is_null());
    let allowed = if has_default || default { wanted.clone().nullable() } else { wanted.clone() };
    // Another named type is reported by the library.
    let is_same = variable.ty.inner_named_type() == wanted.inner_named_type();
    (is_same && !variable.ty.is_assignable_to(&allowed)).then(|| {
        format!("the variable `${name}` of type `{}` cannot be used where `{wanted}` is expected", variable.ty)
    })
}

fn violation(of: &InputObjectType, value: &Node<Value>, operation: &Operation) -> Option<String> {
    let Value::Object(entries) = &**value else { return None };
    if !of.directives.has(ONE_OF) {
        return None;
    }
    let [(name, value)] = entries.as_slice() else { return Some(not_one(of.name.as_str(), entries.len())) };
    match &**value {
        Value::Null => Some(null(of.name.as_str(), name)),
        Value::Variable(variable) => {
            let declared = operation.variables.iter().find(|one| one.name == *variable)?;
            (!declared.ty.is_non_null()).then(|| {
                format!(
                    "the variable `${variable}` of type `{}` may be null, and `{}.{name}` of a @oneOf input object must not: \
                     declare it as `{}!`",
                    declared.ty, of.name, declared.ty
                )
            })
        }
        _ => None,
    }
}

/// Message for a number of fields other than one.
pub(super) fn not_one(of: &str, given: usize) -> String {
    let found = if given == 0 { "none".to_owned() } else { given.to_string() };
    format!("`{of}` is a @oneOf input object: expected exactly one field, found {found}")
}

/// Message for a field that is null.
pub(super) fn null(of: &str, field: &str) -> String {
    format!("`{of}` is a @oneOf input object: `{field}` must not be null")
}
