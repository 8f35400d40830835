//! The address at which metrics are served for Prometheus.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::receiver;
use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::sink::serves_metrics;

/// Lines of the address.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(address) = subject.settings.metrics else { return receiver::off(subject, "metrics") };
    if let Some(real) = serves_metrics(address) {
        return vec![Line::ok(format!("served at http://{real}/metrics"))];
    }
    // Closed at once: a run opens it.
    vec![match TcpListener::bind(address).map_err(|error| error.kind()) {
        Ok(_) => Line::ok(format!("{address} is free")),
        Err(ErrorKind::AddrInUse) => Line::error(format!("{address} is in use"), "Choose another port for metrics."),
        Err(ErrorKind::AddrNotAvailable) => {
            Line::error(format!("{} is no address of this machine", address.ip()), "Use 127.0.0.1 or 0.0.0.0.")
        }
        Err(ErrorKind::PermissionDenied) => {
            Line::error(format!("port {} needs more rights", address.port()), "Choose a port from 1024 on.")
        }
        Err(kind) => Line::error(format!("cannot listen on {address}: {kind}"), "Choose another address."),
    }]
}
