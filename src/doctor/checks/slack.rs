//! The incoming webhook of Slack: its form, and name, TCP, TLS of its server. Sends nothing: there is no request that
//! posts no message.

use url::Url;

use super::receiver;
use crate::doctor::line::Line;
use crate::doctor::subject::{Mode, Subject};

/// Hosts of Slack's webhooks.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// Lines of Slack.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if let Some(refused) = receiver::refused(subject, "slack") {
        return refused;
    }
    let Some(url) = &subject.settings.slack_webhook_url else { return receiver::off(subject, "slack_webhook_url") };
    let mut lines = receiver::lines(subject, url).await;
    if subject.mode == Mode::Full && !is_webhook(url) {
        let advice = "Copy it from Incoming Webhooks of your Slack app: https://hooks.slack.com/services/T…/B…/….";
        lines.push(Line::warning("slack_webhook_url does not look like an incoming webhook", advice));
    }
    lines
}

/// True for `https://hooks.slack.com/services/T…/B…/…`.
fn is_webhook(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let parts: Vec<&str> = url.path().trim_matches('/').split('/').collect();
    let is_complete = matches!(&parts[..], ["services", team, app, secret]
        if team.starts_with('T') && app.starts_with('B') && !secret.is_empty());
    url.scheme() == "https" && url.host_str().is_some_and(|host| HOSTS.contains(&host)) && is_complete
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_have_a_host_and_three_parts() {
        for (url, wanted) in [
            ("https://hooks.slack.com/services/T000/B000/XXXX", true),
            ("https://hooks.slack-gov.com/services/T000/B000/XXXX", true),
            ("http://hooks.slack.com/services/T000/B000/XXXX", false),
            ("https://hooks.slack.com/services/T000/B000", false),
            ("https://hooks.slack.com/services/T000/B000/", false),
            ("https://example.slack.com/archives/C000", false),
            ("", false),
        ] {
            assert_eq!(is_webhook(url), wanted, "{url}");
        }
    }
}
