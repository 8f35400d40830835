//! The servers that the scenario sends requests to: name, TCP, TLS, and one `GET` of the host of the run.

use http::header::{LOCATION, WWW_AUTHENTICATE};

use super::connection;
use crate::doctor::line::{Level, Line};
use crate::doctor::reach::reach;
use crate::doctor::request::targets;
use crate::doctor::response::{Received, TargetResponse};
use crate::doctor::subject::{Mode, Subject};
use crate::doctor::targets::Target;
use crate::protocol::net::address::host_and_port;
use crate::scenario::DEMO_SHOWN;
use crate::units;

/// Prefixes of headers that announce a limit of requests: of the draft standard, and as commonly used before it.
const RATE_LIMITS: [&str; 4] = ["ratelimit", "x-ratelimit", "x-rate-limit", "retry-after"];

/// Lines of the servers.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let all = targets(subject);
    if subject.mode == Mode::Full
        && all.is_empty()
        && subject.plan.as_ref().is_some_and(|plan| &*plan.host == DEMO_SHOWN)
    {
        return vec![Line::ok("the embedded shop starts with the run")];
    }
    let connections = futures_util::future::join_all(all.iter().map(|target| connect(subject, target))).await;
    let is_reached = connections.first().is_some_and(|lines| lines.iter().all(|line| line.level < Level::Error));
    let mut lines: Vec<Line> = connections.into_iter().flatten().collect();
    if subject.mode == Mode::Full
        && is_reached
        && let Some(TargetResponse { target, result }) = subject.response().await
    {
        match result {
            Ok(received) => lines.extend(response(subject, target, received)),
            Err(why) => {
                let overloaded = "Check whether the server is overloaded or starting.";
                let advice = connection::silent(why, target.proxy().is_some(), overloaded);
                lines.push(Line::error(subject.excerpt(why), advice));
            }
        }
    }
    lines
}

async fn connect(subject: &Subject, target: &Target) -> Vec<Line> {
    let place = target.host_port();
    if let Some(proxy) = target.proxy() {
        // The proxy resolves the name and connects.
        let proxy = host_and_port(proxy.host_str().unwrap_or_default(), proxy.port_or_known_default().unwrap_or(80));
        return match subject.mode {
            Mode::Full => {
                vec![Line::ok(format!("{} is reached through the proxy {proxy}", host_and_port(place.0, place.1)))]
            }
            Mode::Preflight => Vec::new(),
        };
    }
    let options = target.is_secure().then_some(&target.options);
    let reached = reach(place, options, &subject.resolver, subject.deadline).await;
    let lines = connection::lines(place, reached);
    if target.is_host {
        return lines;
    }
    // Other requests of the run can succeed.
    lines.into_iter().map(|line| Line { is_fatal: false, ..line }).collect()
}

fn response(subject: &Subject, target: &Target, received: &Received) -> Vec<Line> {
    let Received { status, headers, took, .. } = received;
    let path = target.url.path();
    let words = status.canonical_reason().map_or_else(String::new, |words| format!(" {words}"));
    let answered = format!("GET {path}: {}{words} in {}", status.as_u16(), units::latency(*took));
    let text = |name| headers.get(name).map(|value| subject.excerpt(&String::from_utf8_lossy(value.as_bytes())));
    let mut lines = vec![match status.as_u16() {
        401 => {
            let scheme = text(WWW_AUTHENTICATE).map_or_else(String::new, |scheme| format!("; it asks for {scheme}"));
            let advice = "Set `auth` or a header in the scenario, unless its requests log in themselves.";
            Line::warning(format!("{answered}{scheme}"), advice)
        }
        403 => {
            Line::warning(answered, "Check credentials, and whether a firewall or bot protection blocks this machine.")
        }
        429 => Line::warning(answered, "Ask for a higher limit for this machine, or lower the load."),
        500.. => Line::warning(answered, "Check the health of the target before a load test."),
        300..=399 => match text(LOCATION).map(|location| redirect(target, &location)) {
            Some(Some(to)) => {
                let advice = "Use that host with --host: each redirect is a second request.";
                Line::warning(format!("{answered}, which redirects to {to}"), advice)
            }
            Some(None) | None => Line::ok(answered),
        },
        _ => Line::ok(answered),
    }];
    let limits: Vec<String> = headers
        .iter()
        .filter(|(name, _)| RATE_LIMITS.iter().any(|prefix| name.as_str().starts_with(prefix)))
        .map(|(name, value)| format!("{name}: {}", subject.excerpt(&String::from_utf8_lossy(value.as_bytes()))))
        .take(6)
        .collect();
    if !limits.is_empty() {
        let advice = "Expect responses with 429, or ask for a higher limit for this machine.";
        lines.push(Line::warning(format!("the target limits requests: {}", limits.join(", ")), advice));
    }
    lines
}

/// Origin of a redirect, if it is not that of the target.
fn redirect(target: &Target, location: &str) -> Option<String> {
    let to = target.url.join(location).ok()?;
    (to.origin() != target.url.origin()).then(|| to.origin().ascii_serialization())
}
