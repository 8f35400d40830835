//! Compiles `capture`.

use http::HeaderName;
use minijinja::Value;
use scraper::Selector;

use super::builder::Builder;
use super::fields::Fields;
use super::matcher::{MAX_PATH, MAX_PATTERN, PATTERN_ADVICE, regex_error};
use crate::scenario::eval::capture::{Capture, CaptureSource, Pick};
use crate::scenario::grammar::hints;
use crate::scenario::grammar::keys::{CAPTURE, CAPTURE_FORMS as FORMS, CAPTURE_SOURCES as SOURCES};
use crate::scenario::syntax::node::{Kind, Node};

/// Note: alternative to a template.
const CHOOSE: &str = "it is evaluated when the file is loaded: capture with `pick: all`, and select in a later step: {{ all | select('eq', x) | first }}";
/// Note: alternative to a template in a path.
const CHOOSE_JSON: &str = "it is evaluated when the file is loaded: capture `body: true` as page, and extract from it in a later step: \
                           {{ page | jsonpath('$.items[?@.id == ' ~ x ~ ']') }}";

impl Builder<'_> {
    pub(super) fn captures(&mut self, node: &Node) -> Vec<Capture> {
        let Some(entries) = self.map(node, "capture") else { return Vec::new() };
        if entries.is_empty() {
            self.report(node.at.clone(), "`capture` is empty", "write capture: { token: $.token }");
        }
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            self.names.assigned.assign(&key.name);
            let built = match &value.kind {
                Kind::Map(_) => self.full(value),
                _ => self.short(value).map(|(source, words)| (source, words, self.pick(None), None)),
            };
            let Some((source, words, Some(pick), default)) = built else { continue };
            // Invalid names were reported when names were declared.
            let Some(slot) = self.names.slots.id(&key.name) else { continue };
            let words = crate::clean::line(&format!("{}: {words}", key.name)).into_owned().into();
            out.push(Capture { slot, name: key.name.as_str().into(), source, pick, default, words });
        }
        out
    }

    fn pick(&mut self, given: Option<&Node>) -> Option<Pick> {
        let picks = [("first", Pick::First), ("last", Pick::Last), ("random", Pick::Random), ("all", Pick::All)];
        self.or_default(given, CAPTURE.keys, "pick", |b, n, key| b.word(n, key, &picks))
    }

    fn short(&mut self, node: &Node) -> Option<(CaptureSource, String)> {
        let text = self.scalar(node, "capture")?;
        if text.trim_start().starts_with('$') {
            return self.source("json", text.trim(), node);
        }
        match text.split_once(':') {
            Some((kind, rest)) if SOURCES.contains(&kind.trim()) => self.source(kind.trim(), rest.trim(), node),
            None if ["body", "status"].contains(&text.as_str()) => self.source(&text, "", node),
            _ => {
                let note = hints::path(&text).unwrap_or_else(|| FORMS.to_owned());
                self.report(node.at.clone(), format!("{text:?} is not a valid capture"), note);
                None
            }
        }
    }

    fn full(&mut self, node: &Node) -> Option<(CaptureSource, String, Option<Pick>, Option<Value>)> {
        let fields = self.fields(node, &CAPTURE)?;
        let (kind, value) = SOURCES.iter().find_map(|source| Some((*source, fields.get(source)?)))?;
        let text = match kind {
            "body" | "status" => {
                if !self.truth(value, kind)? {
                    let note = format!("write {kind}: true, or leave the capture out");
                    self.report(value.at.clone(), format!("`{kind}: false` captures nothing"), note);
                    return None;
                }
                String::new()
            }
            _ => self.scalar(value, kind)?,
        };
        let (mut source, words) = self.source(kind, &text, value)?;
        self.attribute(&fields, &mut source);
        let pick = self.pick(fields.get("pick"));
        let default = fields.get("default").and_then(|n| {
            self.meant_as_null(n);
            self.constant(n)
        });
        Some((source, words, pick, default))
    }

    fn attribute(&mut self, fields: &Fields<'_>, source: &mut CaptureSource) {
        let Some(node) = fields.get("attribute") else { return };
        if self.rejects_template(node, "attribute", CHOOSE) {
            return;
        }
        let name = self.plain_text(node, "attribute");
        if let CaptureSource::Css { attribute, .. } = source {
            *attribute = name;
        }
    }

    fn source(&mut self, kind: &str, text: &str, node: &Node) -> Option<(CaptureSource, String)> {
        let words = if text.is_empty() { kind.to_owned() } else { format!("{kind} {text}") };
        if text.is_empty() && !["body", "status"].contains(&kind) {
            self.report(node.at.clone(), format!("`{kind}` is empty"), FORMS);
            return None;
        }
        let instead = if kind == "json" { CHOOSE_JSON } else { CHOOSE };
        if self.rejects_template(node, &format!("capture: {kind}"), instead) {
            return None;
        }
        if kind == "css" && text.len() > MAX_PATH {
            self.error(node, format!("this selector is longer than {MAX_PATH} characters"));
            return None;
        }
        let source = match kind {
            "json" => CaptureSource::Json(self.path(text, node.at.clone())?),
            "header" => match HeaderName::try_from(text) {
                Ok(name) => CaptureSource::Header(name),
                Err(_) => {
                    self.report(
                        node.at.clone(),
                        format!("{text:?} is not a header name"),
                        "letters, digits and - are allowed",
                    );
                    return None;
                }
            },
            "cookie" => CaptureSource::Cookie(text.to_owned()),
            "regex" => match regex::RegexBuilder::new(text).size_limit(MAX_PATTERN).build() {
                Ok(pattern) => CaptureSource::Regex(pattern),
                Err(e) => {
                    let message = format!("invalid pattern: {}", regex_error(&e));
                    self.report(node.at.clone(), message, PATTERN_ADVICE);
                    return None;
                }
            },
            "css" => match Selector::parse(text) {
                Ok(selector) => CaptureSource::Css { selector, attribute: None },
                // The library's messages are for its developers.
                Err(_) => {
                    self.report(
                        node.at.clone(),
                        format!("{text:?} is not a CSS selector"),
                        "write one such as form input[name=token]",
                    );
                    return None;
                }
            },
            "body" => CaptureSource::Body,
            _ => CaptureSource::Status,
        };
        Some((source, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_a_key() {
        let names = crate::scenario::grammar::table::names(CAPTURE.keys);
        assert!(SOURCES.iter().all(|source| names.contains(source)));
    }
}
