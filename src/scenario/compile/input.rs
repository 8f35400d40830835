//! Input of the compiler.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::plan::SelectOptions;
use crate::scenario::syntax::node::Node;
use crate::scenario::syntax::source::Sources;

/// Input of the compiler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// All source texts.
    pub sources: &'a Sources,
    /// The tree after applying the profile.
    pub root: &'a Node,
    /// The tree before applying the profile.
    pub whole: &'a Node,
    /// Selected part.
    pub select: &'a SelectOptions,
    /// Values of `env`.
    pub environment: &'a Arc<BTreeMap<String, String>>,
    /// Variables whose line in `.env` cannot be read, and why.
    pub unreadable: &'a Arc<BTreeMap<String, String>>,
}
