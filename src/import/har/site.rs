//! The site of a recording: its host, and the other hosts that belong to it.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::domain::registrable;
use super::entry::Entry;
use crate::import::draft::Draft;
use crate::import::literal::identifier;

/// The site.
#[derive(Debug)]
pub struct Site {
    /// Origin of the scenario's `host`.
    pub main: String,
    /// Its registrable domain, or its host without one.
    domain: String,
    /// Origins that redirect to the main one, such as `http://` and the domain without `www`.
    aliases: BTreeSet<String>,
}

fn domain_of(url: &Url) -> &str {
    registrable(url.host_str().unwrap_or_default())
}

impl Site {
    /// The site of the first page, or else that with the most requests of its own.
    pub fn of(chains: &[Vec<Entry<'_>>], document: &Value) -> Option<Self> {
        let main = match first_page(chains, document) {
            Some(origin) => origin,
            None => most_frequent(chains)?,
        };
        let domain = domain_of(&Url::parse(&main).ok()?).to_owned();
        let mut aliases = BTreeSet::new();
        // A chain of moves may be spread over several chains of requests.
        for _ in 0..4 {
            for pair in chains.iter().flat_map(|hops| hops.windows(2)) {
                let [from, to] = pair else { continue };
                let end = to.origin();
                if from.moves_to(to) && (end == main || aliases.contains(&end)) && from.origin() != main {
                    aliases.insert(from.origin());
                }
            }
        }
        Some(Self { main, domain, aliases })
    }

    /// True if a host belongs to the site.
    pub fn owns(&self, host: &str) -> bool {
        registrable(host) == self.domain
    }

    /// True if an address is at the main origin, or at one that redirects to it.
    pub fn is_main(&self, url: &Url) -> bool {
        let origin = url.origin().ascii_serialization();
        origin == self.main || self.aliases.contains(&origin)
    }

    /// What comes before the path of an address: nothing for the main origin, a variable for others of the site.
    pub fn base(&self, url: &Url, draft: &mut Draft) -> String {
        if self.is_main(url) {
            return String::new();
        }
        let origin = url.origin().ascii_serialization();
        let host = url.host_str().unwrap_or_default();
        if !self.owns(host) {
            return origin;
        }
        let known = draft.vars.iter().find(|(_, value)| value.as_str() == Some(&origin)).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let label = host.strip_suffix(&self.domain).unwrap_or_default().trim_end_matches('.');
            let label = if label.is_empty() { url.scheme() } else { label };
            let base = format!("{}_url", identifier(label));
            let free = |name: &String| !draft.vars.contains_key(name);
            let numbered = (2u32..).map(|number| format!("{base}_{number}"));
            [base.clone()].into_iter().chain(numbered).find(free).unwrap_or(base)
        });
        draft.vars.insert(name.clone(), Value::from(origin));
        format!("{{{{ {name} }}}}")
    }
}

/// Origin of the first page. Its redirects within the site are followed.
fn first_page(chains: &[Vec<Entry<'_>>], document: &Value) -> Option<String> {
    let pages = document["log"]["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = pages.first();
    // Chrome writes the address of the page, even if its request was not recorded.
    let title = first.and_then(|page| Url::parse(page["title"].as_str()?).ok()).filter(|url| url.host_str().is_some());
    let origin = title.map(|url| url.origin().ascii_serialization());
    let recorded = |origin: &String| chains.iter().flatten().any(|entry| entry.origin() == *origin);
    let id = first.and_then(|page| page["id"].as_str());
    let mut seen: BTreeSet<Option<&str>> = BTreeSet::new();
    for hops in chains {
        let Some(entry) = hops.first() else { continue };
        let is_first = seen.insert(entry.page);
        if hops.iter().any(|hop| hop.is_navigation(is_first)) {
            if entry.page != id && id.is_some() && origin.as_ref().is_some_and(recorded) {
                break;
            }
            let own = hops.iter().take_while(|hop| domain_of(&hop.url) == domain_of(&entry.url));
            return own.last().map(Entry::origin);
        }
    }
    origin.filter(recorded)
}

/// The origin with the most requests of the site with the most requests of its own.
fn most_frequent(chains: &[Vec<Entry<'_>>]) -> Option<String> {
    let all = || chains.iter().flatten();
    let own: Vec<&Entry<'_>> = all().filter(|entry| !entry.is_asset() && entry.is_first_party()).collect();
    let some: Vec<&Entry<'_>> = all().filter(|entry| !entry.is_asset()).collect();
    let entries = [own, some, all().collect()].into_iter().find(|entries| !entries.is_empty())?;
    let site = first_of_most(entries.iter().map(|entry| domain_of(&entry.url).to_owned()))?;
    first_of_most(entries.iter().filter(|entry| domain_of(&entry.url) == site).map(|entry| entry.origin()))
}

/// The most frequent value; of equally frequent ones the first.
pub fn first_of_most(values: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for value in values {
        match counts.iter().position(|(known, _)| *known == value) {
            Some(at) => counts[at].1 += 1,
            None if counts.len() < 1_000 => counts.push((value, 1)),
            None => {}
        }
    }
    // Reversed, so that the first of equal counts is selected.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(value, _)| value)
}
