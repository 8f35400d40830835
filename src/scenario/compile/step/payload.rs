//! Compiles the payload of a published message, and values of commands that are bytes.

use bytes::Bytes;

use crate::scenario::compile::body::file_name;
use crate::scenario::compile::builder::Builder;
use crate::scenario::eval::payload::{Payload, RandomBytes, decode};
use crate::scenario::eval::size::MAX_SIZE;
use crate::scenario::eval::template::{Json, JsonBuilder};
use crate::scenario::grammar::keys::BYTES;
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// A string, JSON, `@file`, `{ base64: … }` or `{ random: SIZE }`; nothing without a node.
    pub(super) fn payload(&mut self, node: Option<&Node>) -> Option<Payload> {
        let Some(node) = node else { return Some(Payload::Json(JsonBuilder::default().finish())) };
        if let Some(name) = file_name(node) {
            return self.payload_of_file(node, name);
        }
        if describes_bytes(node) {
            self.uses.binary.extend(node.entries().first().map(|(_, value)| value.at.clone()));
            return self.bytes(node);
        }
        self.json(node).map(Payload::Json)
    }

    /// `{ base64: … }`, or `{ random: SIZE, compressible: … }`.
    pub(super) fn bytes(&mut self, node: &Node) -> Option<Payload> {
        let fields = self.fields(node, &BYTES)?;
        if let Some(value) = fields.get("base64") {
            return self.base64(value);
        }
        let size = self.sizes(fields.get("random")?, "random");
        let compressible = self.or_default(fields.get("compressible"), BYTES.keys, "compressible", Self::percentage);
        Some(Payload::Random(RandomBytes { size: size?, compressible: compressible? }))
    }

    /// JSON is filled in as in the scenario; any other file is sent as it is.
    fn payload_of_file(&mut self, node: &Node, name: &str) -> Option<Payload> {
        let bytes = self.read_file(node, name)?;
        if self.is_too_large(node, bytes.len() as u64) {
            return None;
        }
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        if is_json || name.to_ascii_lowercase().ends_with(".json") {
            return self.json(node).map(Payload::Json);
        }
        Some(match str::from_utf8(&bytes) {
            Ok(text) => Payload::Json(Json::ready(serde_json::Value::from(text).to_string())),
            Err(_) => {
                self.uses.binary.push(node.at.clone());
                Payload::Fixed(bytes)
            }
        })
    }

    fn base64(&mut self, value: &Node) -> Option<Payload> {
        let text = self.text(value, "base64")?;
        let Some(fixed) = text.fixed() else { return Some(Payload::Base64(text)) };
        let mut bytes = Vec::new();
        if let Err(why) = decode(fixed, &mut bytes) {
            self.report(value.at.clone(), format!("this is not base64: {why}"), "write what `base64 FILE` prints");
            return None;
        }
        let is_too_large = self.is_too_large(value, bytes.len() as u64);
        (!is_too_large).then(|| Payload::Fixed(Bytes::from(bytes)))
    }

    /// Reports bytes that no subscriber would accept.
    fn is_too_large(&mut self, node: &Node, size: u64) -> bool {
        let is = size > u64::from(MAX_SIZE);
        if is {
            self.report(
                node.at.clone(),
                "a message or a value must have at most 16 MiB (16777216)",
                "katydid does not read larger messages, so it could not measure them",
            );
        }
        is
    }
}

/// True for a map with only the keys of bytes; with others, it is JSON.
fn describes_bytes(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
    keys.sort_unstable();
    matches!(keys.as_slice(), ["base64"] | ["random"] | ["compressible", "random"])
}
