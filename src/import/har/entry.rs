//! An entry of a recording. It is untrusted: missing values and values of the wrong type are treated as empty.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::Value;
use url::Url;

use super::domain::registrable;
use crate::import::draft::{can_be_sent, is_redirect};

/// Maximum number of bytes of a response that are searched for values.
const LOOK: usize = 1_000_000;

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
    /// The browser blocked it, so that it was not sent.
    pub is_blocked: bool,
    /// Id of its page.
    pub page: Option<&'a str>,
    kind: &'a str,
    /// `request` of the recording.
    pub request: &'a Value,
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
            is_blocked: status == 0 && is_blocked(entry),
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

    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
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

    /// Names and values of the cookies set by the response.
    pub fn set_cookies(&self) -> Vec<(&'a str, &'a str)> {
        let lines = self.response_headers().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        // Some recorders join several headers into one value.
        let pairs = lines.flat_map(|(_, value)| value.lines()).filter_map(|pair| pair.split_once('='));
        let mut all: Vec<_> = pairs.map(|(n, v)| (n.trim(), v.split(';').next().unwrap_or_default().trim())).collect();
        if all.is_empty() {
            let listed = self.response["cookies"].as_array().into_iter().flatten();
            all.extend(listed.filter_map(|one| Some((one["name"].as_str()?, one["value"].as_str()?))));
        }
        all
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

    /// True if the response moves the same address to another scheme or host of the site: to `https://`, to `www.`.
    pub fn moves_to(&self, other: &Entry<'_>) -> bool {
        let same = self.url.path() == other.url.path() && self.url.query() == other.url.query();
        same && self.origin() != other.origin() && self.is_near(&other.url) && self.leads_to(other)
    }

    fn is_near(&self, url: &Url) -> bool {
        let domain = |url: &Url| url.host_str().map(|host| registrable(host).to_owned());
        domain(&self.url) == domain(url)
    }

    /// True for a page opened by the user, not for a frame in it. `first`: the first request of its page.
    pub fn is_navigation(&self, first: bool) -> bool {
        let is_page =
            self.kind == "document" || (self.kind.is_empty() && self.media() == "text/html" && self.status < 400);
        match self.header("sec-fetch-dest") {
            Some(kind) => kind == "document",
            None if first => is_page,
            // A frame is opened by a page of another site; a recorder without pages records its headers.
            None => {
                let referer = self.header("referer").and_then(|text| Url::parse(text).ok());
                is_page
                    && self.kind.is_empty()
                    && referer.is_some_and(|url| self.is_near(&url))
                    && self.header("accept").is_some_and(|kinds| kinds.contains("text/html"))
            }
        }
    }

    /// True if the page that sent the request belongs to the site of its target.
    pub fn is_first_party(&self) -> bool {
        let of = |name: &str| self.header(name).and_then(|text| Url::parse(text).ok());
        match self.header("sec-fetch-site") {
            Some(relation) => relation != "cross-site",
            None => of("origin").or_else(|| of("referer")).is_none_or(|url| self.is_near(&url)),
        }
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

/// True if an extension or a policy of the browser blocked the request.
fn is_blocked(entry: &Value) -> bool {
    let places =
        [&entry["_error"], &entry["response"]["_error"], &entry["_blockedReason"], &entry["response"]["statusText"]];
    let blocked = |place: &&Value| place.as_str().is_some_and(|text| text.to_ascii_lowercase().contains("block"));
    places.iter().any(blocked) || entry["_blockedReason"].as_u64().is_some_and(|reason| reason > 0)
}

fn lines(headers: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = headers.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = all.iter().filter_map(|line| Some((line["name"].as_str()?, line["value"].as_str()?)));
    // HTTP/2 pseudo-headers are part of the address.
    lines.filter(|(name, _)| !name.starts_with(':'))
}
