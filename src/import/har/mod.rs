//! Converts a HAR 1.2 recording of a browser: each relevant request becomes a step, in chronological order.

mod entry;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use self::entry::{Entry, Sent};
use self::links::Links;
use super::body::{Fill, body, secret};
use super::credential::{self, Credentials};
use super::draft::{Draft, Request, Step, Task, add_header, is_redirect, pairs, verb};
use super::headers::is_client_header;
use super::input::{ImportError, ImportOptions, MAX_REQUESTS};
use super::literal::literal;
use super::multipart;

/// Minimum wait: shorter gaps are caused by the browser.
const SHORTEST_WAIT: f64 = 0.5;
/// Maximum wait: longer gaps are breaks of the user.
const LONGEST_WAIT: f64 = 60.0;
/// Maximum size of a body in a step, in bytes.
const LONGEST_BODY: usize = 100_000;

/// Converts a recording to a task.
pub fn import(document: &Value, options: &ImportOptions) -> Result<Draft, ImportError> {
    let all = document["log"]["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (sockets, rest): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|entry| Entry::is_websocket(entry));
    let mut entries: Vec<Entry<'_>> = rest.iter().filter_map(|entry| Entry::read(entry)).collect();
    // Browsers write entries by end time, or by page.
    entries.sort_by(|a, b| a.start.total_cmp(&b.start));
    let main = main_origin(&entries).ok_or_else(|| ImportError::new("the recording has no HTTP request"))?;
    let mut draft = Draft { host: Some(main.clone()), ..Draft::default() };
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    if rest.len() > entries.len() {
        left_out.insert("entries that are not HTTP requests".to_owned(), rest.len() - entries.len());
    }
    if !sockets.is_empty() {
        left_out.insert("WebSocket connections, which are not supported".to_owned(), sockets.len());
    }
    let total = all.len();
    let mut kept: Vec<Vec<Entry<'_>>> = Vec::new();
    for entry in entries {
        if let Some(last) = kept.last_mut()
            && last.last().is_some_and(|before| before.leads_to(&entry))
        {
            // Redirects are followed by the step.
            last.push(entry);
            continue;
        }
        match reason_to_leave_out(&entry, &main, options) {
            Some(why) => *left_out.entry(why).or_default() += 1,
            None if kept.len() >= MAX_REQUESTS => {
                *left_out.entry(format!("requests after the first {MAX_REQUESTS}")).or_default() += 1;
            }
            None => kept.push(vec![entry]),
        }
    }
    let creator = document["log"]["creator"]["name"].as_str().map(|name| format!(" by {name}")).unwrap_or_default();
    draft.description = format!("Recorded{creator}: {} of {total} requests", kept.len());
    for (why, count) in left_out {
        draft.notes.push(format!("omitted: {count} × {why}"));
    }
    let pages = pages(document);
    draft.notes.extend(foreign_cookies(&kept));
    let steps = steps(&kept, &main, &pages, &mut draft);
    draft.tasks.push(Task { name: "recorded".to_owned(), tags: Vec::new(), steps });
    Ok(draft)
}

/// Main origin of the recording: that of its first page, or else the most frequent one.
fn main_origin(entries: &[Entry<'_>]) -> Option<String> {
    let page = entries.iter().find(|entry| entry.is_page());
    if let Some(page) = page {
        return Some(page.origin());
    }
    let mut counts: Vec<(String, usize)> = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_asset()) {
        let origin = entry.origin();
        match counts.iter().position(|(known, _)| *known == origin) {
            Some(at) => counts[at].1 += 1,
            None if counts.len() < 1_000 => counts.push((origin, 1)),
            None => {}
        }
    }
    // Reversed, so that the first of equal counts is selected.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(origin, _)| origin)
}

fn reason_to_leave_out(entry: &Entry<'_>, main: &str, options: &ImportOptions) -> Option<String> {
    let host = entry.url.host_str().unwrap_or_default();
    let main_url = url::Url::parse(main).ok();
    let main_host = main_url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    let chosen = options.hosts.iter().any(|wanted| is_within(host, wanted));
    let site = main_host.strip_prefix("www.").unwrap_or(main_host);
    if !chosen && !is_within(host, site) {
        return Some(format!("requests to {host} (keep them with --include-host {host})"));
    }
    if verb(entry.method).is_none() {
        return Some(format!("requests with {}, which is not supported", crate::clean::line(entry.method)));
    }
    if entry.is_preflight() {
        return Some("CORS preflight requests".to_owned());
    }
    if entry.status == 0 {
        return Some("requests without a response".to_owned());
    }
    (entry.is_asset() && !options.assets).then(|| "images, styles, scripts, fonts and media (--assets)".to_owned())
}

/// True if a host is equal to `site` or a subdomain of it.
fn is_within(host: &str, site: &str) -> bool {
    host == site || host.strip_suffix(site).is_some_and(|rest| rest.ends_with('.'))
}

fn pages(document: &Value) -> BTreeMap<&str, &str> {
    let pages = document["log"]["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
    pages.iter().filter_map(|page| Some((page["id"].as_str()?, page["title"].as_str()?))).collect()
}

/// Note about cookies from before the recording, which cannot be obtained again.
fn foreign_cookies(kept: &[Vec<Entry<'_>>]) -> Option<String> {
    let mut got: BTreeSet<&str> = BTreeSet::new();
    let mut foreign: BTreeSet<String> = BTreeSet::new();
    for entry in kept.iter().flatten() {
        let sent = entry.cookies();
        foreign.extend(sent.into_iter().filter(|name| !got.contains(name)).take(20).map(str::to_owned));
        got.extend(entry.set_cookies());
    }
    let names: Vec<String> = foreign.into_iter().take(10).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the recording sends cookies that no response in it sets ({}): start it before the login, or add the login by hand",
            names.join(", ")
        )
    })
}

fn steps(kept: &[Vec<Entry<'_>>], main: &str, pages: &BTreeMap<&str, &str>, draft: &mut Draft) -> Vec<Step> {
    let mut links = Links::default();
    let mut requests: Vec<Request> = Vec::new();
    for (index, hops) in kept.iter().enumerate() {
        let Some(first) = hops.first() else { continue };
        requests.push(request(first, hops, main, &mut links, draft));
        for hop in hops {
            links.learn(index, hop);
        }
    }
    let mut out = Vec::new();
    let (mut page, mut end) = (None, None);
    for (index, (mut request, hops)) in requests.into_iter().zip(kept).enumerate() {
        let (Some(first), Some(last)) = (hops.first(), hops.last()) else { continue };
        if first.page.is_some() && first.page != page {
            page = first.page;
            let title = page.and_then(|id| pages.get(id).copied()).or(page).unwrap_or_default();
            // The title is often an address, which may end with a token.
            let title: String = title.split(['?', '#']).next().unwrap_or_default().chars().take(100).collect();
            out.push(Step::Comment(title));
        }
        if let Some(end) = end.filter(|end| first.start - end >= SHORTEST_WAIT) {
            let gap = ((first.start - end).min(LONGEST_WAIT) * 10.0).round() / 10.0;
            out.extend(Duration::try_from_secs_f64(gap).ok().map(|gap| Step::Wait(rounded(gap))));
        }
        end = Some(last.start + last.length);
        request.put("capture", Value::Object(links.captures(index)));
        out.push(Step::Request(request));
    }
    out
}

/// Rounds to milliseconds.
fn rounded(length: Duration) -> Duration {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_add(50) / 100 * 100)
}

fn request(entry: &Entry<'_>, hops: &[Entry<'_>], main: &str, links: &mut Links, draft: &mut Draft) -> Request {
    let credentials = &mut draft.credentials;
    let mut request = Request { verb: verb(entry.method).unwrap_or_default(), ..Request::default() };
    let (path, varies) = path(entry.url.path(), links, credentials);
    let origin = entry.origin();
    request.url = if origin == main { path } else { format!("{origin}{path}") };
    if varies {
        // One row for all values.
        let name = request.url.replace("{{ ", "[").replace(" }}", "]");
        request.put("name", Value::from(name));
    }
    let mut fill = |name: &str, value: &Value| links.find(name, value).or_else(|| secret(credentials, name, value));
    let query = entry.url.query_pairs().map(|(name, value)| {
        let text = fill(&name, &Value::from(value.as_ref())).unwrap_or_else(|| literal(&value));
        (name.into_owned(), text)
    });
    let query = pairs(query.collect::<Vec<_>>());
    request.put("query", Value::Object(query));
    let Content { fields, media } = content(entry.body(), &mut fill, &mut request.comments);
    let mut headers = Map::new();
    let mut auth = Value::Null;
    // A body sets its own type.
    let typed = media.is_some() || !fields.is_empty();
    for (name, value) in entry.headers() {
        if (typed && name.eq_ignore_ascii_case("content-type")) || is_client_header(name, value) || headers.len() >= 100
        {
            continue;
        }
        if name.eq_ignore_ascii_case("authorization") {
            let token = value.get(7..).filter(|_| value.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("bearer ")));
            let known = token.and_then(|token| links.find("access_token", &Value::from(token.trim())));
            match known {
                Some(known) => auth = serde_json::json!({ "bearer": known }),
                None => match credential::authorization(value, credentials) {
                    ("auth", found) => auth = found,
                    (_, found) => headers.extend(found.as_object().cloned().unwrap_or_default()),
                },
            }
            continue;
        }
        let json = Value::from(value);
        let text =
            links.find(name, &json).or_else(|| secret(credentials, name, &json)).unwrap_or_else(|| literal(value));
        add_header(&mut headers, name, text);
    }
    if let Some(media) = media {
        headers.insert("Content-Type".to_owned(), Value::from(media));
    }
    request.put("headers", Value::Object(headers));
    request.put("auth", auth);
    for (key, value) in fields {
        request.put(key, value);
    }
    let status = hops.last().map_or(entry.status, |last| last.status);
    if is_redirect(status) {
        // The browser did not follow the redirect.
        request.put("follow_redirects", Value::Bool(false));
    }
    if status >= 400 {
        request.comments.push("this request failed in the recording".to_owned());
    }
    // There is no cache here, so that a 304 becomes a full response.
    if (200..600).contains(&status) && status != 304 {
        request.put("expect", serde_json::json!({ "status": status }));
    }
    request
}

/// Body of a step.
#[derive(Default)]
struct Content {
    fields: Vec<(&'static str, Value)>,
    /// Media type, if the step does not set it automatically.
    media: Option<String>,
}

fn content(sent: Sent<'_>, fill: &mut Fill<'_>, comments: &mut Vec<String>) -> Content {
    let kept = |media: &str| {
        let right = !media.is_empty() && http::HeaderValue::try_from(media).is_ok();
        right.then(|| literal(media))
    };
    let too_long = |length: usize| format!("the body of {} was omitted", crate::units::bytes(length as u64));
    match sent {
        Sent::Nothing => Content::default(),
        Sent::Text(text, media) if text.len() > LONGEST_BODY => {
            comments.push(too_long(text.len()));
            Content { fields: Vec::new(), media: kept(media) }
        }
        Sent::Text(text, media) => {
            let (key, value, own) = body(&text, media, fill);
            Content { fields: vec![(key, value)], media: kept(media).filter(|_| !own) }
        }
        Sent::Bytes(length, media) => {
            let length = crate::units::bytes(length as u64);
            comments.push(format!("the body of {length} is binary: save it to a file, and use body: \"@file\""));
            Content { fields: Vec::new(), media: kept(media) }
        }
        Sent::Parts(mut parts) => {
            parts.retain(|part| {
                let long = part.file.is_none() && part.value.len() > LONGEST_BODY;
                if long {
                    comments.push(format!("field {}: {}", part.name, too_long(part.value.len())));
                }
                !long
            });
            Content { fields: multipart::fields(parts, fill, comments).into(), media: None }
        }
    }
}

/// The path with values of earlier responses and credentials replaced, and whether there were any of the former.
fn path(path: &str, links: &mut Links, credentials: &mut Credentials) -> (String, bool) {
    let mut varies = false;
    let mut before = String::new();
    let segments = path.split('/').map(|segment| {
        let plain = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        match links.segment(&plain) {
            Some(template) => {
                varies = true;
                template
            }
            None => credentials.segment(segment, &mut before),
        }
    });
    let text = segments.collect::<Vec<_>>().join("/");
    (text, varies)
}
