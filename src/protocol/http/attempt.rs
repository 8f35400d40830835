//! The outcome of one attempt to send a request, and whether it may be retried.

use http::Method;

use super::error::WireError;

/// How an exchange that ended with a response left its connection.
#[derive(Debug, Clone, Copy)]
pub struct ExchangeEnd {
    /// Whether the connection can be reused, as far as the bytes on it show.
    pub clean: bool,
    /// Whether the response ended with a TLS connection that was closed without `close_notify`: it may be truncated.
    pub unclosed: bool,
}

/// Why an exchange ended without a response.
#[derive(Debug)]
pub struct FailedExchange {
    pub error: WireError,
    /// Whether the request may be retried.
    pub retry: Retry,
}

/// Whether a request without a response may be retried (RFC 9112, section 9.3.1, and RFC 9113, section 8.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Part of a response was received, or the server reported an error.
    No,
    /// The connection ended before any part of a response: retried only if the method is idempotent and the connection
    /// was used before, because the server may have closed it while it was idle.
    IfIdempotent,
    /// No byte was sent, on a connection that was used before.
    Unsent,
    /// The server reported that it did not process the request.
    Refused,
}

impl Retry {
    /// Whether the request may be retried on a new connection. `is_kept`: the failed one had been used before.
    pub fn allows(self, method: &Method, is_kept: bool) -> bool {
        match self {
            Retry::No => false,
            Retry::IfIdempotent => is_kept && method.is_idempotent(),
            Retry::Unsent => is_kept,
            Retry::Refused => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_retries_are_allowed() {
        for (retry, get, post, get_on_a_new_one) in [
            (Retry::No, false, false, false),
            (Retry::IfIdempotent, true, false, false),
            (Retry::Unsent, true, true, false),
            (Retry::Refused, true, true, true),
        ] {
            let allowed = [(Method::GET, true), (Method::POST, true), (Method::GET, false)]
                .map(|(method, is_kept)| retry.allows(&method, is_kept));
            assert_eq!(allowed, [get, post, get_on_a_new_one], "{retry:?}");
        }
    }
}
