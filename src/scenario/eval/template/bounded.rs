//! Errors of rendering, and the maximum length of a value.

/// A template that failed while rendering; shown among the exceptions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub String);

/// Maximum bytes of a value: the size of a lazy value, such as a repeated list, is known only when it is written.
pub(super) const MAX_TEXT: usize = 4 * 1024 * 1024;

pub(super) fn too_long() -> RenderError {
    RenderError(format!("the value is longer than {} MB", MAX_TEXT / (1024 * 1024)))
}

/// A writer that fails once `left` bytes are written.
pub(super) struct Bounded<'a, W> {
    pub left: usize,
    pub out: &'a mut W,
}

impl<W> Bounded<'_, W> {
    fn take(&mut self, length: usize) -> bool {
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl std::fmt::Write for Bounded<'_, String> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.take(text.len()) { self.out.write_str(text) } else { Err(std::fmt::Error) }
    }
}

impl std::io::Write for Bounded<'_, Vec<u8>> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.take(bytes.len()) {
            return Err(std::io::Error::other("too long"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
