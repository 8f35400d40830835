//! Converts a HAR 1.2 recording of a browser or a proxy: each relevant request becomes a step, in chronological order.

mod content;
mod domain;
mod entry;
mod graphql;
mod left_out;
mod links;
mod resource;
mod sent;
mod site;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::entry::Entry;
use self::left_out::{LeftOut, Reason};
use self::sent::Sent;
use self::site::Site;
use super::draft::{Draft, Task, verb};
use super::headers;
use super::input::{ImportError, ImportOptions, MAX_REQUESTS};
use super::literal::identifier;

/// Maximum time between a redirect and the request that follows it, in seconds.
const REDIRECT_WITHIN: f64 = 10.0;
/// Maximum number of requests between a redirect and the request that follows it.
const REDIRECT_NEAR: usize = 30;

/// Converts a recording to a task of a scenario called `name`.
pub fn import(document: &Value, name: &str, options: &ImportOptions) -> Result<Draft, ImportError> {
    let all = document["log"]["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (sockets, rest): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|entry| Entry::is_websocket(entry));
    let mut entries: Vec<Entry<'_>> = rest.iter().filter_map(|entry| Entry::read(entry)).collect();
    let mut left_out = LeftOut::default();
    left_out.count(Reason::NotHttp, "", rest.len() - entries.len());
    left_out.count(Reason::WebSocket, "", sockets.len());
    // Browsers write entries by end time, or by page.
    entries.sort_by(|a, b| a.start.total_cmp(&b.start));
    let chains = chains(entries);
    let site = Site::of(&chains, document).ok_or_else(|| ImportError::new("the recording has no HTTP request"))?;
    let mut draft = Draft { host: Some(site.main.clone()), ..Draft::default() };
    draft.files.prefix = identifier(name);
    let mut kept: Vec<Vec<Entry<'_>>> = Vec::new();
    for chain in chains {
        let Some(chain) = own(chain, &site, options, &mut left_out) else { continue };
        let Some(entry) = chain.first() else { continue };
        match reason_to_leave_out(entry, options) {
            Some(why) => left_out.add(why, entry),
            None if kept.len() >= MAX_REQUESTS => left_out.add(Reason::Beyond, entry),
            None => kept.push(chain),
        }
    }
    let creator = document["log"]["creator"]["name"].as_str().map(|name| format!(" by {name}")).unwrap_or_default();
    let count = kept.iter().filter(|chain| chain.first().is_some_and(|entry| !is_missing(entry))).count();
    draft.description = format!("Recorded{creator}: {count} of {} requests", all.len());
    for entry in kept.iter().filter_map(|chain| chain.first()).filter(|entry| is_missing(entry)) {
        left_out.add(Reason::NoBody, entry);
    }
    draft.notes = left_out.notes();
    draft.notes.extend(foreign_cookies(&kept));
    let of_browser: Vec<(&str, &str)> = kept.iter().flatten().flat_map(Entry::headers).collect();
    headers::of_browser(&of_browser, options.browser_headers, &mut draft);
    let steps = steps::steps(&kept, &site, &pages(document), &mut draft);
    if !draft.vars.is_empty() {
        let names = draft.vars.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        draft.notes.push(format!("the host of some requests is under `vars` ({names}): --host does not change it"));
    }
    draft.tasks.push(Task { name: "recorded".to_owned(), tags: Vec::new(), steps });
    Ok(draft)
}

/// Requests with the redirects that follow each.
fn chains(entries: Vec<Entry<'_>>) -> Vec<Vec<Entry<'_>>> {
    let mut chains: Vec<Vec<Entry<'_>>> = Vec::new();
    for entry in entries {
        // Other requests may be sent between a redirect and the next request.
        let follows = |chain: &&mut Vec<Entry<'_>>| {
            chain.last().is_some_and(|last| last.leads_to(&entry) && entry.start - last.start <= REDIRECT_WITHIN)
        };
        match chains.iter_mut().rev().take(REDIRECT_NEAR).find(follows) {
            Some(chain) => chain.push(entry),
            None => chains.push(vec![entry]),
        }
    }
    chains
}

/// The part of a chain that the scenario sends: it starts at a chosen site, and where its address is after moves to
/// `https://` or `www.`.
fn own<'a>(
    mut chain: Vec<Entry<'a>>,
    site: &Site,
    options: &ImportOptions,
    left_out: &mut LeftOut,
) -> Option<Vec<Entry<'a>>> {
    let chosen = |entry: &Entry<'_>| {
        let host = entry.url.host_str().unwrap_or_default();
        site.owns(host) || options.hosts.iter().any(|wanted| is_within(host, wanted))
    };
    let others = chain.iter().position(chosen).unwrap_or(chain.len());
    for entry in chain.drain(..others) {
        left_out.add(Reason::OtherSite, &entry);
    }
    let moves = chain.windows(2).take_while(|pair| match pair {
        [from, to] => from.moves_to(to) && from.method == to.method,
        _ => false,
    });
    let moves = moves.count();
    chain.drain(..moves);
    (!chain.is_empty()).then_some(chain)
}

fn reason_to_leave_out(entry: &Entry<'_>, options: &ImportOptions) -> Option<Reason> {
    if verb(entry.method).is_none() {
        return Some(Reason::Method);
    }
    if entry.is_preflight() {
        return Some(Reason::Preflight);
    }
    if entry.is_blocked {
        return Some(Reason::Blocked);
    }
    (entry.is_asset() && !options.assets).then_some(Reason::Asset)
}

/// True if the body was not recorded.
fn is_missing(entry: &Entry<'_>) -> bool {
    matches!(entry.body(), Sent::Missing(_))
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
        got.extend(entry.set_cookies().into_iter().map(|(name, _)| name));
    }
    let names: Vec<String> = foreign.into_iter().take(10).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the recording sends cookies that no response in it sets ({}): start it before the login, or add the login by hand",
            names.join(", ")
        )
    })
}
