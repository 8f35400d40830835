//! The limit of a reply, and the error of one that is not RESP.

/// Largest reply that is kept: a message of 16 MiB, and what stands around it. A longer one fails the command and closes
/// the connection.
pub const MAX_REPLY: usize = 16 * 1024 * 1024 + 64 * 1024;

/// What came is no reply of a Redis, or more than we are willing to keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not RESP; the text is how it began.
    #[error("not a Redis server: it answered {0:?}")]
    Foreign(String),
    /// Not what a Redis answers.
    #[error("not a Redis server: {0}")]
    NotRedis(&'static str),
    /// RESP that breaks its own rules.
    #[error("{0}")]
    Malformed(&'static str),
    /// Longer than [`MAX_REPLY`], or with more elements than fit there.
    #[error("reply larger than 16 MiB")]
    TooLarge,
}
