//! Payload of a published message, and values of commands that are bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::size::Size;
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
    /// Random bytes, new ones for every message.
    Random(RandomBytes),
}

/// Random bytes, of which a part can be compressed.
#[derive(Debug, Clone)]
pub struct RandomBytes {
    /// Number of bytes.
    pub size: Size,
    /// Percentage of each [`BLOCK`] that is a repeated letter and not random.
    pub compressible: u8,
}

/// Compressors that look at a few kilobytes at a time find the same ratio everywhere.
const BLOCK: usize = 1_000;

impl RandomBytes {
    fn render(&self, scope: &mut Scope, out: &mut Vec<u8>) -> Result<(), RenderError> {
        let size = self.size.draw(scope)?;
        out.resize(size, b'x');
        for block in out.chunks_mut(BLOCK) {
            let random = block.len() - block.len() * usize::from(self.compressible.min(100)) / 100;
            scope.rng.fill(&mut block[..random]);
        }
        Ok(())
    }
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
            Payload::Random(random) => random.render(scope, out)?,
        }
        Ok(())
    }

    /// The mean number of bytes, as far as it does not depend on the run; the size of JSON is that of an example.
    pub fn mean_size(&self, scope: &mut Scope) -> Option<f64> {
        if let Payload::Random(random) = self {
            return random.size.mean();
        }
        let mut out = Vec::new();
        self.render(scope, &mut out).ok().map(|()| out.len() as f64)
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
            ("{ random: 3, compressible: 101% }", "`compressible`: expected a percentage such as 50%"),
            ("{ random: 3, compressible: half }", "`compressible`: expected a percentage such as 50%"),
            ("{ random: 'between(1, 17MB)' }", "at most 16 MiB"),
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
                let random = RandomBytes { size: Size::Between(30, 40), compressible: 0 };
                Payload::Random(random).render(&mut scope, &mut out).unwrap();
                out
            };
            [each(), each()]
        };
        let [one, two] = drawn(1);
        assert!(one != two && drawn(1) == [one, two] && drawn(2) != drawn(1));
    }

    #[test]
    fn only_the_compressible_part_is_compressed() {
        let compressed = |written: &str| {
            let plain = payload(written).unwrap();
            zstd::bulk::compress(&plain, 9).unwrap().len() as f64 / plain.len() as f64
        };
        assert!(compressed("{ random: 64KB }") > 0.999);
        for (share, ratio) in [("0%", 1.0), ("25%", 0.75), ("50%", 0.5), ("90%", 0.1), ("100%", 0.0)] {
            let got = compressed(&format!("{{ random: 64KB, compressible: {share} }}"));
            assert!((got - ratio).abs() < 0.03, "{share}: {got}");
            let small = compressed(&format!("{{ random: 500, compressible: {share} }}"));
            assert!((small - ratio).abs() < 0.06, "{share}: {small}");
        }
    }

    #[test]
    fn sizes_are_drawn() {
        for (written, allowed) in [
            ("{ random: 'between(10, 20)' }", 10..=20),
            ("{ random: 'gaussian(1KB, 2KB)' }", 1_000..=2_000),
            ("{ random: { 100: 1, 1KB: 0 } }", 100..=100),
            ("{ random: \"{{ user.id * 3 }}\" }", 21..=21),
        ] {
            let length = payload(written).unwrap().len();
            assert!(allowed.contains(&length), "{written}: {length}");
        }
    }
}
