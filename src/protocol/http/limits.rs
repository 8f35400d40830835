//! Limits of what the example of a failure keeps of a response.

use crate::protocol::example::EXAMPLE_BODY;

/// Maximum bytes of a body that is kept for an example only, including room for a secret at its end.
pub const MAX_EXAMPLE: usize = 128 * 1024;

/// Bytes of a body needed for an example, if the longest secret has `reach` bytes.
pub fn example_bytes(reach: usize) -> usize {
    EXAMPLE_BODY.saturating_add(reach).min(MAX_EXAMPLE)
}
