//! The receiver of the webhook: name, TCP, TLS. Sends nothing.

use super::receiver;
use crate::doctor::line::Line;
use crate::doctor::subject::Subject;

/// Lines of the webhook.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if let Some(refused) = receiver::refused(subject, "webhook") {
        return refused;
    }
    match &subject.settings.webhook_url {
        Some(url) => receiver::lines(subject, url).await,
        None => receiver::off(subject, "webhook_url"),
    }
}
