//! Visits what a document uses of a schema: fields, arguments and values, each with its definition.

use std::collections::HashSet;

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::executable::{Directive, Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, InputObjectType, InputValueDefinition};
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};

/// Something that a document uses.
pub(super) enum Use<'d> {
    /// A field of this type.
    Field(&'d Name, &'d Node<Field>),
    /// An argument; the text names what it belongs to, such as `Query.find` or `@trace`.
    Argument(String, &'d Node<InputValueDefinition>, &'d Node<Value>),
    /// An input object.
    Object(&'d InputObjectType, &'d Node<Value>),
    /// A variable inside of a value, the type of its place, and whether the place has a default.
    Variable(&'d Type, bool, &'d Node<Value>),
    /// A value of this type that is not an object.
    Leaf(&'d ExtendedType, &'d Node<Value>),
}

/// Visits the operations and fragments of a document.
pub(super) struct Visitor<'d, F: FnMut(Use<'d>)> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    seen: HashSet<&'d Name>,
    visit: F,
}

impl<'d, F: FnMut(Use<'d>)> Visitor<'d, F> {
    pub fn new(schema: &'d Schema, document: &'d ExecutableDocument, visit: F) -> Self {
        Self { schema, document, seen: HashSet::new(), visit }
    }

    /// Visits an operation, with the fragments that it uses and that have not been visited.
    pub fn operation(&mut self, operation: &'d Operation) {
        self.directives(&operation.directives);
        for variable in &operation.variables {
            self.directives(&variable.directives);
            if let Some(value) = &variable.default_value {
                self.value(&variable.ty, value, false);
            }
        }
        self.set(&operation.selection_set);
    }

    fn set(&mut self, set: &'d SelectionSet) {
        for one in &set.selections {
            match one {
                Selection::Field(field) => {
                    (self.visit)(Use::Field(&set.ty, field));
                    self.directives(&field.directives);
                    for argument in &field.arguments {
                        if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                            let of = format!("{}.{}", set.ty, field.name);
                            self.argument(of, definition, &argument.value);
                        }
                    }
                    self.set(&field.selection_set);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.set(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    let fragment = self.document.fragments.get_key_value(&spread.fragment_name);
                    if let Some((name, fragment)) = fragment
                        && self.seen.insert(name)
                    {
                        self.directives(&fragment.directives);
                        self.set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'d [Node<Directive>]) {
        let schema = self.schema;
        for directive in directives {
            let Some(known) = schema.directive_definitions.get(&directive.name) else { continue };
            for argument in &directive.arguments {
                if let Some(definition) = known.argument_by_name(&argument.name) {
                    self.argument(format!("@{}", directive.name), definition, &argument.value);
                }
            }
        }
    }

    fn argument(&mut self, of: String, definition: &'d Node<InputValueDefinition>, value: &'d Node<Value>) {
        (self.visit)(Use::Argument(of, definition, value));
        // The library checks variables that are an argument themselves.
        if !matches!(**value, Value::Variable(_)) {
            self.value(&definition.ty, value, false);
        }
    }

    /// `has_default`: the place of the value has one.
    fn value(&mut self, wanted: &'d Type, value: &'d Node<Value>, has_default: bool) {
        if let Value::Variable(_) = **value {
            return (self.visit)(Use::Variable(wanted, has_default, value));
        }
        if let (Type::List(inner) | Type::NonNullList(inner), Value::List(items)) = (wanted, &**value) {
            return items.iter().for_each(|item| self.value(inner, item, false));
        }
        // A single value is converted to a list with one item.
        match (self.schema.types.get(wanted.inner_named_type()), &**value) {
            (Some(ExtendedType::InputObject(of)), Value::Object(entries)) => {
                (self.visit)(Use::Object(of, value));
                for (name, value) in entries {
                    if let Some(field) = of.fields.get(name) {
                        (self.visit)(Use::Argument(of.name.to_string(), field, value));
                        self.value(&field.ty, value, field.default_value.is_some());
                    }
                }
            }
            (Some(of), _) => (self.visit)(Use::Leaf(of, value)),
            (None, _) => {}
        }
    }
}
