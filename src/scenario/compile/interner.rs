//! What many steps share and the plan has once: rows of the statistics, and settings of connections.

use std::collections::HashMap;
use std::ops::Range;

use crate::row_kind::RowKind;
use crate::scenario::plan::{ClientId, ClientOptions, Endpoint, EndpointId, OperationSize};

/// Gives equal things one number.
#[derive(Debug)]
pub(super) struct Interner {
    /// The rows, in order of appearance.
    pub endpoints: Vec<Endpoint>,
    index: HashMap<Endpoint, EndpointId>,
    /// The rows that steps with a tag use.
    pub tagged: HashMap<String, Vec<EndpointId>>,
    /// The GraphQL operations of all steps.
    pub operations: Vec<Counted>,
    /// The settings; the first is the usual one.
    pub clients: Vec<ClientOptions>,
}

/// The operation of one step.
#[derive(Debug)]
pub(super) struct Counted {
    /// Where it counts.
    pub row: EndpointId,
    /// Its size.
    pub size: OperationSize,
    /// Place of its document.
    pub at: Range<usize>,
    /// The step names its row.
    pub named: bool,
}

/// How many rows and operations there are at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    rows: usize,
    operations: usize,
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            index: HashMap::new(),
            tagged: HashMap::new(),
            operations: Vec::new(),
            clients: vec![ClientOptions::default()],
        }
    }
}

impl Interner {
    /// The row of this name, which each of the tags then has.
    pub fn endpoint(&mut self, kind: RowKind, name: &str, tags: &[String]) -> EndpointId {
        let endpoint = Endpoint { kind, name: name.into() };
        let id = match self.index.get(&endpoint) {
            Some(id) => *id,
            None => {
                // A file of at most 1 MB has fewer steps than u32::MAX.
                let id = EndpointId(u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX));
                self.endpoints.push(endpoint.clone());
                self.index.insert(endpoint, id);
                id
            }
        };
        for tag in tags {
            let rows = self.tagged.entry(tag.clone()).or_default();
            if !rows.contains(&id) {
                rows.push(id);
            }
        }
        id
    }

    /// The number of these settings.
    pub fn client(&mut self, options: ClientOptions) -> ClientId {
        let index = self.clients.iter().position(|known| *known == options).unwrap_or_else(|| {
            self.clients.push(options);
            self.clients.len() - 1
        });
        // A file of at most 1 MB has fewer settings than u32::MAX.
        ClientId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The current state, for [`Self::roll_back`].
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { rows: self.endpoints.len(), operations: self.operations.len() }
    }

    /// Removes what was added after the checkpoint.
    pub fn roll_back(&mut self, checkpoint: Checkpoint) {
        self.operations.truncate(checkpoint.operations);
        for endpoint in self.endpoints.drain(checkpoint.rows..) {
            self.index.remove(&endpoint);
        }
        for ids in self.tagged.values_mut() {
            ids.retain(|id| (id.0 as usize) < checkpoint.rows);
        }
    }
}
