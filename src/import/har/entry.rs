//! An entry of a recording. It is untrusted: missing values and values of the wrong type are treated as empty.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::Value;
use url::Url;

use crate::import::draft::{can_be_sent, is_redirect};
use crate::import::multipart::{self, Part};

/// Maximum number of bytes of a response that are searched for values.
const LOOK: usize = 1_000_000;

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
    /// Binary data: its length in bytes, and its type.
    Bytes(usize, &'a str),
}

/// A request and its response.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Method.
    pub method: &'a str,
    /// Address.
    pub url: Url,
    /// Start time in seconds since 1970.
    pub start: f64,
    /// Duration in seconds.
    pub length: f64,
    /// Status of the response; 0 without one.
    pub status: u16,
    /// Id of its page.
    pub page: Option<&'a str>,
    kind: &'a str,
    request: &'a Value,
    response: &'a Value,
}

impl<'a> Entry<'a> {
    /// Parses an entry; `None` if it is not an HTTP request.
    pub fn read(entry: &'a Value) -> Option<Self> {
        let request = entry.get("request")?;
        let url = Url::parse(request.get("url")?.as_str()?).ok()?;
        if !can_be_sent(&url) {
            return None;
        }
        let start = entry["startedDateTime"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let start = start.map_or(0.0, |at| at.as_millisecond() as f64 / 1e3);
        let length = entry["time"].as_f64().filter(|time| time.is_finite() && *time > 0.0).unwrap_or(0.0) / 1e3;
        let response = &entry["response"];
        let status = response["status"].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
        Some(Self {
            method: request["method"].as_str().unwrap_or("GET"),
            url,
            start,
            length,
            status,
            page: entry["pageref"].as_str(),
            kind: entry["_resourceType"].as_str().unwrap_or_default(),
            request,
            response,
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Headers of the request.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        lines(&self.request["headers"])
    }

    /// Headers of the response.
    pub fn response_headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        lines(&self.response["headers"])
    }

    fn response_header(&self, name: &str) -> Option<&'a str> {
        self.response_headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Media type of the response.
    pub fn media(&self) -> &'a str {
        let text = self.response["content"]["mimeType"].as_str().or_else(|| self.response_header("content-type"));
        text.and_then(|text| text.split(';').next()).unwrap_or_default().trim()
    }

    /// Start of the response body, if it was recorded.
    pub fn response_body(&self) -> Option<Cow<'a, str>> {
        let content = &self.response["content"];
        let text = content["text"].as_str()?;
        let cut = |text: &'a str| &text[..text.floor_char_boundary(LOOK)];
        if content["encoding"].as_str() != Some("base64") {
            return (text.len() <= LOOK).then_some(Cow::Borrowed(cut(text)));
        }
        if text.len() > LOOK {
            return None;
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        String::from_utf8(bytes).ok().map(Cow::Owned)
    }

    /// Content of the request.
    pub fn body(&self) -> Sent<'a> {
        let data = &self.request["postData"];
        let declared = self.headers().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, v)| v);
        let recorded = data["mimeType"].as_str();
        // Only one of the two may contain the boundary.
        let cut = declared.is_some_and(|media| multipart::is_multipart(media) && !media.contains("boundary"));
        let media = if cut { recorded.or(declared) } else { declared.or(recorded) }.unwrap_or_default();
        let text = data["text"].as_str().unwrap_or_default();
        let text = match (data["encoding"].as_str(), base64::engine::general_purpose::STANDARD.decode(text)) {
            (Some("base64"), Ok(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(bytes) => return Sent::Bytes(bytes.as_bytes().len(), media),
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
            return Sent::Nothing;
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

    /// True for a connection that became a WebSocket; Chrome records it with an `http` or `ws` address.
    pub fn is_websocket(entry: &Value) -> bool {
        let address = entry["request"]["url"].as_str().unwrap_or_default();
        let upgraded = entry["response"]["status"].as_u64() == Some(101);
        upgraded
            || entry["_webSocketMessages"].is_array()
            || entry["_resourceType"] == "websocket"
            || address.starts_with("ws://")
            || address.starts_with("wss://")
    }

    /// Names of the cookies in the request.
    pub fn cookies(&self) -> Vec<&'a str> {
        let lines = self.headers().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        lines
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(n, _)| n.trim())
            .collect()
    }

    /// Names of the cookies set by the response.
    pub fn set_cookies(&self) -> Vec<&'a str> {
        let lines = self.response_headers().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        // Some recorders join several headers into one value.
        lines
            .flat_map(|(_, value)| value.lines())
            .filter_map(|pair| pair.split_once('='))
            .map(|(n, _)| n.trim())
            .collect()
    }

    /// True if the response is a redirect to the address of the other entry.
    pub fn leads_to(&self, other: &Entry<'_>) -> bool {
        if !is_redirect(self.status) {
            return false;
        }
        let target = self.response["redirectURL"].as_str().filter(|text| !text.is_empty());
        let target = target.or_else(|| self.response_header("location")).and_then(|text| self.url.join(text).ok());
        target.is_some_and(|mut target| {
            let mut url = other.url.clone();
            target.set_fragment(None);
            url.set_fragment(None);
            target == url
        })
    }

    /// True for a page opened by the user.
    pub fn is_page(&self) -> bool {
        self.kind == "document" || (self.kind.is_empty() && self.media() == "text/html" && self.status < 400)
    }

    /// True for a CORS preflight request.
    pub fn is_preflight(&self) -> bool {
        let asks = |(name, _): (&str, &str)| name.eq_ignore_ascii_case("access-control-request-method");
        self.method.eq_ignore_ascii_case("options") && (self.kind == "preflight" || self.headers().any(asks))
    }

    /// True for an image, stylesheet, script, font or media file.
    pub fn is_asset(&self) -> bool {
        if ["image", "stylesheet", "script", "font", "media", "manifest", "texttrack"].contains(&self.kind) {
            return true;
        }
        if ["xhr", "fetch", "document"].contains(&self.kind) || !self.method.eq_ignore_ascii_case("get") {
            return false;
        }
        let media = self.media();
        let by_media = ["image/", "font/", "audio/", "video/"].iter().any(|start| media.starts_with(start))
            || [
                "text/css",
                "text/javascript",
                "application/javascript",
                "application/x-javascript",
                "application/font-woff",
            ]
            .contains(&media);
        let endings = [
            ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".css", ".js", ".mjs", ".woff",
            ".woff2", ".ttf", ".otf", ".eot", ".mp4", ".webm", ".mp3", ".map",
        ];
        let path = self.url.path().to_ascii_lowercase();
        by_media || (media != "application/json" && endings.iter().any(|ending| path.ends_with(ending)))
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

fn lines(headers: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = headers.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = all.iter().filter_map(|line| Some((line["name"].as_str()?, line["value"].as_str()?)));
    // HTTP/2 pseudo-headers are part of the address.
    lines.filter(|(name, _)| !name.starts_with(':'))
}
