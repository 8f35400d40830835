//! The address at which metrics are served for Prometheus.

use std::net::TcpListener;

use super::receiver;
use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::sink::{cannot_listen, serves_metrics};

/// Lines of the address.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(address) = subject.settings.metrics else { return receiver::off(subject, "metrics") };
    if let Some(real) = serves_metrics(address) {
        return vec![Line::ok(format!("served at http://{real}/metrics"))];
    }
    // Closed at once: a run opens it.
    vec![match TcpListener::bind(address) {
        Ok(_) => Line::ok(format!("{address} is free")),
        Err(error) => {
            let (found, advice) = cannot_listen(address, &error);
            Line::error(found, advice)
        }
    }]
}
