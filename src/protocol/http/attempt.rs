//! What came of one attempt to send a request, and whether there may be another.

use http::Method;

use super::error::WireError;

/// What came of an exchange that ended in a response.
#[derive(Debug, Clone, Copy)]
pub struct Exchanged {
    /// True when the connection may carry another request, as far as the bytes tell.
    pub clean: bool,
    /// True when the end of the response was that of a TLS connection without TLS's own end: it may have been cut.
    pub unclosed: bool,
}

/// What came of an exchange that did not.
#[derive(Debug)]
pub struct Broken {
    /// Why.
    pub error: WireError,
    /// Whether the request may be sent again.
    pub again: Again,
}

/// Whether a request without a response may be sent again (RFC 9112, section 9.3.1, and RFC 9113, section 8.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// A part of a response has come, or the server has said why there is none.
    No,
    /// The connection ended and nothing of a response came: what is harmless to do twice, on a connection that was used
    /// before, which the server may have closed at the very moment.
    IfIdempotent,
    /// Not a byte has left, on a connection that was used before.
    Unsent,
    /// The server has said that it has not looked at the request.
    Refused,
}

impl Again {
    /// Whether this request may be sent once more, on a new connection.
    pub fn allows(self, method: &Method, is_kept: bool) -> bool {
        match self {
            Again::No => false,
            Again::IfIdempotent => is_kept && method.is_idempotent(),
            Again::Unsent => is_kept,
            Again::Refused => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_harmless_is_sent_again() {
        for (again, get, post, get_on_a_new_one) in [
            (Again::No, false, false, false),
            (Again::IfIdempotent, true, false, false),
            (Again::Unsent, true, true, false),
            (Again::Refused, true, true, true),
        ] {
            let allowed = [(Method::GET, true), (Method::POST, true), (Method::GET, false)]
                .map(|(method, is_kept)| again.allows(&method, is_kept));
            assert_eq!(allowed, [get, post, get_on_a_new_one], "{again:?}");
        }
    }
}
