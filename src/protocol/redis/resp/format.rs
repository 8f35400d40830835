//! Size limit and errors of responses.

/// Maximum bytes of a response: a message of 16 MiB and its overhead. A longer one fails the command and closes the
/// connection.
pub const MAX_RESPONSE: usize = 16 * 1024 * 1024 + 64 * 1024;

/// Why a response cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not RESP; the start of it.
    #[error("not a Redis server: it sent {0:?}")]
    Foreign(String),
    /// RESP, but not from a Redis server.
    #[error("not a Redis server: {0}")]
    NotRedis(&'static str),
    /// Invalid RESP.
    #[error("{0}")]
    Malformed(&'static str),
    /// Larger than [`MAX_RESPONSE`], or too many elements.
    #[error("response larger than 16 MiB")]
    TooLarge,
}
