//! Servers that receive the results of a run: name, TCP, TLS. Sends nothing.

use url::Url;

use super::connection;
use crate::doctor::line::{Level, Line};
use crate::doctor::reach::reach;
use crate::doctor::request::environment;
use crate::doctor::subject::{Mode, Subject};
use crate::doctor::targets::Target;
use crate::sink;

/// The error of a run that does not start with the settings of the sinks of this check, in the same words.
pub fn refused(subject: &Subject, check: &str) -> Option<Vec<Line>> {
    let why = sink::refusal(check, &subject.settings)?;
    Some(vec![Line::error(why, "Correct this setting: a run does not start with it.")])
}

/// Lines of a receiver at this URL; none if it is invalid, which the settings report.
pub async fn lines(subject: &Subject, url: &str) -> Vec<Line> {
    let Some(target) = target(url) else { return Vec::new() };
    if target.proxy().is_some() {
        return vec![Line::ok("the receiver is reached through a proxy")];
    }
    let options = target.is_secure().then_some(&target.options);
    let reached = reach(target.host_port(), options, &subject.resolver, subject.deadline).await;
    connection::lines(target.host_port(), reached).into_iter().map(|line| side_line(subject, line)).collect()
}

/// The server at this URL, through the proxies of the environment.
pub fn target(url: &str) -> Option<Target> {
    Url::parse(url).ok().map(|url| Target::of_url(url, environment()))
}

/// Makes errors warnings before a run: it does not depend on receivers.
pub fn side_line(subject: &Subject, line: Line) -> Line {
    let is_minor = subject.mode == Mode::Preflight && line.level == Level::Error;
    Line { level: if is_minor { Level::Warning } else { line.level }, is_fatal: false, ..line }
}

/// Lines of a receiver that is not configured.
pub fn off(subject: &Subject, setting: &str) -> Vec<Line> {
    match subject.mode {
        Mode::Full => vec![Line::ok(format!("off: {setting} is not set"))],
        Mode::Preflight => Vec::new(),
    }
}
