//! The receiver of OpenTelemetry: name, TCP, TLS. Sends nothing.

use super::receiver;
use crate::doctor::line::Line;
use crate::doctor::subject::Subject;

/// Lines of the receiver.
pub async fn check(subject: &Subject) -> Vec<Line> {
    if let Some(refused) = receiver::refused(subject, "otlp") {
        return refused;
    }
    match subject.settings.otel {
        true => receiver::lines(subject, &subject.settings.otlp_url()).await,
        false => receiver::off(subject, "otel"),
    }
}
