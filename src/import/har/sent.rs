//! Content of a recorded request.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::Value;

use super::entry::Entry;
use crate::import::multipart::{self, Part};

/// Maximum number of fields of an upload.
const MOST_PARAMS: usize = 500;

/// Content of a request.
#[derive(Debug)]
pub enum Sent<'a> {
    /// No body.
    Nothing,
    /// Text with this media type.
    Text(Cow<'a, str>, &'a str),
    /// Fields and files.
    Parts(Vec<Part>),
    /// Binary data, and its type.
    Bytes(Vec<u8>, &'a str),
    /// A body of this many bytes that was not recorded.
    Missing(u64),
}

impl<'a> Entry<'a> {
    /// Content of the request.
    pub fn body(&self) -> Sent<'a> {
        let data = &self.request["postData"];
        let declared = self.header("content-type");
        let recorded = data["mimeType"].as_str();
        // Only one of the two may contain the boundary.
        let cut = declared.is_some_and(|media| multipart::is_multipart(media) && !media.contains("boundary"));
        let media = if cut { recorded.or(declared) } else { declared.or(recorded) }.unwrap_or_default();
        let text = data["text"].as_str().unwrap_or_default();
        let text = match (data["encoding"].as_str(), base64::engine::general_purpose::STANDARD.decode(text)) {
            (Some("base64"), Ok(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(bytes) => return Sent::Bytes(bytes.into_bytes(), media),
            },
            _ => Cow::Borrowed(without_head(text)),
        };
        if let Some(parts) = multipart::parts(&text, media) {
            return Sent::Parts(parts);
        }
        let params = data["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        if multipart::is_multipart(media) && !params.is_empty() {
            return Sent::Parts(params.iter().take(MOST_PARAMS).map(param).collect());
        }
        if !text.is_empty() {
            return Sent::Text(text, media);
        }
        if params.is_empty() {
            let length = self.header("content-length").and_then(|length| length.parse().ok());
            let length = length.or_else(|| self.request["bodySize"].as_u64()).unwrap_or(0);
            return if length > 0 { Sent::Missing(length) } else { Sent::Nothing };
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for param in params {
            // Recorders do not decode these.
            let plain = |key: &str| {
                let text = param[key].as_str().unwrap_or_default().replace('+', " ");
                percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
            };
            form.append_pair(&plain("name"), &plain("value"));
        }
        Sent::Text(Cow::Owned(form.finish()), "application/x-www-form-urlencoded")
    }
}

/// An entry of `params` of an upload.
fn param(param: &Value) -> Part {
    let text = |key: &str| param[key].as_str().map(str::to_owned);
    let file = text("fileName");
    Part {
        name: text("name").unwrap_or_default(),
        media: text("contentType").filter(|media| file.is_some() && !media.is_empty()),
        file,
        value: text("value").unwrap_or_default(),
    }
}

/// Removes header lines that Firefox writes before some bodies.
fn without_head(text: &str) -> &str {
    let start = text.get(..13).unwrap_or_default().to_ascii_lowercase();
    let has_head =
        start == "content-type:" || text.get(..15).is_some_and(|t| t.eq_ignore_ascii_case("content-length:"));
    match text.split_once("\r\n\r\n") {
        Some((_, body)) if has_head => body,
        _ => text,
    }
}
