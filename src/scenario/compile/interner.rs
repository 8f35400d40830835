//! Rows of the statistics and connection settings, which steps share.

use std::collections::HashMap;
use std::ops::Range;

use crate::row_kind::RowKind;
use crate::scenario::plan::{ClientId, ClientOptions, Endpoint, EndpointId, OperationSize};

/// Assigns one number to equal values.
#[derive(Debug)]
pub(super) struct Interner {
    /// Rows, in order of appearance.
    pub endpoints: Vec<Endpoint>,
    index: HashMap<Endpoint, EndpointId>,
    /// Rows used by steps with each tag.
    pub tagged: HashMap<String, Vec<EndpointId>>,
    /// GraphQL operations of all steps.
    pub operations: Vec<Counted>,
    /// Connection settings; the first are the defaults.
    pub clients: Vec<ClientOptions>,
}

/// The operation of a step.
#[derive(Debug)]
pub(super) struct Counted {
    /// Its row.
    pub row: EndpointId,
    /// Its size.
    pub size: OperationSize,
    /// Position of its document.
    pub at: Range<usize>,
    /// The step has a `name`.
    pub named: bool,
}

/// Numbers of rows and operations, for rolling back.
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
    /// The row with this name; adds the tags to it.
    pub fn endpoint(&mut self, kind: RowKind, name: &str, tags: &[String]) -> EndpointId {
        let endpoint = Endpoint { kind, name: name.into() };
        let id = match self.index.get(&endpoint) {
            Some(id) => *id,
            None => {
                // A file of at most 1 MB has fewer than u32::MAX steps.
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

    /// Whether there is a row with this name.
    pub fn has(&self, kind: RowKind, name: &str) -> bool {
        self.index.contains_key(&Endpoint { kind, name: name.into() })
    }

    /// Id of these settings.
    pub fn client(&mut self, options: ClientOptions) -> ClientId {
        let index = self.clients.iter().position(|known| *known == options).unwrap_or_else(|| {
            self.clients.push(options);
            self.clients.len() - 1
        });
        // A file of at most 1 MB has fewer than u32::MAX settings.
        ClientId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Current state, for [`Self::roll_back`].
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
