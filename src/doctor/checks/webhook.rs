//! The receiver of the webhook: name, TCP, TLS. Sends nothing.

use super::connection;
use crate::doctor::line::{Level, Line};
use crate::doctor::reach::reach;
use crate::doctor::request::environment;
use crate::doctor::subject::{Mode, Subject};
use crate::doctor::targets::Target;

/// Lines of the webhook.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(url) = subject.settings.webhook_url.as_ref().and_then(|url| url::Url::parse(url).ok()) else {
        return match subject.mode {
            Mode::Full => vec![Line::ok("off: webhook_url is not set")],
            Mode::Preflight => Vec::new(),
        };
    };
    let target = Target::of_url(url, environment());
    if target.proxy().is_some() {
        return vec![Line::ok("the receiver is reached through a proxy")];
    }
    let options = target.is_secure().then_some(&target.options);
    let reached = reach(target.host_port(), options, &subject.resolver, subject.deadline).await;
    let lines = connection::lines(target.host_port(), reached).into_iter();
    // The run itself does not depend on it.
    let demoted = |level| if subject.mode == Mode::Preflight && level == Level::Error { Level::Warning } else { level };
    lines.map(|line| Line { level: demoted(line.level), is_fatal: false, ..line }).collect()
}
