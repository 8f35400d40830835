//! The request that is shown beside a failure: made only for the one failure of its kind that is kept, masked before it is
//! truncated.

use http::{HeaderName, HeaderValue};

use super::context::UserContext;
use super::result::{Outcome, StepResult};
use crate::scenario::secrets::{Redactor, header};
use crate::stats::ExampleRequest;

/// Characters of a body that are kept.
pub(crate) const EXAMPLE_BODY: usize = 4_096;
/// Characters of all headers together that are kept.
pub(crate) const EXAMPLE_HEADERS: usize = 2_048;
/// Characters of a URL or a command that are kept.
pub(crate) const EXAMPLE_LINE: usize = 2_048;

/// Adds the request to the example of a failure, where that example is kept.
pub(crate) fn attach(result: &mut StepResult, context: &dyn UserContext, request: impl FnOnce() -> ExampleRequest) {
    let (Some(row), Outcome::Failed(failure)) = (result.row, &mut result.outcome) else { return };
    if let Some(example) = &mut failure.example
        && context.wants_example(row, &failure.reason)
    {
        example.request = Some(request());
    }
}

/// The beginning of what was sent, as text.
pub(crate) fn beginning(bytes: &[u8], most: usize, secrets: &Redactor) -> String {
    let kept = &bytes[..bytes.len().min(most.saturating_mul(4).saturating_add(secrets.reach()))];
    secrets.clip_part(&String::from_utf8_lossy(kept), most, kept.len() == bytes.len())
}

/// A line for each header, credentials left out; somewhat more than are kept.
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
        // Masked before it is taken apart.
        let value = header::shown(name.as_str(), &secrets.mask(&value));
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_body_shows_no_part_of_a_secret() {
        let secrets = Redactor::new(["tok-48151623-end"]);
        for before in 80..=101 {
            let body = format!("{}tok-48151623-end{}", "x".repeat(before), "y".repeat(9_000));
            let shown = beginning(body.as_bytes(), 100, &secrets);
            assert!(!shown.contains('t') && shown.chars().count() <= 103, "{before}: {shown}");
        }
        assert_eq!(beginning(b"a\xffb", 100, &secrets), "a\u{fffd}b");
    }

    #[test]
    fn headers_show_no_session() {
        let value = HeaderValue::from_static("sid=s3cret; Path=/");
        let (name, other) = (http::header::SET_COOKIE, HeaderValue::from_static("1 k-4815 2"));
        let headers = [(&name, &value), (&http::header::ACCEPT, &other)];
        let lines = header_lines(headers.into_iter(), &Redactor::new(["k-4815"]));
        assert_eq!(lines, "set-cookie: sid=***; Path=/\naccept: 1 *** 2\n");
    }
}
