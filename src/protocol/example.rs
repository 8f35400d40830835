//! The request in the example of a failure: built only if the example is kept, and masked before it is truncated.

use http::{HeaderName, HeaderValue};

use super::context::UserContext;
use super::result::{StepOutcome, StepResult};
use crate::scenario::secrets::{Redactor, header};
use crate::stats::ExampleRequest;

/// Maximum characters of a body.
pub(crate) const EXAMPLE_BODY: usize = 4_096;
/// Maximum characters of all headers together.
pub(crate) const EXAMPLE_HEADERS: usize = 2_048;
/// Maximum characters of a URL or a command.
pub(crate) const EXAMPLE_LINE: usize = 2_048;

/// Adds the request to the example of a failure, if the example is kept.
pub(crate) fn attach(result: &mut StepResult, context: &dyn UserContext, request: impl FnOnce() -> ExampleRequest) {
    let (Some(row), StepOutcome::Failed(failure)) = (result.row, &mut result.outcome) else { return };
    if let Some(example) = &mut failure.example
        && context.wants_example(row, &failure.reason)
    {
        example.request = Some(request());
    }
}

/// The start of what was sent, as text of up to `most` characters.
pub(crate) fn beginning(bytes: &[u8], most: usize, secrets: &Redactor) -> String {
    let kept = &bytes[..bytes.len().min(most.saturating_mul(4).saturating_add(secrets.reach()))];
    secrets.clip_part(&String::from_utf8_lossy(kept), most, kept.len() == bytes.len())
}

/// A line for each header, without credentials; may be a little longer than [`EXAMPLE_HEADERS`].
pub(crate) fn header_lines<'a>(
    headers: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
    secrets: &Redactor,
) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        if out.len() > EXAMPLE_HEADERS {
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        // Masked before it is split, so that no part of a secret remains.
        let value = header::shown(name.as_str(), &secrets.mask(&value));
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_leaves_no_part_of_a_secret() {
        let secrets = Redactor::new(["tok-48151623-end"]);
        for before in 80..=101 {
            let body = format!("{}tok-48151623-end{}", "x".repeat(before), "y".repeat(9_000));
            let shown = beginning(body.as_bytes(), 100, &secrets);
            assert!(!shown.contains('t') && shown.chars().count() <= 103, "{before}: {shown}");
        }
        assert_eq!(beginning(b"a\xffb", 100, &secrets), "a\u{fffd}b");
    }

    #[test]
    fn session_cookies_are_hidden() {
        let value = HeaderValue::from_static("sid=s3cret; Path=/");
        let (name, other) = (http::header::SET_COOKIE, HeaderValue::from_static("1 k-4815 2"));
        let headers = [(&name, &value), (&http::header::ACCEPT, &other)];
        let lines = header_lines(headers.into_iter(), &Redactor::new(["k-4815"]));
        assert_eq!(lines, "set-cookie: sid=***; Path=/\naccept: 1 *** 2\n");
    }
}
