//! Payload of a published message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::template::{Json, RenderError, Scope, Text};

/// Content of a message, before its envelope.
#[derive(Debug, Clone)]
pub enum Payload {
    /// JSON; a value that is a string is sent as is, without quotes.
    Json(Json),
    /// Constant bytes.
    Fixed(Bytes),
    /// Base64 of the bytes.
    Base64(Text),
    /// This many random bytes, new ones for every message.
    Random(u32),
}

impl Payload {
    /// Writes the content to `out`, which is empty.
    ///
    /// # Errors
    /// When an expression fails, or renders to text that is not base64.
    pub fn render(&self, scope: &mut Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        match self {
            Payload::Json(json) => {
                json.render(scope, out)?;
                if out.first() == Some(&b'"')
                    && let Ok(text) = serde_json::from_slice::<String>(out)
                {
                    *out = text.into_bytes();
                }
            }
            Payload::Fixed(bytes) => out.extend_from_slice(bytes),
            Payload::Base64(text) => {
                let mut encoded = String::new();
                text.render(scope, &mut encoded)?;
                decode(&encoded, out).map_err(|why| RenderError(format!("payload: not base64: {why}")))?;
            }
            Payload::Random(length) => {
                out.resize(*length as usize, 0);
                scope.rng.fill(out);
            }
        }
        Ok(())
    }
}

/// Decodes base64 with padding, and with white space around it.
///
/// # Errors
/// If it is not base64.
pub(crate) fn decode(text: &str, out: &mut Vec<u8>) -> Result<(), base64::DecodeError> {
    STANDARD.decode_vec(text.trim(), out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::{Overrides, Scenario};

    fn payload(text: &str) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("a.bin", &b"\xff\x00\xfe"[..]),
            ("a.txt", b"{{ no template }} \xc3\xa9"),
            ("a.json", b"{\"n\": \"{{ user.id }}\"}"),
            ("list", b"[1]"),
            ("bad.json", b"{"),
        ] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let text = format!("redis: {{ url: redis://h }}\ntasks: [{{ steps: [{{ publish: c, payload: {text} }}] }}]\n");
        let scenario = Scenario::parse_in("s.yaml", &text, Some(folder.path())).map_err(|error| error.text)?;
        assert_eq!(scenario.warnings(), "");
        let plan = scenario.plan(&Overrides::default()).map_err(|error| error.to_string())?;
        let crate::scenario::plan::Action::Publish(step) = &plan.classes[0].tasks[0].steps[0].action else {
            panic!("a publish")
        };
        let (mut scope, mut out) = (plan.scope(1, 7), Vec::new());
        step.payload.render(&mut scope, &mut out).map_err(|error| error.0)?;
        Ok(out)
    }

    #[test]
    fn payloads_are_json_text_or_bytes() {
        for (written, wanted) in [
            ("{ n: 1 }", &b"{\"n\":1}"[..]),
            ("text", b"text"),
            ("\"{{ user.id }}\"", b"7"),
            ("{ base64: '//79AA==' }", b"\xff\xfe\xfd\x00"),
            ("{ base64: ' aGk= ' }", b"hi"),
            ("{ base64: '' }", b""),
            ("{ base64: \"{{ 'hi' | b64encode }}\" }", b"hi"),
            ("{ base64: \"aGk{{ '=' }}\" }", b"hi"),
            // With other members it is an object.
            ("{ base64: x, n: 1 }", b"{\"base64\":\"x\",\"n\":1}"),
            ("{ random: many, n: 1 }", b"{\"random\":\"many\",\"n\":1}"),
            ("[{ base64: x }]", b"[{\"base64\":\"x\"}]"),
            ("'@a.bin'", b"\xff\x00\xfe"),
            ("'@a.txt'", b"{{ no template }} \xc3\xa9"),
            ("'@a.json'", b"{\"n\":7}"),
            ("'@list'", b"[1]"),
        ] {
            assert_eq!(payload(written).as_deref(), Ok(wanted), "{written}");
        }
        let random = |size| payload(&format!("{{ random: {size} }}")).unwrap();
        assert_eq!((random("0").len(), random("3").len(), random("5MB").len()), (0, 3, 5_000_000));
        // Bytes of all values, and no text.
        let found: std::collections::HashSet<u8> = random("64KB").into_iter().collect();
        assert_eq!(found.len(), 256);
        assert_eq!(payload("\"{{ random_string(1000000) }}\"").unwrap().len(), 1_000_000);
    }

    #[test]
    fn invalid_payloads_are_reported() {
        for (written, wanted) in [
            ("{ base64: 'a?' }", "not base64"),
            ("{ base64: [1] }", "`base64`: expected a single value, found a list"),
            ("{ base64: \"{{ user.id }}\" }", "payload: not base64"),
            ("{ random: many }", "\"many\" is not a size"),
            ("{ random: 17MB }", "at most 16 MiB"),
            ("'@bad.json'", "bad.json"),
            ("'@none.bin'", "none.bin"),
        ] {
            let error = payload(written).expect_err(written);
            assert!(error.contains(wanted), "{written}: {error}");
        }
        let of = |payload: &str| {
            let redis = "redis: { url: redis://h, envelope: json }";
            Scenario::parse(
                "s.yaml",
                &format!("{redis}\ntasks: [{{ steps: [{{ publish: c, payload: {payload} }}] }}]\n"),
            )
        };
        for written in ["{ base64: aGk= }", "{ random: 3 }"] {
            let error = of(written).expect_err(written).text;
            assert!(
                error.contains("bytes cannot be sent with `envelope: json`") && error.contains("s.yaml:2:"),
                "{error}"
            );
        }
        assert!(of("text").is_ok());
    }

    #[test]
    fn random_payloads_differ_and_are_reproducible() {
        let drawn = |seed| {
            let mut scope = Scope::new(seed, 1, Arc::new(minijinja::Value::UNDEFINED));
            let mut each = || {
                let mut out = Vec::new();
                Payload::Random(32).render(&mut scope, &mut out).unwrap();
                out
            };
            [each(), each()]
        };
        let [one, two] = drawn(1);
        assert!(one != two && drawn(1) == [one, two] && drawn(2) != drawn(1));
    }
}
