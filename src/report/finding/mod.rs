//! Findings about a run: one sentence each, with evidence and advice, the most severe first.
//!
//! [`findings`] uses only a snapshot, so that the screen and headless runs report the same.

pub(super) mod drifting;
mod kind;

pub use kind::{Finding, Kind};

use std::time::{Duration, SystemTime};

use crate::stats::Snapshot;
use crate::stats::sample::{REFUSED_BY, Silence};
use crate::stats::snapshot::{Bucket, FailureRow, Figures, Level, RunState};
use crate::units;

/// Time without a response or an error after which a target is considered hanging.
const HANGING: Duration = Duration::from_secs(3);
/// Minimum failures without a response to report, after earlier responses.
const SEVERAL: u64 = 3;
/// Minimum time without a response to report, after earlier responses.
const SILENT: Duration = Duration::from_secs(2);
/// Minimum failure ratio to report; the number of failures from which it applies; and the minimum ratio for fewer
/// failures.
const FAILING: (f64, u64, f64) = (0.01, 5, 0.5);
/// Minimum seconds of response times for computing the usual one; and how many of the last are left out.
const USUAL: usize = 10;
/// Slow: at least this multiple of the usual response time, and longer by at least this.
const SLOW: (f64, Duration) = (3.0, Duration::from_millis(100));
/// Maximum characters of a name or a reason, of a message, and of a host.
const WORDS: usize = 50;
const MESSAGE: usize = 100;
const HOST: usize = 33;

/// Findings so far, or about the whole run if it is finished; the most severe first.
pub fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let silent = not_responding(snapshot).or_else(|| hanging(snapshot));
    let is_silent = silent.is_some();
    let found = [
        silent,
        scenario_error(snapshot),
        // Requests that get no response are those failures.
        if is_silent { None } else { failing(snapshot) },
        if is_silent { None } else { slow(snapshot) },
        generator(snapshot, Level::Red),
        dropped(snapshot),
        generator(snapshot, Level::Amber),
        drifting::drifting(snapshot),
        aborted(snapshot),
    ];
    found.into_iter().flatten().collect()
}

fn count(n: u64, one: &str) -> String {
    format!("{} {one}{}", units::count(n), if n == 1 { "" } else { "s" })
}

/// Truncates to [`WORDS`] characters.
fn short(text: &str) -> String {
    shortened(text, WORDS)
}

fn shortened(text: &str, characters: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Run time since the last response, or since the start.
fn quiet(snapshot: &Snapshot) -> Duration {
    snapshot.elapsed.saturating_sub(snapshot.load.last_response.unwrap_or_default())
}

fn not_responding(snapshot: &Snapshot) -> Option<Finding> {
    let load = &snapshot.load;
    if snapshot.state.is_done() && load.last_response.is_none() && snapshot.aborted > 0 && load.unanswered == 0 {
        let evidence = format!("no response: {} aborted at the end", count(snapshot.aborted, "request"));
        return Some(Finding::new(Kind::NotResponding, evidence, unresponsive(snapshot)));
    }
    let is_several = load.unanswered >= SEVERAL && quiet(snapshot) >= SILENT;
    if load.unanswered == 0 || !(load.last_response.is_none() || is_several) {
        return None;
    }
    let silences = snapshot.failures.rows.iter().filter_map(|row| Some((row, row.silence?)));
    // The row with the most recent failure shows the current state.
    let (row, why) =
        silences.filter(|(_, why)| *why != Silence::Generator).max_by_key(|(row, _)| (row.last, row.count))?;
    // The target accepts connections again, but hangs.
    let age = snapshot.at.duration_since(row.last).unwrap_or_default();
    if why != Silence::Wait && load.oldest.is_some_and(|oldest| oldest >= HANGING && age > oldest) {
        return None;
    }
    let since = match load.last_response {
        Some(last) => format!(" since {}", units::clock(last)),
        None => String::new(),
    };
    let remedy = match why {
        // The scenario may name hosts other than that of the run.
        Silence::Refused => {
            let detail = row.example.as_ref().and_then(|example| example.detail.strip_prefix(REFUSED_BY));
            let place = detail.map_or("the address".into(), |place| shortened(place, HOST));
            format!("Nothing listens at {place}: is the server running?")
        }
        Silence::Closed => {
            "Connections are closed before the response: see the log of the target, or of a proxy.".to_owned()
        }
        Silence::Name => "Check the host name, and the DNS resolver of this machine.".to_owned(),
        Silence::Tls => "Check the certificate, the port, and whether the target speaks TLS.".to_owned(),
        Silence::Network => {
            "The target is not reachable from this machine: check network, proxy and firewall.".to_owned()
        }
        Silence::Wait | Silence::Generator => unresponsive(snapshot).to_owned(),
    };
    Some(Finding::new(
        Kind::NotResponding,
        format!("{}; 0 of {} got a response{since}", short(&row.reason), units::count(load.unanswered)),
        remedy,
    ))
}

/// Cause of the missing responses, as far as it is known.
fn unresponsive(snapshot: &Snapshot) -> &'static str {
    if snapshot.total.total.connect.count > 0 {
        "The server accepts connections and does not respond."
    } else {
        "The server does not respond, or a firewall drops the packets."
    }
}

fn hanging(snapshot: &Snapshot) -> Option<Finding> {
    let load = &snapshot.load;
    let oldest = load.oldest.filter(|_| load.in_flight > 0 && !snapshot.state.is_done())?;
    // A target that has always been slow is not hanging yet.
    let limit = HANGING.max(snapshot.total.total.response.p(99.0) * 2);
    let quiet = quiet(snapshot);
    // A paused run sends no requests, and its run time stops.
    let silent = if snapshot.state == RunState::Paused { oldest } else { quiet };
    // After a timeout the next request has only just started.
    if silent < limit || (oldest < limit && load.unanswered == 0) {
        return None;
    }
    // All responses may have arrived before the oldest request was sent.
    let missing = if load.unanswered == 0 { silent.min(oldest) } else { silent };
    let none = match load.last_response {
        Some(_) => format!("no response for {}", seconds(missing)),
        None => "no response yet".to_owned(),
    };
    let evidence =
        format!("{} in flight, the oldest for {}, {none}", units::count(load.in_flight.into()), seconds(oldest));
    Some(Finding::new(Kind::Hanging, evidence, unresponsive(snapshot)))
}

fn seconds(d: Duration) -> String {
    units::plain(Duration::from_secs(d.as_secs()))
}

fn scenario_error(snapshot: &Snapshot) -> Option<Finding> {
    let row = snapshot.exceptions.iter().max_by_key(|row| row.count)?;
    let evidence =
        format!("{}: {} ({}×)", short(&row.place), shortened(&row.message, MESSAGE), units::count(row.count));
    Some(Finding::new(Kind::ScenarioError, evidence, "Requests are missing: `katydid try` shows what each step does."))
}

/// Figures of the last ten seconds, or of the whole run if it is finished.
fn recent(snapshot: &Snapshot) -> &Figures {
    if snapshot.state.is_done() { &snapshot.total.total } else { &snapshot.total.now }
}

fn failing(snapshot: &Snapshot) -> Option<Finding> {
    let figures = recent(snapshot);
    let least = if figures.failures >= FAILING.1 { FAILING.0 } else { FAILING.2 };
    if figures.failures == 0 || figures.fail_ratio() < least {
        return None;
    }
    let Cause { row, rows, count, first } = cause(&snapshot.failures.rows)?;
    let all = snapshot.total.total.failures.max(count);
    let of = if count == all { String::new() } else { format!(" of {}", units::count(all)) };
    // The ratio while the run lasts is that of the last seconds, and the failures are those of the whole run.
    let so_far = if snapshot.state.is_done() { "" } else { " so far" };
    let name = short(&format!("{} {}", row.kind, row.name));
    let reason = short(&row.reason);
    let most = match rows {
        1 => format!("{name} {reason}"),
        rows => format!("{reason} in {rows} rows"),
    };
    let evidence = format!(
        "{:.1} % of requests; most: {most}, {}{of} failures{so_far}{}",
        figures.fail_ratio() * 100.0,
        units::count(count),
        began(snapshot, first)
    );
    Some(Finding::new(Kind::Failing, evidence, "Open the failure to see what the server sent."))
}

/// Failures with the same reason, in any row.
struct Cause<'a> {
    /// The row with most of them.
    row: &'a FailureRow,
    rows: usize,
    count: u64,
    /// The first of them.
    first: SystemTime,
}

/// The most frequent reason: a target that is down fails in all rows, each of which may have fewer failures than
/// another one has for another reason.
fn cause(rows: &[FailureRow]) -> Option<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for row in rows {
        match causes.iter_mut().find(|cause| cause.row.reason == row.reason) {
            Some(cause) => {
                cause.rows += 1;
                cause.count += row.count;
                cause.first = cause.first.min(row.first);
                if row.count > cause.row.count {
                    cause.row = row;
                }
            }
            None => causes.push(Cause { row, rows: 1, count: row.count, first: row.first }),
        }
    }
    // The first one if several are equal.
    causes.into_iter().rev().max_by_key(|cause| cause.count)
}

/// Time of the first failure, and the number of users then.
fn began(snapshot: &Snapshot, first: SystemTime) -> String {
    let bucket = snapshot.series.iter().find(|bucket| bucket.at >= first);
    bucket.map_or_else(String::new, |Bucket { from, users, .. }| {
        format!(", since {} at {}", units::clock(from), count(users.into(), "user"))
    })
}

fn slow(snapshot: &Snapshot) -> Option<Finding> {
    if snapshot.state.is_done() {
        return None;
    }
    let load = &snapshot.load;
    let p99 = snapshot.total.total.response.p(99.0);
    if let Some(oldest) = load.oldest.filter(|oldest| *oldest >= HANGING && *oldest >= p99 * 3) {
        let (all, age) = (units::count(load.in_flight.into()), seconds(oldest));
        let evidence = format!("{all} in flight, the oldest for {age}; p99 is {}", units::latency(p99));
        return Some(Finding::new(Kind::Slow, evidence, "It is not counted until it ends or times out."));
    }
    let now = snapshot.total.now.response;
    let mut times: Vec<Duration> = snapshot.series.iter().rev().skip(USUAL).filter_map(|bucket| bucket.p95).collect();
    if now.count == 0 || times.len() < USUAL {
        return None;
    }
    times.sort_unstable();
    let (usual, p95) = (times[times.len() / 2], now.p(95.0));
    let ratio = p95.as_secs_f64() / usual.as_secs_f64().max(1e-6);
    if ratio < SLOW.0 || p95.saturating_sub(usual) < SLOW.1 {
        return None;
    }
    let (p95, usual) = (units::latency(p95), units::latency(usual));
    let evidence = format!("p95 is {p95} in the last 10 s, {ratio:.0} times the usual {usual}");
    Some(Finding::new(Kind::Slow, evidence, "The target is near its limit: fewer users show whether it recovers."))
}

fn generator(snapshot: &Snapshot, level: Level) -> Option<Finding> {
    let health = &snapshot.health;
    if health.level != level {
        return None;
    }
    let why = health.why.as_deref().unwrap_or("its timers or requests were late").to_owned();
    match level {
        Level::Green => None,
        Level::Amber => Some(Finding::new(
            Kind::GeneratorAmber,
            why,
            "Short response times may be overstated: use fewer users, or a less busy machine.",
        )),
        Level::Red => Some(Finding::new(
            Kind::GeneratorRed,
            why,
            "Do not trust the figures: use fewer users, or a larger machine.",
        )),
    }
}

fn dropped(snapshot: &Snapshot) -> Option<Finding> {
    let arrivals = snapshot.plan.arrivals;
    (arrivals.dropped > 0).then(|| {
        let all = units::count(arrivals.dropped.saturating_add(arrivals.started));
        let evidence = format!("{} of {all} were due while no user was free", units::count(arrivals.dropped));
        Finding::new(Kind::Dropped, evidence, "The target is too slow for this arrival rate, or max_users is too low.")
    })
}

fn aborted(snapshot: &Snapshot) -> Option<Finding> {
    let is_over = snapshot.state.is_done() && snapshot.aborted > 0;
    (is_over && snapshot.load.last_response.is_some()).then(|| {
        let evidence = format!("{} at the end, before the response", count(snapshot.aborted, "request"));
        Finding::new(Kind::Aborted, evidence, "They are not counted; a longer stop_timeout lets them finish.")
    })
}

#[cfg(test)]
mod tests;
