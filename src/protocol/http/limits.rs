//! How much of a response the example of a failure keeps.

/// Characters of a failed response's body kept for the detail view.
pub const EXAMPLE_BODY: usize = 4_096;
/// Bytes of a body that nobody looks at, at most: an example, and a secret at its end.
pub const MAX_EXAMPLE: usize = 128 * 1024;

/// Bytes of a body that an example needs, where the longest secret has `reach` bytes.
pub fn kept_for_example(reach: usize) -> usize {
    EXAMPLE_BODY.saturating_add(reach).min(MAX_EXAMPLE)
}
