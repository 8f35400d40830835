//! Recordings of a journey in the shapes that browsers and proxies write.

use base64::Engine as _;
use serde_json::{Value, json};

use super::exchange::Exchange;

/// A recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorder {
    Chrome,
    Firefox,
    Safari,
    Playwright,
    Mitmproxy,
    Charles,
    Postman,
}

pub const ALL: [Recorder; 7] = [
    Recorder::Chrome,
    Recorder::Firefox,
    Recorder::Safari,
    Recorder::Playwright,
    Recorder::Mitmproxy,
    Recorder::Charles,
    Recorder::Postman,
];

use Recorder::{Charles, Chrome, Firefox, Mitmproxy, Playwright, Postman, Safari};

/// The recording.
pub fn har(recorder: Recorder, exchanges: &[Exchange]) -> Value {
    let site = &exchanges.iter().find(|one| !one.left_out).expect("an exchange").url;
    let mut pages = Vec::new();
    let mut entries = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        // Redirects belong to the page that they lead to.
        let before = number.checked_sub(1).map(|before| exchanges[before].status);
        let follows = before.is_some_and(|status| (301..400).contains(&status));
        if exchange.kind == "document" && !follows {
            let title = if matches!(recorder, Chrome | Safari) { exchange.url.clone() } else { "A page".to_owned() };
            pages.push(json!({ "id": format!("page_{}", pages.len() + 1), "title": title,
                "startedDateTime": started(recorder, number), "pageTimings": {} }));
        }
        entries.push(entry(recorder, exchange, number, site, pages.len()));
    }
    if recorder == Firefox {
        // Written by the end of the request.
        entries.rotate_left(1);
    }
    let name = match recorder {
        Chrome => "WebInspector",
        Safari => "WebKit Web Inspector",
        Charles => "Charles Proxy",
        other => &format!("{other:?}"),
    };
    let mut log = json!({ "version": "1.2", "creator": { "name": name, "version": "1" }, "entries": entries });
    if matches!(recorder, Chrome | Firefox | Safari | Playwright) {
        log["pages"] = Value::from(pages);
    }
    if recorder == Mitmproxy {
        log["pages"] = json!([]);
    }
    json!({ "log": log })
}

fn started(recorder: Recorder, number: usize) -> String {
    let millis = number * 40;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    match recorder {
        Firefox | Charles => format!("2026-11-23T11:00:{seconds:02}.{millis:03}+01:00"),
        Mitmproxy => format!("2026-11-23T10:00:{seconds:02}.{millis:03}000+00:00"),
        _ => format!("2026-11-23T10:00:{seconds:02}.{millis:03}Z"),
    }
}

fn entry(recorder: Recorder, exchange: &Exchange, number: usize, site: &str, page: usize) -> Value {
    let mut entry = json!({
        "startedDateTime": started(recorder, number),
        "time": 20,
        "request": request(recorder, exchange, site),
        "response": response(recorder, exchange),
        "cache": {},
        "timings": { "send": 1, "wait": 18, "receive": 1 },
    });
    if matches!(recorder, Chrome | Firefox | Safari | Playwright) {
        entry["pageref"] = Value::from(format!("page_{page}"));
    }
    match recorder {
        Chrome => {
            entry["_resourceType"] = if exchange.kind == "iframe" { "document" } else { exchange.kind }.into();
            entry["_initiator"] = json!({ "type": "other" });
            entry["_priority"] = "High".into();
        }
        Safari => entry["_fetchType"] = "Network Load".into(),
        Playwright => {
            entry["_frameref"] = "frame@1".into();
            entry["_monotonicTime"] = json!(12_345.6);
        }
        _ => {}
    }
    entry
}

/// Headers that the client adds.
fn of_client(recorder: Recorder, exchange: &Exchange, site: &str) -> Vec<(String, String)> {
    let url = url::Url::parse(&exchange.url).expect("a URL");
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut all: Vec<(&str, String)> = Vec::new();
    if matches!(recorder, Chrome | Playwright) {
        let path = url.path().to_owned();
        all.extend([
            (":authority", host),
            (":method", exchange.method.to_owned()),
            (":path", path),
            (":scheme", "https".to_owned()),
        ]);
    } else {
        all.push(("Host", host));
    }
    if recorder == Postman {
        all.extend([
            ("User-Agent", "PostmanRuntime/7.43.0".to_owned()),
            ("Accept", "*/*".to_owned()),
            ("Cache-Control", "no-cache".to_owned()),
            ("Postman-Token", "0c8d2d6f-7d0e-4a5b-9c1c-2f6b0a3d4e5f".to_owned()),
            ("Accept-Encoding", "gzip, deflate, br".to_owned()),
            ("Connection", "keep-alive".to_owned()),
        ]);
        return all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    }
    let accept = match exchange.kind {
        "document" | "iframe" => "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "image" => "image/avif,image/webp,*/*;q=0.8",
        _ => "*/*",
    };
    if !exchange.headers.iter().any(|(name, _)| *name == "Accept") {
        all.push(("Accept", accept.to_owned()));
    }
    all.extend([
        ("Accept-Language", "en-GB,en;q=0.9".to_owned()),
        ("Accept-Encoding", "gzip, deflate, br, zstd".to_owned()),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
    ]);
    if exchange.kind != "document" {
        all.push(("Referer", site.to_owned()));
    }
    if exchange.method == "POST" {
        all.push(("Origin", url::Url::parse(site).expect("a URL").origin().ascii_serialization()));
    }
    if !matches!(recorder, Safari) {
        let dest = match exchange.kind {
            "document" | "iframe" | "image" => exchange.kind,
            _ => "empty",
        };
        all.push(("Sec-Fetch-Dest", dest.to_owned()));
        all.push(("Sec-Fetch-Mode", if dest == "empty" { "cors" } else { "navigate" }.to_owned()));
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn request(recorder: Recorder, exchange: &Exchange, site: &str) -> Value {
    let mut headers = of_client(recorder, exchange, site);
    headers.extend(exchange.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let cookies: Vec<String> = exchange.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if !exchange.body.is_empty() {
        headers.push(("Content-Type".to_owned(), exchange.media.to_owned()));
        headers.push(("Content-Length".to_owned(), exchange.body.len().to_string()));
    }
    let lower = matches!(recorder, Chrome | Playwright);
    let headers: Vec<Value> = headers
        .into_iter()
        .map(|(name, value)| json!({ "name": if lower { name.to_lowercase() } else { name }, "value": value }))
        .collect();
    let url = url::Url::parse(&exchange.url).expect("a URL");
    let query: Vec<Value> = url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut request = json!({
        "method": exchange.method, "url": exchange.url, "httpVersion": "HTTP/2", "headers": headers,
        "queryString": query, "cookies": [], "headersSize": -1, "bodySize": exchange.body.len(),
    });
    if !exchange.body.is_empty() {
        request["postData"] = post_data(recorder, exchange);
    }
    request
}

fn post_data(recorder: Recorder, exchange: &Exchange) -> Value {
    let is_form = exchange.media == "application/x-www-form-urlencoded";
    if !exchange.is_text() {
        let text = base64::engine::general_purpose::STANDARD.encode(&exchange.body);
        return json!({ "mimeType": exchange.media, "text": text, "encoding": "base64", "params": [] });
    }
    let text = String::from_utf8_lossy(&exchange.body).into_owned();
    // Names and values as they are in the body.
    let raw = || -> Vec<Value> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect()
    };
    match recorder {
        Charles if is_form => json!({ "mimeType": exchange.media, "params": raw() }),
        Chrome if is_form => json!({ "mimeType": exchange.media, "text": text, "params": raw() }),
        Chrome | Postman | Charles => json!({ "mimeType": exchange.media, "text": text }),
        Firefox => {
            let head = format!("Content-Type: {}\r\nContent-Length: {}\r\n\r\n", exchange.media, text.len());
            let head = if exchange.media.starts_with("multipart/") { head } else { String::new() };
            json!({ "mimeType": exchange.media, "params": [], "text": format!("{head}{text}") })
        }
        Safari | Playwright | Mitmproxy => json!({ "mimeType": exchange.media, "text": text, "params": [] }),
    }
}

fn response(recorder: Recorder, exchange: &Exchange) -> Value {
    let mut headers: Vec<(String, String)> =
        exchange.response_headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    if !exchange.response_media.is_empty() {
        headers.push(("Content-Type".to_owned(), exchange.response_media.to_owned()));
    }
    if recorder == Firefox {
        // Equal names are one line each; others join them.
        let cookies: Vec<String> =
            headers.iter().filter(|(name, _)| name == "Set-Cookie").map(|(_, value)| value.clone()).collect();
        headers.retain(|(name, _)| name != "Set-Cookie");
        if !cookies.is_empty() {
            headers.push(("set-cookie".to_owned(), cookies.join("\n")));
        }
    }
    let location = headers.iter().find(|(name, _)| name == "Location").map(|(_, value)| value.clone());
    let headers: Vec<Value> =
        headers.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut content = json!({ "size": exchange.response.len(), "mimeType": exchange.response_media });
    if recorder == Mitmproxy || (recorder == Chrome && exchange.kind == "image") {
        content["text"] = base64::engine::general_purpose::STANDARD.encode(&exchange.response).into();
        content["encoding"] = "base64".into();
    } else if !exchange.response.is_empty() {
        content["text"] = exchange.response.clone().into();
    }
    json!({
        "status": exchange.status, "statusText": "", "httpVersion": "HTTP/2", "headers": headers, "cookies": [],
        "content": content, "redirectURL": location.unwrap_or_default(), "headersSize": -1, "bodySize": -1,
    })
}
