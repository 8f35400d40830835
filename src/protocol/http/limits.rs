//! How much of a response the example of a failure keeps.

use crate::protocol::example::EXAMPLE_BODY;

/// Bytes of a body that nobody looks at, at most: an example, and a secret at its end.
pub const MAX_EXAMPLE: usize = 128 * 1024;

/// Bytes of a body that an example needs, where the longest secret has `reach` bytes.
pub fn kept_for_example(reach: usize) -> usize {
    EXAMPLE_BODY.saturating_add(reach).min(MAX_EXAMPLE)
}
