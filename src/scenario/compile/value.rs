//! Compiles values of any type: constants for `vars`, templates that keep their type for everything else.

use std::sync::Arc;

use minijinja::Value;

use super::builder::Builder;
use crate::scenario::eval::template;
use crate::scenario::eval::template::{Condition, SlotId, Template, TemplateError};
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// A value that is constant during the run.
    pub(super) fn constant(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            Kind::Text(text) => match template::constant(text, &self.names) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.template_error(node, error);
                    None
                }
            },
            Kind::List(items) => items.iter().map(|i| self.constant(i)).collect::<Option<Vec<_>>>().map(Value::from),
            Kind::Map(entries) => {
                let pairs: Option<Vec<_>> =
                    entries.iter().map(|(k, v)| Some((k.name.clone(), self.constant(v)?))).collect();
                pairs.map(Value::from_pairs)
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => Some(simple(node)),
        }
    }

    /// A value that may contain templates at any depth.
    pub(super) fn template(&mut self, node: &Node) -> Option<Template> {
        match &node.kind {
            Kind::Text(text) => {
                let template = template::template(text, &self.names);
                template.map_err(|error| self.template_error(node, error)).ok()
            }
            Kind::List(items) => {
                let items: Vec<Template> = items.iter().filter_map(|item| self.template(item)).collect();
                Some(fold(&items, Value::from).unwrap_or(Template::List(items)))
            }
            Kind::Map(entries) => {
                let entries: Vec<(Arc<str>, Template)> =
                    entries.iter().filter_map(|(k, v)| Some((k.name.as_str().into(), self.template(v)?))).collect();
                let constant: Option<Vec<(Value, Value)>> =
                    entries.iter().map(|(k, v)| Some((Value::from(&**k), constant_of(v)?))).collect();
                Some(constant.map_or(Template::Map(entries), |pairs| Template::Constant(Value::from_pairs(pairs))))
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => Some(Template::Constant(simple(node))),
        }
    }

    /// An expression without braces.
    pub(super) fn condition(&mut self, node: &Node, what: &str) -> Option<Condition> {
        let text = self.scalar(node, what)?;
        template::condition(&text, &self.names).map_err(|error: TemplateError| self.template_error(node, error)).ok()
    }

    /// A map of names and new values.
    pub(super) fn assignments(&mut self, node: &Node, what: &str) -> Vec<(SlotId, Template)> {
        let Some(entries) = self.map(node, what) else { return Vec::new() };
        if entries.is_empty() {
            self.error(node, format!("`{what}` is empty"));
        }
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            self.meant_as_null(value);
            let template = self.template(value);
            self.names.assigned.assign(&key.name);
            // Invalid names were reported when names were declared.
            out.extend(self.names.slots.id(&key.name).zip(template));
        }
        out
    }
}

fn simple(node: &Node) -> Value {
    match &node.kind {
        Kind::Bool(b) => Value::from(*b),
        Kind::Number(n, text) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(n), ..) => Value::from(n),
            (_, Some(n), _) => Value::from(n),
            (.., Some(n)) => Value::from(n),
            _ => Value::from(text.as_str()),
        },
        Kind::Text(text) => Value::from(text.as_str()),
        Kind::Null | Kind::List(_) | Kind::Map(_) => Value::from(()),
    }
}

fn constant_of(template: &Template) -> Option<Value> {
    match template {
        Template::Constant(value) => Some(value.clone()),
        _ => None,
    }
}

fn fold(items: &[Template], make: impl Fn(Vec<Value>) -> Value) -> Option<Template> {
    items.iter().map(constant_of).collect::<Option<Vec<_>>>().map(|values| Template::Constant(make(values)))
}
