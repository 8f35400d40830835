//! Warnings of deprecated fields, arguments, input fields and enum values.

use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Schema};

use super::uses::{Use, Visitor};

/// Maximum characters of a reason that are shown.
const MAX_REASON: usize = 200;

/// What an operation uses although it is deprecated, with positions.
pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Vec<(Option<SourceSpan>, String)> {
    let mut found = Vec::new();
    let visit = |used: Use<'_>| match used {
        Use::Field(of, field) => {
            let message = message(&field.definition.directives, || format!("the field `{of}.{}`", field.name));
            found.extend(message.map(|message| (field.name.location(), message)));
        }
        Use::Argument(of, definition, value) => {
            let message = message(&definition.directives, || argument(&of, &definition.name));
            found.extend(message.map(|message| (value.location(), message)));
        }
        Use::Leaf(ExtendedType::Enum(of), value) => {
            if let Value::Enum(name) = &**value {
                found.extend(enum_value(of, name).map(|message| (value.location(), message)));
            }
        }
        Use::Object(..) | Use::Variable(..) | Use::Leaf(..) => {}
    };
    Visitor::new(schema, document, visit).operation(operation);
    found
}

/// Warning of an enum value.
pub(super) fn enum_value(of: &apollo_compiler::schema::EnumType, name: &str) -> Option<String> {
    message(&of.values.get(name)?.directives, || format!("the value `{}.{name}`", of.name))
}

/// Warning of an input field.
pub(super) fn input_field(of: &str, field: &apollo_compiler::schema::InputValueDefinition) -> Option<String> {
    message(&field.directives, || argument(of, &field.name))
}

/// Arguments of fields and directives, and fields of input objects.
fn argument(of: &str, name: &str) -> String {
    let what = if of.contains(['.', '@']) { format!("`{of}({name}:)`") } else { format!("`{of}.{name}`") };
    let kind = if of.contains(['.', '@']) { "argument" } else { "input field" };
    format!("the {kind} {what}")
}

fn message(directives: &DirectiveList, what: impl FnOnce() -> String) -> Option<String> {
    let deprecated = directives.get("deprecated")?;
    let reason = deprecated.specified_argument_by_name("reason").and_then(|reason| reason.as_str());
    let reason = reason.map(|reason| reason.split_whitespace().collect::<Vec<_>>().join(" "));
    let words = reason.filter(|reason| !reason.is_empty()).map_or_else(String::new, |reason| {
        let short: String = reason.chars().take(MAX_REASON).collect();
        format!(": {}", crate::clean::line(&short))
    });
    Some(format!("{} is deprecated{words}", what()))
}
