//! The size limit of responses, and why a response cannot be read.

/// Most bytes of a response: a message of 16 MiB and what encloses it. A longer one fails the command and closes the
/// connection.
pub const MAX_REPLY: usize = 16 * 1024 * 1024 + 64 * 1024;

/// Why a response cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not RESP; with the beginning of it.
    #[error("not a Redis server: it answered {0:?}")]
    Foreign(String),
    /// RESP, but not from a Redis server.
    #[error("not a Redis server: {0}")]
    NotRedis(&'static str),
    /// Invalid RESP.
    #[error("{0}")]
    Malformed(&'static str),
    /// Longer than [`MAX_REPLY`], or with more elements than fit there.
    #[error("response larger than 16 MiB")]
    TooLarge,
}
