//! Compiles the payload of a published message.

use bytes::Bytes;

use super::redis::MAX_SIZE;
use crate::scenario::compile::body::file_name;
use crate::scenario::compile::builder::Builder;
use crate::scenario::eval::payload::{Payload, decode};
use crate::scenario::eval::template::{Json, JsonBuilder};
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    /// A string, JSON, `@file`, `{ base64: … }` or `{ random: SIZE }`; nothing without a node.
    pub(super) fn payload(&mut self, node: Option<&Node>) -> Option<Payload> {
        let Some(node) = node else { return Some(Payload::Json(JsonBuilder::default().finish())) };
        if let Some(name) = file_name(node) {
            return self.payload_of_file(node, name);
        }
        if let Kind::Map(entries) = &node.kind
            && let [(key, value)] = entries.as_slice()
        {
            match key.name.as_str() {
                "base64" => return self.base64(value),
                "random" => return self.random(value),
                _ => {}
            }
        }
        self.json(node).map(Payload::Json)
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
            Err(_) => self.bytes(node, bytes),
        })
    }

    fn base64(&mut self, value: &Node) -> Option<Payload> {
        let text = self.text(value, "base64")?;
        let Some(fixed) = text.fixed() else {
            self.uses.binary.push(value.at.clone());
            return Some(Payload::Base64(text));
        };
        let mut bytes = Vec::new();
        if let Err(why) = decode(fixed, &mut bytes) {
            self.report(value.at.clone(), format!("this is not base64: {why}"), "write what `base64 FILE` prints");
            return None;
        }
        let is_too_large = self.is_too_large(value, bytes.len() as u64);
        (!is_too_large).then(|| self.bytes(value, bytes.into()))
    }

    fn random(&mut self, value: &Node) -> Option<Payload> {
        let size = self.size(value, "random")?;
        if self.is_too_large(value, size) {
            return None;
        }
        self.uses.binary.push(value.at.clone());
        u32::try_from(size).ok().map(Payload::Random)
    }

    fn bytes(&mut self, node: &Node, bytes: Bytes) -> Payload {
        self.uses.binary.push(node.at.clone());
        Payload::Fixed(bytes)
    }

    /// Reports a message that no subscriber would accept.
    pub(super) fn is_too_large(&mut self, node: &Node, size: u64) -> bool {
        let is = size > MAX_SIZE;
        if is {
            self.report(
                node.at.clone(),
                "a message must have at most 16 MiB (16777216)",
                "katydid does not read larger messages, so it could not measure them",
            );
        }
        is
    }
}
