//! What a plan is compiled from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::plan::SelectOptions;
use crate::scenario::syntax::node::Node;
use crate::scenario::syntax::source::Sources;

/// What a plan is compiled from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// All texts.
    pub sources: &'a Sources,
    /// The tree, with the profile laid over it.
    pub root: &'a Node,
    /// The tree without a profile.
    pub whole: &'a Node,
    /// The part that is taken.
    pub select: &'a SelectOptions,
    /// Values of `env`.
    pub environment: &'a Arc<BTreeMap<String, String>>,
}
