//! Requests of a recording that are not in the scenario, summed up by kind and host.

use std::collections::BTreeMap;

use super::entry::Entry;

/// Maximum number of hosts that a note names.
const MOST_HOSTS: usize = 5;

/// Why a request is left out, in the order of the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Another site.
    OtherSite,
    /// An image, style, script, font or media file.
    Asset,
    /// Its body was not recorded.
    NoBody,
    /// A CORS preflight request.
    Preflight,
    /// Blocked by an extension or a policy of the browser: it was not sent.
    Blocked,
    /// Its method is not supported.
    Method,
    /// A WebSocket.
    WebSocket,
    /// Not an HTTP request.
    NotHttp,
    /// More than the maximum.
    Beyond,
}

impl Reason {
    /// What is left out, and what to do about it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OtherSite => ("requests to other sites", " (keep them with --include-host HOST)"),
            Self::Asset => ("images, styles, scripts, fonts and media", " (keep them with --assets)"),
            Self::NoBody => ("requests whose body was not recorded", " (record them again with their content)"),
            Self::Preflight => ("CORS preflight requests", ""),
            Self::Blocked => ("requests that the browser blocked", ""),
            Self::Method => ("requests with methods that are not supported", ""),
            Self::WebSocket => ("WebSocket connections, which are not supported", ""),
            Self::NotHttp => ("entries that are not HTTP requests", ""),
            Self::Beyond => ("requests after the first 1000", ""),
        }
    }
}

/// Numbers of requests by reason and host.
#[derive(Debug, Default)]
pub struct LeftOut(BTreeMap<Reason, BTreeMap<String, usize>>);

impl LeftOut {
    /// Counts a request.
    pub fn add(&mut self, why: Reason, entry: &Entry<'_>) {
        self.count(why, entry.url.host_str().unwrap_or_default(), 1);
    }

    /// Counts entries without a known host.
    pub fn count(&mut self, why: Reason, host: &str, count: usize) {
        if count > 0 {
            *self.0.entry(why).or_default().entry(host.to_owned()).or_default() += count;
        }
    }

    /// One note per reason.
    pub fn notes(&self) -> Vec<String> {
        let note = |(why, hosts): (&Reason, &BTreeMap<String, usize>)| {
            let total: usize = hosts.values().sum();
            let mut hosts: Vec<(&str, usize)> = hosts
                .iter()
                .filter(|(host, _)| !host.is_empty())
                .map(|(host, count)| (host.as_str(), *count))
                .collect();
            hosts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let named = hosts.iter().take(MOST_HOSTS).map(|(host, count)| format!("{host} {count}"));
            let mut named: Vec<String> = named.collect();
            let rest = &hosts[named.len()..];
            if !rest.is_empty() {
                let count: usize = rest.iter().map(|(_, count)| count).sum();
                named.push(format!("{} more hosts {count}", rest.len()));
            }
            let named = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
            let (what, advice) = why.words();
            format!("omitted: {total} × {what}{named}{advice}")
        };
        self.0.iter().map(note).collect()
    }
}
