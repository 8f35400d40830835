//! Converts the requests of a recording to steps, with the waits between them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::content::{Content, content};
use super::entry::Entry;
use super::links::Links;
use super::sent::Sent;
use super::site::Site;
use super::{graphql, resource};
use crate::import::body::secret;
use crate::import::credential::{self, Credentials};
use crate::import::draft::{Draft, Request, Step, add_header, is_redirect, pairs, verb};
use crate::import::headers::is_client_header;
use crate::import::literal::literal;

/// Minimum wait: shorter gaps are caused by the browser.
const SHORTEST_WAIT: f64 = 0.5;
/// Maximum wait: longer gaps are breaks of the user.
const LONGEST_WAIT: f64 = 60.0;

/// Steps of the requests, with the redirects that follow each.
pub fn steps(kept: &[Vec<Entry<'_>>], site: &Site, pages: &BTreeMap<&str, &str>, draft: &mut Draft) -> Vec<Step> {
    let mut links = Links::default();
    let mut requests: Vec<Result<Request, String>> = Vec::new();
    draft.graphql = graphql::endpoint(kept, site);
    for (index, hops) in kept.iter().enumerate() {
        let Some(first) = hops.first() else { continue };
        requests.push(request(first, hops, site, &mut links, draft));
        for hop in hops {
            links.learn(index, hop);
        }
    }
    let mut out = Vec::new();
    let (mut page, mut end) = (None, None);
    for (index, (request, hops)) in requests.into_iter().zip(kept).enumerate() {
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
        let captures = links.captures(index);
        out.push(match request {
            Ok(mut request) => {
                request.put("capture", Value::Object(captures));
                Step::Request(request)
            }
            Err(why) => Step::Comment(why),
        });
    }
    out
}

/// Rounds to milliseconds.
fn rounded(length: Duration) -> Duration {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_add(50) / 100 * 100)
}

/// The step of a request, or why there is none.
fn request(
    entry: &Entry<'_>,
    hops: &[Entry<'_>],
    site: &Site,
    links: &mut Links,
    draft: &mut Draft,
) -> Result<Request, String> {
    let body = entry.body();
    if let Sent::Missing(length) = body {
        let length = crate::units::bytes(length);
        let address = format!("{} {}", entry.method, entry.url.path());
        return Err(format!("omitted: {address}: its body of {length} was not recorded"));
    }
    let base = site.base(&entry.url, draft);
    let Draft { credentials, files, graphql, .. } = draft;
    let mut request = Request { verb: verb(entry.method).unwrap_or_default(), ..Request::default() };
    let (path, varies) = path(entry.url.path(), links, credentials);
    request.url = format!("{base}{path}");
    if varies {
        // One row for all values.
        let name = request.url.replace("{{ ", "[").replace(" }}", "]");
        request.put("name", Value::from(name));
    }
    let operation = graphql::Operation::of(&body).filter(|_| graphql::address(&entry.url, site) == *graphql);
    let resource = operation.as_ref().and_then(|one| one.resource());
    let resource = resource.or_else(|| resource::of_path(entry.url.path()));
    let resource = resource.as_deref();
    let mut fill =
        |name: &str, value: &Value| links.find(name, value, resource).or_else(|| secret(credentials, name, value));
    let query = entry.url.query_pairs().map(|(name, value)| {
        let text = fill(&name, &Value::from(value.as_ref())).unwrap_or_else(|| literal(&value));
        (name.into_owned(), text)
    });
    let query = pairs(query.collect::<Vec<_>>());
    request.put("query", Value::Object(query));
    let Content { mut fields, mut media } = content(body, &mut fill, files, &mut request.comments);
    if let Some(operation) = operation.filter(|one| one.is_literal(&fields)) {
        request.verb = "graphql".to_owned();
        (request.url, fields) = operation.into_step(&fields);
        request.fields.retain(|(key, _)| *key != "name");
        media = None;
    }
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
            let known = token.and_then(|token| links.find("access_token", &Value::from(token.trim()), None));
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
        let text = links
            .find(name, &json, None)
            .or_else(|| secret(credentials, name, &json))
            .unwrap_or_else(|| literal(value));
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
    if status == 0 {
        request.comments.push("no response was recorded".to_owned());
    }
    if status >= 400 {
        request.comments.push("this request failed in the recording".to_owned());
    }
    // There is no cache here, so that a 304 becomes a full response.
    if (200..600).contains(&status) && status != 304 {
        let mut expect = serde_json::json!({ "status": status });
        if request.verb == "graphql" && hops.last().is_some_and(graphql::has_errors) {
            expect["errors"] = Value::from("any");
        }
        request.put("expect", expect);
    }
    Ok(request)
}

/// The path with values of earlier responses and credentials replaced, and whether there were any of the former.
fn path(path: &str, links: &mut Links, credentials: &mut Credentials) -> (String, bool) {
    let mut varies = false;
    let mut before = String::new();
    let segments = path.split('/').map(|segment| {
        let plain = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        match links.segment(&plain, &before) {
            Some(template) => {
                varies = true;
                before.clear();
                template
            }
            None => credentials.segment(segment, &mut before),
        }
    });
    let text = segments.collect::<Vec<_>>().join("/");
    (text, varies)
}
