//! Request bodies.

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use http::HeaderValue;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::eval::json;
use crate::scenario::eval::template;
use crate::scenario::eval::template::{Json, JsonBuilder, Names, TemplateError, Text};
use crate::scenario::grammar::keys;
use crate::scenario::plan::{Body, CONTENT_TYPE_FORM, CONTENT_TYPE_JSON, Multipart, Part, PartContent};
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    pub(super) fn body(&mut self, fields: &Fields<'_>) -> (Body, Option<HeaderValue>) {
        if let Some(files) = fields.get("files") {
            // The header contains the boundary, which is different in each request.
            return (self.multipart(files, fields.get("form")), None);
        }
        let mut given = ["json", "form", "body"].into_iter().filter_map(|k| Some((k, fields.get(k)?)));
        let Some((kind, node)) = given.next() else { return (Body::Empty, None) };
        if kind != "form" {
            self.warn_if_no_file(node);
        }
        match kind {
            "json" => {
                let Some(json) = self.json(node) else { return (Body::Empty, None) };
                let body = match json.fixed() {
                    Some(bytes) => Body::Fixed(Bytes::copy_from_slice(bytes)),
                    None => Body::Json(json),
                };
                (body, Some(CONTENT_TYPE_JSON))
            }
            "form" => {
                let pairs = self.pairs(node, "form");
                let body = if pairs.iter().all(|(_, v)| v.fixed().is_some()) {
                    let fixed = pairs.iter().filter_map(|(k, v)| Some((k, v.fixed()?)));
                    let mut form = url::form_urlencoded::Serializer::new(String::new());
                    Body::Fixed(form.extend_pairs(fixed).finish().into())
                } else {
                    Body::Form(pairs)
                };
                (body, Some(CONTENT_TYPE_FORM))
            }
            // Bodies that are not UTF-8 cannot contain templates.
            _ if let Some(bytes) = self.body_bytes(node) => (Body::Fixed(bytes), None),
            _ => match self.body_text(node) {
                Some(Text::Fixed(text)) => (Body::Fixed(Bytes::copy_from_slice(text.as_bytes())), None),
                Some(text) => (Body::Text(text), None),
                None => (Body::Empty, None),
            },
        }
    }

    /// Warns of a string that looks like `@file` but is not a file name.
    fn warn_if_no_file(&mut self, node: &Node) {
        let Kind::Text(text) = &node.kind else { return };
        if !text.starts_with('@') || text.contains('\n') || file_name(node).is_some() {
            return;
        }
        let why = if text.contains("{{") { "; the name of a file cannot vary" } else { "" };
        let message = format!("not a file name: it is sent as written{why}");
        self.warn(node.at.clone(), message, "write \"@file\", or \"{{ '@' }}…\" for a literal @");
    }

    /// The content of `@file` if it is not UTF-8.
    fn body_bytes(&mut self, node: &Node) -> Option<Bytes> {
        let name = file_name(node)?;
        let bytes = self.read_file(node, name)?;
        std::str::from_utf8(&bytes).is_err().then_some(bytes)
    }

    fn body_text(&mut self, node: &Node) -> Option<Text> {
        let Some(text) = self.at_file(node) else { return self.text(node, "body") };
        template::text(&text?, &self.names).map_err(|error| self.template_error(node, error)).ok()
    }

    /// JSON with templates in its strings; `@file` reads it from a file.
    pub(super) fn json(&mut self, node: &Node) -> Option<Json> {
        let read;
        let node = match self.at_file(node) {
            None => node,
            Some(text) => match serde_json::from_str(&text?) {
                Ok(json) => {
                    read = Node::from_json(&node.at, json);
                    &read
                }
                Err(e) => {
                    self.error(node, json::refusal("the file", &e));
                    return None;
                }
            },
        };
        let mut json = JsonBuilder::default();
        self.json_into(&mut json, node)?;
        Some(json.finish())
    }

    /// Appends a value with templates in its strings.
    pub(super) fn json_into(&mut self, json: &mut JsonBuilder, node: &Node) -> Option<()> {
        if let Err(error) = write_json(json, node, &self.names) {
            let (at, error) = *error;
            self.template_error(&Node { at, kind: Kind::Null }, error);
            return None;
        }
        Some(())
    }

    /// The text of `@file`. The inner `None` means that an error was reported.
    pub(super) fn at_file(&mut self, node: &Node) -> Option<Option<String>> {
        let name = file_name(node)?;
        let Some(bytes) = self.read_file(node, name) else { return Some(None) };
        let text = String::from_utf8(bytes.to_vec());
        if text.is_err() {
            self.error(node, format!("{name} is not UTF-8 text"));
        }
        Some(text.ok())
    }

    /// The content of a file; each file is read only once.
    pub(super) fn read_file(&mut self, node: &Node, name: &str) -> Option<Bytes> {
        // The same relative name can mean different files in different includes.
        let known = format!("{}:{name}", self.sources.locate(node.at.start).2);
        if let Some(bytes) = self.files.get(&known) {
            return Some(bytes.clone());
        }
        match self.sources.bytes(node.at.start, name) {
            Ok(bytes) => {
                let bytes = Bytes::from(bytes);
                self.files.insert(known, bytes.clone());
                Some(bytes)
            }
            Err(why) => {
                self.error(node, why);
                None
            }
        }
    }

    fn multipart(&mut self, files: &Node, form: Option<&Node>) -> Body {
        let mut parts = Vec::new();
        for (name, text) in form.map(|n| self.pairs(n, "form")).unwrap_or_default() {
            parts.push(Part { name, file: None, content: PartContent::Text(text) });
        }
        let Some(entries) = self.map(files, "files") else { return Body::Empty };
        for (key, value) in entries {
            for one in value.one_or_more() {
                parts.extend(self.upload(&key.name, one));
            }
        }
        Body::Multipart(Multipart { parts })
    }

    fn upload(&mut self, field: &str, node: &Node) -> Option<Part> {
        let (file, own_name, own_type) = match &node.kind {
            Kind::Map(_) => {
                let fields = self.fields(node, &keys::FILE)?;
                (fields.get("file")?, fields.get("name"), fields.get("type"))
            }
            _ => (node, None, None),
        };
        let path = self.constant_text(file, "file")?;
        let content = PartContent::Fixed(self.read_file(file, &path)?);
        let base = Path::new(&path).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let name = own_name.and_then(|n| self.constant_text(n, "name")).unwrap_or(base);
        let media =
            own_type.and_then(|n| self.constant_text(n, "type")).unwrap_or_else(|| media_type(&path).to_owned());
        Some(Part { name: field.to_owned(), file: Some((name, media)), content })
    }
}

/// The file name after `@`.
pub(super) fn file_name(node: &Node) -> Option<&str> {
    let Kind::Text(text) = &node.kind else { return None };
    let name = text.strip_prefix('@')?;
    // `@` alone, and multi-line strings, are not file names.
    (!name.is_empty() && !name.contains('\n') && !name.contains("{{")).then_some(name)
}

/// Media type by file extension.
fn media_type(path: &str) -> &'static str {
    let ending = Path::new(path).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "csv" => "text/csv",
        "txt" => "text/plain",
        "html" => "text/html",
        _ => "application/octet-stream",
    }
}

fn write_json(out: &mut JsonBuilder, node: &Node, names: &Names) -> Result<(), Box<(Range<usize>, TemplateError)>> {
    match &node.kind {
        Kind::Null => out.raw(b"null"),
        Kind::Bool(b) => out.value(b),
        Kind::Number(n, _) => out.value(n),
        Kind::Text(text) => out.string(text, names).map_err(|error| Box::new((node.at.clone(), error)))?,
        Kind::List(items) => {
            for (i, item) in items.iter().enumerate() {
                out.raw(if i == 0 { b"[" } else { b"," });
                write_json(out, item, names)?;
            }
            out.raw(if items.is_empty() { b"[]" } else { b"]" });
        }
        Kind::Map(entries) => {
            for (i, (key, value)) in entries.iter().enumerate() {
                out.raw(if i == 0 { b"{" } else { b"," });
                out.value(&key.name);
                out.raw(b":");
                write_json(out, value, names)?;
            }
            out.raw(if entries.is_empty() { b"{}" } else { b"}" });
        }
    }
    Ok(())
}
