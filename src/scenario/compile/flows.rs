//! Compiles `flows`.
//!
//! With `--tags`, the steps of a flow are selected as if they replaced the call. The selected part of a flow depends on
//! the context of the call, and each part becomes a separate flow of the plan.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::builder::Builder;
use super::fields::Fields;
use super::tag_filter::TagContext;
use super::unset::Part;
use crate::scenario::plan::{Action, EndpointId, Flow, FlowId, Step, walk};
use crate::scenario::syntax::node::{Kind, Node};

impl<'a> Builder<'a> {
    /// Assigns ids first, so that flows can call flows defined later.
    pub(super) fn flows(&mut self, fields: &Fields<'a>) -> Vec<Flow> {
        let Some(entries) = fields.get("flows").and_then(|n| self.map(n, "flows")) else { return Vec::new() };
        for (index, (key, _)) in entries.iter().enumerate() {
            // A file of at most 1 MB has fewer than u32::MAX flows.
            let id = FlowId(u32::try_from(index).unwrap_or(u32::MAX));
            self.flow_table.ids.insert(key.name.clone(), (id, key.at.clone()));
        }
        if self.tags.has_tags() {
            self.tags.selected_flows = self.selected_flows(fields);
            return Vec::new();
        }
        let mut flows = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let part = Part::flow(flows.len());
            let steps = self.within(part, |b| b.flow_steps(node, &key.name));
            flows.push(Flow { name: key.name.as_str().into(), steps });
        }
        self.cycles(&flows);
        flows
    }

    /// Parts of flows that are called, one per context. Empty without `--tags`.
    pub(super) fn parts(&mut self, fields: &Fields<'a>) -> Vec<Flow> {
        let entries = fields.get("flows").map(Node::entries).unwrap_or_default();
        if !self.tags.has_tags() || entries.is_empty() {
            return Vec::new();
        }
        let nodes: HashMap<&str, &Node> = entries.iter().map(|(key, node)| (key.name.as_str(), node)).collect();
        let mut flows = Vec::new();
        while let Some((name, context)) = self.flow_table.parts.get(flows.len()).cloned() {
            self.tags.context = context;
            let part = Part::flow(flows.len());
            let steps = nodes.get(name.as_str()).map(|node| self.within(part, |b| b.flow_steps(node, &name)));
            let steps = steps.unwrap_or_default();
            flows.push(Flow { name: name.as_str().into(), steps });
        }
        self.tags.context = TagContext::Shared;
        // Flows that are never called are still checked, but not added to the plan.
        for (key, node) in entries.iter().filter(|(key, _)| !flows.iter().any(|flow| *flow.name == *key.name)) {
            let checkpoint = self.checkpoint();
            self.within(Part::Never, |b| b.flow_steps(node, &key.name));
            self.roll_back(checkpoint);
        }
        self.cycles(&flows);
        flows
    }

    fn flow_steps(&mut self, node: &'a Node, name: &str) -> Vec<Step> {
        self.flow_table.current = Some(name.to_owned());
        let steps = self.steps(node, name);
        self.flow_table.current = None;
        steps
    }

    /// Id of the flow that a call in the current context runs.
    pub(super) fn part(&mut self, name: &str, whole: FlowId) -> FlowId {
        let flow = if self.tags.has_tags() { self.flow_table.part(name, self.tags.context_here()) } else { whole };
        self.flow_table.calls.extend(self.tags.current.iter().map(|tag| (tag.clone(), flow)));
        flow
    }

    /// True if this flow, or a flow that it calls, contains a step selected by its own tags.
    pub(super) fn calls_selected_flow(&self, call: &Node) -> bool {
        call.scalar().is_some_and(|name| self.tags.selected_flows.contains(name))
    }

    fn selected_flows(&self, fields: &Fields<'a>) -> HashSet<String> {
        let entries = fields.get("flows").map(Node::entries).unwrap_or_default();
        let mut callers: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut found: Vec<&str> = Vec::new();
        for (key, node) in entries {
            let mut called = Vec::new();
            if self.has_selected_step(node, &mut called) {
                found.push(&key.name);
            }
            called.into_iter().for_each(|name| callers.entry(name).or_default().push(&key.name));
        }
        let mut selected = HashSet::new();
        while let Some(name) = found.pop() {
            if selected.insert(name.to_owned()) {
                found.extend(callers.get(name).into_iter().flatten());
            }
        }
        selected
    }

    /// True if a step of the list, at any depth, has a selected tag. Adds the flows that the list calls to `called`.
    fn has_selected_step<'n>(&self, steps: &'n Node, called: &mut Vec<&'n str>) -> bool {
        let Kind::List(items) = &steps.kind else { return false };
        let mut found = false;
        for item in items {
            let step = Fields(item.entries());
            let tags = step.get("tags").map(Node::one_or_more).unwrap_or_default().iter();
            let tags: Vec<String> = tags.filter_map(Node::scalar).map(str::to_owned).collect();
            if self.tags.excluded(&tags) {
                continue;
            }
            found |= self.tags.selects(&tags);
            called.extend(step.get("call").and_then(Node::scalar));
            for list in step.step_lists() {
                found |= self.has_selected_step(list, called);
            }
        }
        found
    }

    /// Adds the tags of calling steps and tasks to the rows of flows.
    pub(super) fn tag_called(&mut self, flows: &[Flow]) {
        let mut by_tag: HashMap<String, BTreeSet<u32>> = HashMap::new();
        for (tag, flow) in std::mem::take(&mut self.flow_table.calls) {
            by_tag.entry(tag).or_default().insert(flow.0);
        }
        for (tag, first) in by_tag {
            let mut rows = Vec::new();
            let (mut seen, mut next) = (first.clone(), Vec::from_iter(first));
            while let Some(flow) = next.pop().and_then(|id| flows.get(id as usize)) {
                walk(&flow.steps, &mut |action| {
                    rows.extend(action.endpoint());
                    if let Action::Call { flow, .. } = action
                        && seen.insert(flow.0)
                    {
                        next.push(flow.0);
                    }
                });
            }
            let known = self.interner.tagged.entry(tag).or_default();
            let mut held: HashSet<EndpointId> = known.iter().copied().collect();
            known.extend(rows.into_iter().filter(|row| held.insert(*row)));
        }
    }
}
