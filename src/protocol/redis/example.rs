//! The Redis command in the example of a failure.

use ::redis::Cmd;

use super::trace::words;
use super::words::{quoted, without_passwords};
use crate::protocol::example::{EXAMPLE_BODY, EXAMPLE_LINE, beginning};
use crate::scenario::secrets::Redactor;
use crate::stats::ExampleRequest;
use crate::units;

/// Maximum words of a command.
const MAX_WORDS: usize = 200;

/// A command.
pub(super) fn command(command: &Cmd, secrets: &Redactor) -> ExampleRequest {
    let words: Vec<&[u8]> = words(command).take(MAX_WORDS).collect();
    ExampleRequest { line: line(&words, secrets), ..ExampleRequest::default() }
}

/// A published message; `payload` excludes the stamp.
pub(super) fn message(verb: &str, channel: &str, payload: &[u8], secrets: &Redactor) -> ExampleRequest {
    ExampleRequest {
        line: line(&[verb, channel], secrets),
        headers: String::new(),
        body: match str::from_utf8(payload) {
            Ok(_) => beginning(payload, EXAMPLE_BODY, secrets),
            Err(_) => not_text(payload),
        },
    }
}

/// Describes bytes that cannot be shown.
pub(super) fn not_text(bytes: &[u8]) -> String {
    format!("({} that are not text)", units::counted(bytes.len() as u64, "byte"))
}

/// A subscription to channels or patterns.
pub(super) fn subscription<'a>(
    verb: &'a str,
    names: impl Iterator<Item = &'a str>,
    secrets: &Redactor,
) -> ExampleRequest {
    let words: Vec<&str> = std::iter::once(verb).chain(names).take(MAX_WORDS).collect();
    ExampleRequest { line: line(&words, secrets), ..ExampleRequest::default() }
}

/// Formats a command. Each word is masked before it is quoted and truncated.
fn line<W: AsRef<[u8]>>(words: &[W], secrets: &Redactor) -> String {
    let mut line = String::new();
    for word in without_passwords(words) {
        if line.len() > EXAMPLE_LINE {
            break;
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(&quoted(&beginning(word.as_bytes(), EXAMPLE_LINE, secrets)));
    }
    line.chars().take(EXAMPLE_LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_without_secrets() {
        let secrets = Redactor::new(["tok 4815"]);
        let shown = |words: &[&str]| command(Cmd::new().arg(words), &secrets).line;
        assert_eq!(shown(&["SET", "user:1", "a b"]), "SET user:1 \"a b\"");
        assert_eq!(shown(&["AUTH", "bob", "pw"]), "AUTH *** ***");
        assert_eq!(shown(&["SET", "k", "x tok 4815"]), "SET k \"x ***\"");
        assert_eq!(shown(&["SET", "k", &"v".repeat(1 << 20)]).chars().count(), EXAMPLE_LINE);
        assert_eq!(command(&Cmd::new(), &secrets).line, "");
        let message = message("PUBLISH", "orders:7", br#"{"t":"tok 4815"}"#, &secrets);
        assert_eq!((&*message.line, &*message.body), ("PUBLISH orders:7", r#"{"t":"***"}"#));
        let binary = super::message("PUBLISH", "c", b"\xff\x00", &secrets);
        assert_eq!(&*binary.body, "(2 bytes that are not text)");
        assert_eq!(subscription("SUBSCRIBE", ["a", "b c"].into_iter(), &secrets).line, "SUBSCRIBE a \"b c\"");
    }
}
