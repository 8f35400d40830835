//! Variable names: all assigned names are declared before anything is compiled; unused names are reported afterwards.

use std::collections::HashSet;
use std::sync::Arc;

use minijinja::Value;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::grammar::words;
use crate::scenario::plan::{Action, Flow, Step, walk};
use crate::scenario::syntax::node::{Key, Kind, Node};

impl<'a> Builder<'a> {
    /// Compiles `vars` and `data`, and declares all variables.
    pub(super) fn declare(&mut self, fields: &Fields<'a>) {
        let mut assigned: Vec<Key> = Vec::new();
        let lists = ["on_start", "on_stop"].into_iter().filter_map(|k| fields.get(k));
        lists.for_each(|node| steps(node, &mut assigned));
        for node in fields.get("tasks").into_iter() {
            tasks(node, &mut assigned);
        }
        for (_, class) in fields.get("user_classes").map(Node::entries).unwrap_or_default() {
            let class = Fields(class.entries());
            ["on_start", "on_stop"].into_iter().filter_map(|k| class.get(k)).for_each(|n| steps(n, &mut assigned));
            class.get("tasks").into_iter().for_each(|n| tasks(n, &mut assigned));
        }
        let before_flows = assigned.len();
        for (_, flow) in fields.get("flows").map(Node::entries).unwrap_or_default() {
            steps(flow, &mut assigned);
        }
        self.flow_table.assigned = assigned[before_flows..].iter().map(|key| key.name.clone()).collect();
        self.clashes(fields, &assigned);
        if let Some(node) = fields.get("vars") {
            self.vars(node);
        }
        let mut table = std::mem::take(&mut self.names.slots);
        // The table is not shared yet.
        if let Some(table) = Arc::get_mut(&mut table) {
            for key in &assigned {
                if self.is_name(key) {
                    let initial = self.names.vars.get_attr(&key.name).unwrap_or(Value::UNDEFINED);
                    table.insert(&key.name, initial);
                }
            }
            for (key, _) in fields.get("data").map(Node::entries).unwrap_or_default() {
                if self.is_name(key) {
                    table.insert(&key.name, Value::UNDEFINED);
                }
            }
        }
        self.names.slots = table;
        if let Some(node) = fields.get("data") {
            self.data(node);
        }
    }

    /// Returns whether the key is a valid variable name; otherwise reports an error, once.
    pub(super) fn is_name(&mut self, key: &Key) -> bool {
        let name = key.name.as_str();
        let right = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !right {
            let message = format!("{name:?} is not a valid variable name");
            self.report(key.at.clone(), message, "use letters, digits and _, not starting with a digit");
        } else if words::is_reserved(name) {
            self.report(key.at.clone(), format!("`{name}` is a reserved word"), "use another name");
        }
        let called = words::is_function(name);
        if called {
            let message = format!("`{name}` is a function");
            self.report(key.at.clone(), message, format!("use another name: templates call {name}()"));
        }
        right && !called && !words::is_reserved(name)
    }

    /// Reports names of data files that are also used for something else.
    fn clashes(&mut self, fields: &Fields<'a>, assigned: &[Key]) {
        let vars = fields.get("vars").map(Node::entries).unwrap_or_default();
        for (data, _) in fields.get("data").map(Node::entries).unwrap_or_default() {
            if vars.iter().any(|(key, _)| key.name == data.name) {
                let message = format!("`{}` is defined in both `data` and `vars`", data.name);
                self.report(data.at.clone(), message, "rename one of them");
            }
            for key in assigned.iter().filter(|key| key.name == data.name) {
                let message = format!("`{}` is a data file: a step cannot set it", data.name);
                self.report(key.at.clone(), message, "use another name");
            }
        }
    }

    fn vars(&mut self, node: &Node) {
        let Some(entries) = self.map(node, "vars") else { return };
        let mut vars: Vec<(String, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if !self.is_name(key) {
                continue;
            }
            self.meant_as_null(value);
            // An undefined value would cause another error at every use of the name.
            let before = self.diagnostics.unset.len();
            let value = self.constant(value).unwrap_or_else(|| Value::from(()));
            // Only the parts that use it need the variable of the environment.
            if let Some(missing) = self.diagnostics.unset.drain(before..).next() {
                self.names.unset_vars.insert(key.name.clone(), missing.error);
            }
            vars.push((key.name.clone(), value));
            self.names.vars = Arc::new(Value::from_pairs(vars.clone()));
        }
    }

    /// Warns of unused variables, data files and flows.
    pub(super) fn unused(&mut self, fields: &Fields<'a>) {
        let used = self.names.used.borrow().clone();
        if !used.contains("vars") {
            for (key, _) in fields.get("vars").map(Node::entries).unwrap_or_default() {
                if !used.contains(&key.name) {
                    self.warn(
                        key.at.clone(),
                        format!("the variable `{}` is never used", key.name),
                        "remove it, or use it in a template",
                    );
                }
            }
        }
        for (key, _) in fields.get("data").map(Node::entries).unwrap_or_default() {
            if !used.contains(&key.name) {
                let note = format!("write {{{{ {}.COLUMN }}}} in a template", key.name);
                self.warn(key.at.clone(), format!("the data `{}` is never used", key.name), note);
            }
        }
        for (key, _) in fields.get("flows").map(Node::entries).unwrap_or_default() {
            if !self.flow_table.called.contains(&key.name) {
                let message = format!("the flow `{}` is never called", key.name);
                self.warn(key.at.clone(), message, format!("write - call: {}", key.name));
            }
        }
    }

    /// Reports templates in keys, unless the key is invalid for another reason.
    pub(super) fn templated_keys(&mut self, node: &Node) {
        match &node.kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    if key.name.contains("{{")
                        && !self.diagnostics.errors.iter().any(|known| known.at.start == key.at.start)
                    {
                        let message = "templates are not allowed in keys";
                        self.report(
                            key.at.clone(),
                            message,
                            "use templates in values; a whole body can be a string: body: \"…\"",
                        );
                    }
                    self.templated_keys(value);
                }
            }
            Kind::List(items) => items.iter().for_each(|item| self.templated_keys(item)),
            _ => {}
        }
    }

    /// Reports recursive flows, including indirect recursion.
    pub(super) fn cycles(&mut self, flows: &[Flow]) {
        let calls: Vec<Vec<usize>> = flows.iter().map(|flow| called(&flow.steps)).collect();
        // 0: new, 1: in progress, 2: done.
        let mut state = vec![0u8; flows.len()];
        let mut reported = HashSet::new();
        for start in 0..flows.len() {
            let mut path: Vec<(usize, usize)> = vec![(start, 0)];
            while let Some((at, next)) = path.last().copied() {
                if next == 0 && state[at] != 0 {
                    path.pop();
                    continue;
                }
                state[at] = 1;
                let Some(&to) = calls[at].get(next) else {
                    state[at] = 2;
                    path.pop();
                    continue;
                };
                if let Some(last) = path.last_mut() {
                    last.1 += 1;
                }
                if state.get(to) == Some(&1) && reported.insert(to) {
                    let round: Vec<&str> = path
                        .iter()
                        .map(|(i, _)| *i)
                        .skip_while(|i| *i != to)
                        .chain([to])
                        .map(|i| &*flows[i].name)
                        .collect();
                    let message = format!("recursive flow call: {}", round.join(" → "));
                    if let Some((_, at)) = self.flow_table.ids.get(&*flows[to].name).cloned() {
                        self.report(at, message, "repeat steps with repeat, for_each or while");
                    }
                } else if state.get(to) == Some(&0) {
                    path.push((to, 0));
                }
            }
        }
    }
}

/// Flows called by these steps.
fn called(steps: &[Step]) -> Vec<usize> {
    let mut found = Vec::new();
    walk(steps, &mut |action| {
        if let Action::Call { flow, .. } = action {
            found.push(flow.0 as usize);
        }
    });
    found
}

fn tasks(node: &Node, out: &mut Vec<Key>) {
    for task in node.one_or_more() {
        Fields(task.entries()).get("steps").into_iter().for_each(|n| steps(n, out));
    }
}

/// All names assigned by a step list, at any depth.
fn steps(node: &Node, out: &mut Vec<Key>) {
    let Kind::List(items) = &node.kind else { return };
    for step in items {
        for (key, value) in step.entries() {
            match key.name.as_str() {
                "set" | "capture" | "with" => out.extend(value.entries().iter().map(|(k, _)| k.clone())),
                "as" => out.extend(value.scalar().map(|name| Key { name: name.to_owned(), at: value.at.clone() })),
                _ => {}
            }
        }
        Fields(step.entries()).step_lists().for_each(|list| steps(list, out));
    }
}
